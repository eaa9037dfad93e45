"""Numbers where a score should stand: which integer one of them is, or why it is none."""

import re
from dataclasses import dataclass

from reeljudge.rubrics.model import Scale
from reeljudge.rubrics.read.text import Span
from reeljudge.verdicts import Reason

UNITS = r"(?:points?|stars?|marks?|pts?|punkte?|分|점|点|星)"

_S = r"[ ]{0,16}+"
"""Emphasis around a number has been overwritten by spaces: "**4** (out of 10)"."""

# Every repetition is bounded or possessive, so that a hostile reply costs linear time.
_NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d++)(?P<fraction>[.,]\d++)?")
_BOUNDS = re.compile(r"(?:between|from)[ ]{1,2}(?=\d)")
_RANGE = re.compile(
    rf"{_S}(?:\([^()\n]{{0,40}}\){_S})?"  # "1 (worst) to 5 (best)"
    rf"(?:-{{1,2}}|=>|->|→|±|\+/-|~|\.{{2,3}}|to\b|or\b|and(?=[ ]{{1,16}}\d)){_S}(?P<high>\d++(?:[.,]\d++)?)"
    rf"(?!{_S}(?!{UNITS}|out[ ]of|of\b|and\b|or\b|but\b|with\b|depending\b)[^\W\d_])"
)
_OPTIONS = re.compile(
    rf"(?:(?:{_S}(?:[,;]{_S}(?:(?:or|and)[ ])?|(?:or|and)[ ]{{1,16}})\d{{1,9}}){{1,30}}"
    rf"|(?:{_S}/{_S}\d{{1,9}}){{2,30}})(?!\d|\.\d|%)"
)
_OUT_OF = re.compile(
    rf"(?:{_S}{UNITS}(?!\w))?{_S}[(\[,]?{_S}"
    rf"(?:/|out[ ]of\b|of\b|von\b|sur\b|de\b|su\b|max(?:imum)?\b(?:[ ]of\b)?:?|满分[是为]?){_S}"
    r"(?P<full>\d++(?:\.0{1,4})?)(?![\d.,/]?\d)"
)
_ON_SCALE = re.compile(
    rf"(?:{_S}{UNITS}(?!\w))?{_S}[(\[,]?{_S}(?:on[ ](?:an?|the)[ ])?(?:(?P<points>\d++)[ -]?point[ ]scale"
    r"|\d++[ ]?(?:-|to)[ ]?(?P<named>\d++)[ ]scale"
    r"|scale[ ](?:of|from)[ ](?:\d++[ ]?(?:-|to)[ ]?)?(?P<full>\d++)"
    r"|(?:with|where)[ ](?P<best>\d++)[ ](?:is|as|being|=)[ ])"
)
_PERCENT = re.compile(rf"{_S}(?:%|per[ ]?cent\b)")
_HALF = re.compile(r"[ ]{1,16}(?:and[ ](?:an?|one|two|three)[ -](?:half|halves|thirds?|quarters?)\b|1/2\b)")
_THOUSANDS = re.compile(r",\d{3}")


@dataclass(frozen=True)
class Number:
    """A number as it stands in a reply.

    Attributes:
        value: the integer, None where it is none.
        reason: why it is no score: `out_of_range`, or `ambiguous` ("3-4", "4 ± 1").
        span: its characters: sign of a negative number and digits, without a fraction or "/5".
        end: where it ends, fraction and "/5" included.
        states: False where it repeats the scale or lists its options and so states nothing.
        whole: it is written as a share of the scale's top ("4/5"), which hardly anything but a score is.
    """

    value: int | None
    reason: Reason | None
    span: Span
    end: int
    states: bool = True
    whole: bool = False


def read_number(text: str, place: int, scale: Scale) -> Number | None:
    """The number that begins at `place` of the folded `text`, None where there is none."""
    bounds = _BOUNDS.match(text, place)
    match = _NUMBER.match(text, bounds.end() if bounds else place)
    if match is None:
        return None
    span, end = match.span("digits"), match.end()
    options = _options(text, match, scale)
    if options is not None:
        return options
    interval = _RANGE.match(text, end)
    if interval is not None:
        return _interval(text, match, interval, scale)
    value, reason = _value(match, scale)
    if value is not None and value < 0:
        span = (span[0] - 1, span[1])
    part = _OUT_OF.match(text, end) or _ON_SCALE.match(text, end)
    if part is not None:
        top = next(found for found in part.groups() if found is not None)
        if _small(top) != scale.max:
            value, reason = None, "out_of_range"
        return Number(value, reason, span, part.end(), whole=True)
    if bounds:
        return None  # "from 4, falling to 2"
    other = _PERCENT.match(text, end) or _HALF.match(text, end)
    if other is not None:
        return Number(None, "out_of_range", span, other.end())
    return Number(value, reason, span, end)


def _value(match: re.Match[str], scale: Scale) -> tuple[int | None, Reason | None]:
    fraction = match["fraction"] or ""
    if len(match["digits"]) > 9 or fraction.strip(".,0") or _THOUSANDS.fullmatch(fraction):
        return None, "out_of_range"
    if match["sign"] == "+" and scale.min >= 0:
        return None, "out_of_range"  # a change, not a score
    value = int(match["digits"]) * (-1 if match["sign"] == "-" else 1)
    return (value, None) if value in scale else (None, "out_of_range")


def _options(text: str, match: re.Match[str], scale: Scale) -> Number | None:
    """ "1, 2, 3, 4, 5" or "4, 3, 2": several values in the place of one."""
    listed = _OPTIONS.match(text, match.end("digits"))
    if listed is None or len(match["digits"]) > 9:
        return None
    run = [int(number) for number in re.findall(r"\d+", text[match.start("digits") : listed.end()])]
    if len(run) == 2 and (listed.group().startswith(",") and " " not in listed.group()):
        return None  # "3,5" is one number
    if len(run) == 2 and _continues(text, listed.end()):
        return None  # in "4, 3 frames" the second begins something else
    whole_scale = run[: len(scale.values)] in ([*scale.values], [*reversed(scale.values)])
    return Number(None, "ambiguous", match.span("digits"), listed.end(), states=not whole_scale)


def _continues(text: str, place: int) -> bool:
    """Whether something goes on in the line at `place`: words, or the dot of a list item."""
    return re.match(r"[ ]{0,3}(?:[^\W\d_]|[.)]|\d|[-:=(]|%)", text[place : place + 8]) is not None


def _interval(text: str, low: re.Match[str], interval: re.Match[str], scale: Scale) -> Number:
    """ "3-4" is two values; "1-5" is the scale's own name and none."""
    end = interval.end()
    part = _OUT_OF.match(text, end)
    if part is not None:
        end = part.end()
    ends = (_small(low["digits"]), _small(interval["high"]))
    return Number(None, "ambiguous", low.span("digits"), end, states=ends != (scale.min, scale.max))


def _small(digits: str) -> float | None:
    return float(digits.replace(",", ".")) if len(digits) <= 12 else None
