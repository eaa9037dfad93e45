"""Reasoning opened twice and closed twice: what stands before the second closing tag is still reasoning."""

import pytest

from reeljudge.rubrics import read_reply

ANSWER = "(1) visual quality: 5\n(2) text-to-video alignment: 5\n(3) physical/common-sense consistency: 5\n"


@pytest.mark.parametrize("afterthought", ["", "hmm, no"])
def test_the_outer_reasoning_ends_with_its_own_tag(afterthought: str) -> None:
    reply = f"<think>a sharp clip <think>nested</think> {ANSWER}{afterthought}</think>"
    assert {score.value for score in read_reply(reply, "videoscore2").scores.values()} == {None}
    final = ANSWER.replace("5", "2")
    assert {score.value for score in read_reply(f"{reply}\n{final}", "videoscore2").scores.values()} == {2}
