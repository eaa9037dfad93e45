"""From a judge's dimensions to the one score, and from that to the grades, that a set asks for."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from reeljudge.agreement.resampling import Floats
from reeljudge.agreement.scales import ValueRange
from reeljudge.agreement.scoring import round_half_up
from reeljudge.benchmarks.scores import Scores
from reeljudge.benchmarks.suite import Grade, Measure
from reeljudge.errors import InputError

_ROUNDINGS: Mapping[str, Callable[[Floats], Floats]] = {
    "half_up": round_half_up,
    "half_even": np.round,
    # Means of three carry dust: (1 + 2 + 3) / 3 must not fall under 2.
    "floor": lambda scores: np.floor(scores + 1e-9),
}


def combined(measure: Measure, dimensions: Sequence[str], scores: Scores, videos: Sequence[str]) -> Floats:
    """(n,) one score per video; NaN where any of the dimensions is unscored."""
    values = [[scores.of(video, dimension) for dimension in dimensions] for video in videos]
    array = np.array(values, dtype=float).reshape(len(videos), len(dimensions))
    if measure.combine == "sum":
        return array.sum(axis=1)
    if measure.combine == "all_at_least":
        assert measure.threshold is not None
        reached = (round_half_up(array) >= measure.threshold).all(axis=1).astype(float)
        return np.where(np.isnan(array).any(axis=1), np.nan, reached)
    return array.mean(axis=1)


def graded(grade: Grade, scores: Floats, source: str) -> Floats:
    """(n,) the grades of scores; NaN stays NaN.

    Raises:
        InputError: a rounded score that the set's table has no grade for.
    """
    rounded = _ROUNDINGS[grade.rounding](scores)
    if grade.clamp is not None:
        rounded = np.clip(rounded, *grade.clamp)
    if grade.table is None:
        return rounded
    result = np.full(rounded.shape, np.nan)
    for index, value in enumerate(rounded):
        if np.isnan(value):
            continue
        if int(value) not in grade.table:
            known = ", ".join(map(str, grade.table))
            raise InputError(
                f"{source}: the score {scores[index]:g} has no grade in this set; it maps {known} only"
            )
        result[index] = grade.table[int(value)]
    return result


def rescaled(scores: Floats, judge: ValueRange, human: ValueRange) -> Floats:
    """Scores mapped linearly from one scale onto another."""
    share = (scores - judge.low) / (judge.high - judge.low)
    return human.low + share * (human.high - human.low)
