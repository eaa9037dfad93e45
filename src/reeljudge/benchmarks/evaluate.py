"""A suite under a protocol: statistics of `agreement` on what the protocol says, and how they came about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from reeljudge.agreement.points import PointAgreement, point_agreement
from reeljudge.agreement.resampling import RESAMPLES, SEED, Floats
from reeljudge.agreement.scales import ValueRange
from reeljudge.agreement.scoring import all_dimensions_exact, round_half_up
from reeljudge.benchmarks.grading import combined, graded, rescaled
from reeljudge.benchmarks.preferences import PairNumbers, pair_numbers
from reeljudge.benchmarks.release import Release
from reeljudge.benchmarks.scores import Scores
from reeljudge.benchmarks.selection import Chosen, Selection, mean_human, select
from reeljudge.benchmarks.suite import Measure, Protocol, Suite
from reeljudge.errors import InputError

ALWAYS = {"points": ("majority_accuracy",), "pairs": ("majority_accuracy", "rank_auc")}
_OF_GRADES = ("accuracy", "accuracy_scored", "relaxed_accuracy", "majority_accuracy", "qwk")


@dataclass(frozen=True)
class MeasureResult:
    """One measure.

    Attributes:
        judged_by: the judge's dimensions that were used, and how they were combined; None for votes.
        total, used: items (or pairs) of the release, and of these evaluated.
        unscored: of the protocol's items, those without a score or vote of the judge.
        statistics, ci: the protocol's headline and the baseline; None is undefined, and a note says why.
        other: the same with unscored items treated the other way; empty where all were scored.
        tie_rule, margin, margin_chosen: pairs only.
    """

    name: str
    kind: str
    human: str
    judged_by: str | None
    total: int
    used: int
    unscored: int
    statistics: Mapping[str, float | None]
    ci: Mapping[str, tuple[float, float] | None]
    other: Mapping[str, float | None] = field(default_factory=dict)
    tie_rule: str | None = None
    margin: float | None = None
    margin_chosen: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A judge on a suite under a protocol.

    Attributes:
        unscored_are: `wrong` or `removed` in `statistics`; `other` holds the opposite.
        average: mean over the averaged measures; None where one of them is undefined.
        all_dimensions_exact: share of items right in every measure; None where the protocol has none.
        left_out: measures that the judge's dimensions do not allow -> why.
    """

    suite: str
    title: str
    protocol: str
    protocol_version: int
    protocol_title: str
    source: str
    judge: str | None
    scores: str
    unscored_are: str
    measures: tuple[MeasureResult, ...]
    average: Mapping[str, float | None]
    all_dimensions_exact: float | None
    left_out: Mapping[str, str]
    deviations: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def value(self, key: str) -> float | None:
        """The number under `measure.statistic` or `average.statistic`; None where there is none."""
        name, _, statistic = key.rpartition(".")
        if name == "average":
            return self.average.get(statistic)
        found = next((one for one in self.measures if one.name == name), None)
        return None if found is None else found.statistics.get(statistic)


def evaluate(
    suite: Suite,
    release: Release,
    scores: Scores,
    protocol: str | None = None,
    *,
    limit: int | None = None,
    selection: Selection | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Result:
    """A judge's scores or votes against the labels of a release, under one protocol.

    Args:
        protocol: its name; None for the suite's first.
        limit: only the first so many items of each measure (said in the notes).
        selection: what `select` chose, where the caller has it already.

    Raises:
        UsageError: no such protocol.
        InputError: the scores are of other videos, or lack the dimensions of every measure.
    """
    name, chosen_protocol = suite.protocol(protocol)
    selected = selection or select(chosen_protocol, release, limit)
    _refuse_others(selected, release, scores)
    found: list[MeasureResult] = []
    left_out: dict[str, str] = {}
    for chosen in selected.chosen:
        dimensions = _dimensions(chosen.measure, scores)
        why = _why_not(chosen, dimensions, scores)
        if why is not None:
            left_out[chosen.measure.name] = why
            continue
        measure = _points if chosen.measure.kind == "points" else _pairs
        found.append(measure(chosen, dimensions or (), chosen_protocol, release, scores, resamples, seed))
    if not found:
        raise InputError(f"{scores.source}: nothing to evaluate: {'; '.join(left_out.values())}")
    optional = {one.measure.name for one in selected.chosen if one.measure.optional}
    return Result(
        suite=suite.name,
        title=suite.title,
        protocol=name,
        protocol_version=chosen_protocol.version,
        protocol_title=chosen_protocol.title,
        source=chosen_protocol.source,
        judge=scores.judge,
        scores=scores.source,
        unscored_are=chosen_protocol.unscored,
        measures=tuple(found),
        average=_average(chosen_protocol, found),
        all_dimensions_exact=_all_exact(chosen_protocol, selected, scores),
        left_out={name: why for name, why in left_out.items() if name not in optional},
        deviations=chosen_protocol.deviations,
        notes=tuple(_notes(release, selected, scores, left_out, optional, limit)),
    )


def _dimensions(measure: Measure, scores: Scores) -> tuple[str, ...] | None:
    return next((wanted for wanted in measure.judge if scores.has(wanted)), None)


def _why_not(chosen: Chosen, dimensions: tuple[str, ...] | None, scores: Scores) -> str | None:
    measure = chosen.measure
    if scores.votes is not None:
        return None if measure.kind == "pairs" else f"{measure.name} needs scores, and the judge gave votes"
    if dimensions is None:
        wanted = " or ".join(" + ".join(one) for one in measure.judge)
        has = ", ".join(scores.dimensions)
        return f"{measure.name} needs {wanted}, and the judge has {has} (--rename MINE={measure.judge[0][0]})"
    if not (chosen.items or chosen.pairs):
        return f"{measure.name}: the release has no label {measure.human!r}"
    return None


def _refuse_others(selected: Selection, release: Release, scores: Scores) -> None:
    """Scores of entirely other videos are a mistake, not a benchmark of an empty judge."""
    if scores.votes is not None:
        known: list[str] = [pair.id for one in selected.chosen for pair in one.pairs]
        given = list(scores.votes)
        what = "pair"
    else:
        known, given, what = list(release.videos), list(scores.values), "video"
    if known and not set(known) & set(given):
        raise InputError(
            f"{scores.source}: no id of it is a {what} of this set (it has {_some(given)}; the set has "
            f"{_some(known)}); name the field of ids with --id, or take the scores of this set"
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")


def _notes(
    release: Release,
    selected: Selection,
    scores: Scores,
    left_out: Mapping[str, str],
    optional: set[str],
    limit: int | None,
) -> list[str]:
    notes = list(release.notes)
    if limit is not None:
        notes.append(f"only the first {limit} items of each measure: not a result of the benchmark")
    extra = len(set(scores.values) - release.videos.keys())
    if extra:
        notes.append(f"{extra} videos of {scores.source} are not in this set and are left out")
    notes += [f"not measured: {why}" for name, why in left_out.items() if name not in optional]
    return notes


def _points(
    chosen: Chosen,
    dimensions: tuple[str, ...],
    protocol: Protocol,
    release: Release,
    scores: Scores,
    resamples: int,
    seed: int,
) -> MeasureResult:
    measure = chosen.measure
    human, judged = _arrays(chosen, dimensions, scores)
    scale = None if measure.scale is None else ValueRange.parse(measure.scale)
    judge_scale = scores.scale if measure.combine == "mean" else None
    notes = list(chosen.notes)
    if measure.rescale and scale is not None and scores.scale is not None and scores.scale != scale:
        judged = round_half_up(rescaled(judged, scores.scale, scale))
        judge_scale = scale
        notes.append(f"the judge's {scores.scale} mapped linearly onto {scale} and rounded")
    if measure.combine == "all_at_least":
        judge_scale = scale
    prompts = [release.videos[item.video].prompt for item in chosen.items]

    def agreement(kept: np.ndarray) -> tuple[PointAgreement, PointAgreement]:
        clusters = [prompt for prompt, keep in zip(prompts, kept, strict=True) if keep]

        def of(values: Floats, on: ValueRange | None) -> PointAgreement:
            return point_agreement(
                human[kept],
                values[kept],
                clusters=clusters,
                human_scale=scale,
                judge_scale=on,
                resamples=resamples,
                seed=seed,
            )

        plain = of(judged, judge_scale)
        if measure.grade is None:
            return plain, plain
        return plain, of(graded(measure.grade, judged, scores.source), scale)

    def numbers(kept: np.ndarray) -> tuple[dict[str, float | None], dict[str, Any], tuple[str, ...], int]:
        plain, grades = agreement(kept)
        names = (*measure.statistics, *ALWAYS["points"])
        of = {name: grades if name in _OF_GRADES else plain for name in names}
        said = dict.fromkeys((*plain.notes, *grades.notes))
        return (
            {name: getattr(of[name], name) for name in names},
            {name: of[name].ci.get(name) for name in names},
            tuple(said),
            plain.n,
        )

    both = _both_ways(numbers, ~np.isnan(judged), protocol.unscored)
    return MeasureResult(
        name=measure.name,
        kind="points",
        human=measure.human,
        judged_by=_spoken(measure, dimensions),
        total=chosen.total,
        used=both.used,
        unscored=int(np.isnan(judged).sum()),
        statistics=both.statistics,
        ci=both.ci,
        other=both.other,
        notes=(*notes, *both.notes),
    )


def _arrays(chosen: Chosen, dimensions: Sequence[str], scores: Scores) -> tuple[Floats, Floats]:
    means = [mean_human(item.human.get(chosen.measure.human)) for item in chosen.items]
    human = np.array(means, dtype=float)
    return human, combined(chosen.measure, dimensions, scores, [item.video for item in chosen.items])


@dataclass(frozen=True)
class _Both:
    statistics: dict[str, float | None]
    ci: dict[str, Any]
    other: dict[str, float | None]
    notes: tuple[str, ...]
    used: int


Numbers = Callable[[np.ndarray], tuple[dict[str, float | None], dict[str, Any], tuple[str, ...], int]]


def _both_ways(numbers: Numbers, scored: np.ndarray, unscored: str) -> _Both:
    """The statistics with unscored items counted as the protocol says, and the other way round."""
    ways = {"wrong": np.ones_like(scored), "removed": scored}
    headline = numbers(ways[unscored])
    other: dict[str, float | None] = {}
    if not scored.all():
        other = numbers(ways["removed" if unscored == "wrong" else "wrong"])[0]
    return _Both(headline[0], headline[1], other, headline[2], headline[3])


def _pairs(
    chosen: Chosen,
    dimensions: tuple[str, ...],
    protocol: Protocol,
    release: Release,
    scores: Scores,
    resamples: int,
    seed: int,
) -> MeasureResult:
    measure = chosen.measure
    pairs: PairNumbers = pair_numbers(chosen, dimensions, scores, resamples, seed)

    def numbers(kept: np.ndarray) -> tuple[dict[str, float | None], dict[str, Any], tuple[str, ...], int]:
        found, ci, notes, n = pairs.of(kept)
        names = list(dict.fromkeys((*pairs.headline, *ALWAYS["pairs"])))
        return {name: found[name] for name in names}, {name: ci.get(name) for name in names}, notes, n

    both = _both_ways(numbers, pairs.scored, protocol.unscored)
    return MeasureResult(
        name=measure.name,
        kind="pairs",
        human=measure.human,
        judged_by=None if scores.votes is not None else _spoken(measure, dimensions),
        total=chosen.total,
        used=both.used,
        unscored=int((~pairs.scored).sum()),
        statistics=both.statistics,
        ci=both.ci,
        other=both.other,
        tie_rule=pairs.tie_rule,
        margin=pairs.margin,
        margin_chosen=pairs.margin_chosen,
        notes=(*chosen.notes, *both.notes),
    )


def _spoken(measure: Measure, dimensions: Sequence[str]) -> str:
    if measure.combine == "all_at_least":
        return f"{' and '.join(dimensions)}, each at least {measure.threshold:g} after rounding"
    if len(dimensions) == 1:
        return dimensions[0]
    return f"{measure.combine} of {', '.join(dimensions)}"


def _average(protocol: Protocol, found: Sequence[MeasureResult]) -> dict[str, float | None]:
    in_it = {one.name for one in protocol.measures if one.averaged}
    average: dict[str, float | None] = {}
    for statistic in protocol.average:
        values = [one.statistics.get(statistic) for one in found if one.name in in_it]
        defined = [value for value in values if value is not None]
        average[statistic] = float(np.mean(defined)) if values and len(defined) == len(values) else None
    return average


def _all_exact(protocol: Protocol, selected: Selection, scores: Scores) -> float | None:
    """Over the measures of the average, which must be on the same items."""
    if not protocol.all_dimensions_exact or scores.votes is not None:
        return None
    columns = []
    for chosen in selected.chosen:
        dimensions = _dimensions(chosen.measure, scores)
        if not chosen.measure.averaged or dimensions is None:
            return None
        columns.append((chosen, *_arrays(chosen, dimensions, scores)))
    if len({tuple(item.video for item in chosen.items) for chosen, _, _ in columns}) != 1:
        return None
    human = np.column_stack([column for _, column, _ in columns])
    judged = np.column_stack(
        [
            values if chosen.measure.grade is None else graded(chosen.measure.grade, values, scores.source)
            for chosen, _, values in columns
        ]
    )
    kept = slice(None) if protocol.unscored == "wrong" else ~np.isnan(judged).any(axis=1)
    return all_dimensions_exact(human[kept], judged[kept])
