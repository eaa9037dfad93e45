"""Films that are foreign to the synthetic world: drifting coloured noise, a shape of other noise in front.

Natural pictures have an amplitude spectrum of about 1 over frequency (Field 1987); so do these.
"""

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

FIELD = 128
"""Side of the field of noise that a film pans over, in pixels."""


def foreign_film(seed: int, count: int = 8, side: int = 64) -> NDArray[np.uint8]:
    """A film of `count` frames: uint8 (count, side, side, 3)."""
    noise = Generator(Philox(key=seed, counter=[0, 0, 13, 0]))
    behind = _coloured(noise, noise.uniform(20, 70), noise.uniform(40, 200), 25)
    before = _coloured(noise, noise.uniform(15, 60), noise.uniform(30, 220), 40)
    outline = _pink(noise, noise.uniform(1.6, 2.4))
    edge = (outline / outline.std() - noise.uniform(0.3, 1.5)) * noise.uniform(4, 20)
    mask = (1 / (1 + np.exp(-np.clip(edge, -50, 50))))[..., None]
    camera = noise.normal(0, noise.choice([0.0, 0.8, 2.5]), 2)
    subject = camera + noise.normal(0, noise.choice([0.0, 1.5, 3.0]), 2)
    zoom = noise.choice([0.0, 0.0, 0.01, 0.03])
    frames = []
    for moment in range(count):
        size = 1 + zoom * moment
        cover = _window(mask, subject * moment, size, side)
        picture = _window(behind, camera * moment, size, side) * (1 - cover)
        frames.append(picture + _window(before, subject * moment, size, side) * cover)
    return np.clip(np.stack(frames), 0, 255).astype(np.uint8)


def _pink(noise: Generator, exponent: float) -> NDArray[np.float64]:
    """A field of noise whose amplitude falls with frequency to the power of `exponent`."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(FIELD), np.fft.fftfreq(FIELD)))
    frequency[0, 0] = 1
    return np.fft.ifft2(np.fft.fft2(noise.normal(size=(FIELD, FIELD))) / frequency**exponent).real


def _coloured(noise: Generator, contrast: float, light: float, tint: float) -> NDArray[np.float64]:
    """Three channels that share most of their noise."""
    exponent, shared = noise.uniform(0.8, 1.8), noise.uniform(0.5, 1.0)
    common = _pink(noise, exponent)
    channels = [_pink(noise, exponent) for _ in range(3)]
    mixed = [shared * common / common.std() + (1 - shared) * own / own.std() for own in channels]
    field = np.stack(mixed, axis=-1)
    return field / field.std() * contrast + light + noise.normal(0, tint, 3)


def _window(
    field: NDArray[np.float64], shift: NDArray[np.float64], size: float, side: int
) -> NDArray[np.float64]:
    """A side x side piece of a field that wraps around, shifted and magnified."""
    steps = (np.arange(side) - side / 2) / size + FIELD / 2
    rows, columns = (np.round(steps + by).astype(int) % FIELD for by in shift)
    return field[rows[:, None], columns[None, :]]
