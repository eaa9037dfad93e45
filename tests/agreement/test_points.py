"""The summary of `agree`: what is counted, what is null, what the notes say."""

import json

import numpy as np
import pytest

from reeljudge.agreement import PointAgreement, ValueRange, point_agreement, spearman
from reeljudge.agreement.points import rater_majority

NONE = np.nan


def noted(found: PointAgreement, text: str) -> bool:
    return any(text in note for note in found.notes)


def test_by_hand() -> None:
    human = [1, 2, 3, 4, 5, 5, 2, NONE]
    judge = [1, 3, 3, 2, 5, NONE, 2.5, 4]
    found = point_agreement(human, judge)
    assert (found.n, found.n_scored) == (7, 6)
    assert found.accuracy == pytest.approx(3 / 7)
    assert found.accuracy_scored == pytest.approx(3 / 6)
    assert found.relaxed_accuracy == pytest.approx(5 / 7)
    assert found.mae == pytest.approx((0 + 1 + 0 + 2 + 0 + 0.5) / 6)
    assert found.rmse == pytest.approx(((1 + 4 + 0.25) / 6) ** 0.5)
    assert found.majority_accuracy == pytest.approx(2 / 7)
    assert found.srcc == spearman(human, judge)
    assert (found.human_scale, found.judge_scale) == ("1-5", "1-5")
    assert noted(found, "1 of 7 items are unscored")
    assert noted(found, "1 rows have no human score")


def test_unscored_is_wrong_in_the_headline_alone() -> None:
    human = np.tile([1.0, 2, 3, 4, 5], 20)
    judge = human.copy()
    judge[::4] = NONE
    found = point_agreement(human, judge)
    assert found.accuracy == found.relaxed_accuracy == 0.75
    assert found.accuracy_scored == 1
    assert found.srcc == 1
    assert found.mae == 0


def test_a_judge_against_itself() -> None:
    scores = np.array([1, 2, 3, 4, 5, 3, 2, 4.5, 1, 2])
    found = point_agreement(scores, scores)
    for name in ("srcc", "plcc", "krcc_b", "accuracy", "relaxed_accuracy", "qwk"):
        assert getattr(found, name) == 1, name
    assert found.mae == found.rmse == 0
    assert noted(found, "has no width")


def test_raters_are_averaged_and_halves_go_up() -> None:
    ratings = [[2, 3], [4, 5], [1, NONE], [3, 3]]  # 2.5 -> 3, 4.5 -> 5, 1, 3
    found = point_agreement(ratings, [3, 4, 1, 3])
    assert found.accuracy == pytest.approx(3 / 4)
    assert found.mae == pytest.approx((0.5 + 0.5 + 0 + 0) / 4)


def test_means_of_the_same_ratings_tie_whatever_their_order() -> None:
    assert sum([0.1, 0.2, 0.3]) != sum([0.3, 0.2, 0.1])
    found = point_agreement([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.9, 0.9, 0.9]], [0.5, 0.6, 0.7])
    assert found.krcc_b == pytest.approx(2 / (2 * 3) ** 0.5)


def test_the_majority_of_an_items_raters() -> None:
    ratings = np.array([[3, 3, 4], [1, 2, 3], [5, 5, NONE], [2, 4, NONE], [1, 1, 1]])
    majority = rater_majority(ratings)
    assert majority[[0, 2, 4]].tolist() == [3, 5, 1]
    assert np.isnan(majority[[1, 3]]).all()
    found = point_agreement(ratings, [3, 2, 4, 3, 1])
    assert found.n_rater_majority == 3
    assert found.rater_majority_accuracy == pytest.approx(2 / 3)
    assert point_agreement(ratings[:, 0], [3, 2, 4, 3, 1]).rater_majority_accuracy is None


def test_different_scales_leave_correlations_alone() -> None:
    human, judge = [1, 2, 3, 5, 4], [0.1, 0.3, 0.2, 0.9, 0.5]
    found = point_agreement(human, judge)
    assert found.srcc == pytest.approx(0.9)
    for name in (
        "mae",
        "rmse",
        "accuracy",
        "accuracy_scored",
        "relaxed_accuracy",
        "majority_accuracy",
        "qwk",
    ):
        assert getattr(found, name) is None, name
        assert found.ci.get(name) is None
    assert noted(found, "human scores are on 1-5, the judge's on 0-1")
    assert point_agreement(human, np.array(judge) * 5 + 0.5).accuracy is not None


def test_a_stated_scale_settles_it() -> None:
    human, judge = [8, 2, 9, 3], [2, 1, 4, 3]  # 0-10 beside a harsh judge that looks like 1-5
    assert point_agreement(human, judge).accuracy is None
    stated = point_agreement(human, judge, human_scale=ValueRange(0, 10), judge_scale=ValueRange(0, 10))
    assert stated.accuracy == pytest.approx(1 / 4)
    apart = point_agreement([1, 2, 4], [1, 2, 5], human_scale=ValueRange(1, 4), judge_scale=ValueRange(1, 5))
    assert apart.accuracy is None
    # One stated side is the other's too where both looked alike.
    assert point_agreement([1, 2, 4], [1, 2, 3], human_scale=ValueRange(1, 4)).judge_scale == "1-4"


def test_zeros_on_a_scale_from_one_are_pointed_out() -> None:
    assert noted(point_agreement([1, 4, 3, 5], [0, 4, 3, 0]), "2 of the judge's scores are below the scale")


@pytest.mark.parametrize(
    ("human", "judge", "why"),
    [
        ([1, 2, 3, 4], [3, 3, 3, 3], "all judge's scores are equal"),
        ([2, 2, 2], [1, 2, 3], "all human scores are equal"),
        ([2, 2, 2], [3, 3, 3], "all human and all judge's scores are equal"),
        ([4], [4], "1 item scored"),
        ([4, 3], [4, NONE], "1 item scored"),
        ([4, 3, 2], [NONE, NONE, NONE], "no items scored"),
        ([NONE, NONE], [3, 4], "no item has a human score"),
        ([], [], "no item has a human score"),
    ],
)
def test_undefined_correlations_are_null_with_a_reason(human, judge, why: str) -> None:
    found = point_agreement(human, judge)
    assert found.srcc is None
    assert found.plcc is None
    assert found.krcc_b is None
    assert found.krcc_c is None
    assert found.ci["srcc"] is None
    assert noted(found, why), found.notes
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert "NaN" not in text


def test_all_unscored_is_all_wrong() -> None:
    found = point_agreement([4, 3, 2], [NONE, NONE, NONE])
    assert (found.n, found.n_scored) == (3, 0)
    assert found.accuracy == found.relaxed_accuracy == 0
    assert found.accuracy_scored is None


def test_small_sets_say_so() -> None:
    assert noted(point_agreement([1, 2, 3, 4, 5], [1, 3, 2, 4, 5]), "too small to tell (items: 5)")
    human = np.tile([1.0, 2, 3, 4], 50)
    few = point_agreement(human, human[::-1], clusters=[f"p{i % 4}" for i in range(200)])
    assert noted(few, "few clusters (4)")
    one = point_agreement(human, human, clusters=["p"] * 200)
    assert noted(one, "no intervals")
    assert all(bounds is None for bounds in one.ci.values())


def test_a_judge_that_does_not_beat_the_constant_answer_is_told_so() -> None:
    rng = np.random.default_rng(0)
    human = rng.choice([1.0, 2, 3, 4, 5], 400, p=[0.05, 0.05, 0.7, 0.1, 0.1])
    found = point_agreement(human, rng.choice([1.0, 2, 3, 4, 5], 400))
    assert found.majority_accuracy > found.accuracy
    assert noted(found, "constant answer")
    assert noted(found, "the interval of srcc holds 0")
    assert not noted(point_agreement(human, human), "constant answer")


def test_the_keys_of_the_interface_come_first_and_in_order() -> None:
    keys = list(point_agreement([1, 2, 3], [1, 2, 2]).to_dict())
    assert keys[:14] == [
        *("n", "n_scored", "srcc", "plcc", "krcc_b", "krcc_c", "mae", "rmse", "accuracy", "accuracy_scored"),
        *("relaxed_accuracy", "majority_accuracy", "ci", "notes"),
    ]


def test_every_interval_holds_its_value() -> None:
    rng = np.random.default_rng(5)
    human = rng.integers(1, 6, 200).astype(float)
    judge = np.clip(human + rng.normal(0, 1, 200), 1, 5)
    judge[:10] = NONE
    found = point_agreement(human, judge, clusters=[i // 4 for i in range(200)])
    assert found.clusters == 50
    for name, (low, high) in found.ci.items():
        assert low < getattr(found, name) < high, name


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="human"):
        point_agreement([1, 2, 3], [1, 2])
