"""Shapes as signed distances: positive inside, in the unit of the coordinates, so that edges come out smooth.

Arrays of pixels are worked on with +, -, *, /, square root, minimum and maximum only, here and in the other
modules that draw: IEEE 754 fixes their results, so every machine draws the same pixels.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

EXTENT = 1.12
"""No shape reaches farther from its centre than this many radii, in x or in y."""


def _f(value: float) -> np.float32:
    return np.float32(value)


def ball(x: Field, y: Field, r: float) -> Field:
    return _f(0.97 * r) - np.sqrt(x * x + y * y)


def ring(x: Field, y: Field, r: float) -> Field:
    distance = np.sqrt(x * x + y * y)
    return np.minimum(_f(1.02 * r) - distance, distance - _f(0.56 * r))


def square(x: Field, y: Field, r: float) -> Field:
    return _f(0.88 * r) - np.maximum(np.abs(x), np.abs(y))


def cross(x: Field, y: Field, r: float) -> Field:
    x, y = np.abs(x), np.abs(y)
    return np.minimum(_f(1.0 * r) - np.maximum(x, y), _f(0.33 * r) - np.minimum(x, y))


def triangle(x: Field, y: Field, r: float) -> Field:
    """Apex up; the sides meet the base at about 63 degrees."""
    slope = math.hypot(1.8, 1.0)
    sides = (y + _f(0.95 * r)) * _f(1.0 / slope) - np.abs(x) * _f(1.8 / slope)
    return np.minimum(sides, _f(0.85 * r) - y)


def star(x: Field, y: Field, r: float) -> Field:
    """Five points: inside at least four of the five lines that carry the edges of a pentagram."""
    inner = 1.1 * r * math.cos(2 * math.pi / 5)
    lowest = second = None
    for place in range(5):
        angle = 2 * math.pi * place / 5 + math.pi / 2
        line = _f(inner) - (x * _f(math.cos(angle)) + y * _f(math.sin(angle)))
        if lowest is None:
            lowest = line
        elif second is None:
            lowest, second = np.minimum(lowest, line), np.maximum(lowest, line)
        else:
            second = np.minimum(second, np.maximum(lowest, line))
            lowest = np.minimum(lowest, line)
    assert second is not None
    return second


def sign(x: Field, y: Field, r: float) -> Field:
    """The outline of a warning sign: a square on its corner."""
    return (_f(r) - (np.abs(x) + np.abs(y))) * _f(math.sqrt(0.5))


SHAPES: dict[str, Callable[[Field, Field, float], Field]] = {
    "ball": ball,
    "square": square,
    "triangle": triangle,
    "star": star,
    "ring": ring,
    "cross": cross,
}
"""Object -> its signed distance for offsets x, y from its centre and radius r."""
