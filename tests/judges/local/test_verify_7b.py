"""The script that checks the true weights: its comparison by hand, and a dry run with a random checkpoint."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from reeljudge.clips import write_video
from reeljudge.verdicts import Score, Verdict

SCRIPT = Path(__file__).parents[3] / "scripts" / "verify_7b.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_7b", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_7b"] = module
    spec.loader.exec_module(module)
    return module


def verdict(script: ModuleType, name: str, *values: int | None) -> Verdict:
    scores = {
        dimension: Score.none("missing_score") if value is None else Score(status="scored", value=value)
        for dimension, value in zip(script.DIMENSIONS, values, strict=True)
    }
    return Verdict(
        id=name,
        video=f"{name}.mp4",
        prompt="p",
        rubric="videoscore2",
        judge="j",
        status="partial",
        scores=scores,
    )


def test_agreement_by_hand(script: ModuleType) -> None:
    # Published, rounded: 4 3 3, 3 4 3, 1 2 1.
    rows = [("004882_h", 4, 3, 2), ("001033_p", 3, 4, 3), ("002314_j", 1, 1, 2)]
    result = script.compare([verdict(script, *row) for row in rows])
    assert (result["compared"], result["equal"], result["within_1"], result["agrees"]) == (9, 6, 9, True)
    worse = [*rows[:2], ("002314_j", 1, 1, 3)]
    assert not script.compare([verdict(script, *row) for row in worse])["agrees"]
    unread = [*rows[:2], ("002314_j", 1, None, 1)]
    result = script.compare([verdict(script, *row) for row in unread])
    assert (result["equal"], result["within_1"], result["agrees"]) == (7, 8, False)


def test_rows_without_a_published_score_are_shown_and_not_counted(script: ModuleType) -> None:
    result = script.compare([verdict(script, "004022_h", 3, 3, 3)])
    assert (result["compared"], result["agrees"]) == (0, False)
    assert [row["people"] for row in result["rows"]] == [3, 3, 3]


def test_a_dry_run_with_a_random_checkpoint(
    script: ModuleType, checkpoint: Callable[..., Path], tmp_path: Path, capsys
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (16, 56, 56, 3), dtype=np.uint8)
    write_video(tmp_path / "a.mp4", pictures, fps=8)
    manifest = tmp_path / "clips.jsonl"
    manifest.write_text(json.dumps({"id": "004882_h", "video": "a.mp4", "prompt": "noise"}))
    judge = f"hf:{checkpoint('qwen2_5_vl')}"
    output = tmp_path / "out.json"
    options = ["--device", "cpu", "--dtype", "float32", "--max-tokens", "8", "--output", str(output)]
    assert script.main([str(manifest), "--judge", judge, *options]) == 1
    shown = capsys.readouterr().out
    assert "does NOT agree" in shown
    assert "2.9988" in shown
    document = json.loads(output.read_text())
    assert document["judge"]["dtype"] == "float32"
    assert document["verdicts"][0]["replies"][0]["tokens"] == 8


def test_wrong_usage_is_one_line(script: ModuleType, tmp_path: Path, capsys) -> None:
    assert script.main([str(tmp_path / "none.jsonl")]) in (1, 2)
    assert "none.jsonl" in capsys.readouterr().out
