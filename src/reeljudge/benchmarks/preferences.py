"""A judge's preferences on the pairs of a measure: from votes, or from scores with a margin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reeljudge.agreement.pairs import TIE_RULES, PairItems, correct, pair_agreement, pair_statistics
from reeljudge.agreement.resampling import Floats, Resampler, notes_on_intervals
from reeljudge.agreement.resampling import measure as with_intervals
from reeljudge.agreement.scales import recognise
from reeljudge.agreement.scoring import mean_statistic
from reeljudge.agreement.ties import cross_fitted
from reeljudge.benchmarks.grading import combined
from reeljudge.benchmarks.numbers import Numbers
from reeljudge.benchmarks.scores import Scores
from reeljudge.benchmarks.selection import Chosen
from reeljudge.benchmarks.suite import Measure
from reeljudge.errors import UsageError
from reeljudge.tables.votes import GENAI_BENCH_JUDGE, Vote, read_vote

ALWAYS = ("majority_accuracy", "rank_auc")
"""Reported beside every headline: what a constant answer gets, and a number that needs no tie rule."""

_CHOICES = {
    "other_prompts": "calibrated for each pair on other prompts (20 random halves); shown: the best on all",
    "same_items": "calibrated on the reported pairs themselves: an upper end, not an estimate",
}


@dataclass(frozen=True)
class JudgedPairs:
    """The pairs of a measure, ready for `agreement.pair_agreement`.

    Attributes:
        scored: (n,) whether the judge said anything on a pair that people decided.
        headline: the statistics that the judge's answers allow: votes have no margin to calibrate.
    """

    measure: Measure
    human: Sequence[Vote | None]
    votes: Sequence[Vote | None] | None
    score_a: Floats
    score_b: Floats
    prompts: Sequence[str]
    scored: NDArray[np.bool_]
    tie_rule: str
    margin: float | None
    margin_chosen: str | None
    headline: tuple[str, ...]

    def of(self, kept: NDArray[np.bool_], resamples: int, seed: int) -> Numbers:
        """The headline and the baseline over the `kept` pairs, with intervals of the headline."""
        from_scores = self.votes is None
        calibrated = self.measure.margin.calibrated is not None
        margin = None if calibrated or not from_scores else self.margin
        prompts = _picked(self.prompts, kept)
        score_a, score_b = (self.score_a[kept], self.score_b[kept]) if from_scores else (None, None)
        human = _picked(self.human, kept)
        votes = None if self.votes is None else _picked(self.votes, kept)
        rule = self.measure.rule
        # Without resamples: every value and note, but intervals only of the numbers that are reported.
        found = pair_agreement(
            human,
            votes,
            score_a=score_a,
            score_b=score_b,
            tie_margin=margin,
            protocol=rule,
            clusters=prompts,
            resamples=0,
        )
        items = PairItems.of(human, votes, score_a, score_b, prompts)
        resampler = Resampler(items.codes, resamples, seed)
        statistics = pair_statistics(items, correct(items, rule, margin or 0.0))
        if from_scores and rule != "videoscore-v1":
            # Where people preferred a clip, a margin has no say: the sign alone counts.
            signs = pair_statistics(items, correct(items, rule, 0.0))
            statistics["accuracy_without_ties"] = signs["accuracy_without_ties"]
        if "tie_calibrated_accuracy" in self.headline and items.difference is not None:
            fitted = cross_fitted(items.sign, items.difference, items.codes)
            if fitted is not None:
                statistics["tie_calibrated_accuracy"] = mean_statistic(fitted)
        measured = with_intervals(
            {name: statistics[name] for name in self.headline if name in statistics}, resampler
        )
        values = {name: found.to_dict()[name] for name in (*self.headline, *ALWAYS)} | measured.values
        notes = [*found.notes, *notes_on_intervals(measured, resampler)]
        notes += _beaten_by_a_constant(values, measured.ci)
        return Numbers(values, measured.ci, tuple(dict.fromkeys(notes)), found.n)


def _picked(values: Sequence[Any], kept: NDArray[np.bool_]) -> list[Any]:
    return [value for value, keep in zip(values, kept, strict=True) if keep]


def _beaten_by_a_constant(
    values: Mapping[str, float | None], ci: Mapping[str, tuple[float, float] | None]
) -> Iterator[str]:
    constant = values["majority_accuracy"]
    for name in ("accuracy_with_ties", "tie_calibrated_accuracy"):
        bounds = ci.get(name)
        if bounds is not None and constant is not None and bounds[0] <= constant:
            yield f"{name} is not shown to beat the constant answer ({constant:.3f})"


def judged_pairs(chosen: Chosen, dimensions: Sequence[str], scores: Scores) -> JudgedPairs:
    """The pairs of a measure with what the judge said on them.

    Raises:
        UsageError: the margin is a share of the judge's range, and the range is not known.
    """
    measure = chosen.measure
    human = [_human(pair.votes[measure.human]) for pair in chosen.pairs]
    decided = np.array([vote is not None and vote is not Vote.UNDECIDED for vote in human], dtype=bool)
    score_a = score_b = np.full(len(chosen.pairs), np.nan)
    votes: list[Vote | None] | None = None
    if scores.votes is not None:
        if measure.rule == "videoscore-v1":
            raise UsageError(f"{measure.name}: this protocol compares scores; the judge gave votes")
        votes = [_judged(scores.votes.get(pair.id), measure.rule) for pair in chosen.pairs]
        said = np.array([vote is not None and vote is not Vote.UNDECIDED for vote in votes], dtype=bool)
        margin, how = None, None
        tie_rule = TIE_RULES[measure.rule]
    else:
        score_a = combined(measure, dimensions, scores, [pair.a for pair in chosen.pairs])
        score_b = combined(measure, dimensions, scores, [pair.b for pair in chosen.pairs])
        said = ~np.isnan(score_a - score_b)
        margin, how = _margin(measure, len(dimensions), scores, np.concatenate([score_a, score_b]))
        if measure.margin.calibrated is not None:
            margin = _best_margin(human, score_a, score_b)
        tie_rule = _rule_in_words(measure, margin)
    headline = measure.statistics
    if votes is not None:
        headline = ("accuracy_with_ties", "accuracy_without_ties")
    return JudgedPairs(
        measure,
        human,
        votes,
        score_a,
        score_b,
        [pair.group for pair in chosen.pairs],
        said | ~decided,
        tie_rule,
        margin,
        how,
        headline,
    )


def _human(vote: Any) -> Vote | None:
    return vote if isinstance(vote, Vote) else read_vote(vote)


def _judged(vote: Any, rule: str) -> Vote | None:
    if rule == "genai-bench":
        return GENAI_BENCH_JUDGE.get(vote) if isinstance(vote, str) else None
    return read_vote(vote)


def _best_margin(human: Sequence[Vote | None], score_a: Floats, score_b: Floats) -> float | None:
    return pair_agreement(list(human), score_a=score_a, score_b=score_b, resamples=0).tie_margin


def _margin(measure: Measure, count: int, scores: Scores, values: Floats) -> tuple[float | None, str]:
    margin = measure.margin
    if margin.calibrated is not None:
        return None, _CHOICES[margin.calibrated]
    if margin.fixed is not None:
        return margin.fixed, f"{margin.fixed:g}, stated by the protocol"
    if margin.share_of_range is not None:
        scale, how = scores.scale, ""
        if scale is None:
            scale, how = recognise(_all_values(scores)), ", recognised from its values"
        if scale is None:
            raise UsageError(
                f"{scores.source}: the margin of this protocol is {margin.share_of_range:.0%} of the judge's "
                "range, which the values do not tell: say --judge-scale LOW-HIGH (for example 1-5)"
            )
        width = (scale.high - scale.low) * (count if measure.combine == "sum" else 1)
        return margin.share_of_range * width, f"{margin.share_of_range:.0%} of the judge's range {scale}{how}"
    whole = bool(np.all(np.isnan(values) | (values == np.round(values))))
    if measure.combine == "mean" and count > 1:  # means of whole numbers are not whole
        whole = bool(np.all(np.isnan(values) | np.isclose(values * count, np.round(values * count))))
    chosen = margin.whole if whole else margin.fractional
    assert chosen is not None
    return chosen, f"{chosen:g}, the protocol's for {'whole' if whole else 'fractional'} scores"


def _all_values(scores: Scores) -> Floats:
    return np.array([score for of in scores.values.values() for score in of.values()], dtype=float)


def _rule_in_words(measure: Measure, margin: float | None) -> str:
    if measure.rule == "videoscore-v1":
        return f"{TIE_RULES['videoscore-v1']}; margin {margin:g}"
    right = (
        "a tie made from scores is right for a human tie of either kind; without ties the sign alone counts"
    )
    if margin is None:
        return right
    made = "equal scores are a tie" if margin == 0 else f"scores that differ by at most {margin:g} are a tie"
    return f"{made}; {right}"
