"""Another scale than the rubric's: a 4 on a scale of 1 to 10 is no 4 here."""

import re

from reeljudge.rubrics.model import Scale

_SCALE = re.compile(
    r"""\bscale[ ](?:of|from)[ ][01][ ]?(?:-|to)[ ]?(\d{1,4})(?!\d)
      | \bon[ ]an?[ ]scale[ ]of[ ](\d{1,4})(?!\d|[ ]?(?:-|to[ ]))
      | (?<!\d)(\d{1,4})[ -]point[ ]scale\b
      | (?<!\d)[01][ ]?(?:-|to)[ ]?(\d{1,4})[ ]scale\b
    """,
    re.VERBOSE,
)
_HEADED = re.compile(
    r"(?:scores?|ratings?|grades?|评分|打分)(?:[ ]{0,3}[(\[][ ]?(?:(?:out of|of|max) |/ ?"
    r"|(?:from )?(?:0 ?(?:-|to)|1 ?(?:-|to)(?! ?2\b)) ?)(\d{1,4}) ?分?[)\]]"
    r"| (?:is|are) (?:given )?out of (\d{1,4})(?!\d))"
)
_BEST = re.compile(
    r"\bwith (\d{1,4}) (?:being|as|=|for) (?:the )?(?:best|highest|perfect|excellent|maximum)\b"
)
_FOREIGN = re.compile(
    r"(?:skala von|escala de|échelle de|scala da) \d{1,4} ?(?:bis|a|à|-) ?(\d{1,4})(?!\d)"
    r"|满分[是为]?(\d{1,4})(?!\d)"
)
_GLOSS = re.compile(
    r"""[(\[][ ]{0,3}(?:on[ ])?(?:an?[ ])?
        (?:(?:scale|score|rating|range|out|max(?:imum)?|from|of|满分)[ :]{0,3}){0,4}
        (?P<low>[01][ ]?(?:-|to)[ ]?|/[ ]?)?
        (?P<top>\d{1,4})(?P<points>[ -]point[ ]scale|[ ]scale)?[ ]{0,3}[)\]]""",
    re.VERBOSE,
)
_NUMBER_BEFORE = re.compile(r"\d[^\w\n]{0,16}(?:on[ ](?:an?|the)[ ])?\Z")
"""The scale of that one number alone: "4 (on a scale of 1 to 10)"."""

_TOP = (
    r"""(?:max(?:imum)?(?:_?(?:score|rating|value))?|out_of)["']?[ ]{0,3}[:=][ ]{0,3}["']?(\d{1,4})(?!\d)"""
)
_TOP_BEHIND = re.compile(rf"""["')\]}}]{{0,3}}[ ]{{0,4}},[ \n]{{0,16}}["']?{_TOP}""")
_TOP_KEY = re.compile(rf"""["']{_TOP}""")


def names_another(text: str, scale: Scale) -> bool:
    """Whether `text` says on which scale its scores are, and never names the rubric's."""
    patterns = [_HEADED, _BEST, _FOREIGN]
    if "scale" in text:
        patterns.append(_SCALE)
    tops = {
        int(next(filter(None, match.groups())))
        for pattern in patterns
        for match in pattern.finditer(text)
        if _NUMBER_BEFORE.search(text, max(0, match.start() - 24), match.start()) is None
    }
    return bool(tops) and scale.max not in tops


def gloss_names_another(gloss: str | None, scale: Scale) -> bool:
    """Whether the bracket between a label and its number, "(1-10)", is another scale."""
    match = _GLOSS.fullmatch(gloss) if gloss else None
    if match is None or gloss is None:
        return False
    says = match["low"] or match["points"] or re.search(r"[^\W\d]", gloss)
    return bool(says) and int(match["top"]) != scale.max


def top_differs(text: str, place: int, scale: Scale) -> bool:
    """Whether the JSON behind a number at `place` gives its scale another top: `4, "max": 10`."""
    match = _TOP_BEHIND.match(text, place)
    return match is not None and int(match[1]) != scale.max


def key_differs(text: str, start: int, end: int, scale: Scale) -> bool:
    """Whether a JSON object gives its scale another top."""
    match = _TOP_KEY.search(text, start, end)
    return match is not None and int(match[1]) != scale.max
