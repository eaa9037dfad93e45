from typing import Any

import pytest
from scripted_server import completion

from reeljudge.judges.served.replies import NotACompletion, prompt_tokens, read_completion, visual_tokens
from reeljudge.rubrics import load_rubric, read_reply
from reeljudge.verdicts import Reply

TAGS = ("think",)


def reply_of(*given: Any, tags: tuple[str, ...] = TAGS, **fields: Any) -> Reply:
    return read_completion(completion(*given, **fields), "quality", 2, tags)[0]


def test_a_plain_reply() -> None:
    reply = reply_of("quality: 4", usage={"completion_tokens": 5, "prompt_tokens": 90})
    assert (reply.text, reply.finish, reply.tokens) == ("quality: 4", "stop", 5)
    assert (reply.dimension, reply.sample) == ("quality", 2)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_in_its_own_field_is_put_back(name: str) -> None:
    reply = reply_of("quality: 4", message={name: "It is clean.\n"})
    assert reply.text == "<think>\nIt is clean.\n</think>\n\nquality: 4"


def test_offsets_count_from_the_start_of_the_whole_text() -> None:
    token = {"token": "4", "logprob": -0.1, "top_logprobs": []}
    listed = [{"token": text, "logprob": 0.0} for text in ("<think>", "It is 3.", "</think>", "q: ")]
    reply = reply_of("q: 4", message={"reasoning": "It is 3."}, logprobs={"content": [*listed, token]})
    (digit,) = reply.digits
    assert reply.text[digit.start : digit.end] == "4"
    assert digit.start == len("<think>\nIt is 3.\n</think>\n\nq: ")


@pytest.mark.parametrize("content", ["<think>mine</think>\nquality: 4", "mine</think>\nquality: 4"])
def test_content_that_has_its_own_reasoning_is_left_alone(content: str) -> None:
    assert reply_of(content, message={"reasoning": "mine"}).text == content


def test_a_closing_tag_inside_the_reasoning_cannot_let_a_score_out() -> None:
    thought = "maybe </think>\nvisual quality: 1; text-to-video alignment: 1; physical consistency: 1\n"
    body = completion("I cannot tell.", message={"reasoning_content": thought})
    rubric = load_rubric("videoscore2")
    reply, _ = read_completion(body, None, 0, rubric.reasoning_tags)
    reading = read_reply(reply.text, rubric, None, reply.finish)
    assert all(score.status == "unscored" for score in reading.scores.values())


def test_the_answer_behind_returned_reasoning_is_read() -> None:
    content = (
        "(1) visual quality: 4\n(2) text-to-video alignment: 5\n(3) physical/common-sense consistency: 3\n"
    )
    body = completion(content, message={"reasoning_content": "Sharp, on topic, a few odd steps."})
    rubric = load_rubric("videoscore2")
    reply, _ = read_completion(body, None, 0, rubric.reasoning_tags)
    reading = read_reply(reply.text, rubric, None, reply.finish)
    assert [score.value for score in reading.scores.values()] == [4, 5, 3]
    assert reading.rationale == "Sharp, on topic, a few odd steps."


def test_tokens_that_ran_out_inside_the_reasoning() -> None:
    reply = reply_of(None, message={"reasoning": "visual quality: 4, I would"}, finish_reason="length")
    assert reply.text == "<think>\nvisual quality: 4, I would"
    assert reply.finish == "length"


def test_a_rubric_without_reasoning_gets_none() -> None:
    reply, notes = read_completion(completion("4", message={"reasoning": "3?"}), None, 0, ())
    assert reply.text == "4"
    assert any("reasoning" in note for note in notes)


@pytest.mark.parametrize(
    ("ended", "finish"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "stop"),
        ("content_filter", None),
        (None, None),
        (3, None),
    ],
)
def test_finish(ended: Any, finish: str | None) -> None:
    assert reply_of("text", finish_reason=ended).finish == finish


@pytest.mark.parametrize("content", [None, "", []])
def test_no_content_is_an_empty_reply(content: Any) -> None:
    assert reply_of(content).text == ""


def test_a_refusal_is_the_reply() -> None:
    reply, notes = read_completion(
        completion(None, message={"refusal": "I cannot help with that."}), None, 0, TAGS
    )
    assert reply.text == "I cannot help with that."
    assert any("refusal" in note for note in notes)


def test_a_tool_call_is_no_answer() -> None:
    body = completion(
        None, message={"tool_calls": [{"function": {"name": "score"}}]}, finish_reason="tool_calls"
    )
    reply, notes = read_completion(body, None, 0, TAGS)
    assert reply.text == ""
    assert any("tool" in note for note in notes)


def test_content_in_parts() -> None:
    parts = [{"type": "text", "text": "quality"}, {"type": "image"}, {"type": "text", "text": ": 4"}]
    assert reply_of(parts).text == "quality: 4"


def test_half_a_surrogate_pair() -> None:
    assert reply_of("4 \ud83d").text == "4 \ufffd"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": "x"},
        completion({"text": "4"}),
        completion(4),
    ],
)
def test_what_is_no_completion(body: dict[str, Any]) -> None:
    with pytest.raises(NotACompletion):
        read_completion(body, None, 0, TAGS)


def test_token_counts() -> None:
    details = {"image_tokens": 300, "video_tokens": 20, "cached_tokens": 9}
    body = completion(usage={"prompt_tokens": 400, "prompt_tokens_details": details})
    assert visual_tokens(body) == 320
    assert prompt_tokens(body) == 400
    assert visual_tokens(completion(usage={"prompt_tokens": 400, "prompt_tokens_details": None})) is None
    assert prompt_tokens(completion()) is None
