"""A whole table in memory: its columns by dotted field, and a name for every row that an error may need."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from reeljudge.errors import InputError, UsageError
from reeljudge.tables.fields import ABSENT, field_names, find, numbers
from reeljudge.tables.rows import numbered_rows, place_word

_SHOWN_FIELDS = 40


@dataclass(frozen=True)
class Table:
    """The rows of a table, with a name and a place for each row, so that an error can name both.

    Attributes:
        name: the file or run.
        rows: the rows, in order.
        places: for each row its line in the file (from 1); empty where rows come from elsewhere.
        place_word: what `places` counts, "line" or "row".
    """

    name: str
    rows: Sequence[Mapping[str, Any]]
    places: Sequence[int] = ()
    place_word: str = "row"

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Table":
        """All rows of a JSONL, JSON, CSV or Parquet file. Raises `InputError` as `tables.rows` does."""
        numbered = list(numbered_rows(path))
        return cls(
            str(path), [row for _, row in numbered], [place for place, _ in numbered], place_word(path)
        )

    def where(self, index: int) -> str:
        """What to call a row in an error: `labels.jsonl, line 17 (id 'c17')`."""
        place = self.places[index] if self.places else index + 1
        name = self.rows[index].get("id")
        return f"{self.name}, {self.place_word} {place}" + (f" (id {name!r})" if name is not None else "")

    def keep(self, conditions: Sequence[str]) -> "Table":
        """The rows that meet every condition `FIELD=VALUE`.

        Raises:
            UsageError: a condition without `=`, a field that no row has, or no row is left.
        """
        kept = list(range(len(self.rows)))
        for condition in conditions:
            field, equals, wanted = condition.partition("=")
            if not equals:
                raise UsageError(f"a condition is FIELD=VALUE, not {condition!r}")
            values = self.column(field)
            kept = [i for i in kept if _as_text(values[i]) == wanted]
            if not kept:
                seen = ", ".join(sorted({_as_text(value) for value in values})[:12])
                raise UsageError(f"no row of {self.name} is left with {condition}; {field} holds: {seen}")
        places = [self.places[i] if self.places else i + 1 for i in kept]
        return Table(self.name, [self.rows[i] for i in kept], places, self.place_word)

    def column(self, field: str) -> list[Any]:
        """The values of one field, row by row; None where a row does not have it.

        Raises:
            UsageError: no row has the field; a close name is suggested and the first row's fields are listed.
        """
        if not field.strip():
            raise UsageError("a field needs a name: the dotted path of a value in a row")
        values = [find(row, field) for row in self.rows]
        if all(value is ABSENT for value in values):
            raise UsageError(_not_there(self.rows, field, self.name))
        return [None if value is ABSENT else value for value in values]

    def numbers(self, field: str, missing: Sequence[str] = ()) -> list[list[float | None]]:
        """Each row's value of a field as a list of numbers (one, where the field is a plain number).

        Args:
            missing: texts or numbers that stand for no value here ("-1").

        Raises:
            InputError: a row holds something else than numbers; the row is named.
        """
        cells = []
        for index, value in enumerate(self.column(field)):
            try:
                cells.append(
                    [None if _means_missing(n, missing) else n for n in numbers(_without(value, missing))]
                )
            except ValueError as error:
                raise InputError(f"{self.where(index)}: {field!r} {_verb(error)}") from None
        return cells


def _verb(error: ValueError) -> str:
    text = str(error)
    return text if text.startswith("holds") else f"holds no score: {text}"


def _as_text(value: Any) -> str:
    if isinstance(value, bool) or value is None or not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


def _without(value: Any, missing: Sequence[str]) -> Any:
    """Texts that stand for no value are taken out before anything is read as a number."""
    if isinstance(value, str):
        return None if value.strip() in missing else value
    if isinstance(value, Sequence):
        return [None if isinstance(entry, str) and entry.strip() in missing else entry for entry in value]
    return value


def _means_missing(value: float | None, missing: Sequence[str]) -> bool:
    return value is not None and any(_equal(value, text) for text in missing)


def _equal(value: float, text: str) -> bool:
    try:
        return value == float(text)
    except ValueError:
        return False


def _not_there(rows: Sequence[Mapping[str, Any]], path: str, table: str) -> str:
    if not rows:
        return f"{table} holds no rows"
    names = field_names(rows[0])
    known = dict.fromkeys(name for row in rows[:200] for name in field_names(row))
    close = get_close_matches(path, list(known), n=1, cutoff=0.6)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    shown = ", ".join(names[:_SHOWN_FIELDS])
    more = f", and {len(names) - _SHOWN_FIELDS} more" if len(names) > _SHOWN_FIELDS else ""
    return f"no row of {table} has a field {path!r}.{hint} Fields of the first row: {shown}{more}"
