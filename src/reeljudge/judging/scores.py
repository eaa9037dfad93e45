"""From what the replies to one question say about one dimension to its score."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from reeljudge.rubrics import ReadScore, SoftScore
from reeljudge.verdicts import Reason, SampleScores, Score


@dataclass(frozen=True)
class SampleReading:
    """One sample's score for one dimension, with its soft score where the backend gave one."""

    read: ReadScore
    soft: SoftScore | None = None


def score_of(samples: Sequence[SampleReading]) -> Score:
    """The score of one dimension from one sample, or from several.

    With several: `value` is the mode of the values that could be read, unscored as `ambiguous` where two
    values are equally frequent, and unscored for the most frequent reason where none could be read.
    `mean` and `std` (of the population) are over the values that could be read; `agreement` is the share
    of the mode among all samples, those without a value included. `probabilities` (and with them
    `expected`), and `coverage`, are averaged over the samples that have a soft score: the mean over the
    reasoning that was drawn. `confidence` is the averaged probability of `value`.
    """
    repeated = len(samples) > 1
    values = [sample.read.value if sample.read.status == "scored" else None for sample in samples]
    told = [value for value in values if value is not None]
    ranked = Counter(told).most_common()
    summary = None
    if repeated:
        summary = SampleScores(
            values=tuple(values),
            mean=fmean(told) if told else None,
            std=pstdev(told) if told else None,
            agreement=ranked[0][1] / len(samples) if told else None,
        )
    if not told:
        reasons: Counter[Reason] = Counter(sample.read.reason or "missing_score" for sample in samples)
        return Score.none(reasons.most_common(1)[0][0], summary)
    if len(ranked) > 1 and ranked[0][1] == ranked[1][1]:
        return Score.none("ambiguous", summary)
    value = ranked[0][0]
    soft = [sample.soft for sample in samples if sample.soft is not None and sample.read.status == "scored"]
    if not soft:
        return Score(status="scored", value=value, score=float(value), samples=summary)
    scale = soft[0].scale
    probabilities = tuple(fmean(column) for column in zip(*(one.probabilities for one in soft), strict=True))
    expected = fmean(one.expected for one in soft)
    return Score(
        status="scored",
        value=value,
        expected=expected,
        score=expected,
        probabilities=probabilities,
        coverage=fmean(one.coverage for one in soft),
        confidence=probabilities[value - scale.min],
        samples=summary,
    )
