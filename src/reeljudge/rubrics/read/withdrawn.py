"""Scores that the judge takes back: "4. Actually, make that 3"."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from reeljudge.rubrics.model import Scale
from reeljudge.rubrics.read.statements import Statement

_REACH = 100
_TOO_MUCH = r"too (?:(?:kind|generous|harsh|strict)\b|(?:high|low)(?= {0,3}(?:[.,;:!?)\n]|$)))"
_SECOND = re.compile(
    r"""(?:\b(?:no|nope|wait|actually|rather|correction|i[ ]mean|scratch[ ]that|sorry|hmm
          |make[ ](?:it|that)|so|(?:changed|lowered|raised|reduced)[ ]to|dropping|falling|rising|down)\b
         [^\w\n]{0,4}
         (?:(?:make|made|it|its|it's|that|is|should|be|would|say|to|an?|i'd|the|score|rating|more|like|only
            |back|rather|actually|no|by|as|at|around)\b[^\w\n]{1,4}){0,6}
       | \.{3}[ ]?(?:no[,;: ]{1,3})?
       | -[ ]{0,16}(?=\d{1,4}[ ]for\b))
       (?P<value>\d{1,4})(?![\w%]|[.,/]\d)""",
    re.VERBOSE,
)
_NEXT = re.compile(
    r"""[ ,.;:()\-]{1,6}(?:or|maybe|perhaps|possibly|then|minus|final|finally)\b[^\w\n]{1,4}
        (?:(?:to|an?|the|only|even|it|is)[ ]){0,3}(?P<value>\d{1,4})(?![\w%]|[.,/]\d)""",
    re.VERBOSE,
)
_ENDS = re.compile(
    r"[ ]{0,4}(?:$|[\n.,;:!?)\]]|(?:in|at|for|by|on|if|when|because|towards?|as|out|instead)\b)"
)
_TOO = re.compile(
    r"[\s.,;:!?()\-]{0,8}(?:(?:no|but|which|that|this|it|and|perhaps|maybe)(?:[, ]{1,2}|(?='s))){0,4}"
    rf"(?:'s |is |was |would be |may be |might be )?(?:far |much |a bit )?{_TOO_MUCH}"
)
_CORRECTS = re.compile(
    r"\b(?:correction|corrected|actually|wait|on (?:second|closer|further)|on reflection|reconsider\w*"
    r"|mistaken?|i meant|revis\w+|updat\w+|hmm|oops|sorry|should (?:be|have been)|instead|scratch that"
    rf"|{_TOO_MUCH})"
)
"""Words between two values of one dimension that take the first one back."""

_NEXT_LINE = 40
_BEFORE_CORRECTION = 160


def is_taken_back(text: str, place: int, stop: int, value: int | None, scale: Scale) -> bool:
    """Whether what follows a number at `place`, in its line and before `stop`, puts another one in its place,
    or calls it too high or too low."""
    line = text.find("\n", place, place + _REACH)
    rest = text[place : min(stop, line if line >= 0 else place + _REACH)]
    if _TOO.match(rest) is not None:
        return True
    following = _NEXT.match(rest)
    return any(
        int(match["value"]) in scale and int(match["value"]) != value and _ENDS.match(rest, match.end())
        for match in [*_SECOND.finditer(rest), *([following] if following else [])]
    )


def is_corrected(text: str, last: Statement, stated: Sequence[Statement], found: Sequence[Statement]) -> bool:
    """Whether another value for the dimension of `last` follows it: on the next line of the same list, or
    behind words that take the first one back; or whether the whole answer is called too kind.

    Any other partial answer behind a complete one changes nothing.

    Args:
        stated: what the answer consists of.
        found: every statement in `text`.
    """
    ends = sorted(statement.end for statement in stated)
    if _TOO.match(text, ends[-1]) is not None:
        return True
    for later in found:
        if later.start < last.end or later.dimension != last.dimension or later.meaning == last.meaning:
            continue
        before = ends[bisect_right(ends, later.start) - 1]
        if later.start - before <= _NEXT_LINE and "\n\n" not in text[before : later.start]:
            return True
        if _CORRECTS.search(text, max(before, later.start - _BEFORE_CORRECTION), later.start):
            return True
    return False
