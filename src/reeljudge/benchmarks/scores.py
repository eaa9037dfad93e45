"""What a judge said: from a run, or from a table of scores or votes."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from reeljudge.agreement.scales import ValueRange
from reeljudge.errors import InputError, UsageError
from reeljudge.runs import read_settings, read_verdicts
from reeljudge.tables.fields import ABSENT, find, number
from reeljudge.tables.table import Table

Use = Literal["score", "value", "expected"]
ID_FIELDS = ("id", "video_name", "video", "name")
_NO_SCORES = frozenset({*ID_FIELDS, "prompt", "text", "model", "group", "seconds", "idx"})


@dataclass(frozen=True)
class Scores:
    """What a judge said.

    Attributes:
        source: the run or file.
        judge: its name, where known.
        values: video id -> dimension (see `dimension_name`) -> score; None is unscored.
        votes: pair id -> the judge's vote as it was written; None where the judge gave scores.
        scale: the judge's scale, where known.
    """

    source: str
    judge: str | None = None
    values: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    votes: Mapping[str, Any] | None = None
    scale: ValueRange | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for scores in self.values.values() for name in scores))

    def has(self, dimensions: Iterable[str]) -> bool:
        known = set(self.dimensions)
        return all(dimension_name(one) in known for one in dimensions)

    def of(self, video: str, dimension: str) -> float | None:
        return self.values.get(video, {}).get(dimension_name(dimension))


def dimension_name(text: str) -> str:
    """One spelling: "text-to-video alignment", "Text_to_Video Alignment" -> text_to_video_alignment."""
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")


def scores_of_run(folder: Path, use: Use = "score", rename: Mapping[str, str] | None = None) -> Scores:
    """The scores of a run folder; its `overall` is a dimension of that name.

    Args:
        use: `score` (the expected score where there is one, else the value), `value` (the integer that the
            judge wrote) or `expected`.
        rename: the run's dimension -> the name that the suite asks for.
    """
    settings = read_settings(folder)
    scale = (settings.get("rubric") or {}).get("scale") or {}
    values: dict[str, dict[str, float | None]] = {}
    for row in read_verdicts(folder):
        if row["id"] in values:
            raise InputError(
                f"{folder}: two verdicts for the id {row['id']!r}; evaluate one rubric at a time"
            )
        found = {name: score.get(use) for name, score in row["scores"].items()}
        if use == "score":
            found["overall"] = row.get("overall")
        values[row["id"]] = _renamed(found, rename)
    judge = (settings.get("configuration") or {}).get("judge")
    name = judge.get("name") if isinstance(judge, Mapping) else judge
    span = ValueRange(scale["min"], scale["max"]) if {"min", "max"} <= scale.keys() else None
    return Scores(str(folder), None if name is None else str(name), values, scale=span)


def scores_of_table(
    path: str | os.PathLike[str],
    *,
    id_field: str | None = None,
    vote_field: str | None = None,
    use: Use = "score",
    rename: Mapping[str, str] | None = None,
    scale: ValueRange | None = None,
    missing: Iterable[str] = (),
) -> Scores:
    """A table of scores or votes: JSONL, JSON, CSV or Parquet.

    A row has an id (`id`, `video_name`, `video`, `name`, or `id_field`) and either columns named like
    dimensions, or `scores: {dimension: score}`, or verdicts as a run writes them. With `vote_field` it has a
    pair's id and the judge's vote on it.

    Raises:
        UsageError: no column holds ids or votes. InputError: a row holds no number, or repeats an id.
    """
    table = Table.read(path)
    column = id_field or next((one for one in ID_FIELDS if find(table.rows[0], one) is not ABSENT), None)
    if column is None:
        raise UsageError(f"{path}: which field holds the ids? say --id FIELD; {_fields(table)}")
    ids = [_id_text(value, table, index) for index, value in enumerate(table.column(column))]
    seen: dict[str, int] = {}
    for index, name in enumerate(ids):
        if name in seen:
            raise InputError(
                f"{table.where(index)}: {name!r} stands in {table.place_word} {_place(table, seen[name])} too"
            )
        seen[name] = index
    if vote_field is not None:
        votes = dict(zip(ids, table.column(vote_field), strict=True))
        return Scores(str(path), vote_field, votes=votes, scale=scale)
    none = {*missing}
    columns = _score_columns(table, column)
    values: dict[str, dict[str, float | None]] = {}
    for index, (name, row) in enumerate(zip(ids, table.rows, strict=True)):
        values[name] = _renamed(_numbers(_cells(row, use, columns), table, index, none), rename)
    found = Scores(str(path), None, values, scale=scale)
    if not found.dimensions:
        raise UsageError(f"{path}: no field holds scores; {_fields(table)}")
    return found


def _cells(row: Mapping[str, Any], use: Use, columns: Sequence[str]) -> Mapping[str, Any]:
    scores = row.get("scores")
    if isinstance(scores, Mapping):
        cells = {k: v.get(use) if isinstance(v, Mapping) else v for k, v in scores.items()}
        return {**cells, "overall": row["overall"]} if "overall" in row else cells
    return {name: row.get(name) for name in columns}


def _score_columns(table: Table, id_column: str) -> list[str]:
    """The columns of a flat table that hold scores: most of their cells that hold anything are numbers."""
    names = dict.fromkeys(name for row in table.rows for name in row)
    columns = []
    for name in names:
        cells = [value for row in table.rows if (value := row.get(name)) not in (None, "")]
        if name != id_column and name not in _NO_SCORES and 2 * sum(map(_is_number, cells)) > len(cells):
            columns.append(name)
    return columns


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return number(value) is not None
    except ValueError:
        return False


def _numbers(
    cells: Mapping[str, Any], table: Table, index: int, missing: set[str]
) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, value in cells.items():
        try:
            read = number(None if str(value).strip() in missing else value)
        except ValueError as error:
            raise InputError(f"{table.where(index)}: {name!r} holds no score: {error}") from None
        found[name] = None if read is not None and f"{read:g}" in missing else read
    return found


def _renamed(scores: Mapping[str, float | None], rename: Mapping[str, str] | None) -> dict[str, float | None]:
    names = {dimension_name(old): dimension_name(new) for old, new in (rename or {}).items()}
    plain = {dimension_name(name): score for name, score in scores.items()}
    return {names.get(name, name): score for name, score in plain.items()}


def _id_text(value: Any, table: Table, index: int) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise InputError(f"{table.where(index)}: the id is {value!r}; it must be text or a whole number")
    return str(value).strip()


def _place(table: Table, index: int) -> int:
    return table.places[index] if table.places else index + 1


def _fields(table: Table) -> str:
    return f"the first row has: {', '.join(map(str, table.rows[0]))}"
