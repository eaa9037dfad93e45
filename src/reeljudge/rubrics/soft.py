"""Soft scores: the probabilities of the scale's digits at the token that wrote the final answer."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from reeljudge.rubrics.model import Scale
from reeljudge.verdicts import DigitToken


@dataclass(frozen=True)
class SoftScore:
    """Probabilities over the scale (lowest value first, normalised over its digits) and what follows.

    Attributes:
        probabilities: one per value of the scale, summing to 1.
        expected: sum of s x p_s, in [min, max].
        coverage: share of the probability at that token that the backend let us see, in [0, 1].
    """

    scale: Scale
    probabilities: tuple[float, ...]
    expected: float
    coverage: float

    def confidence(self, value: int) -> float:
        """The probability of `value`."""
        return self.probabilities[value - self.scale.min]


def soft_score(span: tuple[int, int], digits: Sequence[DigitToken], scale: Scale) -> SoftScore | None:
    """The soft score at the answer's digit, or None where it cannot be located.

    A digit token may carry neighbours (" 4", "4;"): the alternatives that count are then the tokens that
    carry the same neighbours. Values that the backend did not show count as probability 0; `coverage`
    says how much probability was shown at all.

    Args:
        span: characters of the number in the reply, as the reader found it.
        digits: the reply's digit tokens.
        scale: soft scores exist where every value is one digit.
    """
    start, end = span
    if not scale.single_digit or end - start != 1:
        return None
    token = next((token for token in digits if token.start <= start and end <= token.end), None)
    if token is None:
        return None
    # Where offsets and text disagree (bytes of one character split over tokens) nothing can be said.
    place = start - token.start
    if len(token.text) != token.end - token.start or not token.text[place : place + 1].isdecimal():
        return None
    if token.text not in token.alternatives:
        return None  # what was written is not among what was shown: these are another step's
    before, digit, after = token.text[:place], token.text[place], token.text[place + 1 :]
    zero = ord(digit) - unicodedata.decimal(digit)  # of the same script: a full-width 4 has full-width rivals
    logits = [token.alternatives.get(f"{before}{chr(zero + value)}{after}") for value in scale.values]
    shown = [logit for logit in logits if logit is not None and not math.isnan(logit)]
    top = max(shown, default=-math.inf)
    if math.isinf(top):
        return None
    weights = [0.0 if logit is None or math.isnan(logit) else math.exp(logit - top) for logit in logits]
    total = sum(weights)
    probabilities = tuple(weight / total for weight in weights)
    expected = sum(value * p for value, p in zip(scale.values, probabilities, strict=True))
    return SoftScore(scale, probabilities, expected, min(1.0, max(0.0, token.seen)))


def upstream_soft_score(probabilities: Sequence[float], scale: Scale) -> float:
    """VideoScore2's published soft score: the likeliest value times its share of the probability.

    Equation 2 of arXiv 2509.22799. It is no expectation: a 5 at probability 0.5 becomes 2.5.
    The first of equally likely values counts.
    """
    total = sum(probabilities)
    if total <= 0:
        raise ValueError("the probabilities sum to 0")
    best = max(range(len(probabilities)), key=lambda index: probabilities[index])
    return scale.values[best] * probabilities[best] / total
