"""Correlations by hand, against SciPy, and under weights."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reeljudge.agreement import kendall_b, kendall_c, pearson, spearman
from reeljudge.agreement.correlation import (
    kendall_b_statistic,
    kendall_c_statistic,
    pearson_statistic,
    spearman_statistic,
)

BY_NAME = {"pearson": pearson, "spearman": spearman, "tau-b": kendall_b, "tau-c": kendall_c}
STATISTICS = {
    "pearson": pearson_statistic,
    "spearman": spearman_statistic,
    "tau-b": kendall_b_statistic,
    "tau-c": kendall_c_statistic,
}
IN_SCIPY = {
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "tau-b": lambda x, y: stats.kendalltau(x, y).statistic,
    "tau-c": lambda x, y: stats.kendalltau(x, y, variant="c").statistic,
}


def test_by_hand_without_ties() -> None:
    # Ranks differ by 1, 1, 1, 1, 0: rho = 1 - 6 * 4 / (5 * 24). Two of ten pairs are discordant.
    x, y = [1, 2, 3, 4, 5], [2, 1, 4, 3, 5]
    assert spearman(x, y) == pytest.approx(0.8)
    assert kendall_b(x, y) == pytest.approx((8 - 2) / 10)
    assert pearson([1, 2, 3], [1, 2, 4]) == pytest.approx(3 / math.sqrt(2 * 14 / 3))


def test_by_hand_with_ties() -> None:
    # Of six pairs one is tied in x, another in y, the other four are concordant; three values each.
    x, y = [1, 2, 2, 3], [1, 2, 3, 3]
    assert kendall_b(x, y) == pytest.approx(4 / 5)
    assert kendall_c(x, y) == pytest.approx(2 * 4 * 3 / (4**2 * 2))
    # Mean ranks 1, 2.5, 2.5, 4 and 1, 2, 3.5, 3.5.
    assert spearman(x, y) == pytest.approx(np.corrcoef([1, 2.5, 2.5, 4], [1, 2, 3.5, 3.5])[0, 1])


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.filterwarnings("ignore")
def test_against_scipy(name: str) -> None:
    rng = np.random.default_rng(7)
    for size in (2, 3, 5, 17, 100, 640):
        for _ in range(4):
            grades, other = rng.integers(1, 6, size), rng.integers(1, 4, size)
            line = rng.normal(size=size)
            for x, y in ((grades, other), (grades, line), (line, line + other), (grades / 3, grades * other)):
                expected = IN_SCIPY[name](x, y)
                found = BY_NAME[name](x, y)
                if math.isnan(expected):
                    assert found is None
                else:
                    assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", BY_NAME)
def test_weights_are_copies_of_items(name: str) -> None:
    """A resample's statistic is the statistic of the items, each repeated as often as it was drawn."""
    rng = np.random.default_rng(3)
    for discrete in (True, False):
        x = rng.integers(1, 5, 60).astype(float) if discrete else rng.normal(size=60)
        y = x + rng.integers(0, 3, 60)
        weights = rng.integers(0, 4, size=(25, 60)).astype(float)
        found = STATISTICS[name](x, y)(weights)
        for row, value in zip(weights.astype(int), found, strict=True):
            copies = np.repeat(x, row), np.repeat(y, row)
            expected = IN_SCIPY[name](*copies)
            if name == "tau-c":  # the number of values stays the data's
                here = min(len(set(values)) for values in copies)
                whole = min(len(set(x)), len(set(y)))
                expected *= (here - 1) / here * whole / (whole - 1)
            assert value == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", BY_NAME)
def test_undefined_is_none(name: str) -> None:
    correlate = BY_NAME[name]
    assert correlate([], []) is None
    assert correlate([3], [4]) is None
    assert correlate([3, 3, 3], [1, 2, 3]) is None
    assert correlate([1, 2, 3], [10 / 3, 10 / 3, 10 / 3]) is None
    assert correlate([1, 2, np.nan], [np.nan, 2, 3]) is None


@pytest.mark.parametrize("name", BY_NAME)
def test_missing_pairs_are_left_out(name: str) -> None:
    x, y = [1, 2, np.nan, 4, 5, 3], [2, 1, 5, np.nan, 5, 4]
    assert BY_NAME[name](x, y) == pytest.approx(BY_NAME[name]([1, 2, 5, 3], [2, 1, 5, 4]))


GRADES = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=30)


@pytest.mark.parametrize("name", BY_NAME)
@settings(max_examples=40, deadline=None)
@given(pairs=GRADES, seed=st.integers(0, 99))
def test_invariants(name: str, pairs: list[tuple[int, int]], seed: int) -> None:
    correlate = BY_NAME[name]
    x, y = np.array(pairs, dtype=float).T
    value = correlate(x, y)
    order = np.random.default_rng(seed).permutation(len(x))
    assert correlate(x[order], y[order]) == pytest.approx(value, abs=1e-12)
    assert correlate(y, x) == pytest.approx(value, abs=1e-12)
    assert correlate(2 * x + 1, y) == pytest.approx(value, abs=1e-12)
    if value is not None:
        assert correlate(-x, y) == pytest.approx(-value, abs=1e-12)
        assert -1 <= value <= 1
    if len(set(x)) > 1 and name != "tau-c":
        assert correlate(x, x) == 1


def test_only_ranks_matter_for_rank_correlations() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=50), rng.normal(size=50)
    for correlate in (spearman, kendall_b, kendall_c):
        assert correlate(np.exp(3 * x), y**3) == pytest.approx(correlate(x, y))


def test_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="same length"):
        spearman([1, 2, 3], [1, 2])
