"""How far raters agree with one another: the numbers of `reeljudge raters`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reeljudge.agreement.correlation import kendall_b_statistic, kendall_c_statistic, spearman_statistic
from reeljudge.agreement.reliability import (
    alpha_interval_statistic,
    alpha_ordinal_statistic,
    fleiss_kappa_statistic,
    icc2_1_statistic,
    icc2_k_statistic,
    match_statistic,
    mean_pairwise_statistic,
    most_common_size,
)
from reeljudge.agreement.resampling import (
    RESAMPLES,
    SEED,
    Floats,
    Interval,
    Measured,
    Resampler,
    Statistic,
    cluster_codes,
    measure,
    notes_on_intervals,
)
from reeljudge.agreement.scoring import kappa_statistic


@dataclass(frozen=True)
class RaterAgreement:
    """Reliability of ratings. None is undefined, and a note says why.

    Attributes:
        items: items with at least one rating. raters: raters that rated anything.
        alpha_ordinal, alpha_interval: Krippendorff's alpha; ratings may be missing.
        fleiss_kappa: over items with the most common number of ratings.
        icc2_1, icc2_k: over items that every rater rated; one rater's score, and the mean of all.
        exact_match, relaxed_match: share of items with two ratings or more that are all equal, or span at
            most 1.
        mean_pairwise_srcc, ..._krcc_b, ..._krcc_c, ..._qwk: the mean over all pairs of raters.
        ci: 95 % bootstrap intervals over clusters of items; raters are taken as they are.
        clusters: how many clusters were resampled.
    """

    items: int
    raters: int
    alpha_ordinal: float | None
    alpha_interval: float | None
    fleiss_kappa: float | None
    icc2_1: float | None
    icc2_k: float | None
    exact_match: float | None
    relaxed_match: float | None
    mean_pairwise_srcc: float | None
    mean_pairwise_krcc_b: float | None
    mean_pairwise_krcc_c: float | None
    ci: Mapping[str, Interval | None]
    notes: tuple[str, ...]
    mean_pairwise_qwk: float | None
    clusters: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def rater_agreement(
    ratings: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> RaterAgreement:
    """Every inter-rater statistic. The reruns of one judge are raters like any others.

    Args:
        ratings: (items, raters), a column per rater; NaN is no rating.
        clusters: a label per item (its prompt); None for an item on its own.
    """
    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2:
        raise ValueError(f"ratings are an array (items, raters), not {table.shape}")
    rated = ~np.isnan(table).all(axis=1)
    labels = (
        None if clusters is None else [label for label, kept in zip(clusters, rated, strict=True) if kept]
    )
    left_out = int((~rated).sum())
    table = table[rated]
    table = table[:, ~np.isnan(table).all(axis=0)] if table.size else np.empty((0, 0))
    # In an order of the raters' own, so that neither renaming raters nor shuffling rows moves an interval.
    content = sorted((np.nan_to_num(column, nan=-np.inf) for column in table.T), key=lambda c: sorted(c))
    codes = cluster_codes(labels, *content) if len(table) else np.empty(0, dtype=np.intp)
    resampler = Resampler(codes, resamples, seed)
    measured = measure(rater_statistics(table), resampler)
    return RaterAgreement(
        items=len(table),
        raters=table.shape[1],
        ci=measured.ci,
        notes=tuple(_notes(table, left_out, measured, resampler)),
        clusters=resampler.clusters,
        **measured.values,
    )


def rater_statistics(ratings: Floats) -> dict[str, Statistic]:
    """The statistics by name, as functions of the weights of all items."""
    return {
        "alpha_ordinal": alpha_ordinal_statistic(ratings),
        "alpha_interval": alpha_interval_statistic(ratings),
        "fleiss_kappa": fleiss_kappa_statistic(ratings),
        "icc2_1": icc2_1_statistic(ratings),
        "icc2_k": icc2_k_statistic(ratings),
        "exact_match": match_statistic(ratings, 0),
        "relaxed_match": match_statistic(ratings, 1),
        "mean_pairwise_srcc": mean_pairwise_statistic(ratings, spearman_statistic),
        "mean_pairwise_krcc_b": mean_pairwise_statistic(ratings, kendall_b_statistic),
        "mean_pairwise_krcc_c": mean_pairwise_statistic(ratings, kendall_c_statistic),
        "mean_pairwise_qwk": mean_pairwise_statistic(ratings, kappa_statistic),
    }


def _notes(ratings: Floats, left_out: int, measured: Measured, resampler: Resampler) -> Iterator[str]:
    if left_out:
        yield f"{left_out} rows have no rating and are left out"
    yield from _notes_on_nulls(ratings, measured)
    yield from _notes_on_missing(ratings)
    yield from _notes_on_pairs(ratings)
    narrow = measured.values["relaxed_match"] is not None and np.nanmax(ratings) - np.nanmin(ratings) <= 1
    if narrow:
        yield "all ratings lie within 1 of each other, so relaxed_match says nothing"
    yield from notes_on_intervals(measured, resampler, expected_flat=("relaxed_match",) if narrow else ())


def _notes_on_nulls(ratings: Floats, measured: Measured) -> Iterator[str]:
    nulls = [name for name, value in measured.values.items() if value is None]
    if not nulls:
        return
    values = ratings[~np.isnan(ratings)]
    complete = int((~np.isnan(ratings).any(axis=1)).sum())
    if ratings.shape[1] < 2:
        why = "fewer than two raters"
    elif values.size and np.ptp(values) == 0:
        why = "all ratings are equal, and nothing can be told from chance"
    elif len(ratings) < 2:
        why = "fewer than two items"
    elif (~np.isnan(ratings)).sum(axis=1).max() < 2:
        why = "no item has two ratings"
    elif complete < 2 and set(nulls) <= {"icc2_1", "icc2_k"}:
        why = f"they need items that all {ratings.shape[1]} raters rated, and {complete} are"
    else:
        why = "the ratings vary too little, or too few items share raters"
    yield f"{', '.join(nulls)}: null, {why}"


def _notes_on_missing(ratings: Floats) -> Iterator[str]:
    missing = int(np.isnan(ratings).sum())
    if not missing:
        return
    complete, usual = int((~np.isnan(ratings).any(axis=1)).sum()), most_common_size(ratings)
    same = int(((~np.isnan(ratings)).sum(axis=1) == usual).sum()) if usual else 0
    yield (
        f"{missing} of {ratings.size} ratings are missing: icc2_1 and icc2_k use the {complete} items that "
        f"all raters rated, fleiss_kappa the {same} items with {usual} ratings; the rest uses all it can"
    )


def _notes_on_pairs(ratings: Floats) -> Iterator[str]:
    shared, undefined = [], 0
    for first, second in combinations(ratings.T, 2):
        both = ~(np.isnan(first) | np.isnan(second))
        shared.append(int(both.sum()))
        undefined += not both.any() or np.ptp(first[both]) == 0 or np.ptp(second[both]) == 0
    if undefined and undefined < len(shared):
        yield (
            f"{undefined} of {len(shared)} rater pairs are left out of the mean pairwise correlations: "
            "no shared items, or a rater who gave one score throughout"
        )
    if shared and 0 < min(shared) < 10 <= len(ratings):
        yield (
            f"some rater pairs share only {min(shared)} items, and count as much as the others "
            "in the pairwise means"
        )
