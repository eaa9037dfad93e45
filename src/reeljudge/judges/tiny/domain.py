"""Does a clip look like the synthetic world? Decided from statistics of the frames that the judge sees.

Each clip becomes a few numbers about its pixels (how much stands still, how smooth and how coloured it is).
The distance to the nearest kind of synthetic clip is measured in units of the spread inside the kinds
(Mahalanobis, as Lee et al. 2018, arXiv 1807.03888, do with features); beyond a distance that next to no
synthetic clip reaches, a clip is out of domain. docs/training.md gives the error rates.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reeljudge.clips import Frames

Vector = NDArray[np.float64]


def statistics_of(pixels: NDArray[np.uint8]) -> Vector:
    """The numbers that describe a clip; pixels are uint8 (T, H, W, 3)."""
    values = pixels.astype(np.float32) / 255.0
    still = np.median(values, axis=0)
    away = np.abs(values - still).mean(axis=-1)  # how far each pixel is from its usual value
    down, across = np.abs(np.diff(still, axis=0)), np.abs(np.diff(still, axis=1))
    edges = np.concatenate([down.mean(-1).ravel(), across.mean(-1).ravel()])
    frames = values.mean(axis=(1, 2, 3))
    chroma = still - still.mean(axis=-1, keepdims=True)
    # What a smooth surface over the frame leaves over: synthetic light is such a surface.
    rest = still - _surface(still)
    numbers = [
        np.log(np.median(away) + 1e-3),
        np.log(np.quantile(away, 0.8) + 1e-3),
        np.log(away.mean() + 1e-3),
        np.log(np.median(edges) + 1e-3),
        np.log(np.quantile(edges, 0.8) + 1e-3),
        np.log(edges.mean() + 1e-3),
        np.log(rest.std() + 1e-3),
        np.log(frames.std() + 1e-3),
        still.mean(),
        np.log(still.std() + 1e-3),
        np.log(chroma.std(axis=(0, 1)).mean() + 1e-3),
        np.abs(chroma.mean(axis=(0, 1))).mean(),
        float(np.mean(edges < 2 / 255)),
        float(np.mean(away < 3 / 255)),
    ]
    return np.asarray(numbers, np.float64)


def _surface(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The quadratic surface nearest to a picture, channel by channel."""
    height, width, _ = picture.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    flat = picture.reshape(-1, 3).astype(np.float64)
    solved, *_ = np.linalg.lstsq(basis, flat, rcond=None)
    return (basis @ solved).reshape(picture.shape).astype(np.float32)


@dataclass(frozen=True)
class Domain:
    """What synthetic clips look like.

    Attributes:
        means: (kinds, numbers): the middle of each kind of clip (one per visual flaw and level, and none).
        whiten: (numbers, numbers): makes the spread inside the kinds the unit of every direction.
        limit: distance beyond which a clip is out of domain.
    """

    means: Vector
    whiten: Vector
    limit: float

    def distance(self, statistics: Vector) -> float:
        """The distance to the nearest kind."""
        return float(np.min(np.linalg.norm((self.means - statistics) @ self.whiten, axis=1)))

    def is_outside(self, frames: Frames) -> bool:
        """Whether a clip is unlike every kind of synthetic clip."""
        return self.distance(statistics_of(frames.pixels)) > self.limit


def read_domain(path: Path) -> Domain:
    """The domain as `fit_domain` of the room `training` wrote it."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return Domain(np.asarray(values["means"]), np.asarray(values["whiten"]), float(values["limit"]))
