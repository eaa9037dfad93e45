"""How far a judge's scores agree with people's: the numbers of `reeljudge agree`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reeljudge.agreement.correlation import kendall_statistics, pearson_statistic, spearman_statistic
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
    undefined,
)
from reeljudge.agreement.scales import RATINGS, ValueRange, shared_scale
from reeljudge.agreement.scoring import (
    hits,
    kappa_statistic,
    majority_accuracy,
    mean_statistic,
    root_mean_statistic,
    round_half_up,
)

CORRELATIONS = ("srcc", "plcc", "krcc_b", "krcc_c")
ON_ONE_SCALE = ("mae", "rmse", "accuracy", "accuracy_scored", "relaxed_accuracy", "qwk")


@dataclass(frozen=True)
class PointAgreement:
    """Agreement of point scores. None is undefined, and a note says why.

    Attributes:
        n: items with a human score. n_scored: of these, items that the judge scored.
        srcc, plcc, krcc_b, krcc_c: Spearman, Pearson, Kendall tau-b and tau-c over scored items, unrounded.
        mae, rmse: errors over scored items against the human mean, unrounded, in points of the scale.
        accuracy: share of n where both round half up to the same number; unscored is wrong.
        accuracy_scored: the same share of n_scored.
        relaxed_accuracy: share of n within 1 after rounding; unscored is wrong.
        majority_accuracy: accuracy of always giving the most frequent human score.
        ci: 95 % bootstrap intervals over clusters.
        qwk: quadratic weighted kappa of the rounded scores, over scored items.
        rater_majority_accuracy, n_rater_majority: accuracy against the score that more than half of the
            raters of an item gave, over the items where there is one; None where each item has one human
            score.
        clusters: how many clusters were resampled.
        human_scale, judge_scale: as stated or recognised; None where the values tell of no known scale.
    """

    n: int
    n_scored: int
    srcc: float | None
    plcc: float | None
    krcc_b: float | None
    krcc_c: float | None
    mae: float | None
    rmse: float | None
    accuracy: float | None
    accuracy_scored: float | None
    relaxed_accuracy: float | None
    majority_accuracy: float | None
    ci: Mapping[str, Interval | None]
    notes: tuple[str, ...]
    qwk: float | None
    rater_majority_accuracy: float | None
    n_rater_majority: int | None
    clusters: int
    human_scale: str | None
    judge_scale: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def point_agreement(
    human: ArrayLike,
    judge: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    human_scale: ValueRange | None = None,
    judge_scale: ValueRange | None = None,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> PointAgreement:
    """Every point statistic between people and a judge.

    Args:
        human: (n,) scores, or (n, raters) whose mean is taken; NaN is no score.
        judge: (n,) scores; NaN is unscored.
        clusters: a label per item (its prompt); None for an item on its own.
        human_scale, judge_scale: where known; else recognised from the values (see `scales`). Different
            scales leave accuracies and errors undefined, correlations stand.
    """
    items = PointItems.of(human, judge, clusters)
    scales = common_scale(items, human_scale, judge_scale)
    resampler = Resampler(items.codes, resamples, seed)
    measured = measure(point_statistics(items, scales.same), resampler)
    majority = rater_majority(items.ratings)
    had_majority = ~np.isnan(majority)
    against_raters = (
        float(hits(majority[had_majority], items.judge[had_majority]).mean())
        if scales.same and had_majority.any()
        else None
    )
    several = items.ratings.shape[1] > 1
    baseline = majority_accuracy(items.human) if scales.same else None
    return PointAgreement(
        n=items.human.size,
        n_scored=int(items.scored.sum()),
        majority_accuracy=baseline,
        ci=measured.ci,
        notes=tuple(_notes(items, scales, measured, resampler, baseline)),
        rater_majority_accuracy=against_raters if several else None,
        n_rater_majority=int(had_majority.sum()) if several else None,
        clusters=resampler.clusters,
        human_scale=None if scales.human is None else str(scales.human),
        judge_scale=None if scales.judge is None else str(scales.judge),
        **measured.values,
    )


@dataclass(frozen=True)
class PointItems:
    """Items with a human score.

    Attributes:
        human: (n,) mean human scores. ratings: (n, raters) what they are the mean of.
        judge: (n,) NaN is unscored.
        codes: (n,) cluster numbers.
        left_out: rows without a human score.
    """

    human: Floats
    ratings: Floats
    judge: Floats
    codes: NDArray[np.intp]
    left_out: int

    @classmethod
    def of(cls, human: ArrayLike, judge: ArrayLike, clusters: Sequence[Any] | None) -> "PointItems":
        ratings, scores = np.asarray(human, dtype=float), np.asarray(judge, dtype=float)
        ratings = ratings[:, None] if ratings.ndim == 1 else ratings
        if ratings.ndim != 2 or scores.shape != ratings.shape[:1]:
            raise ValueError(
                f"human (n,) or (n, raters) and judge (n,), not {ratings.shape} and {scores.shape}"
            )
        rated = ~np.isnan(ratings).all(axis=1)
        labels = (
            None if clusters is None else [label for label, kept in zip(clusters, rated, strict=True) if kept]
        )
        ratings, scores = ratings[rated], scores[rated]
        means = mean_scores(ratings)
        codes = cluster_codes(labels, scores, means)
        return cls(means, ratings, scores, codes, int((~rated).sum()))

    @property
    def scored(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.judge)


def mean_scores(scores: Floats) -> Floats:
    """The mean of each row (n, several); NaN where a row has none.

    Means of several scores are rounded to 10 decimals: 0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 must tie in ranks.
    """
    present = ~np.isnan(scores)
    count, total = present.sum(axis=1), np.where(present, scores, 0.0).sum(axis=1)
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.where(count > 1, np.round(means, 10), means)


@dataclass(frozen=True)
class Scales:
    """The scales of both fields (None where unknown), and whether they are the same one."""

    human: ValueRange | None
    judge: ValueRange | None
    same: bool


def common_scale(items: PointItems, human: ValueRange | None, judge: ValueRange | None) -> Scales:
    """The scales of both fields, and whether scores can be compared value by value.

    What is stated counts. Where one side is stated, the other shares it if both looked alike before and its
    values lie on it; else it keeps what its values tell.
    """
    found_human, found_judge, same = shared_scale(items.ratings.ravel(), items.judge)
    if human is None and judge is None:
        return Scales(found_human, found_judge, same)
    if human is None:
        human = judge if same and _all_on(items.ratings, judge) else found_human
    if judge is None:
        judge = human if same and _all_on(items.judge, human) else found_judge
    return Scales(human, judge, human is not None and human == judge)


def _all_on(values: Floats, scale: ValueRange | None) -> bool:
    seen = values[~np.isnan(values)]
    return scale is not None and bool(seen.size) and seen.min() in scale and seen.max() in scale


def point_statistics(items: PointItems, same_scale: bool) -> dict[str, Statistic]:
    """The statistics by name, as functions of the weights of all items."""
    scored = Subset(items.scored)
    people, scores = items.human[items.scored], items.judge[items.scored]
    tau_b, tau_c = kendall_statistics(people, scores)
    exact, near = hits(items.human, items.judge), hits(items.human, items.judge, within=1)
    statistics = {
        "srcc": scored.on(spearman_statistic(people, scores)),
        "plcc": scored.on(pearson_statistic(people, scores)),
        "krcc_b": scored.on(tau_b),
        "krcc_c": scored.on(tau_c),
        "mae": scored.on(mean_statistic(np.abs(scores - people))),
        "rmse": scored.on(root_mean_statistic((scores - people) ** 2)),
        "accuracy": mean_statistic(exact),
        "accuracy_scored": scored.on(mean_statistic(exact[items.scored])),
        "relaxed_accuracy": mean_statistic(near),
        "qwk": scored.on(kappa_statistic(round_half_up(people), round_half_up(scores))),
    }
    return {name: s if same_scale or name in CORRELATIONS else undefined for name, s in statistics.items()}


def rater_majority(ratings: Floats) -> Floats:
    """The score that more than half of an item's raters gave (n,); NaN where there is none."""
    present = (~np.isnan(ratings)).sum(axis=1)
    equal = (ratings[:, :, None] == ratings[:, None, :]).sum(axis=2)
    most = equal.argmax(axis=1) if ratings.shape[1] else np.zeros(len(ratings), dtype=int)
    rows = np.arange(len(ratings))
    return np.where(2 * equal[rows, most] > present, ratings[rows, most], np.nan)


def _notes(
    items: PointItems, scales: Scales, measured: Measured, resampler: Resampler, baseline: float | None
) -> Iterator[str]:
    size, scored = items.human.size, int(items.scored.sum())
    if items.left_out:
        yield f"{items.left_out} rows have no human score and are left out"
    if scored < size:
        yield (
            f"{size - scored} of {size} items are unscored ({1 - scored / size:.1%}): wrong in accuracy and "
            "relaxed_accuracy, left out of correlations, errors and accuracy_scored"
        )
    yield from _notes_on_nulls(items, scales, measured)
    if scales.same:
        yield from _notes_on_scale(items, scales)
    yield from notes_on_intervals(measured, resampler)
    around = measured.ci["srcc"]
    if around is not None and around[0] <= 0 <= around[1]:
        yield "this set cannot tell the judge's ranking from chance: the interval of srcc holds 0"
    bounds = measured.ci["accuracy"]
    if bounds is not None and baseline is not None and bounds[0] <= baseline:
        yield (
            f"accuracy is not shown to beat the constant answer: always giving the most frequent human score "
            f"gets {baseline:.3f}"
        )


def _notes_on_nulls(items: PointItems, scales: Scales, measured: Measured) -> Iterator[str]:
    if not scales.same and items.scored.any():
        sides = [f"on {scale}" if scale else "on no known scale" for scale in (scales.human, scales.judge)]
        yield (
            f"accuracies and errors are null: human scores are {sides[0]}, the judge's {sides[1]}; "
            "if they share a scale, state it (--human-scale, --judge-scale)"
        )
    names = CORRELATIONS + (ON_ONE_SCALE if scales.same or not items.scored.any() else ())
    undefined = [name for name in names if measured.values[name] is None]
    if undefined:
        yield f"{', '.join(undefined)}: null, {_why_undefined(items)}"


def _why_undefined(items: PointItems) -> str:
    people, scores = items.human[items.scored], items.judge[items.scored]
    if items.human.size == 0:
        return "no item has a human score"
    if scores.size < 2:
        return f"{scores.size or 'no'} item{'' if scores.size == 1 else 's'} scored"
    constant = [name for name, values in (("human", people), ("judge's", scores)) if np.ptp(values) == 0]
    return f"all {' and all '.join(constant)} scores are equal" if constant else "too few different scores"


def _notes_on_scale(items: PointItems, scales: Scales) -> Iterator[str]:
    assert scales.human is not None
    scores = items.judge[items.scored]
    below = int((scores < 0.5).sum()) if scales.human == RATINGS else 0
    if below:
        yield (
            f"{below} of the judge's scores are below the scale {RATINGS} (lowest: {scores.min():g}); "
            "if they stand for failed answers, leave them out (--missing 0)"
        )
    if scales.human.high - scales.human.low <= 1:
        yield f"on the scale {scales.human} rounding leaves two classes, and relaxed_accuracy says nothing"
