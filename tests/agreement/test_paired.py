"""Two judges on the same items."""

import json
from itertools import product

import numpy as np
import pytest
from scipy import stats

from reeljudge.agreement import compare_pairs, compare_points, point_agreement, sign_flip_p
from reeljudge.tables.votes import Vote

NONE = np.nan


@pytest.fixture
def scores() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(8)
    human = rng.integers(1, 6, 300).astype(float)
    good = np.clip(human + rng.choice([-1, 0, 0, 0, 1], 300), 1, 5)
    poor = np.clip(human + rng.choice([-3, -1, 0, 1, 3], 300), 1, 5)
    return human, good, poor, [f"p{i // 3}" for i in range(300)]


def test_a_judge_against_itself_does_not_differ(scores) -> None:
    human, good, _, prompts = scores
    found = compare_points(human, good, good, clusters=prompts)
    assert all(value == 0 for value in found.difference.values())
    assert all(bounds == (0, 0) for bounds in found.ci.values())
    assert all(p == 1 for p in found.p_value.values())
    assert any("do not differ at all" in note for note in found.notes)


def test_the_better_judge_is_told(scores) -> None:
    human, good, poor, prompts = scores
    found = compare_points(human, good, poor, clusters=prompts)
    for name in ("srcc", "plcc", "krcc_b", "accuracy", "relaxed_accuracy", "qwk"):
        assert found.ci[name][0] > 0, name
        assert found.p_value[name] < 0.01, name
    for name in ("mae", "rmse"):
        assert found.ci[name][1] < 0, name
    assert found.difference["srcc"] == pytest.approx(
        point_agreement(human, good).srcc - point_agreement(human, poor).srcc
    )


def test_naming_the_judges_the_other_way_round_mirrors_everything(scores) -> None:
    human, good, poor, prompts = scores
    for labels in (prompts, None):
        one = compare_points(human, good, poor, clusters=labels, resamples=200)
        other = compare_points(human, poor, good, clusters=labels, resamples=200)
        assert one.p_value == pytest.approx(other.p_value)
        for name, difference in one.difference.items():
            assert difference == pytest.approx(-other.difference[name])
            low, high = other.ci[name]
            assert one.ci[name] == pytest.approx((-high, -low))


def test_judges_that_are_alike_are_not_told_apart() -> None:
    rng = np.random.default_rng(4)
    human = rng.integers(1, 6, 40).astype(float)
    judges = [np.clip(human + rng.choice([-1, 0, 1], 40), 1, 5) for _ in range(2)]
    found = compare_points(human, *judges)
    assert found.p_value["accuracy"] > 0.05
    assert any("too small to tell the judges apart on" in note and "accuracy" in note for note in found.notes)


def test_unscored_items(scores) -> None:
    human, good, poor, _ = scores
    silent = good.copy()
    silent[:150] = NONE
    found = compare_points(human, silent, poor)
    assert (found.n, found.n_common) == (300, 150)
    # Correlations on what both scored; accuracy on all, where silence is wrong.
    assert found.first["srcc"] == pytest.approx(point_agreement(human[150:], good[150:]).srcc)
    assert found.second["srcc"] == pytest.approx(point_agreement(human[150:], poor[150:]).srcc)
    assert found.first["accuracy"] == pytest.approx(point_agreement(human, silent).accuracy)
    assert any("both judges scored 150 of 300" in note for note in found.notes)


def test_a_judge_on_another_scale(scores) -> None:
    human, good, poor, _ = scores
    found = compare_points(human, good, poor / 5)
    assert found.difference["accuracy"] is found.p_value["accuracy"] is None
    assert found.difference["srcc"] > 0
    assert any("the second judge's accuracies and errors are null" in note for note in found.notes)
    json.dumps(found.to_dict(), allow_nan=False)


def test_undefined_is_null() -> None:
    found = compare_points([1, 2, 3], [2, 2, 2], [1, 2, 3])
    assert found.difference["srcc"] is found.ci["srcc"] is found.p_value["srcc"] is None
    empty = compare_points([NONE], [1], [2])
    assert empty.n == 0
    json.dumps(empty.to_dict(), allow_nan=False)


def test_sign_flip_by_hand() -> None:
    # Clusters add 2, 1, 1: of eight sign patterns, two reach a sum of 4.
    assert sign_flip_p([1, 1, 1, 1, 0], np.array([0, 0, 1, 2, 3])) == pytest.approx(2 / 8)
    assert sign_flip_p([0, 0], np.array([0, 1])) == 1
    assert sign_flip_p([1, 1], np.array([0, 0])) is None


def test_sign_flip_of_single_items_is_mcnemars_exact_test() -> None:
    for wins, losses in product(range(7), range(6)):
        difference = np.array([1.0] * wins + [-1.0] * losses + [0.0] * 9)
        if wins + losses:
            expected = stats.binomtest(wins, wins + losses).pvalue
            assert sign_flip_p(difference, np.arange(difference.size)) == pytest.approx(expected)


def test_random_sign_flips_approach_the_exact_ones() -> None:
    difference = np.array([1.0] * 19 + [-1.0] * 8)
    expected = stats.binomtest(19, 27).pvalue
    assert sign_flip_p(difference, np.arange(27)) == pytest.approx(expected, abs=0.01)


def test_votes_are_compared_too() -> None:
    human = [Vote.A, Vote.B, Vote.TIE] * 40
    worse = [Vote.A] * 120
    found = compare_pairs(human, human, worse)
    assert found.first["accuracy_with_ties"] == 1
    assert found.difference["accuracy_with_ties"] == pytest.approx(2 / 3)
    assert found.difference["accuracy_without_ties"] == pytest.approx(1 / 2)
    assert found.p_value["accuracy_with_ties"] < 0.001
    kinds = [Vote.A, Vote.B, Vote.BOTH_GOOD] * 40
    others = [Vote.A, Vote.B, Vote.BOTH_BAD] * 40
    assert compare_pairs(kinds, kinds, others).difference["accuracy_with_ties"] == 0
    strict = compare_pairs(kinds, kinds, others, protocol="genai-bench")
    assert strict.difference["accuracy_with_ties"] == pytest.approx(1 / 3)
