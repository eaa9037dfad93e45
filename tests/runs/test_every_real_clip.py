"""Every real clip through a local checkpoint and a run folder: nothing crashes, provenance is complete."""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from reeljudge import load_judge, read_manifest
from reeljudge.runs import read_verdicts, run_manifest

LOCAL_TESTS = Path(__file__).parents[1] / "judges" / "local"


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.parametrize("rubric", ["videoscore2", "gradeo"])
def test_a_local_checkpoint_judges_every_real_clip(tmp_path: Path, rubric: str) -> None:
    corpus = os.environ.get("REELJUDGE_CORPUS")
    if not corpus:
        pytest.skip("needs real clips: set REELJUDGE_CORPUS to a folder that holds videos/")
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    spec = importlib.util.spec_from_file_location("checkpoints_of_tests", LOCAL_TESTS / "qwen_checkpoints.py")
    assert spec is not None
    assert spec.loader is not None
    checkpoints = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checkpoints)
    folder = checkpoints.write_checkpoint(tmp_path / "checkpoint", "qwen2_5_vl")

    manifest = read_manifest(Path(corpus) / "videos" / "manifest.jsonl")
    settings = {"rubric": rubric, "max_tokens": 4, "max_frames": 6, "max_pixels": 128 * 28 * 28}
    with load_judge(f"hf:{folder}", **settings) as judge:
        run_manifest(manifest, tmp_path / "run", judge)

    verdicts = list(read_verdicts(tmp_path / "run"))
    assert [verdict["id"] for verdict in verdicts] == [clip.id for clip in manifest]
    for verdict in verdicts:
        # A random checkpoint writes no answer: every clip is judged, and none is given a score.
        assert verdict["status"] == "unscored", json.dumps(verdict)[:500]
        assert {score["value"] for score in verdict["scores"].values()} == {None}
        assert len(verdict["sha256"]) == 64
        assert verdict["revision"]
        frames = verdict["frames"]
        assert frames["tokens"] > 0
        assert len(frames["indices"]) == len(frames["timestamps"]) >= 2
        assert frames["decoder"].startswith("PyAV")
        assert len(verdict["replies"]) == (1 if rubric == "videoscore2" else 7)
