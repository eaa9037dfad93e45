"""A judge's scores on the items of a measure, and the grades that the set makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reeljudge.agreement.points import PointItems, common_scale, point_agreement, point_statistics
from reeljudge.agreement.resampling import Floats, Resampler, notes_on_intervals
from reeljudge.agreement.resampling import measure as with_intervals
from reeljudge.agreement.scales import ValueRange
from reeljudge.agreement.scoring import round_half_up
from reeljudge.benchmarks.grading import combined, graded, rescaled
from reeljudge.benchmarks.numbers import Bounds, Numbers
from reeljudge.benchmarks.release import Release
from reeljudge.benchmarks.scores import Scores
from reeljudge.benchmarks.selection import Chosen, mean_human
from reeljudge.benchmarks.suite import Measure

ALWAYS = ("majority_accuracy",)
_OF_GRADES = ("accuracy", "accuracy_scored", "relaxed_accuracy", "majority_accuracy", "qwk")


@dataclass(frozen=True)
class JudgedItems:
    """Items with people's and the judge's scores.

    Attributes:
        human, judged: (n,) scores; NaN in `judged` is unscored.
        grades: (n,) what the accuracies are computed on; None for the scores themselves.
        human_scale, judge_scale: where known; grades are on the human scale.
        notes: what was done to the scores.
    """

    measure: Measure
    human: Floats
    judged: Floats
    grades: Floats | None
    prompts: Sequence[str]
    human_scale: ValueRange | None
    judge_scale: ValueRange | None
    notes: tuple[str, ...]

    @property
    def scored(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.judged)

    def of(self, kept: NDArray[np.bool_], resamples: int, seed: int) -> Numbers:
        """The headline and the baseline over the `kept` items, with intervals of the headline."""
        names = (*self.measure.statistics, *ALWAYS)
        if self.grades is None:
            return self._of(self.judged, self.judge_scale, names, kept, resamples, seed)
        of_grades = [name for name in names if name in _OF_GRADES]
        others = [name for name in names if name not in _OF_GRADES]
        grades = self._of(self.grades, self.human_scale, of_grades, kept, resamples, seed)
        scores = self._of(self.judged, self.judge_scale, others, kept, resamples, seed)
        values, ci = {**scores.values, **grades.values}, {**scores.ci, **grades.ci}
        return Numbers(
            {name: values[name] for name in names},
            ci,
            tuple(dict.fromkeys((*scores.notes, *grades.notes))),
            scores.n,
        )

    def _of(
        self,
        judged: Floats,
        scale: ValueRange | None,
        names: Sequence[str],
        kept: NDArray[np.bool_],
        resamples: int,
        seed: int,
    ) -> Numbers:
        prompts = [prompt for prompt, keep in zip(self.prompts, kept, strict=True) if keep]
        human, judged = self.human[kept], judged[kept]
        # Without resamples: every value and note, but intervals only of the numbers that are reported.
        found = point_agreement(
            human,
            judged,
            clusters=prompts,
            human_scale=self.human_scale,
            judge_scale=scale,
            resamples=0,
        )
        items = PointItems.of(human, judged, prompts)
        same = common_scale(items, self.human_scale, scale).same
        statistics = point_statistics(items, same)
        resampler = Resampler(items.codes, resamples, seed)
        measured = with_intervals({name: statistics[name] for name in names if name in statistics}, resampler)
        ci: dict[str, Bounds] = {name: measured.ci.get(name) for name in names}
        notes = dict.fromkeys((*found.notes, *notes_on_intervals(measured, resampler)))
        return Numbers({name: getattr(found, name) for name in names}, ci, tuple(notes), found.n)


def judged_items(chosen: Chosen, dimensions: Sequence[str], scores: Scores, release: Release) -> JudgedItems:
    """The items of a measure with the judge's scores, on the scale that the measure asks for."""
    measure = chosen.measure
    human, judged = arrays(chosen, dimensions, scores)
    scale = None if measure.scale is None else ValueRange.parse(measure.scale)
    judge_scale = scores.scale
    notes: tuple[str, ...] = ()
    if measure.combine != "mean":
        judge_scale = scale if measure.combine == "all_at_least" else None
    elif measure.rescale and scale is not None and judge_scale is not None and judge_scale != scale:
        judged = round_half_up(rescaled(judged, judge_scale, scale))
        notes = (f"the judge's {judge_scale} mapped linearly onto {scale} and rounded",)
        judge_scale = scale
    return JudgedItems(
        measure,
        human,
        judged,
        None if measure.grade is None else graded(measure.grade, judged, scores.source),
        [release.videos[item.video].prompt for item in chosen.items],
        scale,
        judge_scale,
        notes,
    )


def arrays(chosen: Chosen, dimensions: Sequence[str], scores: Scores) -> tuple[Floats, Floats]:
    """(n,) people's mean scores and the judge's combined ones."""
    means = [mean_human(item.human.get(chosen.measure.human)) for item in chosen.items]
    human = np.array(means, dtype=float)
    return human, combined(chosen.measure, dimensions, scores, [item.video for item in chosen.items])
