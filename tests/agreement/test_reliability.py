"""Inter-rater statistics by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.agreement import (
    alpha_interval,
    alpha_ordinal,
    exact_match,
    fleiss_kappa,
    icc2_1,
    icc2_k,
    rater_agreement,
    relaxed_match,
)
from reeljudge.agreement.raters import rater_statistics
from reeljudge.agreement.reliability import most_common_size

NONE = np.nan
ALL = (alpha_ordinal, alpha_interval, fleiss_kappa, icc2_1, icc2_k, exact_match, relaxed_match)


def test_alpha_interval_by_hand() -> None:
    # Within items: squared differences 0, 1, 0, each counted both ways: 2 of 6 values, so 1/3. Over all six
    # values 1 1 1 2 2 2: 9 unlike pairs both ways of 30, so 0.6.
    assert alpha_interval([[1, 1], [1, 2], [2, 2]]) == pytest.approx(1 - (1 / 3) / 0.6)


def test_two_grades_leave_alpha_no_choice_of_distance() -> None:
    ratings = [[1, 1], [1, 2], [2, 2], [2, 2], [1, 1], [2, 1]]
    assert alpha_ordinal(ratings) == pytest.approx(alpha_interval(ratings))


def test_alpha_ordinal_by_hand() -> None:
    # Values 1 1 2 3 3 3: mean ranks 1.5, 3 and 5. Observed: one pair 2-3, (5 - 3)^2 both ways over 6 values.
    # Expected: 2 * (6 * 88.5 - 21^2) over 6 * 5.
    assert alpha_ordinal([[1, 1], [2, 3], [3, 3]]) == pytest.approx(1 - (8 / 6) / (180 / 30))


def test_alpha_uses_what_is_there() -> None:
    # An item with one rating pairs with nothing, and a missing third rating changes nothing.
    full = [[1, 1], [1, 2], [2, 2]]
    holes = [[1, 1, NONE], [NONE, 1, 2], [2, NONE, 2], [5, NONE, NONE], [NONE, NONE, NONE]]
    assert alpha_interval(holes) == pytest.approx(alpha_interval(full))
    assert alpha_ordinal(holes) == pytest.approx(alpha_ordinal(full))


def test_fleiss_by_hand() -> None:
    # Item 1: one of three rater pairs agree; item 2: all. Grades 1 and 2 hold 1/3 and 2/3 of the ratings.
    observed, expected = (1 / 3 + 1) / 2, 1 / 9 + 4 / 9
    assert fleiss_kappa([[1, 1, 2], [2, 2, 2]]) == pytest.approx((observed - expected) / (1 - expected))


def test_fleiss_takes_items_with_the_most_common_number_of_ratings() -> None:
    ratings = np.array([[1, 1, 2], [2, 2, 2], [5, NONE, 4], [NONE, NONE, 3]])
    assert most_common_size(ratings) == 3
    assert fleiss_kappa(ratings) == pytest.approx(fleiss_kappa(ratings[:2]))
    # The raters may differ from item to item.
    spread = [[1, 1, NONE, 2], [NONE, 2, 2, 2]]
    assert fleiss_kappa(spread) == pytest.approx(fleiss_kappa(ratings[:2]))


def test_icc_by_hand() -> None:
    # Items 1.5, 3.5, 5.5 and raters 3 and 4 on average, no other variation: mean squares 8, 1.5 and 0.
    ratings = [[1, 2], [3, 4], [5, 6]]
    assert icc2_1(ratings) == pytest.approx(8 / (8 + 2 * 1.5 / 3))
    assert icc2_k(ratings) == pytest.approx(8 / (8 + 1.5 / 3))


def test_icc_takes_complete_items() -> None:
    ratings = [[1, 2], [3, 4], [5, 6], [2, NONE]]
    assert icc2_1(ratings) == pytest.approx(icc2_1(ratings[:3]))


def test_matches_by_hand() -> None:
    ratings = [[3, 3, 3], [3, 4, 3], [2, 4, 3], [5, NONE, 4], [5, NONE, NONE]]
    assert exact_match(ratings) == pytest.approx(1 / 4)
    assert relaxed_match(ratings) == pytest.approx(3 / 4)


@pytest.mark.parametrize("statistic", ALL)
def test_undefined_is_none(statistic) -> None:
    assert statistic(np.empty((0, 3))) is None
    assert statistic([[NONE, NONE]]) is None
    assert statistic([[3], [4], [5]]) is None  # one rater
    assert statistic([[3, NONE], [NONE, 4]]) is None  # no item has two ratings
    if statistic not in (exact_match, relaxed_match):
        assert statistic([[3, 3], [3, 3], [3, 3]]) is None  # nothing varies


RATINGS = st.integers(2, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.integers(1, 5), min_size=raters, max_size=raters), min_size=3, max_size=15
    )
)


@pytest.mark.parametrize("statistic", ALL)
@settings(max_examples=30, deadline=None)
@given(rows=RATINGS, seed=st.integers(0, 99))
def test_items_and_raters_have_no_order(statistic, rows: list[list[int]], seed: int) -> None:
    ratings, rng = np.array(rows, dtype=float), np.random.default_rng(seed)
    shuffled = ratings[rng.permutation(len(ratings))][:, rng.permutation(ratings.shape[1])]
    assert statistic(shuffled) == pytest.approx(statistic(ratings), abs=1e-9)
    assert statistic(ratings + 10) == pytest.approx(statistic(ratings), abs=1e-9)


def test_a_judge_that_repeats_itself_is_perfectly_reliable() -> None:
    once = np.array([1, 2, 3, 4, 5, 5, 4, 2], dtype=float)
    found = rater_agreement(np.column_stack([once, once, once]))
    for name in ("alpha_ordinal", "alpha_interval", "fleiss_kappa", "icc2_1", "icc2_k", "exact_match"):
        assert getattr(found, name) == pytest.approx(1), name
    for name in ("relaxed_match", "mean_pairwise_srcc", "mean_pairwise_krcc_b", "mean_pairwise_qwk"):
        assert getattr(found, name) == pytest.approx(1), name


def test_raters_at_random_agree_by_chance() -> None:
    ratings = np.random.default_rng(0).integers(1, 6, size=(4000, 3)).astype(float)
    for statistic in (alpha_ordinal, alpha_interval, fleiss_kappa, icc2_1, icc2_k):
        assert statistic(ratings) == pytest.approx(0, abs=0.08)


def test_weights_are_copies_of_items() -> None:
    """Every statistic of a resample is that of the items, each repeated as often as it was drawn."""
    rng = np.random.default_rng(4)
    truth = rng.integers(1, 6, size=(30, 1))
    ratings = np.clip(truth + rng.integers(-1, 2, size=(30, 3)), 1, 5).astype(float)
    ratings[rng.random(ratings.shape) < 0.05] = NONE
    weights = rng.integers(0, 3, size=(10, 30)).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = {name: s(weights) for name, s in rater_statistics(ratings).items()}
        for place, row in enumerate(weights.astype(int)):
            copies = rater_statistics(np.repeat(ratings, row, axis=0))
            for name, statistic in copies.items():
                if name != "mean_pairwise_krcc_c":  # keeps the data's number of grades
                    expected = statistic(np.ones((1, row.sum())))[0]
                    assert resampled[name][place] == pytest.approx(expected, abs=1e-9), name
