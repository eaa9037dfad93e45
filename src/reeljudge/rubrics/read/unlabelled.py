"""Scores whose label stands elsewhere: over a section, or nowhere because there is only one dimension."""

import re
from collections.abc import Iterator, Sequence

from reeljudge.rubrics.model import Scale
from reeljudge.rubrics.read.labels import LabelHit
from reeljudge.rubrics.read.numbers import Number, read_number
from reeljudge.rubrics.read.places import Places, closed, is_end, sentence_before
from reeljudge.rubrics.read.text import Cover, Span

_SCORE_LINE = re.compile(
    r"""(?:^|(?<=[.!?\n]))[\s\-•>#"']{0,12}(?:(?:final|my|the|so|therefore)[ ,]{1,2}){0,2}
        (?:score|rating|grade)\b[ ]{0,2}(?:[:=\-→]|is|of){1,2}[ ]{0,3}["'(\[]{0,2}(?=[\d+\-])""",
    re.VERBOSE | re.MULTILINE,
)
_SENTENCE_SCORE = re.compile(
    r"""\b(?:i|we)(?:'d|[ ]would|[ ]will|'ll)?(?:[ ](?:now|therefore|thus))?
        [ ](?:rate|give|assign|score|grade)[ ](?:it|this|the)(?:[ ](?!than\b)[a-z]{2,20}){0,2}?[ ]
        (?:(?:as|at|with|an?|the|score|rating|grade|of|:)[ ]?){0,5}(?=\d)
      | \b(?:an?|the)[ ](?:score|rating|grade)[ ]of[ ](?=\d)
      | \b(?:deserves|merits|earns|gets|receives|warrants)[ ]an?[ ](?=\d)""",
    re.VERBOSE,
)
_BEFORE_BARE = re.compile(r"[ \n\x00]*+[\"'$({\[<]{0,4}(?:\\boxed\{|\\\(|<\|begin_of_box\|>)?[ $]{0,4}")
_AFTER_BARE = re.compile(r"[.\"'$)}\]>\\ ]{0,12}[ \n\x00]*+")
_HEAD_BEFORE = re.compile(r"[\s#>\-•\"'\d.()]*")
_HEAD_AFTER = re.compile(r"[\"')]{0,3}[ ]{0,3}(?:\([^()\n]{0,80}\)[ ]{0,3})?(?:[:\n\-]|$)")


def sentences(text: str, scale: Scale, places: Places) -> Iterator[tuple[int, Number]]:
    """(start, number) of every "I would give this video a 4 out of 5"."""
    for match in _SENTENCE_SCORE.finditer(text):
        number = read_number(text, match.end(), scale)
        if number is None or not number.states or not is_end(text, closed(text, number.end)):
            continue
        if not places.is_hypothetical(sentence_before(text, match.start())):
            yield match.start(), number


def bare_number(text: str, stretch: Span, scale: Scale, tagged: bool) -> Number | None:
    """The number that is all there is in `stretch`.

    Args:
        tagged: the stretch stands in the answer's tags. Elsewhere "5." is the mark of a list that never came.
    """
    start, stop = stretch
    opening = _BEFORE_BARE.match(text, start, stop)
    number = read_number(text, opening.end(), scale) if opening else None
    if number is None or not number.states or number.end > stop:
        return None
    end = closed(text, number.end)
    if not tagged and (text[end : end + 1] == "." or text[number.end : number.end + 1] == ")"):
        return None
    ending = _AFTER_BARE.match(text, end, stop)
    return number if ending is not None and ending.end() == stop else None


def sections(
    text: str, hits: Sequence[LabelHit], stated: Cover, scale: Scale
) -> Iterator[tuple[LabelHit, int, Number]]:
    """(label, start, number) of every section that a label heads and in which "Score: 4" stands once."""
    heads = [hit for hit in hits if hit.start not in stated and _is_head(text, hit)]
    for place, hit in enumerate(heads):
        stop = heads[place + 1].start if place + 1 < len(heads) else len(text)
        found = []
        for match in _SCORE_LINE.finditer(text, hit.end, stop):
            number = read_number(text, match.end(), scale)
            if number is not None and number.states and is_end(text, closed(text, number.end)):
                found.append((match.end() - len(match.group().lstrip()), number))
        if len(found) == 1:
            yield hit, *found[0]


def _is_head(text: str, hit: LabelHit) -> bool:
    floor = max(0, hit.start - 60)
    begin = text.rfind("\n", floor, hit.start) + 1
    if begin == 0 and floor > 0:
        return False
    return (
        _HEAD_BEFORE.fullmatch(text, begin, hit.start) is not None
        and _HEAD_AFTER.match(text, hit.end) is not None
    )
