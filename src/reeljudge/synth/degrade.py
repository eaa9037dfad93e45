"""Flaws of the picture: what blur, noise, blocking, flicker and low resolution do to frames.

Strengths are shares of the frame's side or steps of brightness, so that a flaw looks the same at every size.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

from reeljudge.synth.grid import average, enlarge
from reeljudge.synth.world import BEATS, beat_of

Pixels = NDArray[np.float32]

BLUR = (0.011, 0.018, 0.026, 0.036)
"""Level -> standard deviation of the blur, as a share of the side."""

NOISE = (11.0, 22.0, 38.0, 60.0)
"""Level -> standard deviation of the brightness of a cell, in steps of 255."""
NOISE_CELLS = 64

BLOCKING = (9.0, 16.0, 27.0, 42.0)
"""Level -> largest shift of brightness of a block, in steps of 255; and the blocks lose detail likewise."""
BLOCKING_DETAIL = (0.85, 0.7, 0.55, 0.4)
"""Level -> share of the detail inside a block that is left."""
BLOCKS = 16

FLICKER = (0.13, 0.27, 0.42, 0.6)
"""Level -> share of the light that the dark beats lose."""

LOW_RESOLUTION = (36, 25, 18, 13)
"""Level -> visible pixels per side."""


def degrade(pixels: Pixels, kind: str, level: int, frames: Sequence[int], key: int) -> Pixels:
    """Frames (T x S x S x 3, steps of 255) with a flaw. `frames` are their indices in the clip: what a frame
    looks like depends on its index alone, never on which others are drawn."""
    if kind == "blur":
        return blur(pixels, BLUR[level - 1] * pixels.shape[1])
    if kind == "noise":
        return pixels + _noise(pixels.shape[1], NOISE[level - 1], frames, key)
    if kind == "blocking":
        return _block(pixels, level, frames, key)
    if kind == "flicker":
        dark = dark_beats(key)
        gains = [1 - FLICKER[level - 1] if beat_of(frame) in dark else 1.0 for frame in frames]
        return pixels * np.asarray(gains, np.float32)[:, None, None, None]
    cells = LOW_RESOLUTION[level - 1]
    return enlarge(average(pixels, cells), pixels.shape[1])


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """Gaussian blur of both axes, `sigma` in pixels; the frame's edge is repeated outwards."""
    radius = max(1, math.ceil(2.6 * sigma))
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(radius + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    shares = [np.float32(weight / total) for weight in weights]
    out = np.empty_like(pixels)
    for number, frame in enumerate(pixels):
        for axis in (0, 1):
            pad = [(radius, radius) if a == axis else (0, 0) for a in range(3)]
            wide = np.pad(frame, pad, mode="edge")
            size = frame.shape[axis]
            cut = [wide[s : s + size] if axis == 0 else wide[:, s : s + size] for s in range(2 * radius + 1)]
            frame = cut[radius] * shares[0]
            for step in range(1, radius + 1):
                frame = frame + (cut[radius - step] + cut[radius + step]) * shares[step]
        out[number] = frame
    return out


def _bytes(key: int, frame: int, number: int) -> NDArray[np.float32]:
    """`number` random values of a frame, 0 to 255."""
    raw = Philox(key=key, counter=[0, 0, 2, frame]).random_raw(-(-number // 8))
    return raw.astype("<u8").view(np.uint8)[:number].astype(np.float32)


def _noise(size: int, deviation: float, frames: Sequence[int], key: int) -> Pixels:
    """Grain of about a 64th of the side, new in each frame: the sum of three even draws is bell-shaped."""
    cells = NOISE_CELLS
    grain = np.stack([_bytes(key, frame, 3 * cells * cells).reshape(3, cells, cells) for frame in frames])
    total = grain[:, 0] + grain[:, 1] + grain[:, 2] - np.float32(3 * 127.5)
    # Three even draws of 0..255 have a standard deviation of 127.98.
    return enlarge(total * np.float32(deviation / 127.98), size)[..., None]


def _block(pixels: Pixels, level: int, frames: Sequence[int], key: int) -> Pixels:
    """Blocks of a 16th of the side that lose detail and shift in brightness, anew in each frame."""
    size = pixels.shape[1]
    left = np.float32(BLOCKING_DETAIL[level - 1])
    mean = enlarge(average(pixels, BLOCKS), size)
    shift = np.stack([_bytes(key, frame, BLOCKS * BLOCKS).reshape(BLOCKS, BLOCKS) for frame in frames])
    shift = (shift / np.float32(127.5) - np.float32(1)) * np.float32(BLOCKING[level - 1])
    return mean + (pixels - mean) * left + enlarge(shift, size)[..., None]


def dark_beats(key: int) -> frozenset[int]:
    """The beats that a flicker darkens: three or four of eight, no two of them neighbours."""
    first = key & 1
    beats = list(range(first, BEATS, 2))
    if key & 2:
        beats.remove(beats[1 + (key >> 2) % 2])
    return frozenset(beats)
