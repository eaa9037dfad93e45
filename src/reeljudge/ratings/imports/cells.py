"""Scores as people and tools write them."""

import json
import re
from typing import Any

from reeljudge.tables.fields import shown

_LABELLED = re.compile(r"\s*(\d{1,9})(?!\d)([^\d]*)$", re.DOTALL)


def labelled_score(value: Any) -> int:
    """The score of "4-Relatively Good", "4" or 4: the whole number that it starts with, and no other number.

    Raises:
        ValueError: it says no score, or more than one thing ("3.5", "3-4", "asdf", null).
    """
    if isinstance(value, str):
        found = _LABELLED.match(value)
        if found is None:
            raise ValueError(f"{shown(value)} is no score: it must start with one whole number")
        return int(found[1])
    return whole_score(value)


def whole_score(value: Any) -> int:
    """A whole number, also as text or as a float without a fraction.

    Raises:
        ValueError: it is none; nothing is rounded.
    """
    number = value
    if isinstance(value, str):
        try:
            number = float(value.strip())
        except ValueError:
            raise ValueError(f"{shown(value)} is no number") from None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"{shown(value)} is no number")
    if isinstance(number, float) and not number.is_integer():
        raise ValueError(f"{shown(value)} is no whole number, and no score is rounded")
    return int(number)


def opened(value: Any) -> Any:
    """The JSON list or object in a text cell (CSV has neither), or the value itself."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
