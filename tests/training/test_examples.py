"""Training rows: three published forms, and every fault named before any time is spent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reeljudge.clips import write_video
from reeljudge.errors import InputError
from reeljudge.rubrics import load_rubric
from reeljudge.synth import sample_clip
from reeljudge.synth.replies import training_rows
from reeljudge.training.examples import Example, read_examples

REPLY = (
    "<think>\nThe picture is clean. The clip shows a red ball.\n</think>\n\n"
    "(1) visual quality: 5\n(2) text-to-video alignment: 4\n(3) physical/common-sense consistency: 3\n"
)
SCORES = {"visual_quality": 5, "text_alignment": 4, "physical_consistency": 3}
ROW = {
    "id": "a",
    "video": "a.mp4",
    "prompt": "a red ball",
    "rubric": "videoscore2",
    "scores": SCORES,
    "reply": REPLY,
}
SHARE_GPT = {
    "conversations": [{"from": "human", "value": "<video>Judge it."}, {"from": "gpt", "value": REPLY}],
    "videos": ["a.mp4"],
}
PROBLEM = {
    "problem_id": "a",
    "problem": "Judge it.",
    "data_type": "video",
    "solution": "<answer>visual quality: 5; text-to-video alignment: 4; "
    "physical/common-sense consistency: 3</answer>",
    "path": "./a.mp4",
}

Read = Callable[..., list[Example]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    write_video(tmp_path / "a.mp4", np.zeros((8, 64, 64, 3), np.uint8), fps=8)

    def reader(*rows: dict[str, Any], need_reply: bool = True, rubric: str = "videoscore2") -> list[Example]:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return read_examples(
            [str(path)], load_rubric(rubric), template=None, videos=None, need_reply=need_reply
        )

    return reader


def test_the_three_forms_mean_the_same(read: Read) -> None:
    own, share = read(ROW, SHARE_GPT)
    (problem,) = read(PROBLEM, need_reply=False)
    for example in (own, share, problem):
        assert example.scores == SCORES
        assert example.video is not None
        assert example.video.name == "a.mp4"
    assert own.reply == share.reply == REPLY
    assert problem.reply is None
    assert "a red ball" in own.question.text
    assert share.question.text == problem.question.text == "Judge it."


def test_rows_of_synthetic_clips_are_training_rows(read: Read) -> None:
    rows = [{**row, "video": "a.mp4"} for row in training_rows(sample_clip(1, 0).row(), "gradeo")]
    found = read(*rows, rubric="gradeo")
    assert [example.question.dimension for example in found] == list(load_rubric("gradeo").names)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**ROW, "video": "none.mp4"}, r"rows\.jsonl, row 1: the video .*none\.mp4 is missing"),
        (
            {**ROW, "reply": "no idea"},
            r"row 1: the row says visual_quality = 5, but the reader finds no score",
        ),
        ({**ROW, "scores": {**SCORES, "text_alignment": 2}}, r"text_alignment = 2, but the reader finds 4"),
        ({key: ROW[key] for key in ("id", "prompt", "scores")}, r"row 1: not a training row \(KeyError"),
        ({**ROW, "reply": None}, r"row 1: the row holds no reply to learn"),
        ({**SHARE_GPT, "videos": []}, r"needs <video> once"),
        (PROBLEM, r"row 1: the row holds no reply to learn; only GRPO can use it"),
        ({**PROBLEM, "solution": "<answer>5</answer>"}, r"`solution` holds no score for every dimension"),
    ],
)
def test_faults_are_named_with_file_and_row(read: Read, row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(row)
