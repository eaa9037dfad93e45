"""Joining runs: shards of one manifest, or manifests judged under the same configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reeljudge.errors import InputError, UsageError
from reeljudge.runs.folder import (
    VERDICTS_NAME,
    RunWriter,
    index_verdicts,
    read_settings,
    read_verdicts,
    refuse_difference,
    unfinished,
)
from reeljudge.runs.parts import gaps, part_of, rows_of, together
from reeljudge.tables.lock import writer_of
from reeljudge.tables.log import LogIndex, read_line, scan_log, split_key


@dataclass(frozen=True)
class Merged:
    """`rows` in the joined run, `added` by this call, `repeated` rows that several runs held.

    `warnings`: parts that are not finished, shards that are missing or were counted differently.
    """

    folder: Path
    runs: int
    rows: int
    added: int
    repeated: int
    warnings: tuple[str, ...] = ()


def merge_runs(runs: Sequence[Path], folder: Path) -> Merged:
    """Join runs of one configuration into a folder; nothing is lost and nothing doubled.

    Where several runs hold a row, a verdict wins over an error. The folder may hold some of the rows
    already, so that an interrupted merge can be repeated.

    Raises:
        UsageError: the configurations differ (every field that does is named), a run is being written to,
            or two runs hold different clips under one id.
        InputError: a folder is no run, or has lines that cannot be read.
    """
    if any(run.resolve() == folder.resolve() for run in runs):
        raise UsageError(f"{folder}: cannot be both joined and the result; choose another folder for -o")
    described = [read_settings(run) for run in runs]
    for run, settings in zip(runs, described, strict=True):
        refuse_difference(run, settings, described[0])
        holder = writer_of(run)
        if holder is not None:
            raise UsageError(f"{run}: {holder} is still writing here; merge when it has ended")
    first = dict(described[0])
    first["settings"] = {
        **first.get("settings", {}),
        "shard": None,
    }
    first["notes"] = list(dict.fromkeys(note for one in described for note in one.get("notes", [])))
    added = repeated = 0
    with RunWriter(folder, first) as writer:
        parts = writer.settings.get("settings", {}).get("parts", [])
        for run, settings in zip(runs, described, strict=True):
            source = index_verdicts(run)
            more, again = _add(run, source, writer)
            added += more
            repeated += again
            parts = together(parts, part_of(run, settings, len(source)))
        writer.remember(parts=parts, rows=rows_of(parts), shard=None, limit=None)
    rows = len(index_verdicts(folder))
    return Merged(folder, len(runs), rows, added, repeated, tuple(gaps(parts)))


def _add(run: Path, source: LogIndex, writer: RunWriter) -> tuple[int, int]:
    """Append what the folder lacks of a run: (rows added, rows that were there)."""
    if source.broken:
        raise InputError(
            f"{run / VERDICTS_NAME}: {source.broken} lines cannot be read; resume the run to judge them again"
        )
    target = scan_log(writer.folder / VERDICTS_NAME)
    added = repeated = 0
    for row in read_verdicts(run, source):
        there = target.find(str(row["key"]))
        if there is not None:
            repeated += 1
            kept = read_line(writer.folder / VERDICTS_NAME, there.offset)
            if kept is not None:
                _refuse_namesakes(run, row, kept)
            if not (unfinished(there.status, there.reason) and not unfinished(row["status"], row["reason"])):
                continue
        writer.append(row)
        added += there is None
    return added, repeated


def _refuse_namesakes(run: Path, row: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Two clips under one id: to keep one of them would lose the other."""
    same = split_key(str(row["key"])) == split_key(str(kept["key"]))
    if row.get("sha256") and kept.get("sha256"):
        same = same and row["sha256"] == kept["sha256"]
    else:
        same = same and row.get("video") == kept.get("video")
    if not same:
        raise UsageError(
            f"{run}: id {row['id']!r} stands for another clip here ({row.get('video')}, "
            f"prompt {row.get('prompt')!r}) than in a run before ({kept.get('video')}, "
            f"prompt {kept.get('prompt')!r}); "
            "give the clips different ids in their manifests"
        )
