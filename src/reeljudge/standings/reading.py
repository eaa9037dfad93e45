"""Runs as entries: several runs together must speak of the same things."""

from collections.abc import Sequence
from pathlib import Path

from reeljudge.errors import InputError
from reeljudge.rubrics import Rubric
from reeljudge.runs import read_settings, read_verdicts
from reeljudge.standings.entries import Entry, entries


def read_runs(runs: Sequence[Path]) -> tuple[list[Entry], Rubric]:
    """The entries of all `runs`, in order, and their rubric.

    Raises:
        InputError: runs of different configurations (their scores are not comparable), or a clip id that
            stands in two of them.
    """
    first = read_settings(runs[0])
    rubric = Rubric.model_validate(first["rubric"])
    found: list[Entry] = []
    origin: dict[str, Path] = {}
    for run in runs:
        settings = read_settings(run)
        if settings["config"] != first["config"]:
            raise InputError(
                f"{run} was judged with another configuration than {runs[0]}; scores of two judges do not "
                "belong in one table (use `reeljudge report` to see them side by side)"
            )
        for entry in entries(read_verdicts(run)):
            if entry.id in origin:
                raise InputError(
                    f"clip {entry.id!r} stands in {origin[entry.id]} and in {run}: ids must be unique"
                )
            origin[entry.id] = run
            found.append(entry)
    return found, rubric
