"""One sample's score, and what several samples make of it: values counted by hand."""

import pytest

from reeljudge.judging.scores import SampleReading, score_of
from reeljudge.rubrics import ReadScore, Scale, SoftScore

SCALE = Scale()


def scored(
    value: int, probabilities: tuple[float, ...] | None = None, coverage: float = 1.0
) -> SampleReading:
    soft = None
    if probabilities is not None:
        expected = sum(v * p for v, p in zip(SCALE.values, probabilities, strict=True))
        soft = SoftScore(SCALE, probabilities, expected, coverage)
    return SampleReading(ReadScore("scored", value, span=(0, 1)), soft)


def unscored(reason: str) -> SampleReading:
    return SampleReading(ReadScore("unscored", reason=reason))  # type: ignore[arg-type]


def test_one_sample_without_logits_scores_what_was_written() -> None:
    score = score_of([scored(4)])
    assert (score.value, score.score, score.expected, score.samples) == (4, 4.0, None, None)
    assert (score.probabilities, score.coverage, score.confidence) == (None, None, None)


def test_one_sample_with_logits_scores_the_expectation() -> None:
    score = score_of([scored(4, (0.0, 0.02, 0.14, 0.79, 0.05), 0.9)])
    assert score.score == score.expected == pytest.approx(3.87)
    assert score.confidence == 0.79
    assert score.coverage == 0.9
    assert score.value == 4


def test_one_sample_without_a_score_keeps_its_reason() -> None:
    score = score_of([unscored("refusal")])
    assert (score.status, score.reason, score.value, score.score, score.samples) == (
        "unscored",
        "refusal",
        None,
        None,
        None,
    )


def test_the_mode_wins_and_unread_samples_do_not_agree_with_it() -> None:
    score = score_of([scored(4), scored(3), scored(4), unscored("truncated"), scored(4)])
    assert score.value == 4
    assert score.samples is not None
    assert score.samples.values == (4, 3, 4, None, 4)
    assert score.samples.mean == 3.75
    assert score.samples.std == pytest.approx(0.4330127)  # of the population: sqrt(3/16)
    assert score.samples.agreement == 0.6
    assert score.score == 4.0


def test_two_values_equally_frequent_are_ambiguous_and_not_averaged() -> None:
    score = score_of([scored(4), scored(2), scored(2), scored(4)])
    assert (score.status, score.reason, score.value, score.score) == ("unscored", "ambiguous", None, None)
    assert score.samples is not None
    assert (score.samples.mean, score.samples.agreement) == (3.0, 0.5)


def test_nothing_read_gives_the_most_frequent_reason() -> None:
    score = score_of([unscored("truncated"), unscored("refusal"), unscored("refusal")])
    assert (score.status, score.reason) == ("unscored", "refusal")
    assert score.samples is not None
    assert score.samples.values == (None, None, None)
    assert (score.samples.mean, score.samples.std, score.samples.agreement) == (None, None, None)


def test_probabilities_are_averaged_over_the_samples_that_have_them() -> None:
    score = score_of(
        [
            scored(4, (0.0, 0.0, 0.2, 0.8, 0.0), 1.0),
            scored(4, (0.0, 0.0, 0.4, 0.6, 0.0), 0.5),
            scored(4),
            unscored("truncated"),
        ]
    )
    assert score.probabilities == pytest.approx((0.0, 0.0, 0.3, 0.7, 0.0))
    assert score.expected == score.score == pytest.approx(3.7)
    assert score.confidence == pytest.approx(0.7)
    assert score.coverage == pytest.approx(0.75)


def test_a_single_read_sample_among_many_is_the_mode() -> None:
    score = score_of([unscored("truncated"), scored(2), unscored("truncated")])
    assert score.value == 2
    assert score.samples is not None
    assert score.samples.agreement == pytest.approx(1 / 3)
    assert score.samples.std == 0.0
