"""Cells of released files, with errors that name the row."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reeljudge.errors import InputError
from reeljudge.tables.fields import number
from reeljudge.tables.rows import numbered_rows, place_word


class LabelRow:
    """A row of a released table. `where` names it in errors."""

    def __init__(self, values: Mapping[str, Any], where: str):
        self.values, self.where = values, where

    def get(self, name: str) -> Any:
        """The value under a name, or None; case and surrounding space of names do not matter."""
        if name in self.values:
            return self.values[name]
        return next((self.values[key] for key in self.values if key.strip().lower() == name.lower()), None)

    def text(self, *names: str) -> str:
        for name in names:
            value = self.get(name)
            if value is not None and str(value).strip():
                return str(value)
        raise InputError(
            f"{self.where}: no {' or '.join(map(repr, names))}; the row has: {', '.join(self.values)}"
        )

    def score(self, name: str, low: float, high: float) -> float | None:
        """A score in [low, high]; None where the cell is empty."""
        value = self.get(name)
        if value is None and name not in self.values:
            raise InputError(f"{self.where}: no {name!r}; the row has: {', '.join(self.values)}")
        return score(value, f"{self.where}: {name!r}", low, high)


def score(value: Any, where: str, low: float, high: float) -> float | None:
    """A score between `low` and `high`, None for none; `where` says in errors which value it is.

    Raises:
        InputError: no number, or one out of range.
    """
    try:
        found = number(value)
    except ValueError as error:
        raise InputError(f"{where} holds no score: {error}") from None
    if found is not None and not low <= found <= high:
        raise InputError(f"{where} holds {found:g}, which is outside {low:g}-{high:g}")
    return found


def label_rows(path: Path) -> Iterator[LabelRow]:
    """The rows of a table of labels, each with its place for error messages."""
    word = place_word(path)
    for place, row in numbered_rows(path):
        yield LabelRow(row, f"{path}, {word} {place}")


def json_object(path: Path) -> dict[str, Any]:
    """A file that holds one JSON object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from None
    if not isinstance(found, dict) or not found:
        raise InputError(f"{path}: must hold a JSON object: prompt id -> prompt and models")
    return found
