"""Accuracies and errors of a judge's scores against people's.

Arrays are (n,) floats on one scale; NaN is no score. An item without a human score is no item. An item that
the judge left unscored is wrong for `accuracy` and the like, and not there for `accuracy_scored` and the
errors.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reeljudge.agreement.resampling import Floats, Statistic, undefined, value_of


def round_half_up(values: ArrayLike) -> Floats:
    """2.5 -> 3, 3.5 -> 4 (Python and NumPy round both to even: 2 and 4). NaN stays NaN."""
    # The mean of decimal ratings may come out a hair under the half that it is.
    return np.floor(np.round(np.asarray(values, dtype=float), 9) + 0.5)


def accuracy(human: ArrayLike, judge: ArrayLike) -> float | None:
    """Share of items where both round (half up) to the same whole number; an unscored item is wrong."""
    return relaxed_accuracy(human, judge, within=0)


def relaxed_accuracy(human: ArrayLike, judge: ArrayLike, within: float = 1) -> float | None:
    """Share of items where the rounded scores differ by at most `within`; an unscored item is wrong."""
    people, scores = _rated(human, judge)
    return _mean(hits(people, scores, within))


def accuracy_scored(human: ArrayLike, judge: ArrayLike) -> float | None:
    """`accuracy` over the scored items alone: the number to read beside the headline, not instead of it."""
    people, scores = _scored(human, judge)
    return _mean(hits(people, scores))


def all_dimensions_exact(human: ArrayLike, judge: ArrayLike) -> float | None:
    """Share of items, of arrays (n, dimensions), where every dimension rounds to the human score.

    A dimension that the judge left unscored is wrong; an item that people did not rate on all is left out.
    """
    people, scores = np.asarray(human, dtype=float), np.asarray(judge, dtype=float)
    if people.shape != scores.shape or people.ndim != 2:
        raise ValueError(
            f"two arrays (items, dimensions) of one shape, not {people.shape} and {scores.shape}"
        )
    rated = ~np.isnan(people).any(axis=1)
    return _mean(np.all(hits(people[rated], scores[rated]), axis=1))


def majority_accuracy(human: ArrayLike) -> float | None:
    """The accuracy of always giving the most frequent (rounded) human score: what a judge has to beat."""
    rounded = round_half_up(human)
    rounded = rounded[~np.isnan(rounded)]
    return float(np.unique(rounded, return_counts=True)[1].max() / rounded.size) if rounded.size else None


def mean_absolute_error(human: ArrayLike, judge: ArrayLike) -> float | None:
    """Mean |judge - human| over scored items, of unrounded scores, in points of the scale."""
    people, scores = _scored(human, judge)
    return _mean(np.abs(scores - people))


def root_mean_squared_error(human: ArrayLike, judge: ArrayLike) -> float | None:
    """Root of the mean squared error over scored items, of unrounded scores, in points of the scale."""
    people, scores = _scored(human, judge)
    squared = _mean((scores - people) ** 2)
    return None if squared is None else squared**0.5


def quadratic_weighted_kappa(x: ArrayLike, y: ArrayLike) -> float | None:
    """Cohen's kappa with quadratic weights between two arrays of ratings; 1 is identity, 0 is chance.

    The weight is the squared difference of the ratings themselves, so grades that nobody gave leave no gap.
    It equals Lin's concordance coefficient. None where both are constant and equal.
    """
    left, right = _scored(x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return value_of(kappa_statistic(left, right), left.size)


def hits(human: Floats, judge: Floats, within: float = 0) -> NDArray[np.bool_]:
    """Where rounded scores differ by at most `within`; False where the judge's is NaN."""
    return np.abs(round_half_up(judge) - round_half_up(human)) <= within


def mean_statistic(values: ArrayLike) -> Statistic:
    """The weighted mean of (n,) values; undefined without weight."""
    items = np.asarray(values, dtype=float)
    return lambda weights: (weights @ items) / weights.sum(axis=1)


def root_mean_statistic(values: ArrayLike) -> Statistic:
    """The square root of the weighted mean."""
    mean = mean_statistic(values)
    return lambda weights: np.sqrt(mean(weights))


def kappa_statistic(x: Floats, y: Floats) -> Statistic:
    """Cohen's kappa with quadratic weights, under weights of the items; undefined below two items."""
    if x.size < 2:
        return undefined
    middle = x.mean()
    left, right = x - middle, y - middle
    squared = (left - right) ** 2

    def statistic(weights: Floats) -> Floats:
        total = weights.sum(axis=1)
        mean_x, mean_y = weights @ left / total, weights @ right / total
        size = (weights @ left**2 + weights @ right**2) / total
        expected = size - 2 * mean_x * mean_y
        observed = weights @ squared / total
        return np.where(expected > 1e-12 * size, 1 - observed / expected, np.nan)

    return statistic


def _rated(human: ArrayLike, judge: ArrayLike) -> tuple[Floats, Floats]:
    people, scores = np.asarray(human, dtype=float), np.asarray(judge, dtype=float)
    if people.shape != scores.shape or people.ndim != 1:
        raise ValueError(f"two arrays of the same length are compared, not {people.shape} and {scores.shape}")
    rated = ~np.isnan(people)
    return people[rated], scores[rated]


def _scored(human: ArrayLike, judge: ArrayLike) -> tuple[Floats, Floats]:
    people, scores = _rated(human, judge)
    scored = ~np.isnan(scores)
    return people[scored], scores[scored]


def _mean(values: NDArray[Any]) -> float | None:
    return float(np.mean(values)) if values.size else None
