"""The numbers of one measure, and the same with unscored items counted the other way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class Numbers:
    """Statistics by name with their intervals, notes, and the number of items behind them."""

    values: Mapping[str, float | None]
    ci: Mapping[str, Bounds]
    notes: tuple[str, ...]
    n: int
    other: Mapping[str, float | None] = field(default_factory=dict)


class Judged(Protocol):
    """The items of a measure with what the judge said; `scored` says on which it said anything."""

    @property
    def scored(self) -> NDArray[np.bool_]: ...

    def of(self, kept: NDArray[np.bool_], resamples: int, seed: int) -> Numbers: ...


def both_ways(judged: Judged, unscored: str, resamples: int, seed: int) -> Numbers:
    """With unscored items `wrong` or `removed`; where there are any, `other` holds the opposite."""
    ways = {"wrong": np.ones_like(judged.scored), "removed": judged.scored}
    headline = judged.of(ways[unscored], resamples, seed)
    if judged.scored.all():
        return headline
    other = judged.of(ways["removed" if unscored == "wrong" else "wrong"], 0, seed)
    return Numbers(headline.values, headline.ci, headline.notes, headline.n, other.values)
