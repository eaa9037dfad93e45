"""A suite under a protocol: statistics of `agreement` on what the protocol says, and how they came about."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from reeljudge.agreement.resampling import RESAMPLES, SEED
from reeljudge.agreement.scoring import all_dimensions_exact
from reeljudge.benchmarks.grading import graded
from reeljudge.benchmarks.numbers import Judged, both_ways
from reeljudge.benchmarks.preferences import judged_pairs
from reeljudge.benchmarks.ratings import arrays, judged_items
from reeljudge.benchmarks.release import Release
from reeljudge.benchmarks.scores import Scores
from reeljudge.benchmarks.selection import Chosen, Selection, select
from reeljudge.benchmarks.suite import Measure, Protocol, Suite
from reeljudge.errors import InputError


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
        given = (chosen_protocol, release, scores, resamples, seed)
        found.append(_measured(chosen, dimensions or (), *given))
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
        notes=tuple(_notes(release, scores, left_out, optional, limit)),
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


def _measured(
    chosen: Chosen,
    dimensions: tuple[str, ...],
    protocol: Protocol,
    release: Release,
    scores: Scores,
    resamples: int,
    seed: int,
) -> MeasureResult:
    measure = chosen.measure
    rules: dict[str, Any] = {}
    judged: Judged
    if measure.kind == "points":
        items = judged_items(chosen, dimensions, scores, release)
        judged, notes = items, items.notes
    else:
        pairs = judged_pairs(chosen, dimensions, scores)
        judged, notes = pairs, ()
        rules = {"tie_rule": pairs.tie_rule, "margin": pairs.margin, "margin_chosen": pairs.margin_chosen}
    numbers = both_ways(judged, protocol.unscored, resamples, seed)
    return MeasureResult(
        name=measure.name,
        kind=measure.kind,
        human=measure.human,
        judged_by=None if scores.votes is not None else _spoken(measure, dimensions),
        total=chosen.total,
        used=numbers.n,
        unscored=int((~judged.scored).sum()),
        statistics=numbers.values,
        ci=numbers.ci,
        other=numbers.other,
        notes=tuple(dict.fromkeys((*chosen.notes, *notes, *numbers.notes))),
        **rules,
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
        columns.append((chosen, *arrays(chosen, dimensions, scores)))
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
