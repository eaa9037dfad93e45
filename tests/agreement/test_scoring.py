"""Accuracies, errors and quadratic weighted kappa, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.agreement import (
    accuracy,
    accuracy_scored,
    all_dimensions_exact,
    majority_accuracy,
    mean_absolute_error,
    quadratic_weighted_kappa,
    relaxed_accuracy,
    root_mean_squared_error,
    round_half_up,
)
from reeljudge.agreement.scoring import kappa_statistic

NONE = np.nan


def test_halves_are_rounded_up() -> None:
    assert round_half_up([0.5, 1.5, 2.5, 3.49, 2.4999999999999996]).tolist() == [1, 2, 3, 3, 3]
    assert np.isnan(round_half_up([NONE])).all()


def test_by_hand() -> None:
    human = [1, 2, 3, 4, 5, 3.5]
    judge = [1, 3, 3, 2, NONE, 4.4]
    # Rounded: 1-1 right, 2-3 near, 3-3 right, 4-2 far, unscored wrong, 4-4 right.
    assert accuracy(human, judge) == pytest.approx(3 / 6)
    assert accuracy_scored(human, judge) == pytest.approx(3 / 5)
    assert relaxed_accuracy(human, judge) == pytest.approx(4 / 6)
    assert mean_absolute_error(human, judge) == pytest.approx((0 + 1 + 0 + 2 + 0.9) / 5)
    assert root_mean_squared_error(human, judge) == pytest.approx(((0 + 1 + 0 + 4 + 0.81) / 5) ** 0.5)
    assert majority_accuracy(human) == pytest.approx(2 / 6)  # 3.5 counts as 4, and 4 is there twice


def test_an_item_without_a_human_score_is_no_item() -> None:
    assert accuracy([NONE, 2, 3], [1, 2, NONE]) == pytest.approx(1 / 2)
    assert accuracy_scored([NONE, 2, 3], [1, 2, NONE]) == 1
    assert majority_accuracy([NONE, 2, 3, 3]) == pytest.approx(2 / 3)


def test_nothing_to_count_is_none() -> None:
    assert accuracy([], []) is None
    assert accuracy([NONE], [3]) is None
    assert accuracy_scored([3], [NONE]) is None
    assert accuracy([3], [NONE]) == 0  # there is an item, and it is wrong
    assert mean_absolute_error([3], [NONE]) is None
    assert root_mean_squared_error([3], [NONE]) is None
    assert majority_accuracy([NONE]) is None
    assert all_dimensions_exact(np.full((2, 3), NONE), np.ones((2, 3))) is None


def test_all_dimensions_exact() -> None:
    human = np.array([[1, 2, 3], [4, 4, 4], [5, 5, 5], [1, NONE, 1]])
    judge = np.array([[1, 2, 3], [4, 4, 3], [5, NONE, 5], [1, 1, 1]])
    # The first is right in all; the second misses one; the third is unscored in one; the fourth is no item.
    assert all_dimensions_exact(human, judge) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="one shape"):
        all_dimensions_exact(human, judge[:, :2])


def test_kappa_by_hand() -> None:
    # Squared differences 0, 0, 1; over all nine combinations they are 2, 2, 5 (rows of x), so 9 in all.
    x, y = [1, 2, 3], [1, 2, 2]
    by_combination = sum((a - b) ** 2 for a in x for b in y) / 9
    assert quadratic_weighted_kappa(x, y) == pytest.approx(1 - (1 / 3) / by_combination)
    assert quadratic_weighted_kappa([3, 3, 3], [3, 3, 3]) is None
    assert quadratic_weighted_kappa([3, 3, 3], [4, 4, 4]) == pytest.approx(0)
    assert quadratic_weighted_kappa([], []) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=40), st.integers(0, 99))
def test_invariants(pairs: list[tuple[int, int]], seed: int) -> None:
    x, y = np.array(pairs, dtype=float).T
    order = np.random.default_rng(seed).permutation(len(x))
    for compare in (accuracy, relaxed_accuracy, mean_absolute_error, quadratic_weighted_kappa):
        assert compare(x[order], y[order]) == pytest.approx(compare(x, y), abs=1e-12)
        assert compare(y, x) == pytest.approx(compare(x, y), abs=1e-12)
    assert accuracy(x, x) == relaxed_accuracy(x, x) == 1
    assert mean_absolute_error(x, x) == 0
    assert accuracy(x, y) <= relaxed_accuracy(x, y)
    assert mean_absolute_error(x, y) <= root_mean_squared_error(x, y) + 1e-12
    if len(set(x)) > 1:
        assert quadratic_weighted_kappa(x, x) == pytest.approx(1)


def test_kappa_of_weights_is_kappa_of_copies() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(1, 6, 40).astype(float), rng.integers(1, 6, 40).astype(float)
    weights = rng.integers(0, 3, size=(20, 40)).astype(float)
    for row, value in zip(weights.astype(int), kappa_statistic(x, y)(weights), strict=True):
        expected = quadratic_weighted_kappa(np.repeat(x, row), np.repeat(y, row))
        assert value == pytest.approx(expected)
