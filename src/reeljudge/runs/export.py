"""A run as one flat table: a row per verdict, columns named like the fields of a verdict."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reeljudge.errors import UsageError
from reeljudge.runs.folder import index_verdicts, read_settings, read_verdicts
from reeljudge.tables.writing import write_rows

_FORMS = (".csv", ".parquet")
_FRONT = ("id", "video", "model", "group", "prompt", "theme", "status", "reason", "message", "overall")
_OF_SCORE = ("score", "value", "expected", "confidence", "coverage", "reason")
_OF_SAMPLES = ("mean", "std", "agreement")
_BACK = ("rationale", "seconds", "rubric", "judge", "revision", "config", "sha256", "key")


def export_run(folder: Path, target: Path) -> int:
    """Write a run as a flat table; returns the number of rows.

    Columns are named as in the verdicts (`scores.visual_quality.score`, `human.alignment`), so that the
    same field names work on the table and on the run. Lists become JSON text; no value is an empty cell.

    Raises:
        UsageError: a file name that ends neither in .csv nor in .parquet.
        MissingExtra: Parquet without pyarrow.
        InputError: not a run folder, or the table cannot be written.
    """
    if target.suffix.lower() not in _FORMS:
        raise UsageError(f"{target}: the name must end in {' or '.join(_FORMS)}")
    read_settings(folder)
    index = index_verdicts(folder)
    return write_rows(target, flat_rows(read_verdicts(folder, index)))


def flat_rows(rows: Iterator[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Verdict rows with every score in a column of its own."""
    return map(_flat, rows)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {name: row.get(name) for name in _FRONT}
    for name, score in row["scores"].items():
        flat.update((f"scores.{name}.{field}", score.get(field)) for field in _OF_SCORE)
        if score.get("samples") is not None:
            flat.update((f"scores.{name}.samples.{field}", score["samples"][field]) for field in _OF_SAMPLES)
    flat["flags"] = ";".join(row.get("flags") or ()) or None
    frames = row.get("frames")
    flat["frames.count"] = len(frames["indices"]) if frames else None
    flat["frames.tokens"] = frames.get("tokens") if frames else None
    flat.update((name, row.get(name)) for name in _BACK)
    for part in ("human", "extra"):
        flat.update((f"{part}.{name}", value) for name, value in (row.get(part) or {}).items())
    return flat
