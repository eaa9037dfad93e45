"""Which scale a field of scores is on, recognised from its values, and values that cannot belong to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reeljudge.errors import UsageError

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ValueRange:
    """A scale of scores, from `low` to `high`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise UsageError(
                f"a scale runs from a lower to a higher value, not {self.low:g} to {self.high:g}"
            )

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g}" if self.low >= 0 else f"{self.low:g}..{self.high:g}"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @classmethod
    def parse(cls, text: str) -> "ValueRange":
        """`1-5`, `0-100` or, with a negative end, `-1..1`."""
        low, dots, high = text.partition("..") if ".." in text else text.partition("-")
        try:
            if dots:
                return cls(float(low), float(high))
        except ValueError:
            pass
        raise UsageError(f"a scale is written LOW-HIGH (1-5) or LOW..HIGH (-1..1), not {text!r}")


UNIT, THREE_GRADES, RATINGS, TEN, HUNDRED = (
    ValueRange(0, 1),
    ValueRange(0, 2),
    ValueRange(1, 5),
    ValueRange(0, 10),
    ValueRange(0, 100),
)
"""The scales that are recognised: 0-1; the grades 0, 1, 2; 1-5 (also 1-3 and 1-4); 0-10; 0-100."""


def recognise(values: Values) -> ValueRange | None:
    """The scale that the values of one field (NaN: none) lie on, or None where they tell of no known scale.

    Negative values and values over 100 are on no known scale. Otherwise it is the smallest of 0-1, 0-2 (whole
    grades with a zero), 1-5, 0-10 and 0-100 that holds them all. Zeros beside values up to 5 count as 1-5:
    there they are as a rule failed answers, and the caller says so.
    """
    seen = values[~np.isnan(values)]
    if seen.size == 0 or seen.min() < 0 or seen.max() > HUNDRED.high:
        return None
    low, high = seen.min(), seen.max()
    if high <= 1:
        return RATINGS if low == 1 else UNIT
    if high <= 2 and low == 0 and bool(np.all(seen == np.round(seen))):
        return THREE_GRADES
    if high <= RATINGS.high:
        return RATINGS
    return TEN if high <= TEN.high else HUNDRED


def shared_scale(human: Values, judge: Values) -> tuple[ValueRange | None, ValueRange | None, bool]:
    """The recognised scales of two fields, and whether they are the same one.

    Values that fit several scales take the other field's: none at all, only ones on a scale that holds a 1,
    and whole values up to 2 beside grades of 0-2.
    """
    scales = [recognise(human), recognise(judge)]
    for mine, other, values in ((0, 1, human), (1, 0, judge)):
        theirs = scales[other]
        if theirs is not None and _also_fits(values[~np.isnan(values)], theirs):
            scales[mine] = theirs
    return scales[0], scales[1], scales[0] is not None and scales[0] == scales[1]


def _also_fits(seen: Values, scale: ValueRange) -> bool:
    if seen.size == 0:
        return True
    if not (seen.min() in scale and seen.max() in scale):
        return False
    return bool(np.all(seen == 1)) or (scale == THREE_GRADES and bool(np.all(seen == np.round(seen))))


def stray(values: Values, scale: ValueRange | None = None) -> tuple[int, str] | None:
    """The index of a value that cannot be on the scale of the rest, and why; None where all is well.

    With a stated scale: the first value outside it. Without: a lone -1 (many tables write it for "no score"),
    and a minority that is plainly on another scale than the rest: fractions below 1 among whole ratings,
    values over 10 among ratings of 1-5, or one value in twenty beyond 5 among whole ratings.
    """
    seen = ~np.isnan(values)
    if not seen.any():
        return None
    if scale is not None:
        outside = seen & ((values < scale.low - 1e-9) | (values > scale.high + 1e-9))
        return (_first(outside), f"is outside the stated scale {scale}") if outside.any() else None
    negative = seen & (values < 0)
    if negative.any():
        if np.all(values[negative] == -1):
            mend = "if -1 stands for no score say --missing -1, else state the field's scale"
            return _first(negative), f"is the field's only negative value ({mend})"
        return None
    return _other_scale(values, seen)


def _other_scale(values: Values, seen: NDArray[np.bool_]) -> tuple[int, str] | None:
    whole = seen & (values == np.round(values))
    fractions, large = seen & (values > 0) & (values < 1), seen & (values > 1)
    if fractions.any() and large.any() and np.all(whole[large]) and values[large].max() <= TEN.high:
        minority = fractions if fractions.sum() <= large.sum() else large
        return _first(minority), "mixes fractions of 0-1 with whole ratings in one field"
    ratings = seen & (values >= RATINGS.low) & (values <= RATINGS.high)
    beyond = seen & (values > RATINGS.high)
    if not beyond.any() or 2 * ratings.sum() < seen.sum():
        return None
    far = values[beyond].min() > TEN.high
    rare = beyond.sum() <= 0.05 * seen.sum() and whole.sum() >= 0.95 * seen.sum()
    if far or rare:
        return _first(beyond), "is far from the rest of the field, which holds ratings of 1-5"
    return None


def _first(mask: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(mask)[0])
