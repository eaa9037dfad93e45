import time
from email.utils import formatdate

import httpx
import pytest

from reeljudge.judges.served.address import Address
from reeljudge.judges.served.trouble import (
    LONGEST_WAIT,
    Trouble,
    Words,
    from_refusal,
    from_transport,
    read_words,
    retry_after,
)

OPEN = Address("http://host/v1")
KEYED = Address("http://host/v1", "Bearer sk-1234567890", ("sk-1234567890",))


def refusal(status: int, text: str = "", code: str | None = None, address: Address = OPEN) -> Trouble:
    return from_refusal(status, httpx.Headers(), Words(text, None, code), "m", address)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("0", 0.0), ("9999", LONGEST_WAIT), ("soon", None), ("", None), ("-3", None)],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert retry_after(httpx.Headers({"Retry-After": value})) == seconds


def test_retry_after_as_a_date() -> None:
    waits = retry_after(httpx.Headers({"Retry-After": formatdate(time.time() + 30, usegmt=True)}))
    assert waits is not None
    assert 25 < waits <= 30
    assert retry_after(httpx.Headers({"Retry-After": formatdate(time.time() - 30, usegmt=True)})) == 0
    assert retry_after(httpx.Headers({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"})) == LONGEST_WAIT


def test_retry_after_in_milliseconds() -> None:
    assert retry_after(httpx.Headers({"retry-after-ms": "250", "retry-after": "9"})) == 0.25


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_is_tried_again(status: int) -> None:
    trouble = refusal(status)
    assert trouble.again
    assert not trouble.whole


@pytest.mark.parametrize("status", [400, 413, 415, 422, 501])
def test_what_is_not_tried_again(status: int) -> None:
    trouble = refusal(status)
    assert not trouble.again
    assert not trouble.whole


@pytest.mark.parametrize("status", [301, 307, 401, 402, 403, 404, 405])
def test_what_no_request_can_get_past(status: int) -> None:
    trouble = refusal(status)
    assert trouble.whole
    assert not trouble.again


@pytest.mark.parametrize(
    ("trouble", "mend"),
    [
        (refusal(401), "set OPENAI_API_KEY"),
        (refusal(401, address=KEYED), "OPENAI_API_KEY is not the right key"),
        (refusal(403), "set OPENAI_API_KEY"),
        (refusal(404), "does not serve the model 'm'"),
        (refusal(413), "--max-frames"),
        (refusal(400, "At most 1 image(s) may be provided in one prompt."), "--limit-mm-per-prompt"),
        (refusal(400, "This model's maximum context length is 4096 tokens."), "--max-frames"),
        (refusal(307), "--base-url"),
        (refusal(405), "/v1"),
    ],
)
def test_each_says_how_to_mend_it(trouble: Trouble, mend: str) -> None:
    assert mend in str(trouble)
    assert "\n" not in str(trouble)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(404, "The model `x` does not exist.", "model_not_found"),
        refusal(400, "The model `x` does not exist."),
        refusal(400, "Server is pinned to '/tmp/a'; requested 'x'."),
    ],
)
def test_a_model_that_is_not_served(trouble: Trouble) -> None:
    assert trouble.unknown_model


def test_an_empty_account_is_not_asked_again() -> None:
    assert refusal(429, "You exceeded your current quota", "insufficient_quota").whole
    assert refusal(429, "Rate limit reached", "rate_limit_exceeded").again


def test_a_content_filter_is_about_the_clip() -> None:
    trouble = refusal(400, "The response was filtered due to the content management policy.")
    assert not trouble.whole
    assert "content filter" in str(trouble)


@pytest.mark.parametrize(
    ("body", "text", "param"),
    [
        ({"error": {"message": "no top_k", "param": "top_k", "code": None}}, "no top_k", "top_k"),
        ({"error": "model is loading"}, "model is loading", None),
        ({"object": "error", "message": "too long", "code": 400}, "too long", None),
        (
            [{"error": {"code": 400, "message": "Unknown name \"top_k\"\n at 'x'"}}],
            "Unknown name \"top_k\" at 'x'",
            None,
        ),
        (
            {"detail": "Unexpected fields in the request: {'top_k'}"},
            "Unexpected fields in the request: {'top_k'}",
            None,
        ),
        (
            {"detail": [{"loc": ["body", "top_k"], "msg": "Extra inputs", "input": {"seed": 1}}]},
            "top_k: Extra inputs",
            None,
        ),
        ({}, "", None),
        ([], "", None),
        ({"error": {"message": None, "param": 3}}, "", None),
    ],
)
def test_the_words_of_an_error(body: object, text: str, param: str | None) -> None:
    words = read_words(b"", body, OPEN)
    assert (words.text, words.param) == (text, param)


def test_a_page_of_html() -> None:
    words = read_words(b"<html><head></head>\n<body><h1>502 Bad\nGateway</h1></body></html>", None, OPEN)
    assert words.text == "502 Bad Gateway"


def test_a_server_that_echoes_the_key() -> None:
    words = read_words(b"", {"error": {"message": "wrong key: sk-1234567890"}}, KEYED)
    assert words.text == "wrong key: ***"


def test_long_words_are_cut_where_they_are_shown() -> None:
    assert len(Words("x" * 2000).shown) < 310


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        TimeoutError(),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
    ],
)
def test_no_answer_is_tried_again(error: Exception) -> None:
    trouble = from_transport(error, OPEN, 5)
    assert trouble.again
    assert not trouble.whole
    assert not trouble.answered
    assert "http://host/v1" in str(trouble)
