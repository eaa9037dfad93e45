"""Rows of a table with a number in more than one cell: the table's head says which one is the score."""

import re
from dataclasses import dataclass

_NUMBER_CELL = re.compile(
    r"[ \"'(]{0,20}[+-]?\d[\d.,]{0,12}[ ]{0,8}(?:(?:/|-|to|out of)[ ]{0,8}\d{1,4})?[ ]?%?[ \"')]{0,20}"
)
_RULE = frozenset(" |:-")
_SCORE = re.compile(r"\b(?:scores?|ratings?|grades?)\b")
_TOP = re.compile(r"\b(?:max(?:imum)?|possible|full|out of|total)\b")
_MOST_ROWS = 40
_MOST_COLUMNS = 24


@dataclass(frozen=True)
class Cell:
    """Where the score of a row is looked for; `start` None where the table does not say."""

    start: int | None
    top: int | None = None


def score_cell(text: str, bar: int) -> Cell | None:
    """The cell that holds the score of the row in which a label ends at the bar at `bar`.

    None where at most one of the cells behind it is a number, so that there is nothing to choose.
    """
    begin, stop = text.rfind("\n", max(0, bar - 400), bar) + 1, text.find("\n", bar, bar + 600)
    stop = stop if stop >= 0 else min(len(text), bar + 600)
    cells = text[bar + 1 : stop].split("|")[:_MOST_COLUMNS]
    numeric = [place for place, cell in enumerate(cells) if cell and _NUMBER_CELL.fullmatch(cell)]
    if len(numeric) < 2:
        return None
    head = _head(text, begin)
    before = text.count("|", begin, bar + 1)
    if head is None:
        return Cell(None)
    names = head.split("|")[before:]
    scores = [place for place in numeric if place < len(names) and _is_score(names[place])]
    if len(scores) != 1:
        return Cell(None)
    start = bar + 1 + sum(len(cell) + 1 for cell in cells[: scores[0]])
    tops = [cells[place] for place in numeric if place < len(names) and _TOP.search(names[place])]
    top = re.search(r"\d{1,4}", tops[0]) if tops and scores[0] not in tops else None
    return Cell(start, int(top.group()) if top else None)


def _is_score(name: str) -> bool:
    return (
        _SCORE.search(name) is not None and re.search(r"\b(?:max(?:imum)?|possible|weight)\b", name) is None
    )


def _head(text: str, begin: int) -> str | None:
    """The head of the table whose row begins at `begin`: the line above the rule, else the topmost row."""
    topmost = None
    for _ in range(_MOST_ROWS):
        if begin == 0:
            return topmost
        above = text.rfind("\n", max(0, begin - 602), begin - 1) + 1
        line = text[above : begin - 1]
        if "|" not in line:
            return topmost
        if "--" in line and _RULE.issuperset(line):
            higher = text.rfind("\n", max(0, above - 602), above - 1) + 1 if above else 0
            return text[higher : above - 1] if above else None
        topmost, begin = line, above
    return None
