"""Where each object is in each frame. Positions are shares of the frame's side, x to the right, y down."""

import math

from reeljudge.synth.clip import Offset, PhysicalFlaw
from reeljudge.synth.draw import Draw
from reeljudge.synth.world import BEAT, FRAMES

MARGIN = 0.02
"""Least distance between an object and the frame's edge."""

DIRECTION: dict[str, Offset] = {
    "left": (-1.0, 0.0),
    "right": (1.0, 0.0),
    "up": (0.0, -1.0),
    "down": (0.0, 1.0),
    "stay": (0.0, 0.0),
}

Path = tuple[tuple[Offset, ...], ...]


def lay_path(
    motions: tuple[str, ...], count: int, radius: float, physical: PhysicalFlaw | None, draw: Draw
) -> Path:
    """Positions of `count` objects in the 32 frames: frames x objects x (x, y).

    Only the flaws of motion (`hang`, `turn_back`) bend the path itself; a jump is an offset that is added
    when the clip is drawn, so that the path of a clip with other flaws is that of the flawless clip.
    """
    kind = physical.kind if physical else None
    length = len(physical.beats) if physical else 0
    if len(motions) == 2:
        return _two_events(motions, count, radius, draw)
    motion = motions[0]
    if motion == "circle":
        return _circle(count, radius, draw)
    if motion == "stay":
        return _stay(count, radius, draw)
    across = _row(count, radius, draw)
    if motion == "bounce":
        heights = _bounce(radius, draw)
    elif motion == "fall":
        heights = _fall(radius, length if kind == "hang" else 0, draw)
    else:
        along = _straight(radius, length if kind == "turn_back" else 0, draw)
        if motion in ("left", "up"):
            along = [1 - place for place in along]
        if motion in ("left", "right"):
            return tuple(tuple((place, y) for y in across) for place in along)
        heights = along
    return tuple(tuple((x, y) for x in across) for y in heights)


def _row(count: int, radius: float, draw: Draw) -> list[float]:
    """Places of `count` objects side by side on one axis, none touching another or the edge."""
    room = 1 - 2 * (radius + MARGIN)
    if count == 1:
        return [0.5 + draw.between(-0.5, 0.5) * min(room, 0.3)]
    widest = room / (count - 1)
    step = draw.between(min(2.35 * radius, widest), min(widest, 0.36))
    slack = room - step * (count - 1)
    first = radius + MARGIN + slack * draw.between(0.25, 0.75)
    return [first + step * place for place in range(count)]


def _straight(radius: float, back_beats: int, draw: Draw) -> list[float]:
    """Steady motion to the right (or down); with `back_beats`, the last beats lead back the way it came."""
    start = radius + MARGIN + draw.between(0, 0.06)
    end = 1 - radius - MARGIN - draw.between(0, 0.06)
    turn = FRAMES - BEAT * back_beats if back_beats else FRAMES - 1
    shares = [frame / turn if frame <= turn else 2 - frame / turn for frame in range(FRAMES)]
    return [start + (end - start) * share for share in shares]


def _fall(radius: float, hang_beats: int, draw: Draw) -> list[float]:
    """From rest at the top, faster and faster, to rest at the bottom; with `hang_beats`, a halt half-way."""
    top = radius + MARGIN + draw.between(0, 0.04)
    floor = 1 - radius - MARGIN - 0.02
    if not hang_beats:
        shares = [min(frame / (4 * BEAT), 1.0) ** 2 for frame in range(FRAMES)]
    else:
        half, pause, first = draw.between(0.38, 0.48), BEAT * hang_beats, 2 * BEAT
        shares = []
        for frame in range(FRAMES):
            late = max(frame - first - pause, 0) / first
            shares.append(half * min(frame / first, 1.0) ** 2 + (1 - half) * min(late, 1.0) ** 2)
    return [top + (floor - top) * share for share in shares]


def _bounce(radius: float, draw: Draw) -> list[float]:
    """Two full bounces off the floor, each a parabola of two seconds."""
    floor = 1 - radius - MARGIN - 0.02
    height = draw.between(0.46, 0.58)
    start = draw.pick((0, 4, 8, 12))
    period = FRAMES // 2
    shares = [((frame + start) % period) / period for frame in range(FRAMES)]
    return [floor - height * 4 * share * (1 - share) for share in shares]


def _circle(count: int, radius: float, draw: Draw) -> Path:
    """Once around the middle of the frame, the objects evenly spread on the circle."""
    ring = draw.between(0.24, 0.5 - radius - MARGIN - 0.02)
    turn = draw.pick((-1, 1)) * 2 * math.pi / FRAMES
    start = draw.between(0, 2 * math.pi)
    frames = []
    for frame in range(FRAMES):
        angles = [start + turn * frame + 2 * math.pi * place / count for place in range(count)]
        frames.append(tuple((0.5 + ring * math.cos(angle), 0.5 + ring * math.sin(angle)) for angle in angles))
    return tuple(frames)


def _stay(count: int, radius: float, draw: Draw) -> Path:
    row = _row(count, radius, draw)
    across = 0.5 + draw.between(-0.12, 0.12)
    upright = draw.chance(0.3)
    return (tuple((across, place) if upright else (place, across) for place in row),) * FRAMES


def _two_events(motions: tuple[str, ...], count: int, radius: float, draw: Draw) -> Path:
    """The first motion for half of the clip, then the second; one or two objects."""
    length = 0.42 if count == 1 else 0.36
    first, second = (DIRECTION[motion] for motion in motions)
    net = (first[0] + second[0], first[1] + second[1])
    start = (0.5 - length * net[0] / 2, 0.5 - length * net[1] / 2)
    # Two objects stand across the way they go together, so that neither hides the other.
    apart = draw.between(1.15 * radius, 0.18)
    size = abs(net[0]) + abs(net[1])
    side = (-net[1] / size * (1.0 if size == 1 else 1.42), net[0] / size * (1.0 if size == 1 else 1.42))
    sides = (0.0,) if count == 1 else (-apart, apart)
    half = FRAMES // 2
    frames = []
    for frame in range(FRAMES):
        done = min(frame / half, 1.0) * length
        more = max(frame - half, 0) / (half - 1) * length
        x = start[0] + first[0] * done + second[0] * more
        y = start[1] + first[1] * done + second[1] * more
        frames.append(tuple((x + side[0] * shift, y + side[1] * shift) for shift in sides))
    return tuple(frames)
