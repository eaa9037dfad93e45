"""Backgrounds: static pictures of a base colour with a pattern around it."""

from collections.abc import Callable

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

from reeljudge.synth.clip import Stage

Pixels = NDArray[np.float32]

STRENGTH = 26.0
"""How far a pattern departs from the base colour, in steps of 255."""

LIGHT_FALL = 0.62
"""How much of soft light is lost from the middle to the corners."""


def draw_background(kind: str, light: str, stage: Stage, size: int) -> Pixels:
    """The background of a clip: size x size x 3, in steps of 255."""
    axis = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    x, y = axis[None, :], axis[:, None]
    base = np.asarray(stage.base, np.float32)
    if kind == "horizon":
        pixels = _horizon(y, base, stage, size)
    else:
        pattern = PATTERNS[kind](x, y, stage, size)
        pixels = base + (pattern * np.float32(STRENGTH))[..., None]
    if light == "soft":
        away = (x - np.float32(0.5)) * (x - np.float32(0.5)) + (y - np.float32(0.5)) * (y - np.float32(0.5))
        gain = np.float32(1.12) - away * np.float32(2 * LIGHT_FALL)
        pixels = pixels * gain[..., None]
    return np.broadcast_to(pixels, (size, size, 3)).astype(np.float32)


def _ramp(stage: Stage) -> tuple[float, float]:
    """Weights of x and y: along x, along y, or along a diagonal."""
    return ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (-0.5, 0.5))[int(stage.pattern[0] * 4)]


def _plain(x: Pixels, y: Pixels, stage: Stage, size: int) -> Pixels:
    return np.zeros((size, size), np.float32)


def _gradient(x: Pixels, y: Pixels, stage: Stage, size: int) -> Pixels:
    across, down = _ramp(stage)
    along = (x - np.float32(0.5)) * np.float32(across) + (y - np.float32(0.5)) * np.float32(down)
    return along * np.float32(3.6 if stage.pattern[1] < 0.5 else -3.6)


def _wave(phase: Pixels, softness: float) -> Pixels:
    """A square wave of period 1 between -1 and 1, with edges `softness` of a period wide."""
    inside = np.abs(phase - np.floor(phase) - np.float32(0.5)) - np.float32(0.25)
    return np.clip(inside * np.float32(2.0 / softness), np.float32(-1), np.float32(1))


def _striped(x: Pixels, y: Pixels, stage: Stage, size: int) -> Pixels:
    across, down = _ramp(stage)
    number = 4.0 if across * down == 0 else 6.0
    phase = x * np.float32(number * across) + y * np.float32(number * down) + np.float32(stage.pattern[1])
    return _wave(phase, number / size)


def _checkered(x: Pixels, y: Pixels, stage: Stage, size: int) -> Pixels:
    number = 2.0
    columns = _wave(x * np.float32(number) + np.float32(stage.pattern[1]), number / size)
    rows = _wave(y * np.float32(number) + np.float32(stage.pattern[2]), number / size)
    return columns * rows


def _cloudy(x: Pixels, y: Pixels, stage: Stage, size: int) -> Pixels:
    """Smooth lumps: random values on a 7 x 7 grid, joined by cubic ease curves."""
    cells = 6
    lumps = (
        Philox(key=stage.noise, counter=[0, 0, 1, 0]).random_raw((cells + 1) ** 2) >> np.uint64(40)
    ).astype(np.float32)
    lumps = (lumps / np.float32(2**23) - np.float32(1)).reshape(cells + 1, cells + 1) * np.float32(1.7)
    place = x[0] * np.float32(cells)
    cell = np.minimum(place.astype(np.int64), cells - 1)
    share = place - cell.astype(np.float32)
    share = share * share * (np.float32(3) - share - share)
    rows = lumps[cell] * (np.float32(1) - share)[:, None] + lumps[cell + 1] * share[:, None]
    return rows[:, cell] * (np.float32(1) - share) + rows[:, cell + 1] * share


def _horizon(y: Pixels, base: Pixels, stage: Stage, size: int) -> Pixels:
    """Sky above, ground below, both of the background's tint; the line stands at about two thirds."""
    line = 0.6 + 0.1 * stage.pattern[0]
    ground = np.clip((y - np.float32(line)) * np.float32(size) + np.float32(0.5), 0, 1)[..., None]
    up = stage.pattern[1] < 0.5
    sky = base + np.float32(16 if up else -16)
    earth = base * np.float32(0.72 if up else 1.3)
    pixels = sky * (np.float32(1) - ground) + earth * ground
    return np.broadcast_to(pixels, (size, size, 3))


PATTERNS: dict[str, Callable[[Pixels, Pixels, Stage, int], Pixels]] = {
    "plain": _plain,
    "gradient": _gradient,
    "striped": _striped,
    "checkered": _checkered,
    "cloudy": _cloudy,
}
