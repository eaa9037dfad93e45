"""Signs in a reply that a careful reader reports: refusals, leaked labels, contradictions."""

import re
from collections.abc import Mapping

from reeljudge.rubrics.read.answers import Grammar
from reeljudge.rubrics.read.text import fold

_JUDGING = (
    r"(?:assist|help|comply|provide|rate|score|judge|evaluate|assess|watch|view|process|analy[sz]e|determine|give|"
    r"fulfil+|continue|access|open|play|see (?:the|any|this|your) (?:video|clip|frames?|images?))"
)
_REFUSAL = re.compile(
    rf"\bi(?:'m| am) (?:very |really |so )?(?:sorry|afraid)\b"
    rf"|\b(?:i|we) (?:can'?t|cannot|can not|could not|couldn't|won't|will not|am not able to|'m not able to|"
    rf"do not feel able to|am unable to) (?:\w+ )?{_JUDGING}\b"
    rf"|\b(?:unable|not able|not possible|impossible|declines?|refuse|refuses) to (?:\w+ )?{_JUDGING}\b"
    rf"|\bi (?:must |have to |need to )?(?:decline|refuse)\b"
    rf"|\bas an? (?:ai|large|language)\b[^.\n]{{0,40}}\b(?:cannot|can'?t|unable|not able)"
    rf"|\bno (?:video|clip|frames?|images?) (?:is|was|were|are|has been|have been) (?:provided|attached|shared|given)"
    rf"|\bdon't see (?:a|any|the) (?:video|clip|frames?|images?)"
    r"|抱歉|(?:无法|不能)(?:评|提供|协助|观看|查看|判断)",
    re.IGNORECASE,
)
_LEAK = re.compile(
    r"\bground[\s-]?truth\b"
    r"|\bannotators?\b"
    r"|\bhuman (?:scores?|ratings?|comments?|labels?|annotations?|assessments?|raters?|reasons?|judges?|evaluators?)\b"
    r"|\b(?:given|provided|reference|target|assigned|actual|gold|true) (?:scores?|ratings?|labels?)\b"
    r"|\b(?:score|rating|label)s? (?:that (?:was|were) )?(?:given|provided) (?:by|to|in|above)\b",
    re.IGNORECASE,
)
_NOT_MEANT = (
    r"(?:not|isn't|no|rather than|instead of|below|above|under|over|less than|more than|than|if|between|from|"
    r"requires?|needs?|either|almost|nearly|at first|initially|first|max|maximum|minimum)"
)
_STATED = re.compile(
    r"""\b(?:(?:score|scores|scored|rating|rated|rates?|grade)\b[ ]?(?:it|this|here|of|is|at|as|=|:|\(|-|would[ ]be|should[ ]be|to[ ]be|,|[ ]){0,4}(?:an?[ ])?
          |(?:i(?:'d)?|we)[ ](?:would[ ]|will[ ])?(?:give|assign)[ ](?:it|this|a|an|the[ ]clip|the[ ]video|[ ]){1,3}
          |(?:deserves|merits|earns|gets|receives|warrants)[ ](?:an?[ ])?(?:score[ ]of[ ]|rating[ ]of[ ])?
        )[*_`"'(\[]{0,3}(?P<after>\d)(?![\d%]|[.,]\d|[ ]?(?:-|to|or)[ ]?\d)(?P<tail>.{0,14})
      | (?<![\d.,/])(?P<of>\d)[ ]?(?:/|out[ ]of)[ ]?\d+(?![\d.%])""",
    re.IGNORECASE | re.VERBOSE,
)


def refuses(text: str) -> bool:
    """Whether the judge says that it will not or cannot judge."""
    return _REFUSAL.search(text) is not None


def leaks_label(text: str, prompt: str) -> bool:
    """Whether the reply speaks of scores or comments that it should not know of; the prompt's words aside."""
    allowed = {match.group().lower() for match in _LEAK.finditer(fold(prompt))}
    return any(match.group().lower() not in allowed for match in _LEAK.finditer(text))


def stated_values(reasoning: str, grammar: Grammar, dimension: int | None) -> Mapping[int, int]:
    """The score that the reasoning states for each dimension: its last word on it.

    Args:
        reasoning: folded text.
        dimension: the only dimension that is spoken of, None where labels tell them apart.
    """
    stated: dict[int, int] = {}
    if dimension is not None:
        value = _last_value(reasoning)
        return {} if value is None else {dimension: value}
    labels = grammar.label_positions(reasoning)
    for number, (index, _, end) in enumerate(labels):
        # What is said behind a label, up to the next label, is said about its dimension.
        stop = labels[number + 1][1] if number + 1 < len(labels) else len(reasoning)
        value = _last_value(reasoning[end:stop])
        if value is not None:
            stated[index] = value
    for statement in grammar.statements(reasoning):
        if statement.value is None:
            continue
        spoken_later = any(
            index == statement.dimension
            and start > statement.start
            and _last_value(reasoning[end:stop]) is not None
            for index, start, end, stop in _sections(labels, len(reasoning))
        )
        if not spoken_later and _last_value(_section_of(statement.end, labels, reasoning)) is None:
            stated[statement.dimension] = statement.value
    return stated


def _sections(labels: list[tuple[int, int, int]], length: int) -> list[tuple[int, int, int, int]]:
    stops = [start for _, start, _ in labels[1:]] + [length]
    return [(index, start, end, stop) for (index, start, end), stop in zip(labels, stops, strict=True)]


def _section_of(position: int, labels: list[tuple[int, int, int]], reasoning: str) -> str:
    stop = min((start for _, start, _ in labels if start >= position), default=len(reasoning))
    return reasoning[position:stop]


def _last_value(text: str) -> int | None:
    last = None
    for match in _STATED.finditer(text):
        before = text[max(0, match.start() - 28) : match.start()]
        if re.search(rf"\b{_NOT_MEANT}\b[^.\n;]{{0,16}}$", before, re.IGNORECASE):
            continue
        tail = match["tail"] or ""
        if re.match(r"[^.\n;]{0,3}\b(?:would|requires?|needs?|means|if)\b", tail, re.IGNORECASE):
            continue
        last = int(match["after"] or match["of"])
    return last
