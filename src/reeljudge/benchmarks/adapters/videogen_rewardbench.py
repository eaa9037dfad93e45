"""VideoGen-RewardBench: a CSV of compared pairs."""

from pathlib import Path

from reeljudge.benchmarks.adapters.reading import label_rows
from reeljudge.benchmarks.release import Pair, Release, Video, distinct_names
from reeljudge.errors import InputError
from reeljudge.tables.votes import Vote

LABELS = ("VQ", "MQ", "TA", "Overall")
VOTES = {"A": Vote.A, "B": Vote.B, "same": Vote.TIE}


def read(files: list[Path]) -> Release:
    """Columns `path_A, path_B, A_model, B_model, prompt` and `VQ, MQ, TA, Overall` in {A, B, same}."""
    rows = list(label_rows(files[0]))
    sides = [(row, side, row.text(f"path_{side}")) for row in rows for side in "AB"]
    names = distinct_names([path for _, _, path in sides])
    videos: dict[str, Video] = {}
    for row, side, path in sides:
        name = names[path]
        if name not in videos:
            videos[name] = Video(
                name,
                (path, f"videos/{path}"),
                row.text("prompt"),
                model=row.get(f"{side}_model"),
            )
    pairs = [
        Pair(
            str(place),
            names[row.text("path_A")],
            names[row.text("path_B")],
            {label: _vote(row.get(label), f"{row.where}: {label!r}") for label in LABELS},
            row.text("prompt"),
        )
        for place, row in enumerate(rows)
    ]
    return Release(videos, pairs=pairs)


def _vote(value: object, where: str) -> Vote | None:
    if value is None or value == "":
        return None
    vote = VOTES.get(str(value).strip())
    if vote is None:
        raise InputError(f"{where} holds {value!r}; a vote of this set is A, B or same")
    return vote
