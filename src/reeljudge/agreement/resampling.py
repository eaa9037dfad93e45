"""Bootstrap over clusters: statistics as functions of row weights, resampled whole clusters at a time.

Clips of one prompt resemble each other, so rows are no independent draws and an interval that resamples rows
is too narrow. Here whole clusters (prompts) are drawn with replacement, and a resample is a row of weights:
how often each item was drawn. Every statistic is written once, for weights; its value on the data is the one
at weights of 1. So thousands of resamples are matrix work, and the interval belongs to exactly the number it
stands beside.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Weights (resamples, items), whole numbers >= 0, -> the statistic of each resample (NaN: undefined)."""

Interval = tuple[float, float]

RESAMPLES = 1000
SEED = 0
_CHUNK_CELLS = 2_000_000
_MAX_UNDEFINED = 0.05


def cluster_codes(labels: Sequence[Any] | None, *content: Floats) -> NDArray[np.intp]:
    """A cluster number per item, from 0 up. An item without a label (None) is a cluster of its own.

    Numbers follow the sorted labels, and for items on their own their content, never the order of the rows:
    so a table with its rows shuffled gives the same resamples and the same intervals.

    Args:
        labels: one per item, None for none.
        content: arrays (items,) that tell items apart; needed where items stand alone.
    """
    size = len(content[0]) if labels is None else len(labels)
    names = [None if labels is None or labels[i] is None else str(labels[i]) for i in range(size)]
    known = {name: code for code, name in enumerate(sorted({name for name in names if name is not None}))}
    order = np.lexsort([np.asarray(array, dtype=float) for array in content]) if content else np.arange(size)
    codes = np.empty(size, dtype=np.intp)
    following = len(known)
    for item in order:
        name = names[item]
        if name is None:
            codes[item], following = following, following + 1
        else:
            codes[item] = known[name]
    return codes


@dataclass(frozen=True)
class Resampler:
    """Weights of `resamples` draws of whole clusters with replacement; the same seed gives the same draws."""

    codes: NDArray[np.intp]
    resamples: int = RESAMPLES
    seed: int = SEED

    @property
    def clusters(self) -> int:
        return int(self.codes.max()) + 1 if self.codes.size else 0

    def weights(self) -> Iterator[Floats]:
        """Blocks of weights, each (some resamples, items)."""
        rng = np.random.default_rng(self.seed)
        clusters, block = self.clusters, max(1, _CHUNK_CELLS // max(1, self.codes.size))
        for start in range(0, self.resamples, block):
            rows = min(block, self.resamples - start)
            drawn = rng.integers(0, clusters, size=(rows, clusters)) + clusters * np.arange(rows)[:, None]
            counts = np.bincount(drawn.ravel(), minlength=rows * clusters).reshape(rows, clusters)
            yield counts.astype(float)[:, self.codes]


class Subset:
    """Weights of some of the items; asked twice about the same weights it cuts them once."""

    def __init__(self, chosen: NDArray[np.bool_]):
        self._chosen = chosen
        self._last: tuple[Floats, Floats] | None = None

    def __call__(self, weights: Floats) -> Floats:
        if self._last is None or self._last[0] is not weights:
            self._last = (weights, weights[:, self._chosen])
        return self._last[1]

    def on(self, statistic: Statistic) -> Statistic:
        return lambda weights: statistic(self(weights))


def undefined(weights: Floats) -> Floats:
    """The statistic that no data defines."""
    return np.full(len(weights), np.nan)


def value_of(statistic: Statistic, items: int) -> float | None:
    """The statistic on the data itself; None where it is undefined."""
    value = float(statistic(np.ones((1, items)))[0]) if items else np.nan
    return None if np.isnan(value) else value


def distributions(statistics: Mapping[str, Statistic], resampler: Resampler) -> dict[str, Floats]:
    """Each statistic over all resamples (NaN where a resample leaves it undefined)."""
    blocks: dict[str, list[Floats]] = {name: [] for name in statistics}
    if resampler.clusters > 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            for weights in resampler.weights():
                for name, statistic in statistics.items():
                    blocks[name].append(statistic(weights))
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in blocks.items()}


def interval(values: Floats, level: float = 0.95) -> Interval | None:
    """The percentile interval; None where the statistic is undefined in more than 1 of 20 resamples."""
    defined = values[~np.isnan(values)]
    if defined.size == 0 or defined.size < (1 - _MAX_UNDEFINED) * values.size:
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def two_sided_p(values: Floats) -> float | None:
    """The bootstrap p-value of "the true value is 0": twice the smaller share of resamples on one side of 0.

    It is below 0.05 where the 95 % interval leaves 0 out (up to one resample), and never below
    2 / (resamples + 1).
    """
    defined = values[~np.isnan(values)]
    if interval(values) is None:
        return None
    below, above = int((defined <= 0).sum()), int((defined >= 0).sum())
    return min(1.0, 2 * (1 + min(below, above)) / (1 + defined.size))


FEW_CLUSTERS = 20
FEW_ITEMS = 30


@dataclass(frozen=True)
class Measured:
    """Statistics on the data, their 95 % intervals over clusters, and the resamples behind them."""

    values: dict[str, float | None]
    ci: dict[str, Interval | None]
    draws: dict[str, Floats]


def measure(statistics: Mapping[str, Statistic], resampler: Resampler) -> Measured:
    """Each statistic's value and interval; None where it is undefined."""
    items = resampler.codes.size
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: value_of(statistic, items) for name, statistic in statistics.items()}
    defined = {name: statistic for name, statistic in statistics.items() if values[name] is not None}
    draws = distributions(defined, resampler)
    ci = {name: interval(draws[name]) if name in draws else None for name in statistics}
    return Measured(values, ci, draws)


def notes_on_intervals(
    measured: Measured, resampler: Resampler, expected_flat: Collection[str] = ()
) -> list[str]:
    """What a reader must know of the intervals: missing ones, zero width, few clusters, few items."""
    notes = []
    items, clusters = resampler.codes.size, resampler.clusters
    if items and clusters == 1:
        notes.append("no intervals: all items are one cluster, and clusters are what is resampled")
    lost = [name for name, draws in measured.draws.items() if draws.size and measured.ci[name] is None]
    if lost:
        notes.append(f"no interval for {', '.join(lost)}: undefined in more than 1 of 20 resamples")
    flat = [name for name, bounds in measured.ci.items() if bounds and bounds[1] - bounds[0] < 1e-12]
    flat = [name for name in flat if name not in expected_flat]
    if flat:
        notes.append(
            f"the interval of {', '.join(flat)} has no width because every resample gives the same; with "
            f"{clusters} clusters up to about {min(1.0, 3 / clusters):.0%} of exceptions could stay unseen"
        )
    if 1 < clusters < FEW_CLUSTERS:
        notes.append(f"few clusters ({clusters}): the intervals are rough, and as a rule too narrow")
    if 0 < items < FEW_ITEMS:
        notes.append(
            f"too small to tell (items: {items}): expect any of these numbers to move a lot on another sample"
        )
    return notes
