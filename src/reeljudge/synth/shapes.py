"""Shapes as signed distances: positive inside, in the unit of the coordinates, so that edges come out smooth.

Arrays of pixels are worked on with +, -, *, /, square root, minimum and maximum only, here and in the other
modules that draw: IEEE 754 fixes their results, so every machine draws the same pixels.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

EXTENT = 1.03
"""No shape reaches farther from its centre than this many radii, in x or in y."""


def _f(value: float) -> np.float32:
    return np.float32(value)


def ball(x: Field, y: Field, r: float) -> Field:
    """A disk."""
    return _f(0.97 * r) - np.sqrt(x * x + y * y)


def ring(x: Field, y: Field, r: float) -> Field:
    """A ring."""
    distance = np.sqrt(x * x + y * y)
    return np.minimum(_f(1.0 * r) - distance, distance - _f(0.54 * r))


def moon(x: Field, y: Field, r: float) -> Field:
    """A crescent, open to the right."""
    bite = x - _f(0.55 * r)
    return np.minimum(_f(1.0 * r) - np.sqrt(x * x + y * y), np.sqrt(bite * bite + y * y) - _f(0.8 * r))


def bar(x: Field, y: Field, r: float) -> Field:
    """A level bar, two and a half times as long as high."""
    return np.minimum(_f(0.87 * r) - np.abs(x), _f(0.36 * r) - np.abs(y))


def hourglass(x: Field, y: Field, r: float) -> Field:
    """Wide above and below, narrow in the middle."""
    high = np.abs(y)
    sides = (high * _f(0.9) + _f(0.12 * r) - np.abs(x)) * _f(1.0 / math.hypot(1.0, 0.9))
    return np.minimum(_f(1.0 * r) - high, sides)


def triangle(x: Field, y: Field, r: float) -> Field:
    """Apex up; the sides meet the base at about 61 degrees."""
    slope = math.hypot(1.8, 1.0)
    sides = (y + _f(0.9 * r)) * _f(1.0 / slope) - np.abs(x) * _f(1.8 / slope)
    return np.minimum(sides, _f(0.85 * r) - y)


def sign(x: Field, y: Field, r: float) -> Field:
    """The outline of a warning sign: a square on its corner."""
    return (_f(r) - (np.abs(x) + np.abs(y))) * _f(math.sqrt(0.5))


SHAPES: dict[str, Callable[[Field, Field, float], Field]] = {
    "ball": ball,
    "triangle": triangle,
    "ring": ring,
    "moon": moon,
    "bar": bar,
    "hourglass": hourglass,
}
"""Object -> its signed distance for offsets x, y from its centre and radius r."""
