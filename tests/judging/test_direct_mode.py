"""Answer-only verdicts: marked, never mixed with reasoned ones, and never invented."""

import math
from pathlib import Path
from typing import Any

import pytest
from fake_judge import FakeJudge

from reeljudge.clips import Clip
from reeljudge.errors import UsageError
from reeljudge.judges import Request
from reeljudge.judges.protocol import Sampling
from reeljudge.judging import ClipJudge, JudgeSettings, load_judge
from reeljudge.rubrics import load_rubric
from reeljudge.verdicts import DigitToken, Reply

CLIP = Clip("c1", "c1.mp4", Path("c1.mp4"), "a red ball", None, "g")


def answers_directly(seen: float) -> FakeJudge:
    """GRADEO's answer with a 4 at probability 3/4 of what lies on the scale."""
    text = "<ASSESSMENT>Rating Score: 4</ASSESSMENT>\n"
    alternatives = {"3": math.log(0.25), "4": math.log(0.75)}

    def write(request: Request, sample: int) -> Reply:
        assert request.sampling.mode == "direct"
        place = text.index("4")
        digit = DigitToken(start=place, end=place + 1, text="4", alternatives=alternatives, seen=seen)
        return Reply(text=text, tokens=0, mode="direct", digits=(digit,))

    judge = FakeJudge(write)
    judge.modes = ("reasoned", "direct")  # type: ignore[attr-defined]
    return judge


def direct(judge: FakeJudge) -> ClipJudge:
    return ClipJudge(judge, load_rubric("gradeo"), dimensions=["quality"], sampling=Sampling(mode="direct"))


def test_a_direct_verdict_is_marked_and_has_no_flags_about_reasoning() -> None:
    (verdict,) = direct(answers_directly(0.9)).judge_many([CLIP])
    score = verdict.scores["quality"]
    assert (score.value, score.expected, score.coverage) == (4, pytest.approx(3.75), 0.9)
    assert verdict.flags == ()
    (reply,) = verdict.model_dump(mode="json")["replies"]
    assert reply["mode"] == "direct"


def test_a_reply_that_was_written_bears_no_mark() -> None:
    assert "mode" not in Reply(text="x").model_dump(mode="json")


def test_digits_that_the_judge_would_rather_not_write_are_no_score() -> None:
    (verdict,) = direct(answers_directly(0.49)).judge_many([CLIP])
    score = verdict.scores["quality"]
    assert (score.status, score.reason, score.probabilities) == ("unscored", "missing_score", None)


def test_the_configuration_says_so_and_nothing_that_cannot_matter() -> None:
    reasoned = ClipJudge(answers_directly(1.0), load_rubric("gradeo")).plan
    plan = direct(answers_directly(1.0)).plan
    assert plan.configuration["sampling"] == {"mode": "direct"}
    assert "mode" not in reasoned.configuration["sampling"]
    assert plan.config != reasoned.config


def test_a_judge_that_cannot_is_refused_in_one_line(tmp_path: Path) -> None:
    recording = tmp_path / "replies.jsonl"
    recording.write_text('{"id": "c1", "reply": "x"}\n')
    with pytest.raises(UsageError, match=r"--mode direct needs the probabilities .*recorded:.* cannot tell"):
        load_judge(f"recorded:{recording}", mode="direct")


def test_a_scale_of_two_digits_is_refused() -> None:
    gradeo = load_rubric("gradeo")
    wide = gradeo.model_copy(update={"scale": gradeo.scale.model_copy(update={"max": 10})})
    with pytest.raises(UsageError, match=r"one digit per dimension; the scale of rubric 'gradeo' is 1-10"):
        ClipJudge(answers_directly(1.0), wide, sampling=Sampling(mode="direct"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "quick"}, r"--mode 'quick' is unknown.*direct"),
        ({"mode": "direct", "temperature": 0.5}, r"writes no reply, so leave --temperature out"),
        ({"mode": "direct", "samples": 3, "temperature": 0.5}, r"leave --samples out"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        JudgeSettings(**settings)
