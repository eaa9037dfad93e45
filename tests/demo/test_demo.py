"""The demo: its recording fits its clips, and it shows every kind of outcome that it promises."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "demo"


def test_the_recording_fits_the_clips_and_the_demo_runs(tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "demo", ignore=shutil.ignore_patterns("out", "__pycache__"))
    script = "import json, record; print(json.dumps(record.recorded_rows()))"
    environment = os.environ | {"PYTHONPATH": str(DEMO)}
    fresh = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    kept = [json.loads(line) for line in (DEMO / "replies.jsonl").read_text(encoding="utf-8").splitlines()]
    assert json.loads(fresh.stdout) == kept, "run demo/record.py: the world or the replies have changed"

    ran = subprocess.run(
        [sys.executable, "demo/run.py"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    for outcome in ("truncated", "ambiguous", "out_of_range", "5 / 5", "report"):
        assert outcome in ran.stdout
    assert (tmp_path / "demo" / "out" / "report.html").stat().st_size > 100_000
