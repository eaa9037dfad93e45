"""Generators ranked per dimension on 0-100, with intervals over prompts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from reeljudge.agreement.multiplicity import holm
from reeljudge.agreement.resampling import Resampler, interval
from reeljudge.standings.entries import Entry
from reeljudge.standings.tally import Floats, Tally

CORRECTION = "Holm over all pairs of generators of a dimension"


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
        p_next: `Difference.p` of this generator and the next one, not corrected.
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
class Difference:
    """Two generators on one dimension, the better one first.

    Attributes:
        first, second: the generators.
        points: first minus second. ci: its 95 % interval, bootstrap over groups.
        p: two-sided, of no difference. t test of the difference over its bootstrap standard error, with one
            degree of freedom less than there are groups; never below 2^(1 - groups), the least that swapping
            the two group by group could give, so that a few groups that agree are no proof.
        p_corrected: the same after Holm's correction over all pairs of the dimension.
    """

    first: str
    second: str
    points: float
    ci: tuple[float, float] | None
    p: float | None
    p_corrected: float | None = None


@dataclass(frozen=True)
class Leaderboard:
    """Dimension -> places, best first; and what a reader must know of them.

    Attributes:
        groups: how many were resampled.
        differences: dimension -> all pairs of scored generators, in the order of the places.
    """

    places: dict[str, list[Place]]
    groups: int
    notes: tuple[str, ...]
    differences: dict[str, list[Difference]] = field(default_factory=dict)


def leaderboard(
    items: Iterable[Entry], scale: tuple[int, int] = (1, 5), resamples: int = 1000, seed: int = 0
) -> Leaderboard:
    """Rank the generators of `items`.

    A clip without a score counts in `n` alone. "overall" is the mean of a clip's dimensions, for the clips
    whose every dimension is scored. Groups (prompts) are what is resampled, so generators are compared on the
    same prompts as far as they were given the same.

    Args:
        items: gone through once; nothing of them is kept but group, generator and scores.
        scale: lowest and highest score, which become 0 and 100 points.

    Raises:
        InputError: no clips, or clips that do not name their generator.
    """
    tally = Tally.of(items)
    low, high = scale
    sums, counts, asked = tally.cells()
    groups, models, columns = len(tally.groups), len(tally.models), len(tally.columns)
    resampler = Resampler(np.arange(groups), resamples, seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        points = (sums.sum(axis=0) / counts.sum(axis=0) - low) / (high - low) * 100
        blocks = []
        if resampler.clusters > 1:
            # All columns at once: to draw the weights costs as much as to use them.
            both = np.concatenate([sums.reshape(groups, -1), counts.reshape(groups, -1)], axis=1)
            for weights in resampler.weights():
                drawn = (weights @ both).reshape(-1, 2, models, columns)
                blocks.append((drawn[:, 0] / drawn[:, 1] - low) / (high - low) * 100)
    draws = np.concatenate(blocks) if blocks else np.empty((0, models, columns))
    places: dict[str, list[Place]] = {}
    differences: dict[str, list[Difference]] = {}
    for place, column in enumerate(tally.columns):
        own, own_draws, own_counts = points[:, place], draws[:, :, place], counts[:, :, place]
        order = sorted(
            range(models), key=lambda i: (np.isnan(own[i]), -np.nan_to_num(own[i]), tally.models[i])
        )
        differences[column] = _differences(tally.models, order, own, own_draws, own_counts)
        p_of = {(one.first, one.second): one.p for one in differences[column]}
        places[column] = _places(
            tally.models, order, own, own_draws, own_counts.sum(axis=0), asked.sum(axis=0), scale, p_of
        )
    notes = tuple(_notes(places, groups, asked))
    return Leaderboard(places, groups, notes, differences)


def _places(
    models: Sequence[str],
    order: Sequence[int],
    points: Floats,
    draws: Floats,
    counts: Floats,
    asked: Floats,
    scale: tuple[int, int],
    p_of: Mapping[tuple[str, str], float | None],
) -> list[Place]:
    low, high = scale
    ranks, drawn_ranks = _ranks(points[None])[0], _ranks(draws)
    places = []
    for position, i in enumerate(order):
        scored = not np.isnan(points[i])
        own = drawn_ranks[:, i][~np.isnan(drawn_ranks[:, i])] if scored else np.empty(0)
        following = models[order[position + 1]] if position + 1 < len(order) else None
        known = own.size > 0
        places.append(
            Place(
                model=models[i],
                rank=int(ranks[i]) if scored else None,
                points=float(points[i]) if scored else None,
                ci=interval(draws[:, i]) if scored and len(draws) else None,
                mean=float(points[i] / 100 * (high - low) + low) if scored else None,
                n=int(asked[i]),
                scored=int(counts[i]),
                rank_ci=(int(np.quantile(own, 0.025)), int(np.ceil(np.quantile(own, 0.975))))
                if known
                else None,
                stability=float((own == ranks[i]).mean()) if known else None,
                p_next=None if following is None else p_of.get((models[i], following)),
            )
        )
    return places


def _differences(
    models: Sequence[str], order: Sequence[int], points: Floats, draws: Floats, counts: Floats
) -> list[Difference]:
    found = []
    for i, j in combinations([i for i in order if not np.isnan(points[i])], 2):
        drawn = draws[:, i] - draws[:, j]
        groups = int(((counts[:, i] > 0) | (counts[:, j] > 0)).sum())
        gap = float(points[i] - points[j])
        around = interval(drawn) if drawn.size else None
        p = _t_test(gap, drawn, groups) if around is not None else None
        found.append(Difference(models[i], models[j], gap, around, p))
    corrected = holm([difference.p for difference in found])
    return [
        Difference(**{**vars(difference), "p_corrected": p})
        for difference, p in zip(found, corrected, strict=True)
    ]


def _t_test(gap: float, drawn: Floats, groups: int) -> float:
    """See `Difference.p`."""
    from scipy.special import stdtr  # type: ignore[import-untyped]

    spread = float(np.nanstd(drawn, ddof=1))
    least = 2.0 ** (1 - groups)
    if spread < 1e-9:
        return 1.0 if abs(gap) < 1e-9 else least
    return float(min(1.0, max(least, 2 * stdtr(groups - 1, -abs(gap) / spread))))


def _ranks(points: Floats) -> Floats:
    """Competition ranks along each row (1 is best, equals share the better rank); NaN stays NaN."""
    with np.errstate(invalid="ignore"):
        better = (points[:, None, :] > points[:, :, None] + 1e-12).sum(axis=2) + 1.0
    better[np.isnan(points)] = np.nan
    return better


def _notes(places: dict[str, list[Place]], groups: int, asked: Floats) -> list[str]:
    notes = []
    for column, rows in places.items():
        wanted, scored = sum(place.n for place in rows), sum(place.scored for place in rows)
        if scored < wanted:
            notes.append(f"{column}: {scored} of {wanted} clips scored; the others count for no generator")
    given = asked > 0
    if (given != given[:, :1]).any():
        notes.append(
            "the generators were not given the same prompts: part of a difference may be the prompts'"
        )
    if groups == 1:
        notes.append("no intervals: all clips are of one group, and groups are what is resampled")
    elif groups < 20:
        notes.append(f"only {groups} groups: the intervals are rough, and as a rule too narrow")
    if asked.shape[1] == 1:
        notes.append("one generator alone: there is nothing to rank it against")
    return notes
