"""Pairwise accuracy, its tie rules, calibration and the rank statistic, by hand."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.agreement import best_margin, cross_fitted, pair_agreement, rank_auc
from reeljudge.agreement.ties import correct_at, score_difference
from reeljudge.errors import UsageError
from reeljudge.tables.votes import Vote

A, B, TIE, GOOD, BAD, UNSURE = Vote.A, Vote.B, Vote.TIE, Vote.BOTH_GOOD, Vote.BOTH_BAD, Vote.UNDECIDED
NONE = np.nan


def noted(found, text: str) -> bool:
    return any(text in note for note in found.notes)


def test_votes_by_hand() -> None:
    human = [A, B, GOOD, BAD, A, B, A, None, UNSURE]
    judge = [A, A, BAD, TIE, TIE, None, UNSURE, A, B]
    found = pair_agreement(human, judge)
    # Right: the first, and both ties; the tie on a preferred pair, the unread and the undecided are wrong.
    assert (found.n, found.n_ties, found.unscored) == (7, 2, 2)
    assert found.accuracy_with_ties == pytest.approx(3 / 7)
    assert found.accuracy_without_ties == pytest.approx(1 / 5)
    assert found.accuracy_with_ties_scored == pytest.approx(3 / 5)
    assert found.accuracy_without_ties_scored == pytest.approx(1 / 3)
    assert found.majority_accuracy == pytest.approx(3 / 7)
    assert found.tie_margin is found.tie_calibrated_accuracy is None
    assert noted(found, "2 pairs have no human vote (1 undecided)")
    assert noted(found, "votes carry no scores")


def test_genai_bench_wants_the_right_kind_of_tie() -> None:
    human = [GOOD, BAD, GOOD, BAD, GOOD, A]
    judge = [GOOD, BAD, BAD, GOOD, TIE, A]
    assert pair_agreement(human, judge).accuracy_with_ties == 1
    assert pair_agreement(human, judge, protocol="genai-bench").accuracy_with_ties == pytest.approx(4 / 6)
    # A tie made from scores is right for both kinds.
    scores = pair_agreement(human, score_a=[1, 1, 1, 1, 1, 2], score_b=np.ones(6), protocol="genai-bench")
    assert scores.accuracy_with_ties == 1


def test_scores_with_a_margin() -> None:
    human = [A, TIE, B, BAD, A]
    first, second = [3.0, 2.1, 1.0, 2.0, NONE], [2.5, 2.0, 1.3, 2.2, 1.0]
    strict = pair_agreement(human, score_a=first, score_b=second)
    assert strict.accuracy_with_ties == pytest.approx(2 / 5)
    assert strict.accuracy_without_ties == pytest.approx(2 / 3)
    wide = pair_agreement(human, score_a=first, score_b=second, tie_margin=0.3)
    assert wide.accuracy_with_ties == pytest.approx(3 / 5)
    assert wide.accuracy_without_ties == pytest.approx(1 / 3)  # the third is called a tie now
    assert wide.tie_margin == 0.3
    assert wide.unscored == 1
    assert "at most 0.3" in wide.tie_rule
    assert strict.tie_margin == pytest.approx(0.2)  # the best on all pairs
    assert strict.same_items_accuracy == pytest.approx(4 / 5)


def test_videoscore_v1_has_its_margin_where_people_tied() -> None:
    human, difference = [A, B, TIE, TIE, A, B], np.array([0.2, 0.2, 0.4, 0.5, 0.9, -0.1])
    found = pair_agreement(human, score_a=difference, score_b=np.zeros(6), protocol="videoscore-v1")
    # Small differences still count as a preference where people had one; 0.5 is no longer under the margin.
    assert found.accuracy_with_ties == pytest.approx(4 / 6)
    plain = pair_agreement(human, score_a=difference, score_b=np.zeros(6), tie_margin=0.49)
    assert plain.accuracy_with_ties == pytest.approx(2 / 6)
    with pytest.raises(UsageError, match="scores"):
        pair_agreement(human, [A] * 6, protocol="videoscore-v1")


def test_decimals_mean_decimals() -> None:
    assert 0.4 - 0.3 > 0.1
    found = pair_agreement([TIE, TIE], score_a=[0.4, 0.8], score_b=[0.3, 0.7], tie_margin=0.1)
    assert found.accuracy_with_ties == 1
    means = np.mean([0.1, 0.2, 0.3]), np.mean([0.3, 0.2, 0.1])
    assert score_difference(means[0], means[1]) == 0
    # But a soft score's last digits are a difference.
    assert score_difference(3.9999999999937748, 4.0) < 0


def test_best_margin_by_hand() -> None:
    human, difference = [1, 0, -1, 0], [0.5, 0.1, -0.3, -0.2]
    # Right at 0: 2; at 0.1: 3; at 0.2: 4; at 0.3: 3; at 0.5: 2.
    best = best_margin(human, difference)
    assert (best.margin, best.accuracy) == (pytest.approx(0.2), 1)
    assert [correct_at(human, difference, m).sum() for m in (0, 0.1, 0.2, 0.3, 0.5)] == [2, 3, 4, 3, 2]


def test_best_margin_of_edges() -> None:
    assert best_margin([], []) is None
    assert best_margin([1, 0], [NONE, NONE]) is None
    assert best_margin([1, -1], [0.1, -0.2]).margin == 0
    assert best_margin([0, 0], [0.1, 0.2]).margin == pytest.approx(0.2)
    assert best_margin([0, 1], [0.1, NONE]).accuracy == 0.5  # unscored stays wrong


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(-4, 4)), min_size=1, max_size=25))
def test_no_margin_beats_the_best(pairs: list[tuple[int, int]]) -> None:
    human, difference = np.array(pairs, dtype=float).T
    best = best_margin(human, difference)
    for margin in (0, 0.5, *np.abs(difference)):
        assert correct_at(human, difference, margin).mean() <= best.accuracy + 1e-12
    assert correct_at(human, difference, best.margin).mean() == pytest.approx(best.accuracy)


def test_calibration_does_not_look_at_what_it_reports() -> None:
    """A judge that knows nothing gains by a margin chosen on the same pairs, not by one chosen elsewhere."""
    gains = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        human, difference = rng.choice([-1.0, 0, 1], 40), rng.normal(size=40)
        fitted = cross_fitted(human, difference, np.arange(40))
        gains.append((best_margin(human, difference).accuracy, fitted.mean()))
    same, other = np.mean(gains, axis=0)
    assert same > 1 / 3 + 0.04
    assert abs(other - 1 / 3) < 0.03


def test_calibration_finds_a_real_margin() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=600)
    human = np.where(np.abs(truth) < 0.4, 0, np.sign(truth))
    votes = [{1: A, -1: B}.get(int(sign), TIE) for sign in human]
    clusters = (np.arange(600) // 3).tolist()
    found = pair_agreement(votes, score_a=truth * 2, score_b=np.zeros(600), clusters=clusters)
    assert found.tie_margin == pytest.approx(0.8, abs=0.02)
    assert found.same_items_accuracy == 1
    assert found.tie_calibrated_accuracy > 0.99
    assert found.accuracy_with_ties == pytest.approx((human != 0).mean())
    # Chosen by cluster: the answer does not depend on the order of rows.
    order = rng.permutation(600)
    shuffled = pair_agreement(
        [votes[i] for i in order],
        score_a=truth[order] * 2,
        score_b=np.zeros(600),
        clusters=[clusters[i] for i in order],
    )
    assert shuffled.tie_calibrated_accuracy == pytest.approx(found.tie_calibrated_accuracy)
    assert shuffled.ci["accuracy_with_ties"] == pytest.approx(found.ci["accuracy_with_ties"])


def test_rank_auc_by_hand() -> None:
    # A over tie: 0.3 < 0.5 wrong; A over B: right; tie over B: right.
    assert rank_auc([1, 0, -1], [0.3, 0.5, -0.1]) == pytest.approx(2 / 3)
    assert rank_auc([1, -1], [1, 1]) == 0.5
    assert rank_auc([1, 1], [0.1, 0.2]) is None
    assert rank_auc([1, -1, 0], [0.2, NONE, 0.1]) == 1


PAIRS = st.lists(
    st.tuples(st.sampled_from([A, B, TIE, GOOD, BAD]), st.integers(0, 3), st.integers(0, 3)),
    min_size=2,
    max_size=20,
)


@settings(max_examples=50, deadline=None)
@given(pairs=PAIRS, margin=st.sampled_from([0, 1, 1.5]))
def test_swapping_the_two_clips_changes_nothing(pairs, margin: float) -> None:
    human, first, second = zip(*pairs, strict=True)
    straight = pair_agreement(human, score_a=first, score_b=second, tie_margin=margin, resamples=1)
    mirrored = pair_agreement(
        [vote.mirrored for vote in human], score_a=second, score_b=first, tie_margin=margin, resamples=1
    )
    for name in ("accuracy_with_ties", "accuracy_without_ties", "same_items_accuracy", "rank_auc"):
        assert getattr(straight, name) == pytest.approx(getattr(mirrored, name)), name


@pytest.mark.parametrize("protocol", ["default", "genai-bench"])
def test_people_against_themselves(protocol) -> None:
    votes = [A, B, GOOD, BAD, A, B]
    found = pair_agreement(votes, votes, protocol=protocol)
    assert found.accuracy_with_ties == found.accuracy_without_ties == found.rank_auc == 1


def test_all_ties_and_nothing_at_all() -> None:
    ties = pair_agreement([TIE, GOOD, BAD], score_a=[1, 2, 3], score_b=[1, 2, 2])
    assert ties.accuracy_with_ties == pytest.approx(2 / 3)
    assert ties.accuracy_without_ties is None
    assert ties.rank_auc is None
    assert noted(ties, "accuracy_without_ties: null, people preferred a clip in none")
    unread = pair_agreement([A, B, TIE], [None, None, None])
    assert unread.accuracy_with_ties == 0
    assert unread.accuracy_with_ties_scored is None
    assert noted(unread, "no pair is scored")
    nothing = pair_agreement([None, UNSURE], [A, B])
    assert nothing.n == 0
    assert nothing.accuracy_with_ties is None
    assert noted(nothing, "no pair has a human vote")
    for found in (ties, unread, nothing):
        json.dumps(found.to_dict(), allow_nan=False)


def test_a_single_cluster_cannot_be_cross_fitted() -> None:
    found = pair_agreement([A, TIE, B], score_a=[3, 2, 1], score_b=[1, 2, 2], clusters=["p", "p", "p"])
    assert found.tie_calibrated_accuracy is None
    assert found.same_items_accuracy == 1
    assert noted(found, "tie_calibrated_accuracy: null")


def test_position_bias_is_pointed_out() -> None:
    human = [A, B] * 20
    assert noted(pair_agreement(human, [A] * 40), "position bias? the judge prefers the first clip in 100%")
    assert not noted(pair_agreement(human, human), "position bias")


def test_the_keys_of_the_interface_come_first() -> None:
    keys = list(pair_agreement([A, B], [A, A]).to_dict())
    assert keys[:8] == [
        *("n", "n_ties", "accuracy_with_ties", "accuracy_without_ties"),
        *("tie_calibrated_accuracy", "tie_margin", "unscored", "ci"),
    ]


def test_votes_or_scores() -> None:
    for wrong in ({}, {"judge": [A], "score_a": [1], "score_b": [2]}, {"score_a": [1]}):
        with pytest.raises(UsageError, match="one of the two"):
            pair_agreement([A], **wrong)
    with pytest.raises(UsageError, match="0 or more"):
        pair_agreement([A], score_a=[1], score_b=[2], tie_margin=-1)
