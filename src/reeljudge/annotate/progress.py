"""How far a task is, and how each rater does: speed, agreement with the others and with gold, checks."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, select

from reeljudge.agreement import (
    accuracy,
    alpha_interval,
    alpha_ordinal,
    exact_match,
    mean_absolute_error,
    relaxed_accuracy,
    relaxed_match,
    spearman,
)
from reeljudge.annotate.answers import SKIP_REASONS
from reeljudge.annotate.assignment import DONE, OPEN, SKIPPED, Assignment, page_of, pilot_result
from reeljudge.annotate.links import Links
from reeljudge.annotate.order import Page
from reeljudge.annotate.tables import make_tables
from reeljudge.annotate.task import Task
from reeljudge.ratings.panels import ADJUDICATOR

FEW = 5
"""Statistics of fewer shared scores than this say nothing, and are left out."""

SHOWN_SKIPS = 50
HURRIED = 0.4
"""A rater whose pages take less than this share of the usual time is pointed at."""

Cell = tuple[str, str]


def progress(task: Task, assignment: Assignment, links: Links) -> dict[str, Any]:
    """Everything on the admin page, as JSON. Statistics are None where they are undefined or too few."""
    known = links.raters()
    with task.store.reading() as connection:
        rows = _rows(task, connection)
        places = _places(task, connection)
        takers = assignment.takers(connection)
        skipped = assignment.parked(connection)
    scores = _scores(task)
    overlap = task.settings.overlap
    done: Counter[Page] = Counter()
    for row in rows:
        if row["state"] == DONE and row["use"] == "rate":
            done[page_of(row)] += 1
    if task.kind == "rate":
        done = _with_stored(task, done, scores)
    pages = list(task.plan.pages())
    usual = _usual_seconds(rows)
    stored = {rater for given in scores.values() for rater in given}
    names = sorted({*known, *places, *(name.removeprefix(ADJUDICATOR) for name in stored)})
    if task.raters is not None:
        names = [name for name in names if name in task.raters]
    return {
        "task": task.key,
        "kind": task.kind,
        "title": task.rubric.title or task.rubric.name,
        "overlap": overlap,
        "joint": task.joint,
        "clips": len({page.clip for page in pages}),
        "pages": len(pages),
        "needed": len(pages) * overlap,
        "done": sum(min(done[page], overlap) for page in pages),
        "complete": sum(done[page] >= overlap for page in pages),
        "open": sum(row["state"] == OPEN for row in rows),
        "untouched": sum(not takers.get(page) for page in pages),
        "dimensions": [
            _of_dimension(task, dimension.name, scores, pages, done) for dimension in task.dimensions
        ],
        "raters": [
            _of_rater(task, name, rows, scores, places.get(name), known.get(name, 0), usual) for name in names
        ],
        "skipped": [
            {
                "clip": page.clip,
                "dimension": page.dimension or None,
                "count": count,
                "parked": count >= task.settings.park_after,
                "reasons": [SKIP_REASONS.get(one, one) for one in reasons],
            }
            for page, count, reasons in skipped[:SHOWN_SKIPS]
        ],
        "skipped_pages": len(skipped),
        "gold": {
            "pilot": sum(gold.use == "pilot" for gold in task.gold.values()),
            "gold": sum(gold.use == "gold" for gold in task.gold.values()),
            "attention": sum(gold.use == "attention" for gold in task.gold.values()),
        },
    }


def _of_dimension(
    task: Task,
    dimension: str,
    scores: Mapping[Cell, Mapping[str, int]],
    pages: Iterable[Page],
    done: Mapping[Page, int],
) -> dict[str, Any]:
    own = {clip: given for (clip, name), given in scores.items() if name == dimension}
    table = _matrix(own)
    values = Counter(score for given in own.values() for score in given.values())
    about = [page for page in pages if page.dimension in ("", dimension)]
    several = int(((~np.isnan(table)).sum(axis=1) >= 2).sum()) if table.size else 0
    enough = several >= FEW
    return {
        "name": dimension,
        "title": task.rubric.dimension(dimension).title,
        "ratings": sum(values.values()),
        "complete": sum(done.get(page, 0) >= task.settings.overlap for page in about),
        "pages": len(about),
        "histogram": {str(value): values.get(value, 0) for value in task.rubric.scale.values},
        "shared": several,
        "alpha_ordinal": _round(alpha_ordinal(table)) if enough else None,
        "alpha_interval": _round(alpha_interval(table)) if enough else None,
        "exact_match": _round(exact_match(table)) if enough else None,
        "relaxed_match": _round(relaxed_match(table)) if enough else None,
    }


def _of_rater(
    task: Task,
    name: str,
    rows: list[RowMapping],
    scores: Mapping[Cell, Mapping[str, int]],
    place: RowMapping | None,
    links: int,
    usual: float | None,
) -> dict[str, Any]:
    own = [row for row in rows if row["rater"] == name]
    done = [row for row in own if row["state"] == DONE]
    seconds = [row["seconds"] for row in done if row["seconds"] is not None and row["use"] != "pilot"]
    pilot = [row for row in own if row["use"] == "pilot" and row["state"] != OPEN]
    close, asked = pilot_result(task, pilot)
    passed, checks = _attention(task, done)
    with_others = _with_others(task.stored_name(name), scores)
    typical = median(seconds) if seconds else None
    given = [
        score for cell in scores.values() for rater, score in cell.items() if rater == task.stored_name(name)
    ]
    return {
        "name": name,
        "links": links,
        "done": sum(row["use"] != "pilot" for row in done),
        "ratings": len(given),
        "open": sum(row["state"] == OPEN for row in own),
        "skipped": sum(row["state"] == SKIPPED for row in own),
        "last": max((row["saved_at"] for row in own if row["saved_at"]), default=None),
        "median_seconds": None if typical is None else round(typical, 1),
        "per_hour": None
        if not seconds or sum(seconds) <= 0
        else round(3600 * len(seconds) / sum(seconds), 1),
        "pilot": None if place is None else place["pilot"],
        "pilot_close": close,
        "pilot_asked": asked,
        "attention_passed": passed,
        "attention_asked": checks,
        "gold": _with_gold(task, task.stored_name(name), scores),
        "others": with_others,
        "notes": _notes(given, typical, usual, passed, checks, len(seconds), with_others),
    }


def _notes(
    given: list[int],
    typical: float | None,
    usual: float | None,
    passed: int,
    checks: int,
    timed: int,
    others: Mapping[str, Any],
) -> list[str]:
    """What deserves a look, in words."""
    notes = []
    if checks and passed < checks:
        notes.append(f"missed {checks - passed} of {checks} attention checks")
    if typical is not None and usual and timed >= FEW and typical < HURRIED * usual:
        notes.append(f"much faster than the others ({typical:.0f} s against {usual:.0f} s)")
    if len(given) >= 10 and len(set(given)) == 1:
        notes.append("gave the same score throughout")
    if others["n"] >= 10 and others["bias"] is not None and abs(others["bias"]) >= 0.75:
        notes.append(
            "scores lower than the others" if others["bias"] < 0 else "scores higher than the others"
        )
    if others["n"] >= 10 and others["srcc"] is not None and others["srcc"] < 0.1:
        notes.append("hardly agrees with the others")
    return notes


def _with_others(name: str, scores: Mapping[Cell, Mapping[str, int]]) -> dict[str, Any]:
    """The rater's scores against the mean of the others' on the same clips and dimensions."""
    own, rest = [], []
    for given in scores.values():
        others = [score for rater, score in given.items() if rater != name]
        if name in given and others:
            own.append(given[name])
            rest.append(sum(others) / len(others))
    return _compared(own, rest)


def _with_gold(task: Task, name: str, scores: Mapping[Cell, Mapping[str, int]]) -> dict[str, Any]:
    """The rater's scores against the right ones, on clips that they did not know to be gold."""
    own, right = [], []
    for page, gold in task.gold.items():
        if gold.use != "gold":
            continue
        for dimension in task.dimensions_of(page):
            score = scores.get((page.clip, dimension.name), {}).get(name)
            if score is not None and dimension.name in gold.scores:
                own.append(score)
                right.append(float(gold.scores[dimension.name]))
    return _compared(own, right)


def _compared(own: list[int], other: list[float]) -> dict[str, Any]:
    few = len(own) < FEW
    return {
        "n": len(own),
        "srcc": None if few else _round(spearman(other, own)),
        "exact": None if few else _round(accuracy(other, own)),
        "within_1": None if few else _round(relaxed_accuracy(other, own)),
        "mae": None if few else _round(mean_absolute_error(other, own)),
        "bias": None if few else _round(float(np.mean(np.subtract(own, other)))),
    }


def _attention(task: Task, done: Iterable[RowMapping]) -> tuple[int, int]:
    """(checks passed, checks answered)."""
    passed = answered = 0
    for row in done:
        gold = task.gold.get(page_of(row))
        if row["use"] != "attention" or gold is None:
            continue
        answered += 1
        given = (row["answer"] or {}).get("scores", {})
        asked = [
            dimension.name for dimension in task.dimensions_of(page_of(row)) if dimension.name in gold.scores
        ]
        passed += all(given.get(name) == gold.scores[name] for name in asked)
    return passed, answered


def _scores(task: Task) -> dict[Cell, dict[str, int]]:
    """(clip, dimension) -> rater -> score, of everybody: also of raters whose ratings were imported."""
    found: dict[Cell, dict[str, int]] = defaultdict(dict)
    deciding = task.kind == "adjudicate"
    for rating in task.store.ratings(rubric=task.rubric.name):
        if rating.id in task.clips and rating.rater.startswith(ADJUDICATOR) == deciding:
            found[rating.id, rating.dimension][rating.rater] = rating.score
    return dict(found)


def _with_stored(task: Task, done: Counter[Page], scores: Mapping[Cell, Mapping[str, int]]) -> Counter[Page]:
    """Ratings of the store that were not given here count, too."""
    counted: Counter[Page] = Counter()
    for page in task.plan.pages():
        names = [dimension.name for dimension in task.dimensions_of(page)]
        raters = [set(scores.get((page.clip, name), ())) for name in names]
        counted[page] = max(done[page], len(set.intersection(*raters)) if raters else 0)
    return counted


def _usual_seconds(rows: Iterable[RowMapping]) -> float | None:
    """The median over raters of their median seconds per page."""
    per_rater: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["state"] == DONE and row["use"] != "pilot" and row["seconds"] is not None:
            per_rater[row["rater"]].append(row["seconds"])
    medians = [median(seconds) for seconds in per_rater.values() if len(seconds) >= FEW]
    return median(medians) if medians else None


def _matrix(own: Mapping[str, Mapping[str, int]]) -> NDArray[np.float64]:
    raters = sorted({rater for given in own.values() for rater in given})
    table = np.full((len(own), len(raters)), math.nan)
    column = {rater: number for number, rater in enumerate(raters)}
    for number, given in enumerate(own.values()):
        for rater, score in given.items():
            table[number, column[rater]] = score
    return table


def _rows(task: Task, connection: Connection) -> list[RowMapping]:
    pages = make_tables(task.store.metadata).pages
    query = select(pages).where(pages.c.task == task.key).order_by(pages.c.rater, pages.c.number)
    return list(connection.execute(query).mappings())


def _places(task: Task, connection: Connection) -> dict[str, RowMapping]:
    places = make_tables(task.store.metadata).places
    query = select(places).where(places.c.task == task.key)
    return {row["rater"]: row for row in connection.execute(query).mappings()}


def _round(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 3)
