"""Drawing a clip: numpy alone, any frames at any size, the same pixels everywhere."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reeljudge.errors import UsageError
from reeljudge.synth.backgrounds import draw_background
from reeljudge.synth.clip import Offset, SynthClip
from reeljudge.synth.degrade import degrade
from reeljudge.synth.shapes import EXTENT, SHAPES, sign
from reeljudge.synth.world import COLOURS, FRAMES, SAMPLED, SIZES, beat_of

Pixels = NDArray[np.float32]

SIGN = 0.07
"""Half of a warning sign's height, as a share of the side."""
CORNERS = ((0.09, 0.09), (0.91, 0.09), (0.09, 0.91), (0.91, 0.91))
SIGN_YELLOW = (255, 208, 0)
SIGN_BLACK = (10, 10, 10)


def render(clip: SynthClip, size: int = 64, frames: Sequence[int] | None = SAMPLED) -> NDArray[np.uint8]:
    """The frames of a clip.

    Args:
        clip: what to draw.
        size: side of the square frames, in pixels.
        frames: indices, each in 0..31; None for all. A frame looks the same whichever others are drawn.

    Returns:
        uint8 RGB, shape (len(frames), size, size, 3).
    """
    chosen = range(FRAMES) if frames is None else [int(frame) for frame in frames]
    if any(not 0 <= frame < FRAMES for frame in chosen):
        raise UsageError(f"a synthetic clip has frames 0 to {FRAMES - 1}, got {list(chosen)}")
    if size < 16:
        raise UsageError(f"a synthetic clip is drawn at 16 pixels or more, got {size}")
    background = draw_background(clip.shown.background, clip.shown.light, clip.stage, size)
    pixels = np.repeat(background[None], len(chosen), axis=0)
    _draw_objects(pixels, clip, chosen)
    _draw_signs(pixels, clip.stage.corners)
    np.clip(pixels, 0, 255, out=pixels)
    if clip.visual is not None:
        pixels = degrade(pixels, clip.visual.kind, clip.visual.level, chosen, clip.stage.noise)
    return np.clip(pixels + np.float32(0.5), 0, 255).astype(np.uint8)


def _draw_objects(pixels: Pixels, clip: SynthClip, frames: Sequence[int]) -> None:
    """Draw every object in every frame, as the beat's physical flaw has it."""
    shown = clip.shown
    if shown.object is None or shown.colour is None or shown.size is None:
        return
    size = pixels.shape[1]
    places: dict[str, list[tuple[int, Offset, str]]] = defaultdict(list)
    for number, frame in enumerate(frames):
        shape, colour, dx, dy = shown.object, shown.colour, 0.0, 0.0
        flaw, beat = clip.physical, beat_of(frame)
        if flaw is not None and beat in flaw.beats:
            if flaw.kind == "vanish":
                continue
            value: Any = flaw.values[flaw.beats.index(beat)] if flaw.values else None
            if flaw.kind == "recolour":
                colour = value
            elif flaw.kind == "morph":
                shape = value
            elif flaw.kind == "teleport":
                dx, dy = value
        for x, y in clip.stage.path[frame]:
            places[shape].append((number, (x + dx, y + dy), colour))
    for shape, group in places.items():
        cover, corners = _cover(shape, [place for _, place, _ in group], SIZES[shown.size], size)
        for (number, _, colour), patch, corner in zip(group, cover, corners, strict=True):
            _paint(pixels[number], patch, corner, COLOURS[colour])


def _cover(
    shape: str, places: Sequence[Offset], radius: float, size: int
) -> tuple[Pixels, list[tuple[int, int]]]:
    """How much of each pixel the shape covers, on a patch around each place, and each patch's corner."""
    reach = EXTENT * radius
    side = int(2 * reach * size) + 3
    corners = [(int((x - reach) * size) - 1, int((y - reach) * size) - 1) for x, y in places]
    steps = np.arange(side, dtype=np.float32) + np.float32(0.5)
    left = np.asarray([c - x * size for (c, _), (x, _) in zip(corners, places, strict=True)], np.float32)
    top = np.asarray([c - y * size for (_, c), (_, y) in zip(corners, places, strict=True)], np.float32)
    x, y = (left[:, None] + steps)[:, None, :], (top[:, None] + steps)[:, :, None]
    distance = SHAPES[shape](x, y, radius * size)
    return np.clip(distance + np.float32(0.5), 0, 1), corners


def _paint(frame: Pixels, cover: Pixels, corner: tuple[int, int], colour: Sequence[int]) -> None:
    """Blend a colour into a frame where a patch covers it; what lies outside the frame is cut off."""
    size, side = frame.shape[0], cover.shape[0]
    x, y = corner
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + side, size), min(y + side, size)
    if x0 >= x1 or y0 >= y1:
        return
    share = cover[y0 - y : y1 - y, x0 - x : x1 - x, None]
    under = frame[y0:y1, x0:x1]
    under += (np.asarray(colour, np.float32) - under) * share


def _draw_signs(pixels: Pixels, corners: Sequence[int]) -> None:
    """Warning signs: yellow, on their corner, with a black rim and a black bar."""
    size = pixels.shape[1]
    for corner in corners:
        cx, cy = CORNERS[corner]
        side = int(2 * SIGN * size) + 3
        left, top = int((cx - SIGN) * size) - 1, int((cy - SIGN) * size) - 1
        steps = np.arange(side, dtype=np.float32) + np.float32(0.5)
        x = (steps + np.float32(left - cx * size))[None, :]
        y = (steps + np.float32(top - cy * size))[:, None]
        whole = sign(x, y, SIGN * size)
        inner = whole - np.float32(0.2 * SIGN * size)
        bar = np.minimum(
            np.float32(0.14 * SIGN * size) - np.abs(x), np.float32(0.4 * SIGN * size) - np.abs(y)
        )
        for distance, colour in ((whole, SIGN_BLACK), (inner, SIGN_YELLOW), (bar, SIGN_BLACK)):
            cover = np.clip(distance + np.float32(0.5), 0, 1)
            for frame in pixels:
                _paint(frame, cover, (left, top), colour)
