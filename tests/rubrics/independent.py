"""A second opinion on replies, written without the reader's code or patterns.

It does not read replies. It only knows where a score must never come from: characters inside of reasoning
tags and of stages that are not the answer's, and numbers that are not the number that they seem to be.
"""

import unicodedata

from reeljudge.rubrics import Rubric

_NOTHING = ("Zs", "Cc", "Cf", "So", "Sk", "Mn", "Me")


_CLOSES = (">", "▷", "]")


def _bare(text: str) -> str:
    while text and (unicodedata.category(text[0]) in _NOTHING or text[0] in "*`_"):
        text = text[1:]
    while text and (unicodedata.category(text[-1]) in _NOTHING or text[-1] in "*`_"):
        text = text[:-1]
    return text


def _plain(character: str) -> str:
    return unicodedata.normalize("NFKC", character).lower()


def tags_in(text: str, names: set[str]) -> list[tuple[int, int, str, bool]]:
    """(start, end, name, closes) of every `<name>` and `</name>`, found character by character."""
    found = []
    place = 0
    while place < len(text):
        if text.startswith("&lt;", place) and (escaped := text.find("&gt;", place, place + 80)) > 0:
            name = _bare("".join(map(_plain, text[place + 4 : escaped])))
            closes = name[:1] in ("/", "\\")
            name = _bare(name[1:]) if closes else name
            if name in names:
                found.append((place, escaped + 4, name, closes))
        if _plain(text[place]) not in ("<", "◁", "["):
            place += 1
            continue
        end = place + 1
        while (
            end < len(text) and end - place < 80 and _plain(text[end]) not in (*_CLOSES, "<", "◁", "[", "\n")
        ):
            end += 1
        if text[end : end + 1] == "\n" and _plain(text[end + 1 : end + 2]) in _CLOSES:
            end += 1  # "<think" and ">" on the next line
        if end < len(text) and _plain(text[end]) in _CLOSES:
            # Blanks and pictures around a tag's name do not make it another tag.
            seen = [
                one for one in text[place + 1 : end] if unicodedata.category(one) != "Cf" or one == "\u200b"
            ]
            inner = _bare("".join(map(_plain, seen)))
            if "=" in inner:  # attributes
                inner = inner.split(" ", 1)[0]
            closes = inner[:1] in ("/", "\\")
            name = _bare(inner[1:]) if closes else inner
            if name in names:
                found.append((place, end + 1, name, closes))
                place = end
        place += 1
    return found


def reasoning_in(text: str, rubric: Rubric) -> list[tuple[int, int]]:
    """Characters between an opening reasoning tag and the next closing one (or the end)."""
    spans = []
    opened = None
    for start, end, _, closes in tags_in(text, set(rubric.reasoning_tags)):
        if not closes and opened is None:
            opened = start
        elif closes and opened is not None:
            spans.append((opened, end))
            opened = None
    return spans if opened is None else [*spans, (opened, len(text))]


def before_stray_closing(text: str, rubric: Rubric) -> list[tuple[int, int]]:
    """Characters that a closing reasoning tag without an opening one makes reasoning, back to the last tag.

    Left out: stretches of a dozen words at most, which may be nothing but an answer.
    """
    spans = []
    cursor, opened, first = 0, False, True
    for start, end, _, closes in tags_in(text, set(rubric.reasoning_tags)):
        if closes:
            if not opened:
                words = [word for word in text[cursor:start].split() if any(map(str.isalpha, word))]
                if first or len(words) > 25:
                    spans.append((cursor, end))
            cursor, opened, first = end, False, False
        else:
            opened = True
    return spans


def stages_in(text: str, rubric: Rubric, dimension: str | None) -> list[tuple[int, int]]:
    """Characters of properly closed stages that are not the answer's."""
    about = None if dimension is None else rubric.dimension(dimension)
    stages = {stage.tag.lower(): stage.name for stage in rubric.stages_of(about)}
    spans = []
    tags = tags_in(text, set(stages))
    place = 0
    while place < len(tags):
        start, _, name, closes = tags[place]
        if not closes and stages[name] != rubric.answer_stage:
            partner = next((n for n in range(place + 1, len(tags)) if tags[n][2] == name), None)
            inner = tags[place + 1 : partner] if partner is not None else []
            # Only stages without other stage tags inside: nesting is for the reader to judge.
            if partner is not None and tags[partner][3] and not inner:
                spans.append((start, tags[partner][1]))
                place = partner
        place += 1
    return spans


def number_at(text: str, span: tuple[int, int]) -> int | None:
    """The integer that stands at `span`, None where it is not a whole number of its own."""
    start, end = span
    digits = text[start:end]
    sign = 1
    if digits[:1] in ("-", "\u2212", "\u2013", "\uff0d", "\u2010", "\u2011"):
        sign, digits = -1, digits[1:]
    digits = "".join(one for one in digits if unicodedata.category(one) != "Cf")
    if not digits or not all(one.isdecimal() for one in digits):
        return None
    if start > 0 and text[start - 1].isdecimal():
        return None
    if text[end : end + 1].isdecimal():
        return None
    value = sign * int("".join(str(unicodedata.decimal(one)) for one in digits))
    # "4.5" is no 4, and "x.4" is no 4 either.
    if text[end : end + 1] in (".", ",") and text[end + 1 : end + 2].isdecimal():
        rest = text[end + 1 :]
        fraction = ""
        for one in rest:
            if not one.isdecimal():
                break
            fraction += str(unicodedata.decimal(one))
        if set(fraction) != {"0"} or (text[end] == "," and len(fraction) == 3):
            return None
    if start > 1 and text[start - 1] in ".," and text[start - 2].isdecimal():
        return None
    return value
