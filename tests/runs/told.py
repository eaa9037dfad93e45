"""What a run told and wrote, for tests to look at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reeljudge.runs import read_verdicts
from reeljudge.runs.run import Silent
from reeljudge.verdicts import Verdict


def lines(run: Path) -> list[dict[str, Any]]:
    """Every line of the run's verdicts, also those that later ones replace."""
    return [json.loads(line) for line in (run / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]


def without_seconds(run: Path) -> dict[str, dict[str, Any]]:
    """The run's rows by id, without what no two runs share."""
    return {row["id"]: {**row, "seconds": None} for row in read_verdicts(run)}


class Told(Silent):
    """An observer that keeps what it is told, and calls `at` with every count of verdicts."""

    def __init__(self, at: Callable[[int], None] | None = None):
        self.count, self.at = 0, at
        self.notes: list[str] = []

    def judged(self, verdict: Verdict) -> None:
        self.count += 1
        if self.at is not None:
            self.at(self.count)

    def noted(self, text: str) -> None:
        self.notes.append(text)
