"""What stands in a reply and is not the judge's word: examples, other people's scores, what is struck out."""

import re
from collections.abc import Callable

from reeljudge.rubrics.read.text import Span

_MADE_UP = re.compile(
    r"""\b(?:examples?|for[ ]instance|e\.g|placeholders?|hypothetical(?:ly)?|illustrat\w+|dummy|mock
        |random[ ](?:numbers?|scores?|values?)|sample[ ](?:output|answer|response|format|evaluation)
        |you[ ](?:asked|wanted|told)[ ](?:me[ ])?to[ ](?:write|say|answer|output)
        |if\b.{1,80}\b(?:were|was|had[ ]been|perfect|flawless))\b""",
    re.VERBOSE,
)
_SOMEONE_ELSES = re.compile(
    r"""\b(?:another[ ](?:model|judge)|ground[ -]?truth|annotators|expected[ ](?:answer|output)
        |previous[ ](?:run|turn|evaluation)|human[ ](?:scores?|ratings?|annotations?|labels?|evaluations?)
        |(?:reference|real|perfect|ideal|flawless|previous|other)[ ]
         (?:video|clip|footage|answer|scores?|ratings?))\b
      | \b(?:initial|preliminary|tentative|rough|first)[ ](?:scores?|ratings?|answer|assessment|evaluation
        |estimates?|thoughts?|guess|impression|draft|idea)[ ]{0,3}:?$""",
    re.VERBOSE,
)
_COMPARES = re.compile(r"\b(?:compared|than|unlike|better|worse)\b")
_FORM = re.compile(
    r"\btemplate\b|\b(?:will|going to|should|must|please|use)\b.{0,80}\bform(?:at)?\b"
    r"|^(?:(?:required|expected|requested|output|answer|response) ){0,2}format[ ]{0,3}:?$"
)
_OWN = re.compile(r"\b(?:my|final|here)\b")
_OTHERS_SCORES = re.compile(
    r"\b(?:ground[ -]?truth|annotators'?|human) (?:scores?|ratings?|annotations?|labels?)\b"
    r"(?:[^\n.!?]|[.!?](?! ))*+"
)
"""Up to the end of the sentence: "Ground-truth scores: visual quality: 3"."""

_SENTENCE = re.compile(r"[.!?;][ ]")
_EXAMPLE = re.compile(r"[ #>\-•\"']{0,12}(?:(?:an?|the|one|first|second|sample) )?examples?\b")
_TITLE = re.compile(r"[^\d.,;!?]+")
_FEW_WORDS = 6
_EXAMPLE_LENGTH = 600
"""So many characters of an example may come before its first label."""

_HEADING = re.compile(r"\S[^\n]*")
_SPACE = re.compile(r"\s*")
_BLANK_LINE = re.compile(r"\n[ ]*(?:\n|$)")
_STRUCK = re.compile(r"<(?:del|s|strike)>[^<>]{0,400}</(?:del|s|strike)>|~~[^~\n]{1,200}~~")


def announced_spans(text: str, has_label: Callable[[str], bool]) -> list[Span]:
    """The paragraphs of `text` (a surface) whose heading says that they are an example, a form, or the scores
    of somebody or something else.

    A heading is a line that ends in a colon, or one of a few words and no digit. What it announces begins
    with the next line that is not empty, which must hold a label (an "Example 1:" may begin with its prompt),
    and ends at an empty line. "My scores in the required format:" is the judge's. What a sentence says behind
    "ground-truth scores" counts as well.
    """
    found: list[Span] = []
    if "truth" in text or "annotator" in text or "human" in text:
        found += [match.span() for match in _OTHERS_SCORES.finditer(text)]
    place = 0
    for match in _HEADING.finditer(text):
        if match.start() < place or not _announces(match.group()):
            continue
        space = _SPACE.match(text, match.end())
        begin = space.end() if space else match.end()
        if not _begins_with_scores(text, begin, has_label) and not (
            _EXAMPLE.match(match.group()) and has_label(text[begin : begin + _EXAMPLE_LENGTH])
        ):
            continue
        blank = _BLANK_LINE.search(text, begin)
        place = blank.start() if blank else len(text)
        found.append((begin, place))
    return found


def _announces(line: str) -> bool:
    line = line.strip(" #>-•\"'")
    if len(line) > 400:
        return False
    said = _SENTENCE.split(line)[-1]
    title = said == line and len(line.split()) <= _FEW_WORDS and _TITLE.fullmatch(line) is not None
    if not (line.endswith(":") or title):
        return False
    if _MADE_UP.search(said) is not None:
        return True
    if _SOMEONE_ELSES.search(said) is not None and _COMPARES.search(said) is None:
        return True
    return _FORM.search(said) is not None and _OWN.search(said) is None


def _begins_with_scores(text: str, begin: int, has_label: Callable[[str], bool]) -> bool:
    """Whether the first line holds a label; the head of a table and opening brackets may come before it."""
    for _ in range(4):
        stop = text.find("\n", begin, begin + 400)
        line = text[begin : stop if stop >= 0 else begin + 400]
        if has_label(line):
            return True
        if stop < 0 or (re.search(r"[^\W_]", line) is not None and "|" not in line):
            return False
        begin = stop + 1
    return False


def struck_spans(text: str) -> list[Span]:
    """What is struck out, and comments that a page would not show."""
    spans = [match.span() for match in _STRUCK.finditer(text)] if "<" in text or "~~" in text else []
    start = text.find("<!--")
    while start >= 0:
        end = text.find("-->", start)
        if end < 0:
            break
        spans.append((start, end + 3))
        start = text.find("<!--", end)
    return spans
