"""What the verdicts say, in numbers and in words: per run, against people, between runs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reeljudge.agreement import PointAgreement, ValueRange, point_agreement, round_half_up, spearman
from reeljudge.reports.gather import JudgedRun, Material, human_scores
from reeljudge.standings import Leaderboard, entries, leaderboard

OVERALL = "overall"
RESAMPLES = 1000


@dataclass(frozen=True)
class Histogram:
    """How often each score was given on a dimension; `mean` of the scores that there are."""

    dimension: str
    title: str
    counts: dict[str, int]
    scored: int
    asked: int
    mean: float | None
    reasons: dict[str, int]


@dataclass(frozen=True)
class AgainstPeople:
    """A dimension's agreement with people, and the table of confusion: rows are the scores of people.

    The last column counts clips that people rated and the judge left unscored.
    """

    dimension: str
    title: str
    agreement: PointAgreement
    values: tuple[int, ...]
    confusion: tuple[tuple[int, ...], ...]

    @property
    def most(self) -> int:
        return max(max(row) for row in self.confusion) or 1


@dataclass(frozen=True)
class RunFindings:
    """What a report says of one run: histograms, counts, standings and what a reader should mind."""

    run: JudgedRun
    histograms: tuple[Histogram, ...]
    statuses: dict[str, int]
    reasons: dict[str, int]
    flags: dict[str, int]
    board: Leaderboard | None
    models: tuple[str, ...]
    nameless: int
    people: tuple[AgainstPeople, ...]
    no_agreement: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Two runs on a dimension that both judged: `mean` is the second minus the first over `both` clips."""

    title: str
    first: str
    second: str
    first_mean: float | None
    second_mean: float | None
    both: int
    mean: float | None
    same: float | None
    srcc: float | None


def findings_of(run: JudgedRun) -> RunFindings:
    """Everything that the page says about one run."""
    rows = list(run.rows.values())
    histograms = tuple(_histogram(run, name) for name in run.dimensions)
    statuses = Counter(str(row.get("status")) for row in rows)
    reasons = Counter(str(row["reason"]) for row in rows if row.get("reason"))
    flags = Counter(str(flag) for row in rows for flag in row.get("flags") or ())
    named = [entry for entry in entries(rows) if entry.model is not None]
    scale = run.rubric.scale
    board = leaderboard(named, (scale.min, scale.max), RESAMPLES) if named else None
    people, trouble = _people(run)
    models = tuple(place.model for place in next(reversed(board.places.values()))) if board else ()
    found = RunFindings(
        run=run,
        histograms=histograms,
        statuses=dict(statuses),
        reasons=dict(reasons.most_common()),
        flags=dict(flags.most_common()),
        board=board,
        models=models,
        nameless=len(rows) - len(named),
        people=people,
        no_agreement=trouble,
        words=(),
    )
    return RunFindings(**{**vars(found), "words": tuple(_words(found))})


def differences(material: Material) -> list[Difference]:
    """Every two runs on every dimension that both judged."""
    found = []
    for (i, one), (j, other) in combinations(enumerate(material.runs), 2):
        shared = [name for name in one.dimensions if name in other.dimensions]
        for name in shared:
            pairs = [
                (a, b)
                for clip in material.clips
                if (a := one.score_of(clip.id, name)) is not None
                and (b := other.score_of(clip.id, name)) is not None
            ]
            left, right = (np.array([pair[side] for pair in pairs], dtype=float) for side in (0, 1))
            same_scale = one.rubric.scale == other.rubric.scale
            found.append(
                Difference(
                    title=one.title_of(name),
                    first=material.runs[i].name,
                    second=material.runs[j].name,
                    first_mean=float(left.mean()) if pairs else None,
                    second_mean=float(right.mean()) if pairs else None,
                    both=len(pairs),
                    mean=float((right - left).mean()) if pairs and same_scale else None,
                    same=float((round_half_up(left) == round_half_up(right)).mean())
                    if pairs and same_scale
                    else None,
                    srcc=spearman(left, right) if len(pairs) > 1 else None,
                )
            )
    return found


def _histogram(run: JudgedRun, name: str) -> Histogram:
    counts = {str(value): 0 for value in run.rubric.scale.values}
    reasons: Counter[str] = Counter()
    scores = []
    asked = 0
    for row in run.rows.values():
        score = row["scores"].get(name)
        if score is None:
            continue
        asked += 1
        if score.get("score") is None:
            reasons[str(score.get("reason"))] += 1
            continue
        scores.append(float(score["score"]))
        value = score.get("value")
        shown = str(int(round_half_up(scores[-1])) if value is None else value)
        counts[shown] = counts.get(shown, 0) + 1
    mean = float(np.mean(scores)) if scores else None
    return Histogram(name, run.title_of(name), counts, len(scores), asked, mean, dict(reasons.most_common()))


def _people(run: JudgedRun) -> tuple[tuple[AgainstPeople, ...], tuple[str, ...]]:
    """Agreement per dimension that people rated; and why there is none where they did."""
    found, trouble = [], []
    scale = run.rubric.scale
    for name in run.dimensions:
        ratings, scores, clusters, off = [], [], [], 0
        for row in run.rows.values():
            given = human_scores(row, name)
            off += any(not scale.min <= value <= scale.max for value in given)
            if given:
                ratings.append(given)
                score = row["scores"].get(name, {}).get("score")
                scores.append(np.nan if score is None else float(score))
                clusters.append(row.get("group") or row.get("prompt") or row["id"])
        if not ratings:
            continue
        if off:
            trouble.append(
                f"{run.title_of(name)}: {off} of {len(ratings)} clips have human scores off the scale "
                f"{scale.min}-{scale.max} and are not compared here; `reeljudge agree` takes other scales"
            )
            continue
        widest = max(map(len, ratings))
        human = np.array([[*given, *[np.nan] * (widest - len(given))] for given in ratings])
        judge, span = np.array(scores), ValueRange(scale.min, scale.max)
        agreement = point_agreement(
            human, judge, clusters=clusters, human_scale=span, judge_scale=span, resamples=RESAMPLES
        )
        found.append(
            AgainstPeople(
                name, run.title_of(name), agreement, scale.values, _confusion(human, judge, scale.values)
            )
        )
    return tuple(found), tuple(trouble)


def _confusion(human: np.ndarray, judge: np.ndarray, values: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    people, scores = round_half_up(np.round(np.nanmean(human, axis=1), 10)), round_half_up(judge)
    return tuple(
        (
            *(int(((people == given) & (scores == read)).sum()) for read in values),
            int(((people == given) & np.isnan(scores)).sum()),
        )
        for given in values
    )


def _words(found: RunFindings) -> Iterator[str]:
    run, rows = found.run, len(found.run.rows)
    scale = run.rubric.scale
    prompts = len({row.get("prompt") for row in run.rows.values()})
    by = f" of {_count(len(found.models), 'generator')}" if found.models else ""
    yield (
        f"{run.judge} judged {_count(rows, 'clip')}{by}, made from {_count(prompts, 'prompt')}, on "
        f"{_count(len(run.dimensions), 'dimension')} of {run.rubric.title or run.rubric.name}, "
        f"from {scale.min} to {scale.max}."
    )
    if run.rows_expected is not None and run.rows_expected > rows:
        yield f"The run is not finished: {rows} of {run.rows_expected} clips have a verdict."
    scored = found.statuses.get("scored", 0)
    if scored == rows:
        yield "Every clip has a score on every dimension."
    else:
        why = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.reasons.items())
        others = ", ".join(
            f"{count} {'partial' if status == 'partial' else 'in error' if status == 'error' else status}"
            for status, count in sorted(found.statuses.items())
            if status != "scored"
        )
        yield f"{scored} of {rows} clips have every score; {others}{f' (reasons: {why})' if why else ''}."
    means = [(shown.mean, shown.title) for shown in found.histograms if shown.mean is not None]
    if len(means) > 1:
        best, worst = max(means), min(means)
        yield (
            f"Scores are highest on {_low(best[1])} (mean {best[0]:.2f}) and lowest on {_low(worst[1])} "
            f"(mean {worst[0]:.2f})."
        )
    elif means:
        yield f"The mean score on {_low(means[0][1])} is {means[0][0]:.2f}."
    yield from _on_generators(found)
    yield from _on_people(found)
    if found.flags:
        total = sum(bool(row.get("flags")) for row in run.rows.values())
        kinds = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.flags.items())
        yield f"Flags on {_count(total, 'clip')}, which deserve a second look: {kinds}."


def _on_generators(found: RunFindings) -> Iterator[str]:
    if found.board is None:
        return
    name, places = next(reversed(found.board.places.items()))
    ranked = [place for place in places if place.points is not None]
    if len(ranked) < 2:
        return
    first, second = ranked[0], ranked[1]
    where = "overall" if name == OVERALL else f"on {_low(found.run.title_of(name))}"
    if first.points == second.points:
        points = f"{first.points:.1f} points of 100"
        yield f"{first.model} and {second.model} share the lead {where} with {points}."
        return
    lead = f"{first.model} leads {where} with {first.points:.1f} points of 100, before {second.model} with "
    told = "; clips of one prompt cannot tell whether that is chance"
    p = found.board.differences[name][0].p_corrected
    if p is not None:
        how = "more than chance would give" if p < 0.05 else "within what chance can give"
        pairs = len(found.board.differences[name])
        over = f", corrected for {pairs} pairs" if pairs > 1 else ""
        told = f"; the difference is {how} (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}{over})"
    yield f"{lead}{second.points:.1f}{told}."


def _on_people(found: RunFindings) -> Iterator[str]:
    known = [part for part in found.people if part.agreement.srcc is not None]
    if known:
        parts = ", ".join(f"{part.agreement.srcc:.2f} on {_low(part.title)}" for part in known)
        yield f"Rank correlation with people's scores: {parts}."


def _count(count: int, noun: str) -> str:
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def _low(title: str) -> str:
    return title[:1].lower() + title[1:]
