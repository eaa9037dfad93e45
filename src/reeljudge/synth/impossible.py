"""Placing a physical flaw: which kinds a clip can carry, in which beats, and with what instead."""

from reeljudge.synth.clip import Offset, PhysicalFlaw
from reeljudge.synth.draw import Draw
from reeljudge.synth.paths import MARGIN, Path
from reeljudge.synth.world import BEAT, BEATS, COLOURS, MAX_LEVEL, NEAR, OBJECTS, STRAIGHT

FAR = 0.3
"""Least length of a jump, as a share of the frame's side."""


def kinds_for(motions: tuple[str, ...], level: int) -> dict[str, float]:
    """Kinds of physical flaw that exist for these motions at this level, with their weights."""
    weights = {"vanish": 1.0, "teleport": 1.6, "recolour": 1.0, "morph": 1.0}
    if motions == ("fall",) and level <= MAX_LEVEL["hang"]:
        weights["hang"] = 3.0
    if len(motions) == 1 and motions[0] in STRAIGHT and level <= MAX_LEVEL["turn_back"]:
        weights["turn_back"] = 2.0
    return weights


def pick_beats(kind: str, level: int, draw: Draw) -> tuple[int, ...]:
    """The beats that the flaw fills.

    What happens `level` times fills `level` beats, no two of them neighbours and never the first, so that
    each can be counted. `hang` and `turn_back` last `level + 1` beats: the halt after two beats of falling,
    the way back at the end.
    """
    if kind == "hang":
        return tuple(range(2, 3 + level))
    if kind == "turn_back":
        return tuple(range(BEATS - level - 1, BEATS))
    places = draw.some(range(BEATS - level), level)
    return tuple(place + 1 + number for number, place in enumerate(places))


def plain_flaw(
    kind: str, level: int, colour: str, shape: str, kept: frozenset[str], draw: Draw
) -> PhysicalFlaw:
    """A flaw of any kind but `teleport`.

    `kept`: colours and objects that the prompt asks for; they never flash up, so that no flaw of physics
    makes a wrong colour or object right for a moment. Neighbouring flashes differ, so that what is mainly
    shown stays the most frequent.
    """
    beats = pick_beats(kind, level, draw)
    if kind in ("recolour", "morph"):
        all_values = tuple(COLOURS) if kind == "recolour" else OBJECTS
        barred = {colour, shape, *kept, *NEAR.get(colour, ())}
        others = [value for value in all_values if value not in barred]
        two = draw.some(others, 2)
        if draw.chance(0.5):
            two.reverse()
        return PhysicalFlaw(kind, level, beats, tuple(two[number % 2] for number in range(level)))
    return PhysicalFlaw(kind, level, beats)


def jump_flaw(
    level: int, path: Path, radius: float, motions: tuple[str, ...], draw: Draw
) -> PhysicalFlaw | None:
    """A `teleport`: for a beat everything stands far off its path; None where there is no room."""
    beats = pick_beats("teleport", level, draw)
    offsets = [_offset(path, beat, radius, motions, draw) for beat in beats]
    if any(offset is None for offset in offsets):
        return None
    return PhysicalFlaw("teleport", level, beats, tuple(offset for offset in offsets if offset is not None))


def _offset(path: Path, beat: int, radius: float, motions: tuple[str, ...], draw: Draw) -> Offset | None:
    """A jump that keeps everything inside the frame and lands near nothing that looks the same."""
    before, inside, after = (path[max(beat * BEAT - 1, 0)], path[beat * BEAT], path[beat * BEAT + BEAT - 1])
    edge = radius + MARGIN
    xs = [x for frame in (inside, after) for x, _ in frame]
    ys = [y for frame in (inside, after) for _, y in frame]
    left, right, up, down = edge - min(xs), 1 - edge - max(xs), edge - min(ys), 1 - edge - max(ys)
    for _ in range(24):
        dx, dy = round(draw.between(left, right), 4), round(draw.between(up, down), 4)
        # A thing that moves up and down on its own must jump sideways for the jump to show.
        if motions[0] in ("fall", "bounce") and abs(dx) < FAR:
            continue
        moved = [(x + dx, y + dy) for frame in (inside, after) for x, y in frame]
        known = [*before, *inside, *after]
        if all((x - a) ** 2 + (y - b) ** 2 >= FAR**2 for x, y in moved for a, b in known):
            return dx, dy
    return None
