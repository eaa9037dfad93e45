"""Pearson, Spearman and Kendall correlation, for plain data and for resampled weights.

`pearson`, `spearman`, `kendall_b`, `kendall_c` take two arrays and return a number or None. The
`..._statistic` functions return the same as a function of row weights, for the bootstrap (see `resampling`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reeljudge.agreement.resampling import Floats, Statistic, value_of


def pearson(x: ArrayLike, y: ArrayLike) -> float | None:
    """Pearson's r of two arrays (n,); None where either is constant. Pairs with a NaN are left out."""
    return _value(pearson_statistic, x, y)


def spearman(x: ArrayLike, y: ArrayLike) -> float | None:
    """Spearman's rho: Pearson's r of the ranks, tied values sharing their mean rank. None as in `pearson`."""
    return _value(spearman_statistic, x, y)


def kendall_b(x: ArrayLike, y: ArrayLike) -> float | None:
    """Kendall's tau-b: (C - D) / sqrt(pairs untied in x * pairs untied in y)."""
    return _value(kendall_b_statistic, x, y)


def kendall_c(x: ArrayLike, y: ArrayLike) -> float | None:
    """Stuart's tau-c, for fields with different numbers of values: 2 (C - D) / (n^2 (m - 1) / m).

    C and D are concordant and discordant pairs, m the smaller number of distinct values. Tied pairs are not
    taken out, so a field does not reach 1 with itself unless its values are equally frequent.
    """
    return _value(kendall_c_statistic, x, y)


def _value(make: Callable[[Floats, Floats], Statistic], x: ArrayLike, y: ArrayLike) -> float | None:
    left, right = _pairs(x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return value_of(make(left, right), left.size)


def _pairs(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    left, right = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if left.shape != right.shape or left.ndim != 1:
        raise ValueError(f"two arrays of the same length are correlated, not {left.shape} and {right.shape}")
    both = ~(np.isnan(left) | np.isnan(right))
    return left[both], right[both]


def pearson_statistic(x: Floats, y: Floats) -> Statistic:
    """Pearson's r under weights of the items; undefined where either column is constant."""
    left, right = (values - values.mean() if values.size else values for values in (x, y))
    return lambda weights: _weighted_pearson(weights, left, right)


def spearman_statistic(x: Floats, y: Floats) -> Statistic:
    """Spearman's rho under weights of the items: Pearson's r of mid-ranks, ranked anew in each resample."""
    rank_x, rank_y = Ranks.of(x), Ranks.of(y)
    return lambda weights: _weighted_pearson(weights, rank_x.centred(weights), rank_y.centred(weights))


def _weighted_pearson(weights: Floats, x: Floats, y: Floats) -> Floats:
    """Correlation of x and y, (n,) or (resamples, n), centred about zero roughly (for precision)."""
    total = weights.sum(axis=1)
    weighted_x, weighted_y = weights * x, weights * y
    mean_x, mean_y = weighted_x.sum(axis=1) / total, weighted_y.sum(axis=1) / total
    square_x, square_y = (weighted_x * x).sum(axis=1) / total, (weighted_y * y).sum(axis=1) / total
    variance_x, variance_y = square_x - mean_x**2, square_y - mean_y**2
    covariance = (weighted_x * y).sum(axis=1) / total - mean_x * mean_y
    # A constant column leaves rounding dust instead of 0.
    constant = (variance_x <= 1e-12 * square_x) | (variance_y <= 1e-12 * square_y)
    return np.where(constant, np.nan, np.clip(covariance / np.sqrt(variance_x * variance_y), -1, 1))


@dataclass(frozen=True)
class Ranks:
    """Mean ranks of an array under weights.

    Attributes:
        code: (n,) the position of each item's value among the distinct values.
        order, starts: the items sorted by value, and where each distinct value starts in that order.
    """

    code: NDArray[np.intp]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, values: Floats) -> "Ranks":
        distinct, code = np.unique(values, return_inverse=True)
        order = np.argsort(code, kind="stable")
        return cls(code, order, np.searchsorted(code[order], np.arange(distinct.size)))

    def groups(self, weights: Floats) -> Floats:
        """The weight of each distinct value: (resamples, distinct values)."""
        if self.code.size == 0:
            return np.zeros((len(weights), 0))
        return np.add.reduceat(weights[:, self.order], self.starts, axis=1)

    def centred(self, weights: Floats) -> Floats:
        """The mean rank of each item (resamples, n), counted from the middle rank."""
        groups = self.groups(weights)
        ranks = np.cumsum(groups, axis=1) - groups / 2 - groups.sum(axis=1, keepdims=True) / 2
        return ranks[:, self.code]


def kendall_b_statistic(x: Floats, y: Floats) -> Statistic:
    """Kendall's tau-b under weights of the items."""
    return kendall_statistics(x, y)[0]


def kendall_c_statistic(x: Floats, y: Floats) -> Statistic:
    """Kendall's (Stuart's) tau-c under weights of the items."""
    return kendall_statistics(x, y)[1]


def kendall_statistics(x: Floats, y: Floats) -> tuple[Statistic, Statistic]:
    """tau-b and tau-c; where both are asked about the same weights, the pairs are counted once."""
    counts = PairCounts.of(x, y)
    last: list[tuple[Floats, tuple[Floats, Floats, Floats, Floats]]] = []

    def counted(weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        if not last or last[0][0] is not weights:
            last[:] = [(weights, counts.of_weights(weights))]
        return last[0][1]

    def tau_b(weights: Floats) -> Floats:
        balance, pairs, tied_x, tied_y = counted(weights)
        return np.clip(balance / np.sqrt((pairs - tied_x) * (pairs - tied_y)), -1, 1)

    def tau_c(weights: Floats) -> Floats:
        balance, pairs, tied_x, tied_y = counted(weights)
        # The number of values belongs to the scale: a resample that misses a rare grade keeps the data's, or
        # tau-c would jump by a tenth.
        tau = 2 * balance * counts.classes / (weights.sum(axis=1) ** 2 * (counts.classes - 1))
        return np.where((tied_x < pairs) & (tied_y < pairs), tau, np.nan)

    return tau_b, tau_c


@dataclass(frozen=True)
class PairCounts:
    """Concordant, discordant and tied pairs of items under weights, in O(n log n) per resample.

    Items are first gathered into cells of equal (x, y). Knight's method then sorts the cells by x and counts,
    in a merge sort by y, the pairs that stand the wrong way round; which cell meets which depends on the data
    alone, so the merges are planned once and only the weights run through them.
    """

    x: Ranks
    y: Ranks
    cells: Ranks
    merges: tuple[tuple[NDArray[np.intp], ...], ...]

    @classmethod
    def of(cls, x: Floats, y: Floats) -> "PairCounts":
        rank_x, rank_y = Ranks.of(x), Ranks.of(y)
        # One number per cell, sorted by x and within x by y.
        width = int(rank_y.code.max()) + 1 if rank_y.code.size else 1
        cells = Ranks.of((rank_x.code * width + rank_y.code).astype(float))
        y_of_cell = np.zeros(cells.starts.size, dtype=np.intp)
        y_of_cell[cells.code] = rank_y.code
        return cls(rank_x, rank_y, cells, tuple(_merge_plan(y_of_cell)))

    def of_weights(self, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Concordant minus discordant pairs, all pairs, those tied in x, tied in y: (resamples,) each."""
        cells = self.cells.groups(weights)
        pairs = _pairs_within(weights.sum(axis=1, keepdims=True))
        tied_x, tied_y = _pairs_within(self.x.groups(weights)), _pairs_within(self.y.groups(weights))
        balance = pairs - tied_x - tied_y + _pairs_within(cells) - 2 * self._discordant(cells)
        return balance, pairs, tied_x, tied_y

    @property
    def classes(self) -> float:
        """The smaller number of distinct values in x and in y; NaN where one is constant."""
        fewer = min(self.x.starts.size, self.y.starts.size)
        return float(fewer) if fewer > 1 else np.nan

    def _discordant(self, cells: Floats) -> Floats:
        found = np.zeros(len(cells))
        running = np.zeros((len(cells), cells.shape[1] + 1))
        for sorted_cells, right, first_above, left_end in self.merges:
            np.cumsum(cells[:, sorted_cells], axis=1, out=running[:, 1:])
            above = running[:, left_end] - running[:, first_above]
            found += np.einsum("ij,ij->i", cells[:, right], above)
        return found


def _pairs_within(groups: Floats) -> Floats:
    return (groups * (groups - 1)).sum(axis=1) / 2


def _merge_plan(y: NDArray[np.intp]) -> list[tuple[NDArray[np.intp], ...]]:
    """The merges of a bottom-up merge sort of the cells by y.

    For each block width: the cells sorted within their blocks, the cells of right-hand blocks, and for each
    of these the stretch of its left-hand neighbour block that lies above it in y (first, end).
    """
    size, span = y.size, int(y.max()) + 1 if y.size else 1
    plan: list[tuple[NDArray[np.intp], ...]] = []
    places, width = np.arange(size), 1
    while width < size:
        block = places // width
        key = block * span + y
        by_block = np.argsort(key, kind="stable")
        right = np.flatnonzero(block % 2 == 1)
        first_above = np.searchsorted(key[by_block], (block[right] - 1) * span + y[right], side="right")
        plan.append((by_block, right, first_above, block[right] * width))
        width *= 2
    return plan
