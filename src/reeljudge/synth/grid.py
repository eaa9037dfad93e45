"""Coarse grids of cells: averaging a picture into them, and showing them as a judge sees them."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reeljudge.synth.world import SIZE

Pixels = NDArray[np.float32]
Weights = tuple[NDArray[np.int64], tuple[NDArray[np.float32], ...]]


def average(pixels: Pixels, cells: int) -> Pixels:
    """Frames (T x S x S x ...) averaged into `cells` x `cells` by area; edges may fall inside pixels."""
    return _apply(
        _apply(pixels, _area_weights(pixels.shape[1], cells), 1), _area_weights(pixels.shape[2], cells), 2
    )


def enlarge(values: Pixels, size: int) -> Pixels:
    """Cells (T x N x N x ...) at `size` pixels per side.

    In a video as it is written (256 pixels) a cell is a plain square. Below that size this is what is left of
    it once the judge has shrunk the video: bicubic with antialiasing, so that a clip drawn small shows grain
    and edges as strong as a decoded and shrunk video does.
    """
    cells = values.shape[1]
    weights = _area_weights(cells, size) if size >= SIZE else _shrunk_weights(cells, size)
    return _apply(_apply(values, weights, 1), weights, 2)


def _apply(values: Pixels, weights: Weights, axis: int) -> Pixels:
    """Weighted sums along one axis, term by term in a fixed order."""
    first, shares = weights
    total: Pixels | None = None
    for step, share in enumerate(shares):
        at = np.minimum(first + step, values.shape[axis] - 1)
        part = np.take(values, at, axis=axis)
        part *= share.reshape(-1, *[1] * (values.ndim - axis - 1))
        total = part if total is None else np.add(total, part, out=total)
    assert total is not None
    return total


def _as_weights(rows: list[dict[int, float]]) -> Weights:
    """Weights by place -> first place and one array of shares per step from it."""
    first = [min(row) for row in rows]
    width = max(max(row) - low + 1 for row, low in zip(rows, first, strict=True))
    shares = [
        [row.get(low + step, 0.0) for row, low in zip(rows, first, strict=True)] for step in range(width)
    ]
    return np.asarray(first), tuple(np.asarray(share, np.float32) for share in shares)


@lru_cache(maxsize=64)
def _area_weights(old: int, new: int) -> Weights:
    """Share of each old cell in each of the new cells that divide the same length."""
    rows: list[dict[int, float]] = []
    for place in range(new):
        low, high = place * old / new, (place + 1) * old / new
        parts = {
            cell: (min(high, cell + 1) - max(low, cell)) / (high - low)
            for cell in range(int(low), min(math.ceil(high), old))
        }
        rows.append({cell: part for cell, part in parts.items() if part > 1e-9})
    return _as_weights(rows)


@lru_cache(maxsize=64)
def _shrunk_weights(cells: int, size: int) -> Weights:
    """Share of each cell in a pixel after the video was shrunk to `size` by Keys' cubic (a = -0.5)."""
    scale = SIZE / size
    rows: list[dict[int, float]] = []
    for place in range(size):
        center = (place + 0.5) * scale
        low, high = max(0, math.ceil(center - 2 * scale)), min(SIZE, math.ceil(center + 2 * scale))
        taps = {pixel: _keys(abs(pixel + 0.5 - center) / scale) for pixel in range(low, high)}
        total = sum(taps.values())
        row: dict[int, float] = {}
        for pixel, tap in taps.items():
            cell = min(int((pixel + 0.5) * cells / SIZE), cells - 1)
            row[cell] = row.get(cell, 0.0) + tap / total
        rows.append(row)
    return _as_weights(rows)


def _keys(x: float) -> float:
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return ((-0.5 * x + 2.5) * x - 4) * x + 2 if x < 2 else 0.0
