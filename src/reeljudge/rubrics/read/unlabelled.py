"""Scores whose label stands elsewhere: over a section, or nowhere because there is only one dimension."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from reeljudge.rubrics.model import Scale
from reeljudge.rubrics.read.labels import LabelHit
from reeljudge.rubrics.read.numbers import Number, read_number
from reeljudge.rubrics.read.places import Places, closed, is_end, sentence_before
from reeljudge.rubrics.read.statements import Statement
from reeljudge.rubrics.read.text import Cover, Span

_SCORE_LINE = re.compile(
    r"""(?:^|(?<=[.!?\n]))[\s\-•>#"']{0,12}(?:(?:final|my|the|so|therefore)[ ,]{1,2}){0,2}
        (?:score|rating|grade)\b[ ]{0,2}(?:[:=\-→]|is|of){1,2}[ ]{0,3}["'(\[]{0,2}(?=[\d+\-])""",
    re.VERBOSE | re.MULTILINE,
)
_CLIP = r"(?:video|clip|footage|sequence|generation|animation|film|result)"
_OTHERS = r"(?:than|first|second|third|last|next|previous|other|reference|real|original)\b"
_CLIP_AS_A_WHOLE = rf"(?:this|the)(?:[ ](?!{_OTHERS})[\w\-]{{2,24}}){{0,2}}?[ ]{_CLIP}"
_BEFORE_BARE = re.compile(r"[ \n\x00]*+[\"'$({\[<]{0,4}(?:\\boxed\{|\\\(|<\|begin_of_box\|>)?[ $]{0,4}")
_AFTER_BARE = re.compile(r"[.\"'$)}\]>\\ ]{0,12}[ \n\x00]*+")
_FINAL = re.compile(r"^[ \-•>\"'#]{0,12}final[ ](?:score|rating)\b", re.MULTILINE)
_NEXT_PART = re.compile(
    r"""^[ \-•>"']{0,12}(?:(?P<whole>(?:\#{1,6}[ ]{1,12})?(?:\d{1,2}[.)])?[ ]{0,12}
        (?:overall|total|average|mean|summary|conclusion|verdict|(?P<final>final))\b)
        | (?P<marks>\#{1,6})[ ])""",
    re.VERBOSE | re.MULTILINE,
)
_HEAD_BEFORE = re.compile(r"[\s#>\-•\"'\d.()]*")
_HEAD_AFTER = re.compile(r"[\"')]{0,3}[ ]{0,3}(?:\([^()\n]{0,80}\)[ ]{0,3})?(?:[:\n\-]|$)")


def sentence_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """What comes right before the number in "I would give this video a 4 out of 5", where the score is given
    to the clip as a whole or to the only dimension asked for.

    Args:
        names: patterns of that dimension's names.
    """
    owner = "|".join(names)
    named = rf"|(?:the|its)[ ](?:overall[ ])?(?:{owner})(?:[ ]of[ ]{_CLIP_AS_A_WHOLE})?" if owner else ""
    named += rf"|(?:this|the)[ ]{_CLIP}'s[ ](?:overall[ ])?(?:{owner})" if owner else ""
    whole = rf"(?:it|{_CLIP_AS_A_WHOLE}|this{named})"
    return re.compile(
        rf"""\b(?:i|we)(?:'d|[ ]would|[ ]will|'ll)?(?:[ ](?:now|therefore|thus))?
        [ ](?:rate|give|assign|score|grade)[ ](?:{whole}[ ])?(?:overall[ ])?
        (?:(?:as|at|with|an?|the|final|overall|solid|strong|fair|score|rating|grade|of|:)[ ]?){{0,5}}(?=\d)
      | \b{whole}[ ](?:therefore[ ]|thus[ ]|hence[ ]|clearly[ ]|still[ ]|overall[ ]|rightly[ ]|only[ ])?
        (?:deserves|merits|earns|gets|receives|warrants)[ ](?:an?|the)[ ]
        (?:(?:score|rating|grade)[ ]of[ ])?(?=\d)
      | \b(?:resulting[ ]in|results[ ]in|leads?[ ]to|leading[ ]to|amounts[ ]to|settle[ ](?:on|for|at)
        |go[ ]with
        |giv(?:e|es|ing)[ ]it|earn(?:s|ing)[ ]it|hence|thus|therefore|so|overall),?[ ]
        (?:an?|the|my)[ ](?:final[ ]|overall[ ])?(?:score|rating|grade)[ ]of[ ](?=\d)""",
        re.VERBOSE,
    )


def sentences(
    text: str, pattern: re.Pattern[str], scale: Scale, places: Places
) -> Iterator[tuple[int, Number]]:
    """(start, number) of every "I would give this video a 4 out of 5"."""
    for match in pattern.finditer(text):
        number = read_number(text, match.end(), scale)
        if number is None or not number.states or not is_end(text, closed(text, number.end)):
            continue
        if not places.is_hypothetical(sentence_before(text, match.end())):
            yield match.start(), number


def bare_number(text: str, stretch: Span, scale: Scale, tagged: Places | None) -> Number | None:
    """The number that is all there is in `stretch`.

    Args:
        tagged: given where the stretch stands in the answer's tags: the name of a level may stand beside the
            number there. Elsewhere "5." is the mark of a list that never came.
    """
    start, stop = stretch
    opening = _BEFORE_BARE.match(text, start, stop)
    begin = opening.end() if opening else start
    named = tagged.level_name.match(text, begin, stop) if tagged else None
    if named is not None:
        begin = _matched_end(_BEFORE_BARE, text, named.end(), stop)
    number = read_number(text, begin, scale)
    if number is None or not number.states or number.end > stop:
        return None
    end = closed(text, number.end)
    if tagged is None and (text[end : end + 1] == "." or text[number.end : number.end + 1] == ")"):
        return None
    behind = tagged.level_name.match(text, number.end, stop) if tagged and named is None else None
    ending = _AFTER_BARE.match(text, behind.end() if behind else end, stop)
    return number if ending is not None and ending.end() == stop else None


def _matched_end(pattern: re.Pattern[str], text: str, place: int, stop: int) -> int:
    match = pattern.match(text, place, stop)
    return match.end() if match else place


def outside_of_aspects(
    text: str, found: list[Statement], hits: Sequence[LabelHit], parts: re.Pattern[str] | None
) -> list[Statement]:
    """`found` without the scores of smaller things: a mere "score" in a section that one of `parts` heads.

    What stands in the last such section may be about the whole, unless another section has its own score.
    """
    if parts is None or not any(statement.rank == 2 for statement in found):
        return found
    heads = [(match.start(), True) for match in parts.finditer(text) if _is_line_head(text, *match.span())]
    if not heads:
        return found
    heads += [
        (hit.start, False)
        for hit in hits
        if not hit.label.generic and _is_line_head(text, hit.start, hit.end)
    ]
    heads.sort()
    starts = [place for place, _ in heads]
    within = [bisect_right(starts, statement.start) - 1 for statement in found]
    smaller = [
        statement.rank == 2 and head >= 0 and heads[head][1]
        for statement, head in zip(found, within, strict=True)
    ]
    if not any(inner and head < len(heads) - 1 for inner, head in zip(smaller, within, strict=True)):
        return found
    return [statement for statement, inner in zip(found, smaller, strict=True) if not inner]


def sections(
    text: str, hits: Sequence[LabelHit], stated: Cover, scale: Scale
) -> Iterator[tuple[LabelHit, int, Number]]:
    """(label, start, number) of every section that a label heads and in which "Score: 4" stands once."""
    heads = [hit for hit in hits if hit.start not in stated and _is_head(text, hit)]
    stops = [*(hit.start for hit in heads[1:]), len(text)][: len(heads)]
    # "Final score" is each section's own where each has one; else it is about the whole.
    finals = [len(_FINAL.findall(text, hit.end, stop)) for hit, stop in zip(heads, stops, strict=True)]
    each = len(heads) > 1 and all(count == 1 for count in finals)
    for hit, stop in zip(heads, stops, strict=True):
        found = []
        for match in _SCORE_LINE.finditer(text, hit.end, _end_of_section(text, hit, stop, each)):
            number = read_number(text, match.end(), scale)
            if number is not None and number.states and is_end(text, closed(text, number.end)):
                found.append((match.end() - len(match.group().lstrip()), number))
        if len(found) == 1:
            yield hit, *found[0]


def _end_of_section(text: str, hit: LabelHit, stop: int, finals: bool) -> int:
    """Where a heading of the same rank, or a line about the whole, ends the section that `hit` heads."""
    begin = text.rfind("\n", max(0, hit.start - 60), hit.start) + 1
    rank = text.count("#", begin, hit.start)
    for match in _NEXT_PART.finditer(text, hit.end, stop):
        if finals and match["final"]:
            continue
        if match["whole"] or not rank or len(match["marks"]) <= rank:
            return match.start()
    return stop


def _is_head(text: str, hit: LabelHit) -> bool:
    return _is_line_head(text, hit.start, hit.end)


def _is_line_head(text: str, start: int, end: int) -> bool:
    floor = max(0, start - 60)
    begin = text.rfind("\n", floor, start) + 1
    if begin == 0 and floor > 0:
        return False
    return _HEAD_BEFORE.fullmatch(text, begin, start) is not None and _HEAD_AFTER.match(text, end) is not None
