"""Ties made from scores: the margin under which two scores count as a tie, and how it is chosen.

Tie calibration: Deutsch, Foster, Freitag, "Ties Matter" (arXiv 2305.14324). The paper chooses the margin on
the very items that it reports; `cross_fitted` chooses it on other clusters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reeljudge.agreement.resampling import SEED, Floats

SPLITS = 20
# 0.4 - 0.3 is a hair more than 0.1 in binary; a stated margin means the decimal number.
_A_HAIR_MORE = 1 + 1e-9


def score_difference(score_a: ArrayLike, score_b: ArrayLike) -> Floats:
    """First minus second score, exactly 0 where the two differ by rounding dust alone (equal means)."""
    first, second = np.asarray(score_a, dtype=float), np.asarray(score_b, dtype=float)
    difference = first - second
    dust = 4 * np.finfo(float).eps * np.maximum(np.abs(first), np.abs(second))
    return np.where(np.abs(difference) <= dust, 0.0, difference)


@dataclass(frozen=True)
class Margin:
    """The margin with the highest accuracy (scores that differ by no more are a tie), and that accuracy."""

    margin: float
    accuracy: float


def best_margin(human: ArrayLike, difference: ArrayLike) -> Margin | None:
    """The margin with the highest accuracy with ties on these very pairs; the smallest of several.

    Args:
        human: (n,) 1 where people preferred the first clip, -1 the second, 0 a tie.
        difference: (n,) first score minus second; NaN (unscored) is wrong under every margin.

    Returns:
        The margin, one of 0 and the absolute differences themselves; None without pairs or scores.
    """
    signs, differences = np.asarray(human, dtype=float), np.asarray(difference, dtype=float)
    sizes, right_as_tie, right_as_sign = _by_size(signs, differences)
    if sizes.size == 0:
        return None
    right = np.cumsum(right_as_tie) + right_as_sign.sum() - np.cumsum(right_as_sign)
    last = np.flatnonzero(np.append(sizes[1:] > sizes[:-1] * _A_HAIR_MORE, True))
    margins, correct = sizes[last], right[last]
    if margins[0] > 0:
        margins, correct = np.append(0.0, margins), np.append(right_as_sign.sum(), correct)
    best = int(np.argmax(correct))
    return Margin(float(margins[best]), float(correct[best] / signs.size))


def _by_size(signs: Floats, differences: Floats) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Scored pairs by absolute difference: its size, right if called a tie, right if called by its sign."""
    scored = ~np.isnan(differences)
    signs, differences = signs[scored], differences[scored]
    sizes = np.abs(differences)
    order = np.argsort(sizes, kind="stable")
    return sizes[order], (signs == 0)[order], (np.sign(differences) == signs)[order]


def correct_at(human: ArrayLike, difference: ArrayLike, margin: float) -> NDArray[np.bool_]:
    """Where the vote that a difference amounts to under a margin is the human one; False where unscored."""
    signs, differences = np.asarray(human, dtype=float), np.asarray(difference, dtype=float)
    tied = np.abs(differences) <= margin * _A_HAIR_MORE
    return np.where(tied, signs == 0, np.sign(differences) == signs)


def cross_fitted(
    human: ArrayLike, difference: ArrayLike, codes: NDArray[np.intp], splits: int = SPLITS, seed: int = SEED
) -> Floats | None:
    """Per pair, the share of splits in which it is right under a margin that was chosen on other clusters.

    In each split the clusters are cut in two halves at random, and each half is called with the margin that
    is best on the other. None where there are fewer than two clusters or a half without scores.
    """
    signs, differences = np.asarray(human, dtype=float), np.asarray(difference, dtype=float)
    clusters = int(codes.max()) + 1 if codes.size else 0
    if clusters < 2:
        return None
    rng = np.random.default_rng(seed)
    right = np.zeros(signs.size)
    for _ in range(splits):
        in_first_half = np.isin(codes, rng.permutation(clusters)[: clusters // 2])
        for reported in (in_first_half, ~in_first_half):
            chosen = best_margin(signs[~reported], differences[~reported])
            if chosen is None:
                return None
            right[reported] += correct_at(signs[reported], differences[reported], chosen.margin)
    return right / splits
