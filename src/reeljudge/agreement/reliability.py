"""Statistics between raters: Krippendorff's alpha, Fleiss' kappa, intraclass correlation, matches, rater
pairs.

Ratings are an array (items, raters); NaN is no rating. Each function returns a number or None where it is
undefined. The `..._statistic` functions return the same as a function of item weights, for the bootstrap.
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from reeljudge.agreement.correlation import Ranks
from reeljudge.agreement.resampling import Floats, Statistic, undefined, value_of
from reeljudge.agreement.scoring import mean_statistic


def alpha_ordinal(ratings: ArrayLike) -> float | None:
    """Krippendorff's alpha for ordered grades; missing ratings are allowed. 1 is identity, 0 is chance.

    Grades are as far apart as the ratings that lie between them. None where all ratings are equal, and for a
    single item.
    Source: Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
    """
    return _value(alpha_ordinal_statistic, ratings)


def alpha_interval(ratings: ArrayLike) -> float | None:
    """Krippendorff's alpha with the squared difference of the ratings as their distance."""
    return _value(alpha_interval_statistic, ratings)


def fleiss_kappa(ratings: ArrayLike) -> float | None:
    """Fleiss' kappa: chance-corrected exact agreement, blind to how far grades are apart.

    It needs as many ratings for every item (not the same raters): items with another number of ratings than
    the most common one are left out. Source: Fleiss (1971).
    """
    return _value(fleiss_kappa_statistic, ratings)


def icc2_1(ratings: ArrayLike) -> float | None:
    """ICC(2,1): how far one rater's score can stand for another's, raters a random sample, absolute
    agreement.

    Items that a rater left out are left out. Source: Shrout and Fleiss (1979); ICC(A,1) of McGraw and Wong.
    """
    return _value(icc2_1_statistic, ratings)


def icc2_k(ratings: ArrayLike) -> float | None:
    """ICC(2,k): the same for the mean score of all k raters: the ceiling for agreement with that mean."""
    return _value(icc2_k_statistic, ratings)


def exact_match(ratings: ArrayLike) -> float | None:
    """Share of items (with two ratings or more) whose ratings are all equal."""
    return _value(lambda array: match_statistic(array, 0), ratings)


def relaxed_match(ratings: ArrayLike, within: float = 1) -> float | None:
    """Share of items (with two ratings or more) whose ratings span at most `within`."""
    return _value(lambda array: match_statistic(array, within), ratings)


def _value(make: Callable[[Floats], Statistic], ratings: ArrayLike) -> float | None:
    array = np.asarray(ratings, dtype=float)
    if array.ndim != 2:
        raise ValueError(f"ratings are an array (items, raters), not {array.shape}")
    with np.errstate(divide="ignore", invalid="ignore"):
        return value_of(make(array), len(array))


def alpha_interval_statistic(ratings: Floats) -> Statistic:
    """Krippendorff's alpha for intervals under weights of the items: (items, raters), NaN for none."""
    present = ~np.isnan(ratings)
    paired = present.sum(axis=1) >= 2
    if paired.sum() < 2:
        return undefined
    values = np.where(present, ratings - ratings[present].mean(), 0.0)[paired]
    sizes, sums, squares = present.sum(axis=1)[paired], values.sum(axis=1), (values**2).sum(axis=1)
    within = (sizes * squares - sums**2) / (sizes - 1)

    def statistic(weights: Floats) -> Floats:
        chosen = weights[:, paired]
        return _alpha(chosen @ within, chosen @ sizes, chosen @ sums, chosen @ squares)

    return statistic


def alpha_ordinal_statistic(ratings: Floats) -> Statistic:
    """Krippendorff's alpha for ordered grades under weights of the items: (items, raters), NaN for none."""
    present = ~np.isnan(ratings)
    paired = present.sum(axis=1) >= 2
    if paired.sum() < 2:
        return undefined
    chosen = present & paired[:, None]
    item, ranks = np.nonzero(chosen)[0], Ranks.of(ratings[chosen])
    sizes = present.sum(axis=1)[paired]
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))

    def statistic(weights: Floats) -> Floats:
        each, of_items = weights[:, item], weights[:, paired]
        # Two grades are as far apart as their mean ranks: the ratings between them and half of their own.
        positions = ranks.centred(each)
        sums, squares = (np.add.reduceat(p, starts, axis=1) for p in (positions, positions**2))
        within = of_items * (sizes * squares - sums**2) / (sizes - 1)
        total, square = (of_items * sums).sum(axis=1), (of_items * squares).sum(axis=1)
        return _alpha(within.sum(axis=1), each.sum(axis=1), total, square)

    return statistic


def _alpha(within: Floats, size: Floats, total: Floats, square: Floats) -> Floats:
    """1 - observed / expected disagreement, of ratings at positions on a line.

    Args:
        within: squared distances of the rating pairs of each item over its ratings less one, summed.
        size, total, square: how many ratings there are, the sum of their positions and of the squares.
    """
    expected = size * square - total**2
    return np.where(expected > 1e-12 * size * square, 1 - (size - 1) * within / expected, np.nan)


def fleiss_kappa_statistic(ratings: Floats) -> Statistic:
    """Fleiss' kappa under weights, over the items with the most common number of ratings."""
    present = ~np.isnan(ratings)
    sizes = present.sum(axis=1)
    raters = most_common_size(ratings)
    chosen = sizes == raters
    if raters < 2 or chosen.sum() < 2:
        return undefined
    item = np.repeat(np.flatnonzero(chosen), raters)
    grades = Ranks.of(ratings[chosen][present[chosen]])
    by_item = grades.code.reshape(-1, raters)
    pairs_alike = (by_item[:, :, None] == by_item[:, None, :]).sum(axis=(1, 2)) - raters
    agreed = pairs_alike / (raters * (raters - 1))

    def statistic(weights: Floats) -> Floats:
        observed = weights[:, chosen] @ agreed / weights[:, chosen].sum(axis=1)
        shares = grades.groups(weights[:, item])
        shares = shares / shares.sum(axis=1, keepdims=True)
        expected = (shares**2).sum(axis=1)
        return np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)

    return statistic


def most_common_size(ratings: Floats) -> int:
    """The number of ratings that most items with at least two have; the larger of equally common ones; 0 for
    none.
    """
    counts = np.bincount((~np.isnan(ratings)).sum(axis=1), minlength=2)
    counts[:2] = 0
    return int(counts.size - 1 - np.argmax(counts[::-1])) if counts.any() else 0


def icc2_1_statistic(ratings: Floats) -> Statistic:
    """ICC(2,1) under weights of the items that every rater rated: one rater's score, absolute agreement."""
    return _icc(ratings, lambda rows, columns, rest, k, n: rows + (k - 1) * rest + k * (columns - rest) / n)


def icc2_k_statistic(ratings: Floats) -> Statistic:
    """ICC(2,k) under weights of the items that every rater rated: the mean of all k raters."""
    return _icc(ratings, lambda rows, columns, rest, k, n: rows + (columns - rest) / n)


def _icc(ratings: Floats, spread: Callable[[Floats, Floats, Floats, int, Floats], Floats]) -> Statistic:
    """(rows - rest) / spread, from the mean squares of a two-way analysis of variance over complete items."""
    complete = ~np.isnan(ratings).any(axis=1)
    table = ratings[complete]
    raters = ratings.shape[1]
    if raters < 2 or not len(table):
        return undefined
    table = table - table.mean()
    row_means = table.mean(axis=1)

    def statistic(weights: Floats) -> Floats:
        chosen = weights[:, complete]
        items = chosen.sum(axis=1)
        column_means = chosen @ table / items[:, None]
        mean = column_means.mean(axis=1)
        squares = chosen @ (table**2).sum(axis=1) - items * raters * mean**2
        of_rows = raters * (chosen @ row_means**2 - items * mean**2)
        of_columns = items * ((column_means - mean[:, None]) ** 2).sum(axis=1)
        rows, columns = of_rows / (items - 1), of_columns / (raters - 1)
        rest = np.maximum(squares - of_rows - of_columns, 0) / ((items - 1) * (raters - 1))
        below = spread(rows, columns, rest, raters, items)
        # Items that do not differ at all leave nothing for a reliability to be a share of.
        varied = squares > 1e-12 * (chosen @ (table**2).sum(axis=1))
        return np.where((items > 1) & varied & (np.abs(below) > 1e-12), (rows - rest) / below, np.nan)

    return statistic


def match_statistic(ratings: Floats, within: float) -> Statistic:
    """Weighted share of the items with two ratings or more whose ratings span at most `within`."""
    several = (~np.isnan(ratings)).sum(axis=1) >= 2
    some = ratings[several]
    span = np.nanmax(some, axis=1) - np.nanmin(some, axis=1) if len(some) else np.empty(0)
    share = mean_statistic(span <= within + 1e-9)
    return lambda weights: share(weights[:, several])


def mean_pairwise_statistic(ratings: Floats, make: Callable[[Floats, Floats], Statistic]) -> Statistic:
    """The mean of a statistic of two columns over all pairs of raters; pairs that leave it undefined do not
    count.
    """
    pairs = []
    for first, second in combinations(range(ratings.shape[1]), 2):
        both = ~(np.isnan(ratings[:, first]) | np.isnan(ratings[:, second]))
        if both.any():
            pairs.append((both, make(ratings[both, first], ratings[both, second])))

    def statistic(weights: Floats) -> Floats:
        total, defined = np.zeros(len(weights)), np.zeros(len(weights))
        for both, of_pair in pairs:
            values = of_pair(weights[:, both])
            known = ~np.isnan(values)
            total[known] += values[known]
            defined += known
        return np.where(defined > 0, total / defined, np.nan)

    return statistic
