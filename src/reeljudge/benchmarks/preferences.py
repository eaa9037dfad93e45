"""A judge's preferences on the pairs of a measure: from votes, or from scores with a margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reeljudge.agreement.pairs import TIE_RULES, PairAgreement, pair_agreement
from reeljudge.agreement.resampling import Floats
from reeljudge.agreement.scales import recognise
from reeljudge.benchmarks.grading import combined
from reeljudge.benchmarks.scores import Scores
from reeljudge.benchmarks.selection import Chosen
from reeljudge.benchmarks.suite import Measure
from reeljudge.errors import UsageError
from reeljudge.tables.votes import GENAI_BENCH_JUDGE, Vote, read_vote

WITHOUT_TIES = ("accuracy_without_ties", "accuracy_without_ties_scored")
_CHOICES = {
    "other_prompts": "calibrated for each pair on other prompts (20 random halves); shown: the best on all",
    "same_items": "calibrated on the reported pairs themselves: an upper end, not an estimate",
}


@dataclass(frozen=True)
class PairNumbers:
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
    resamples: int
    seed: int

    def of(
        self, kept: NDArray[np.bool_]
    ) -> tuple[dict[str, float | None], Mapping[str, Any], tuple[str, ...], int]:
        """All statistics, their intervals, notes and the number of pairs, over the `kept` pairs."""
        calibrated = self.measure.margin.calibrated is not None
        margin = None if calibrated or self.votes is not None else self.margin
        found = self._agreement(kept, margin)
        values, ci = found.to_dict(), dict(found.ci)
        if self.votes is None and self.measure.rule != "videoscore-v1":
            # Where people preferred a clip, a margin has no say: the sign alone counts.
            signs = found if margin == 0 else self._agreement(kept, 0.0)
            values |= {name: getattr(signs, name) for name in WITHOUT_TIES}
            ci |= {name: signs.ci.get(name) for name in WITHOUT_TIES}
        return values, ci, found.notes, found.n

    def _agreement(self, kept: NDArray[np.bool_], margin: float | None) -> PairAgreement:
        def picked(values: Sequence[Any]) -> list[Any]:
            return [value for value, keep in zip(values, kept, strict=True) if keep]

        from_scores = self.votes is None
        return pair_agreement(
            picked(self.human),
            None if self.votes is None else picked(self.votes),
            score_a=self.score_a[kept] if from_scores else None,
            score_b=self.score_b[kept] if from_scores else None,
            tie_margin=margin,
            protocol=self.measure.rule,
            clusters=picked(self.prompts),
            resamples=self.resamples,
            seed=self.seed,
        )


def pair_numbers(
    chosen: Chosen, dimensions: Sequence[str], scores: Scores, resamples: int, seed: int
) -> PairNumbers:
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
    return PairNumbers(
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
        resamples,
        seed,
    )


def _human(vote: Any) -> Vote | None:
    return vote if isinstance(vote, Vote) else read_vote(vote)


def _judged(vote: Any, rule: str) -> Vote | None:
    if rule == "genai-bench":
        return GENAI_BENCH_JUDGE.get(vote) if isinstance(vote, str) else None
    return read_vote(vote)


def _best_margin(human: Sequence[Vote | None], score_a: Floats, score_b: Floats) -> float | None:
    return pair_agreement(list(human), score_a=score_a, score_b=score_b, resamples=1).tie_margin


def _margin(measure: Measure, count: int, scores: Scores, values: Floats) -> tuple[float | None, str]:
    margin = measure.margin
    if margin.calibrated is not None:
        return None, _CHOICES[margin.calibrated]
    if margin.fixed is not None:
        return margin.fixed, f"{margin.fixed:g}, stated by the protocol"
    if margin.share_of_range is not None:
        scale, how = scores.scale, ""
        if scale is None:
            scale, how = recognise(_all_values(scores)), " (recognised from its values)"
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
