"""A reply ends where its last answer is read, and a number is never cut."""

from collections.abc import Callable

import pytest
import torch
from conftest import make_frames, make_request

from reeljudge.judges.local import judge as judge_module
from reeljudge.judges.local.judge import LocalJudge
from reeljudge.rubrics import Rubric


@pytest.fixture
def written(judge: Callable[..., LocalJudge], monkeypatch) -> Callable[[str], None]:
    """Make the judge write a given text, by putting its tokens' logits on top, whatever it thinks."""

    def write(text: str) -> None:
        judge_ = judge()
        ids = [*judge_._prompts.encode_reply(text), min(judge_._end_tokens)]
        logits = judge_._network.logits
        step = iter(range(10_000))

        def forced(hidden: torch.Tensor) -> torch.Tensor:
            raised = logits(hidden).clone()
            raised[:, ids[min(next(step), len(ids) - 1)]] += 1e4
            return raised

        monkeypatch.setattr(judge_._network, "logits", forced)

    return write


REPLY = """<think>
Sharp at first: visual quality: 2 of 5 frames blur. 10 things move.
</think>

(1) visual quality: 4
(2) text-to-video alignment: 3
(3) physical/common-sense consistency: 2
"""


def test_a_reply_stops_after_the_last_answer(
    judge: Callable[..., LocalJudge], rubric: Rubric, written
) -> None:
    written(REPLY + "And then it goes on and on, 7 times.")
    request = make_request(rubric, make_frames(0), max_tokens=400, early_stop=True)
    reply = judge().answer([request])[0].replies[0]
    assert reply.finish == "score"
    assert reply.text == REPLY
    digits = [(digit.text, reply.text[digit.start : digit.end]) for digit in reply.digits]
    assert [text for text, _ in digits] == list("2510" + "142332")
    assert all(text == there for text, there in digits)


def test_early_stop_can_be_turned_off(judge: Callable[..., LocalJudge], rubric: Rubric, written) -> None:
    text = REPLY + "And then it goes on and on, 7 times."
    written(text)
    request = make_request(rubric, make_frames(0), max_tokens=400, early_stop=False)
    reply = judge().answer([request])[0].replies[0]
    assert (reply.finish, reply.text) == ("stop", text)


@pytest.mark.parametrize("number", ["10", "3.5", "2/10"])
def test_a_number_is_never_cut(
    judge: Callable[..., LocalJudge], rubric: Rubric, written, number: str
) -> None:
    text = REPLY.replace("consistency: 2", f"consistency: {number}")
    written(text + "more")
    request = make_request(rubric, make_frames(0), max_tokens=400, early_stop=True)
    reply = judge().answer([request])[0].replies[0]
    assert f"consistency: {number}" in reply.text


def test_answers_are_looked_for_only_shortly_after_digits(
    judge: Callable[..., LocalJudge], rubric: Rubric, written, monkeypatch
) -> None:
    calls = []

    def complete(text: str, **kwargs: object) -> bool:
        calls.append(text)
        return False

    monkeypatch.setattr(judge_module, "answer_complete", complete)
    written("no digits here, " * 20 + "4" + " and a tail that never ends" * 10)
    judge().answer([make_request(rubric, make_frames(0), max_tokens=900, early_stop=True)])
    assert 0 < len(calls) <= 33
    assert all("4" in text for text in calls)
