"""Generators ranked per dimension on 0-100, with intervals over prompts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reeljudge.agreement.resampling import Resampler, interval, two_sided_p
from reeljudge.errors import InputError
from reeljudge.standings.entries import Entry, dimensions_of, weighted

Floats = NDArray[np.float64]
OVERALL = "overall"


@dataclass(frozen=True)
class Place:
    """One generator on one dimension.

    Attributes:
        model: the generator.
        rank: 1 is best; generators of equal points share a rank. None where nothing is scored.
        points: (mean - min) / (max - min) x 100, as GRADEO's benchmark prints it.
        ci: 95 % interval of the points, bootstrap over groups.
        mean: mean score.
        n, scored: clips, and how many of them are scored.
        rank_ci: the ranks between which the generator lies in 95 % of the resamples.
        stability: share of the resamples in which it keeps its rank.
        p_next: two-sided p-value of the difference to the next generator (paired over groups).
    """

    model: str
    rank: int | None
    points: float | None
    ci: tuple[float, float] | None
    mean: float | None
    n: int
    scored: int
    rank_ci: tuple[int, int] | None
    stability: float | None
    p_next: float | None = None


@dataclass(frozen=True)
class Leaderboard:
    """Dimension -> places, best first; and what a reader must know of them."""

    places: dict[str, list[Place]]
    groups: int
    notes: tuple[str, ...]


def leaderboard(
    items: Sequence[Entry], scale: tuple[int, int] = (1, 5), resamples: int = 1000, seed: int = 0
) -> Leaderboard:
    """Rank the generators of `items`.

    A clip without a score counts in `n` alone. "overall" is the mean of a clip's dimensions, for the clips
    whose every dimension is scored. Groups (prompts) are what is resampled, so generators are compared on the
    same prompts as far as they were given the same.

    Args:
        scale: lowest and highest score, which become 0 and 100 points.

    Raises:
        InputError: no clips, or clips that do not name their generator.
    """
    if not items:
        raise InputError("a leaderboard needs verdicts, and there are none")
    nameless = next((item for item in items if item.model is None), None)
    if nameless is not None:
        raise InputError(
            f"clip {nameless.id!r} names no generator: add the field `model` to its manifest row"
        )
    models = sorted({str(item.model) for item in items})
    groups = {name: code for code, name in enumerate(sorted({item.group for item in items}))}
    dimensions = dimensions_of(items)
    columns = [*dimensions, OVERALL] if len(dimensions) > 1 else dimensions
    equal = dict.fromkeys(dimensions, 1.0)
    places = {}
    for column in columns:
        scores = [
            weighted(item.scores, equal) if column == OVERALL else item.scores.get(column) for item in items
        ]
        sums, counts, asked = (np.zeros((len(groups), len(models))) for _ in range(3))
        for item, score in zip(items, scores, strict=True):
            cell = groups[item.group], models.index(str(item.model))
            asked[cell] += 1
            if score is not None:
                counts[cell] += 1
                sums[cell] += score
        places[column] = _rank(models, sums, counts, asked.sum(axis=0), scale, resamples, seed)
    return Leaderboard(places, len(groups), tuple(_notes(items, models, groups, places)))


def _rank(
    models: Sequence[str],
    sums: Floats,
    counts: Floats,
    asked: Floats,
    scale: tuple[int, int],
    resamples: int,
    seed: int,
) -> list[Place]:
    low, high = scale
    with np.errstate(invalid="ignore", divide="ignore"):
        points = (sums.sum(axis=0) / counts.sum(axis=0) - low) / (high - low) * 100
        resampler = Resampler(np.arange(len(sums)), resamples, seed)
        blocks = []
        if resampler.clusters > 1:
            for weights in resampler.weights():
                blocks.append(((weights @ sums) / (weights @ counts) - low) / (high - low) * 100)
    draws = np.concatenate(blocks) if blocks else np.empty((0, len(models)))
    ranks, drawn_ranks = _ranks(points[None])[0], _ranks(draws)
    order = sorted(
        range(len(models)), key=lambda i: (np.isnan(points[i]), -np.nan_to_num(points[i]), models[i])
    )
    places = []
    for position, i in enumerate(order):
        scored = not np.isnan(points[i])
        own = drawn_ranks[:, i][~np.isnan(drawn_ranks[:, i])] if scored else np.empty(0)
        following = order[position + 1] if position + 1 < len(order) else None
        known = own.size > 0
        places.append(
            Place(
                model=models[i],
                rank=int(ranks[i]) if scored else None,
                points=float(points[i]) if scored else None,
                ci=interval(draws[:, i]) if scored and len(draws) else None,
                mean=float(points[i] / 100 * (high - low) + low) if scored else None,
                n=int(asked[i]),
                scored=int(counts[:, i].sum()),
                rank_ci=(int(np.quantile(own, 0.025)), int(np.ceil(np.quantile(own, 0.975))))
                if known
                else None,
                stability=float((own == ranks[i]).mean()) if known else None,
                p_next=two_sided_p(draws[:, i] - draws[:, following])
                if following is not None and len(draws) and not np.isnan(points[following])
                else None,
            )
        )
    return places


def _ranks(points: Floats) -> Floats:
    """Competition ranks along each row (1 is best, equals share the better rank); NaN stays NaN."""
    with np.errstate(invalid="ignore"):
        better = (points[:, None, :] > points[:, :, None] + 1e-12).sum(axis=2) + 1.0
    better[np.isnan(points)] = np.nan
    return better


def _notes(
    items: Sequence[Entry], models: Sequence[str], groups: dict[str, int], places: dict[str, list[Place]]
) -> list[str]:
    notes = []
    for column, rows in places.items():
        asked, scored = sum(place.n for place in rows), sum(place.scored for place in rows)
        if scored < asked:
            notes.append(f"{column}: {scored} of {asked} clips scored; the others count for no generator")
    seen: dict[str, set[str]] = {model: set() for model in models}
    for item in items:
        seen[str(item.model)].add(item.group)
    if len({frozenset(prompts) for prompts in seen.values()}) > 1:
        notes.append(
            "the generators were not given the same prompts: part of a difference may be the prompts'"
        )
    if len(groups) == 1:
        notes.append("no intervals: all clips are of one group, and groups are what is resampled")
    elif len(groups) < 20:
        notes.append(f"only {len(groups)} groups: the intervals are rough, and as a rule too narrow")
    return notes
