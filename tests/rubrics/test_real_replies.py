"""The reader on real replies of real judges. Needs REELJUDGE_CORPUS, a folder that holds labels/."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reeljudge.rubrics import load_rubric, read_reply

pytestmark = pytest.mark.corpus


def rows(name: str) -> list[dict[str, Any]]:
    folder = os.environ.get("REELJUDGE_CORPUS")
    if not folder:
        pytest.skip("needs real replies: set REELJUDGE_CORPUS to a folder that holds labels/")
    path = Path(folder) / "labels" / name
    if not path.is_file():
        pytest.skip(f"needs real replies: {path} does not exist")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def test_judges_outputs_read_as_their_publishers_read_them() -> None:
    replies = [row for row in rows("videoscore2_sample.jsonl") if row.get("judge_output")]
    assert replies
    for row in replies:
        reading = read_reply(row["judge_output"], "videoscore2")
        assert {name: score.value for name, score in reading.scores.items()} == row["judge_scores"]
        assert "contradiction" not in reading.flags
        for name, score in reading.scores.items():
            assert score.span is not None
            assert row["judge_output"][slice(*score.span)] == str(row["judge_scores"][name])


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("genai_bench_video_responses_messy.jsonl", "response"),
        ("viescore_t2i_rationales.jsonl", "reasoning"),
    ],
)
def test_replies_to_other_questions_hold_no_score(name: str, field: str) -> None:
    """Votes, apologies, loops and rationales, full of numbers and of the labels' words."""
    gradeo = load_rubric("gradeo")
    for row in rows(name):
        finish = "length" if row.get("truncated") else "stop"
        for rubric, dimension in [("videoscore2", None), *(("gradeo", one) for one in gradeo.names)]:
            reading = read_reply(row[field], rubric, dimension, finish)
            scored = {key: score for key, score in reading.scores.items() if score.status == "scored"}
            assert scored == {}, (row[field][:400], scored)


def test_apologies_of_real_judges_are_refusals() -> None:
    apologies = [
        row["response"]
        for row in rows("genai_bench_video_responses_messy.jsonl")
        if row["response"].lower().startswith(("i'm sorry", "i am sorry", "sorry"))
        and "cannot" in row["response"]
    ]
    assert len(apologies) > 10
    for text in apologies:
        reading = read_reply(text, "videoscore2")
        assert {score.reason for score in reading.scores.values()} == {"refusal"}, text[:300]
