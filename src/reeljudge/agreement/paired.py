"""Two judges on the same items: the difference of each statistic, its interval and its p-value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reeljudge.agreement.pairs import PairItems, Protocol, correct, pair_statistics
from reeljudge.agreement.points import (
    CORRELATIONS,
    PointItems,
    Scales,
    common_scale,
    point_statistics,
)
from reeljudge.agreement.resampling import (
    RESAMPLES,
    SEED,
    Floats,
    Interval,
    Measured,
    Resampler,
    Statistic,
    Subset,
    cluster_codes,
    measure,
    notes_on_intervals,
    two_sided_p,
)
from reeljudge.agreement.scales import ValueRange
from reeljudge.agreement.scoring import hits
from reeljudge.tables.votes import Vote

BOOTSTRAP_TEST = (
    "paired bootstrap over clusters, two-sided: twice the smaller share of resamples on one side of 0"
)
SIGN_FLIP_TEST = (
    "paired sign-flip test over clusters, two-sided: the judges' results swapped cluster by cluster"
)
FLIPS = 10_000
_EXACT_CLUSTERS = 13


@dataclass(frozen=True)
class Comparison:
    """Two judges on the same items. `difference` is first minus second; None is undefined.

    Attributes:
        n: items with a human score or vote. n_common: of these, items that both judges scored.
        first, second: each judge's statistics. Correlations and errors use the common items alone, accuracies
            all n (unscored is wrong).
        difference, ci: first minus second, and its 95 % bootstrap interval over clusters.
        p_value: two-sided, of no difference. test: which test gave it, by statistic. p-values are not
            corrected for looking at several statistics.
        clusters: how many clusters were resampled.
    """

    n: int
    n_common: int
    first: Mapping[str, float | None]
    second: Mapping[str, float | None]
    difference: Mapping[str, float | None]
    ci: Mapping[str, Interval | None]
    p_value: Mapping[str, float | None]
    test: Mapping[str, str]
    clusters: int
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def compare_points(
    human: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    human_scale: ValueRange | None = None,
    first_scale: ValueRange | None = None,
    second_scale: ValueRange | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Compare two judges' point scores against people's; arguments as in `points.point_agreement`."""
    judges = [np.asarray(judge, dtype=float) for judge in (first, second)]
    sides = [PointItems.of(human, judge, clusters) for judge in judges]
    # The draws depend on both judges alike, so that naming them the other way round mirrors the result.
    rated = ~np.isnan(np.atleast_2d(np.asarray(human, dtype=float).T)).all(axis=0)
    labels = (
        None if clusters is None else [label for label, kept in zip(clusters, rated, strict=True) if kept]
    )
    codes = _shared_codes(labels, sides[0].human, sides[0].judge, sides[1].judge)
    scales = [
        common_scale(side, human_scale, scale)
        for side, scale in zip(sides, (first_scale, second_scale), strict=True)
    ]
    common = sides[0].scored & sides[1].scored
    statistics = [_on_common(side, scale, common) for side, scale in zip(sides, scales, strict=True)]
    flips = {
        "accuracy": [hits(side.human, side.judge) for side in sides],
        "relaxed_accuracy": [hits(side.human, side.judge, within=1) for side in sides],
        "mae": [np.where(common, np.abs(side.judge - side.human), 0.0) for side in sides],
    }
    resampler = Resampler(codes, resamples, seed)
    size = sides[0].human.size
    notes = [f"{sides[0].left_out} rows have no human score and are left out"] if sides[0].left_out else []
    notes += [
        f"the {which} judge's accuracies and errors are null: human scores are on "
        f"{scale.human or 'no known scale'}, the judge's on {scale.judge or 'no known scale'}"
        for which, scale in zip(("first", "second"), scales, strict=True)
        if not scale.same
    ]
    return _compared(statistics, flips, common, size, resampler, notes)


def _on_common(items: PointItems, scales: Scales, common: NDArray[np.bool_]) -> dict[str, Statistic]:
    """One judge's statistics: correlations and errors on the items that both judges scored."""
    both = PointItems(items.human[common], items.ratings[common], items.judge[common], items.codes[common], 0)
    cut = Subset(common)
    all_items, shared = point_statistics(items, scales.same), point_statistics(both, scales.same)
    on_common = (*CORRELATIONS, "mae", "rmse", "qwk")
    chosen = {name: cut.on(shared[name]) for name in on_common}
    return chosen | {name: all_items[name] for name in ("accuracy", "relaxed_accuracy")}


def compare_pairs(
    human: Sequence[Vote | None],
    first: Sequence[Vote | None],
    second: Sequence[Vote | None],
    *,
    protocol: Protocol = "default",
    clusters: Sequence[Any] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Compare two judges' votes on pairs against people's; arguments as in `pairs.pair_agreement`."""
    sides = [PairItems.of(human, votes, None, None, clusters) for votes in (first, second)]
    right = [correct(side, protocol, 0.0) for side in sides]
    kept = [vote is not None and vote is not Vote.UNDECIDED for vote in human]
    labels = None if clusters is None else [label for label, one in zip(clusters, kept, strict=True) if one]
    codes = _shared_codes(labels, sides[0].sign, sides[0].judged, sides[1].judged)
    names = ("accuracy_with_ties", "accuracy_without_ties")
    statistics = [
        {name: pair_statistics(side, hit)[name] for name in names}
        for side, hit in zip(sides, right, strict=True)
    ]
    preferred = sides[0].sign != 0
    flips = {"accuracy_with_ties": right, "accuracy_without_ties": [hit & preferred for hit in right]}
    common = sides[0].scored & sides[1].scored
    notes = [f"{sides[0].left_out} pairs have no human vote and are left out"] if sides[0].left_out else []
    return _compared(statistics, flips, common, common.size, Resampler(codes, resamples, seed), notes)


def _shared_codes(
    labels: Sequence[Any] | None, human: Floats, first: Floats, second: Floats
) -> NDArray[np.intp]:
    low, high = np.fmin(first, second), np.fmax(first, second)
    unscored = np.isnan(first).astype(float) + np.isnan(second)
    return cluster_codes(labels, unscored, np.nan_to_num(high), np.nan_to_num(low), human)


def _compared(
    statistics: Sequence[Mapping[str, Statistic]],
    flips: Mapping[str, Sequence[NDArray[Any]]],
    common: NDArray[np.bool_],
    size: int,
    resampler: Resampler,
    notes: list[str],
) -> Comparison:
    values = [measure(side, Resampler(resampler.codes, 0)).values for side in statistics]
    differences = {name: _minus(statistics[0][name], statistics[1][name]) for name in statistics[0]}
    measured = measure(differences, resampler)
    p_values: dict[str, float | None] = {}
    for name in differences:
        if measured.values[name] is None:
            p_values[name] = None
        elif name in flips:
            one, other = (np.asarray(side, dtype=float) for side in flips[name])
            p_values[name] = sign_flip_p(one - other, resampler.codes, seed=resampler.seed)
        else:
            p_values[name] = two_sided_p(measured.draws[name]) if measured.draws[name].size else None
    tests = {name: SIGN_FLIP_TEST if name in flips else BOOTSTRAP_TEST for name in differences}
    return Comparison(
        n=size,
        n_common=int(common.sum()),
        first=values[0],
        second=values[1],
        difference=measured.values,
        ci=measured.ci,
        p_value=p_values,
        test=tests,
        clusters=resampler.clusters,
        notes=tuple(notes + list(_notes(measured, p_values, common, size, resampler))),
    )


def _minus(first: Statistic, second: Statistic) -> Statistic:
    return lambda weights: first(weights) - second(weights)


def sign_flip_p(
    difference: ArrayLike, codes: NDArray[np.intp], flips: int = FLIPS, seed: int = SEED
) -> float | None:
    """The p-value of "the two judges do equally well", for a statistic that is a sum over items.

    Under that hypothesis swapping the judges within a cluster changes nothing but the sign of the cluster's
    difference. Exact (all sign patterns) for up to 13 clusters that differ, else `flips` random patterns.

    Args:
        difference: (n,) what each item adds to the first judge's sum minus the second's.
        codes: (n,) cluster numbers. With one cluster there is nothing to flip: None.
    """
    values = np.asarray(difference, dtype=float)
    if codes.size == 0 or codes.max() == 0:
        return None
    sums = np.bincount(codes, weights=values)
    sums = sums[np.abs(sums) > 1e-12]
    if sums.size == 0:
        return 1.0
    observed = abs(sums.sum()) - 1e-9
    if sums.size <= _EXACT_CLUSTERS:
        signs = np.array(list(product((-1.0, 1.0), repeat=sums.size)))
        return float((np.abs(signs @ sums) >= observed).mean())
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, size=(flips, sums.size)) * 2.0 - 1.0
    return float((1 + (np.abs(signs @ sums) >= observed).sum()) / (1 + flips))


def _notes(
    measured: Measured,
    p_values: Mapping[str, float | None],
    common: NDArray[np.bool_],
    size: int,
    resampler: Resampler,
) -> Iterator[str]:
    shared = int(common.sum())
    if shared < size:
        yield (
            f"both judges scored {shared} of {size} items: correlations and errors use these, "
            "accuracies all (unscored is wrong)"
        )
    nulls = [name for name, value in measured.values.items() if value is None]
    if nulls:
        yield f"{', '.join(nulls)}: null, undefined for at least one of the judges on these items"
    alike = [name for name, draws in measured.draws.items() if draws.size and not draws.any()]
    if alike:
        yield f"the judges do not differ at all on {', '.join(alike)}"
    yield from notes_on_intervals(measured, resampler, expected_flat=alike)
    equal = [name for name, p in p_values.items() if p is not None and p >= 0.05 and name not in alike]
    if equal:
        yield f"too small to tell the judges apart on {', '.join(equal)}: {_reach(measured, equal)}"


def _reach(measured: Measured, names: Sequence[str]) -> str:
    widths = [(name, measured.ci[name]) for name in names]
    parts = [f"{name} {bounds[0]:+.3f} to {bounds[1]:+.3f}" for name, bounds in widths if bounds is not None]
    return f"the difference may be {', '.join(parts)}" if parts else "no interval"
