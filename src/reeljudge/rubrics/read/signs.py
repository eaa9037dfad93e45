"""Signs in a reply that a careful reader reports: refusals, leaked labels, contradictions."""

import re
from collections.abc import Mapping

from reeljudge.rubrics.read.answers import Grammar
from reeljudge.rubrics.read.labels import LabelHit
from reeljudge.rubrics.read.text import fold

_CANNOT = (
    r"\b(?:(?:i|we)(?: am| are|'m|'re)? ?(?:must |have to )?(?:really |simply |currently |also )?"
    r"(?:can'?t|cannot|can not|could not|couldn't|won't(?: be able to)?|will not(?: be able to)?|"
    r"(?:am |'m )?(?:not able|unable) to|do not feel able to|decline to|refuse to|not comfortable)"
    r"|(?:unable|not able|not possible|impossible|declines?|refuses?) to)"
)
_JUDGING = (
    r"(?:assist|help|comply|engage with|fulfil+|continue with|proceed with|respond to"
    r"|process (?:videos?|this|the|your|images?)"
    r"|(?:directly )?(?:watch|view|access|open|play|see|receive)(?: or (?:watch|view))? "
    r"(?:(?:any|a|the|this|your|actual) )?(?:videos?|clips?|frames?|images?|content|visual)"
    r"|(?:provide|give|assign|offer|make|produce|generate|determine) (?:(?:an?|any|the|such|you with an?) )?"
    r"(?:\w+ ){0,2}"
    r"(?:scores?|ratings?|evaluations?|assessments?|judg[e]?ments?|grades?|analys[ie]s)"
    r"|(?:rate|score|judge|evaluate|assess|analy[sz]e|grade)(?:ing)? "
    r"(?:(?:this|the|your|these|any|such|that) )?(?:\w+ )?"
    r"(?:videos?|clips?|content|footage|images?|request|it|material)\b)"
)
_REFUSAL = re.compile(
    rf"{_CANNOT} (?:\w+ )?{_JUDGING}"
    rf"|\b(?:sorry|afraid|apologi[sz]e)\b[^.\n]{{0,60}}{_CANNOT}"
    r"|^\W{0,20}i(?:'m| am) (?:very |so |really )?sorry\W{0,20}$"
    r"|\bi (?:must |have to |need to )?(?:respectfully )?(?:decline|refuse)\b"
    r"|\bas an? (?:ai|large|language)\b[^.\n]{0,60}\b(?:cannot|can'?t|unable|not able|don't have)"
    r"|\b(?:against|violates?|violating|in violation of)\b[^.\n]{0,30}\b(?:policy|policies|guidelines)\b"
    r"|\bno (?:video|clip|frames?|images?) (?:is|was|were|are|has been|have been) "
    r"(?:provided|attached|shared|given|uploaded)"
    r"|\b(?:don't|do not|can't|cannot) see (?:a|any|the) (?:video|clip|image)s? "
    r"(?:attached|here|in your|in this|uploaded|provided)"
    r"|\bplease (?:upload|provide|share|attach) (?:the|a|your) (?:video|clip|frames?|images?)"
    r"|抱歉|对不起|(?:无法|不能|没法)(?:对|为)?[^\n]{0,8}(?:评|提供|协助|观看|查看|判断|访问)",
)
_LEAK = re.compile(
    r"\bground[\s-]?truth\b"
    r"|\bannotators?\b"
    r"|\bhuman (?:scores?|ratings?|comments?|labels?|annotations?|assessments?|raters?|reasons?|judges)\b"
    r"|\bhuman evaluators?\b"
    r"|\b(?:given|provided|reference|target|assigned|actual|gold|true) (?:scores|ratings|labels?)\b"
    r"|\b(?:provided|reference|target|gold) (?:score|rating)\b"
    r"|\b(?:score|rating|label)s? (?:that (?:was|were) )?(?:given|provided) (?:by|in|above)\b",
)
_NOT_MEANT = re.compile(
    r"\b(?:not|isn't|no|rather than|instead of|below|above|under|over|less than|more than|than|if|between"
    r"|from|requires?|needs?|either|almost|nearly|at first(?! (?:glance|sight|look))|first thought|initially"
    r"|max|maximum|minimum|wanted to)\b[^.\n;]{0,16}$",
)
_NUMBER = re.compile(r"(?<![\d.,/])\d++")
_STATED_BEFORE = re.compile(
    r"""\b(?:(?:scores?|scored|rating|rated|rates?|grade)\b[ ]?
            (?:it|this|here|of|is|at|as|=|:|\(|-|would[ ]be|should[ ]be|to[ ]be|,|[ ]){0,4}(?:an?[ ])?
          |(?:i(?:'d)?|we)[ ](?:would[ ]|will[ ])?(?:give|assign)[ ]
            (?:it|this|a|an|the[ ]clip|the[ ]video|[ ]){1,3}
          |(?:deserves|merits|earns|gets|receives|warrants)[ ](?:an?[ ])?(?:score[ ]of[ ]|rating[ ]of[ ])?
        )["'(\[]{0,3}$""",
    re.VERBOSE,
)
_STATED_AFTER = re.compile(
    r"""(?![%\w]|[.,/]\d|[ ]?(?:-|to|or)[ ]?\d)
        (?![ ](?!(?:and|but|out|of|for|because|since|as|here|on|in|overall|would|with)\b)[^\W\d_])""",
    re.VERBOSE,
)
_SHARE_AFTER = re.compile(
    r"""[ ]?(?:/|out[ ]of)[ ]?(?P<full>\d++)(?![.]?\d|%)
        (?![ ](?:of[ ])?(?:the[ ])?(?:\w+[ ])?
            (?:frames|seconds|times|objects|fingers|elements|items|actions|events|shots|people)\b)""",
    re.VERBOSE,
)
_AFTER_STATED = re.compile(
    r"[^.\n;]{0,3}\b(?:would|requires?|needs?|means|if)\b",
)
_ASPECT = re.compile(r"[^\W\d_]\w*[ ]{0,2}(?::|=|-)[ ]{0,2}$")


def refuses(text: str) -> bool:
    """Whether the judge says that it will not or cannot judge."""
    return _REFUSAL.search(text) is not None


def leaks_label(text: str, prompt: str) -> bool:
    """Whether the reply speaks of scores or comments that it should not know of; the prompt's words aside."""
    said = [match.group() for match in _LEAK.finditer(text)]
    if not said or not prompt:
        return bool(said)
    allowed = {match.group() for match in _LEAK.finditer(fold(prompt).text)}
    return any(leak not in allowed and leak.rstrip("s") not in allowed for leak in said)


def stated_values(reasoning: str, grammar: Grammar) -> Mapping[int, int]:
    """The score that the reasoning states for each dimension: its last word on it.

    Args:
        reasoning: a surface (markup removed, what is copied or quoted blanked out).
    """
    heads = list(grammar.labels.hits(reasoning))
    said: list[tuple[int, int, int]] = [
        (statement.start, statement.dimension, statement.value)
        for statement in grammar.statements(reasoning, hits=heads)
        if statement.value is not None
    ]
    if grammar.only is not None:
        said += [(place, grammar.only, value) for place, value in _loose_values(reasoning, grammar)]
    else:
        said += _values_behind_labels(reasoning, heads, grammar)
    return {dimension: value for _, dimension, value in sorted(said)}


def _values_behind_labels(
    reasoning: str, heads: list[LabelHit], grammar: Grammar
) -> list[tuple[int, int, int]]:
    """What is said behind a label, up to the next label, is said about its dimension."""
    found = []
    number = 0
    for place, value in _loose_values(reasoning, grammar):
        while number + 1 < len(heads) and heads[number + 1].start <= place:
            number += 1
        if heads and heads[number].end <= place:
            found.append((place, heads[number].label.dimension, value))
    return found


def _loose_values(text: str, grammar: Grammar) -> list[tuple[int, int]]:
    """(place, value) of every "(score 3)", "rated 4" or "3/5" that is meant."""
    found = []
    for match in _NUMBER.finditer(text):
        digits = match.group()
        if len(digits) > 4 or int(digits) not in grammar.scale:
            continue
        before = text[max(0, match.start() - 60) : match.start()]
        share = _SHARE_AFTER.match(text, match.end())
        if share is not None:
            if share["full"] != str(grammar.scale.max) or _ASPECT.search(before):
                continue
            start, end = len(before), share.end()
        else:
            said = _STATED_BEFORE.search(before)
            if said is None or _STATED_AFTER.match(text, match.end()) is None:
                continue
            start, end = said.start(), match.end()
        if not _NOT_MEANT.search(before[max(0, start - 28) : start]) and not _AFTER_STATED.match(text, end):
            found.append((match.start(), int(digits)))
    return found
