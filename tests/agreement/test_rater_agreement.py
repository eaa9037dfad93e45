"""The summary of `raters`: pairwise means, missing ratings, notes."""

import json

import numpy as np
import pytest

from reeljudge.agreement import kendall_b, kendall_c, quadratic_weighted_kappa, rater_agreement, spearman

NONE = np.nan
RATINGS = np.array(
    [[1, 2, 1], [3, 3, 4], [2, 2, 2], [5, 4, 5], [4, 4, 3], [1, 1, 2], [5, 5, 5], [3, 2, 3]], dtype=float
)


def test_pairwise_means_are_means_over_rater_pairs() -> None:
    found = rater_agreement(RATINGS)
    columns = RATINGS.T
    for name, correlate in (
        ("mean_pairwise_srcc", spearman),
        ("mean_pairwise_krcc_b", kendall_b),
        ("mean_pairwise_krcc_c", kendall_c),
        ("mean_pairwise_qwk", quadratic_weighted_kappa),
    ):
        pairs = [correlate(columns[a], columns[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
        assert getattr(found, name) == pytest.approx(np.mean(pairs)), name


def test_counts_and_intervals() -> None:
    found = rater_agreement(RATINGS)
    assert (found.items, found.raters, found.clusters) == (8, 3, 8)
    assert (found.exact_match, found.relaxed_match) == (2 / 8, 1)
    for name, (low, high) in found.ci.items():
        assert low <= getattr(found, name) <= high, name
    json.dumps(found.to_dict(), allow_nan=False)


def test_relabelled_raters_and_shuffled_items_change_nothing() -> None:
    rng = np.random.default_rng(1)
    shuffled = RATINGS[rng.permutation(8)][:, [2, 0, 1]]
    one, other = rater_agreement(RATINGS).to_dict(), rater_agreement(shuffled).to_dict()
    assert one["notes"] == other["notes"]
    for name, bounds in one.pop("ci").items():
        assert bounds == pytest.approx(other["ci"][name]), name
    for name, value in one.items():
        if isinstance(value, float):
            assert value == pytest.approx(other[name]), name


def test_a_rater_who_never_varies_is_left_out_of_the_pairs_and_named_in_a_note() -> None:
    found = rater_agreement(np.column_stack([RATINGS, np.full(8, 3.0)]))
    assert found.mean_pairwise_srcc == pytest.approx(rater_agreement(RATINGS).mean_pairwise_srcc)
    assert any("3 of 6 rater pairs are left out" in note for note in found.notes)


def test_missing_ratings_say_what_was_used() -> None:
    ratings = RATINGS.copy()
    ratings[0, 0] = ratings[3, 2] = NONE
    found = rater_agreement(ratings)
    assert any("2 of 24 ratings are missing" in note and "6 items" in note for note in found.notes)
    assert found.icc2_1 is not None


@pytest.mark.parametrize(
    ("ratings", "why"),
    [
        (np.full((5, 3), 4.0), "all ratings are equal"),
        (np.array([[1.0], [2.0]]), "fewer than two raters"),
        (np.array([[1.0, 2.0]]), "fewer than two items"),
        (np.array([[1.0, NONE], [NONE, 2.0]]), "no item has two ratings"),
        (np.empty((0, 3)), "fewer than two raters"),
        (np.full((3, 2), NONE), "3 rows have no rating"),
    ],
)
def test_nulls_come_with_a_reason(ratings: np.ndarray, why: str) -> None:
    found = rater_agreement(ratings)
    assert found.alpha_ordinal is None
    assert found.fleiss_kappa is None
    assert any(why in note for note in found.notes), found.notes
    assert "NaN" not in json.dumps(found.to_dict())


def test_zero_is_a_real_rating() -> None:
    halves = np.array([[0, 0, 0.5], [1, 1, 1], [0.5, 0, 0.5], [0, 0, 0]])
    found = rater_agreement(halves)
    assert found.items == 4
    assert found.exact_match == pytest.approx(2 / 4)
    assert any("relaxed_match says nothing" in note for note in found.notes)
    assert found.alpha_ordinal == pytest.approx(rater_agreement(halves * 2 + 1).alpha_ordinal)
