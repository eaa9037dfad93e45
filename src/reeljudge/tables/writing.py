"""Rows written as JSONL, a JSON list, CSV or Parquet: whole or not at all, and in flat memory."""

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from reeljudge.errors import InputError
from reeljudge.tables.rows import FORMS, PARQUET_BATCH, Row, import_pyarrow, read_rows


def write_rows(path: str | os.PathLike[str], rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows in the form that the suffix of `path` names, and return how many.

    The file appears whole or not at all (it is written beside `path` and moved into place). CSV and Parquet
    have the union of all fields as columns, in order of first sight. In CSV, lists and objects are JSON text
    and None is an empty cell; in Parquet, objects are JSON text, and so is a column whose values do not share
    a type.

    Raises:
        InputError: a suffix that is not known, a folder that is not there, a value that JSON cannot hold.
        MissingExtra: a Parquet file without pyarrow.
    """
    path = Path(path)
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise InputError(f"{path}: not a kind of table that can be written; use {', '.join(FORMS)}")
    with moved_into_place(path) as unfinished:
        if form == "jsonl":
            return _write_jsonl(path, unfinished, rows)
        if form == "json":
            return _write_json_list(path, unfinished, rows)
        # Columns are known only after the last row, so the rows go through a file first.
        spool = unfinished.with_suffix(".jsonl")
        try:
            names: dict[str, None] = {}
            count = _write_jsonl(path, spool, _noting_names(rows, names))
            spooled = read_rows(spool) if count else iter(())
            if form == "csv":
                _write_csv(unfinished, spooled, list(names), "\t" if path.suffix.lower() == ".tsv" else ",")
            else:
                _write_parquet(unfinished, spool, count, list(names))
        finally:
            spool.unlink(missing_ok=True)
        return count


@contextmanager
def moved_into_place(path: Path) -> Iterator[Path]:
    """A file to be written, which then appears at `path` whole or not at all, and replaces what is there.

    Raises:
        InputError: it cannot be written.
    """
    if not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written: there is no folder {str(path.parent)!r}; make it first")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        umask = os.umask(0)
        os.umask(umask)
        unfinished.chmod(0o666 & ~umask)  # a temporary file is private; the result is as any new file
        unfinished.replace(path)
    except OSError as error:  # a full disk, a folder of that name
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)


def _noting_names(rows: Iterable[Mapping[str, Any]], names: dict[str, None]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        names.update(dict.fromkeys(row))
        yield row


def _json(path: Path, number: int, value: object) -> bytes:
    try:
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8 form, but an escape keeps it
            return json.dumps(value, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}, row {number}: cannot be written as JSON: {error}") from None


def _write_jsonl(path: Path, unfinished: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with unfinished.open("wb") as file:
        for count, row in enumerate(rows, 1):
            file.write(_json(path, count, dict(row)) + b"\n")
    return count


def _write_json_list(path: Path, unfinished: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with unfinished.open("wb") as file:
        for count, row in enumerate(rows, 1):
            file.write((b"[\n" if count == 1 else b",\n") + _json(path, count, dict(row)))
        file.write(b"\n]\n" if count else b"[]\n")
    return count


def _write_csv(unfinished: Path, rows: Iterable[Row], names: list[str], delimiter: str) -> None:
    with unfinished.open("w", encoding="utf-8", newline="", errors="replace") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([_text(row.get(name), (dict, list)) for name in names])


def _text(value: object, kinds: tuple[type, ...]) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, kinds) else value


def _write_parquet(unfinished: Path, spool: Path, count: int, names: list[str]) -> None:
    arrow, parquet = import_pyarrow("writing Parquet")

    def columns() -> Iterator[dict[str, list[Any]]]:
        """A batch of rows at a time, turned into columns."""
        rows = read_rows(spool) if count else iter(())
        while batch := list(islice(rows, PARQUET_BATCH)):
            yield {name: [_text(row.get(name), (dict,)) for row in batch] for name in names}

    kinds: dict[str, Any] = dict.fromkeys(names, arrow.null())
    mixed: set[str] = set()
    for batch in columns():
        for name in set(names) - mixed:
            try:
                seen = [kinds[name], _arrow_type(arrow, batch[name])]
                schemas = [arrow.schema([(name, kind)]) for kind in seen]
                kinds[name] = arrow.unify_schemas(schemas, promote_options="permissive").field(0).type
            except (arrow.ArrowException, OverflowError, TypeError):
                mixed.add(name)
                kinds[name] = arrow.string()
    schema = arrow.schema([(name, kinds[name]) for name in names])
    with parquet.ParquetWriter(unfinished, schema) as writer:
        for batch in columns():
            for name in mixed:
                batch[name] = [None if value is None else json.dumps(value) for value in batch[name]]
            writer.write_table(arrow.table(batch, schema=schema))


def _arrow_type(arrow: Any, values: list[Any]) -> Any:
    """The type that fits all values of a column. Raises TypeError or ArrowException where none does."""
    if any(isinstance(item, dict) for value in values if isinstance(value, list) for item in value):
        raise TypeError("objects in lists: as columns, they would get each other's fields")
    return arrow.array(values).type
