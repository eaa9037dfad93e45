"""Runs made by the recorded judge: no video is decoded unless a test wants pictures."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from report_material import MakeRun, joint, row

from reeljudge import load_judge, read_manifest
from reeljudge.runs import run_manifest


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Judge rows with recorded replies: `make_run("name", rows, replies)` gives the run folder."""

    def make(
        name: str, rows: Sequence[dict[str, Any]], replies: Sequence[str | None], rubric: str = "videoscore2"
    ) -> Path:
        folder = tmp_path / f"{name}-clips"
        folder.mkdir()
        manifest = folder / "manifest.jsonl"
        manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        recording = folder / "replies.jsonl"
        answers = [
            {"id": row["id"], "reply": reply, "finish": "stop"}
            for row, reply in zip(rows, replies, strict=True)
            if reply is not None
        ]
        recording.write_text("".join(json.dumps(row) + "\n" for row in answers), encoding="utf-8")
        with load_judge(f"recorded:{recording}", rubric=rubric) as judge:
            run_manifest(
                read_manifest(manifest), tmp_path / name, judge, settings={"manifest": str(manifest)}
            )
        return tmp_path / name

    return make


@pytest.fixture
def small_run(make_run: MakeRun) -> Path:
    """Four clips of two generators: scored twice, one partial, one without a reply."""
    rows = [
        row(
            n,
            model="aspen" if n % 2 else "birch",
            group=f"g{n // 2}",
            human={"visual_quality": [n + 1, n + 2]},
        )
        for n in range(4)
    ]
    replies = [joint((2, 3, 5)), joint((4, 3, 4)), joint((3, 3, 5)).partition("(2)")[0], None]
    return make_run("small", rows, replies)
