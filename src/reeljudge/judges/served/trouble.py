"""What went wrong with a request, whether trying again can help, and how to mend it."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from reeljudge.judges.served.address import KEY_VARIABLE, Address

CLOSED = "closed connection"
"""Kind of a request to which not a byte came back. A connection that was kept open may be closed by the
server in the very moment of its next use; that says nothing about the request."""

LONGEST_WAIT = 120.0
"""Seconds; a server that asks for more is asked again after this long."""

_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529}
_FULL = {429, 503, 529}
_SHOWN = 300
_READ = 4000

_FILTERED = r"content.?(policy|filter|management)|safety"
_MENDS = (
    (
        r"at most \d+ (image|video)|(image|video) count",
        "raise the server's limit (--limit-mm-per-prompt of vLLM, --limit-mm-data-per-request of SGLang), "
        "or lower --max-frames",
    ),
    (
        r"context length|context window|max_model_len|too many tokens|maximum.{0,20}tokens",
        "lower --max-frames, --max-pixels or the reply's length, or serve with a longer context",
    ),
    (r"too many images|number of images|payload|too large", "lower --max-frames or --max-pixels"),
    (_FILTERED, "the server's content filter refuses this clip"),
)


@dataclass(frozen=True)
class Words:
    """What a server says in an error's body, on one line, without keys.

    Attributes:
        text: its message; from validation errors, place and message of each, without the echoed input.
        param: the field that it blames, where it says so apart from the message.
        code: its own name of the error.
    """

    text: str
    param: str | None = None
    code: str | None = None

    @property
    def shown(self) -> str:
        return self.text if len(self.text) <= _SHOWN else self.text[:_SHOWN].rstrip() + " ..."


class Trouble(Exception):
    """A request that did not end in a reply. Its text is one line for a person.

    Attributes:
        again: trying again may help.
        wait: seconds that the server asks to wait, None where it does not say.
        full: the server refused for want of room.
        whole: no other request can succeed either.
        unknown_model: the server does not know the model.
        answered: the server answered, if only to refuse.
        explained: the text is already the whole line, with the judge's name.
        kind: a few words for notes and the log.
    """

    def __init__(
        self,
        text: str,
        kind: str,
        *,
        again: bool = False,
        wait: float | None = None,
        full: bool = False,
        whole: bool = False,
        unknown_model: bool = False,
        answered: bool = True,
        explained: bool = False,
    ):
        super().__init__(text)
        self.kind = kind
        self.again = again
        self.wait = wait
        self.full = full
        self.whole = whole
        self.unknown_model = unknown_model
        self.answered = answered
        self.explained = explained


def from_transport(error: Exception, address: Address, timeout: float) -> Trouble:
    """No answer, or half of one. The exception itself is left behind: it holds the request's headers."""
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        text = f"no server answers at {address.base}: start it, or set --base-url"
        return Trouble(text, "no connection", again=True, answered=False)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        text = f"{address.base} did not answer within {timeout:g} s: raise --timeout or lower --concurrency"
        return Trouble(text, "timeout", again=True, full=True, answered=False)
    if isinstance(error, httpx.ReadError | httpx.WriteError) or "without sending a response" in str(error):
        return Trouble(f"{address.base} closed the connection", CLOSED, again=True, answered=False)
    if isinstance(error, httpx.RemoteProtocolError | httpx.DecodingError):
        return Trouble(f"{address.base} broke off its answer", "half a response", again=True, answered=False)
    what = address.redact(" ".join(str(error).split())) or type(error).__name__
    text = f"no exchange with {address.base}: {what}"
    return Trouble(text, "no connection", again=True, answered=False)


def from_garbage(what: str, address: Address) -> Trouble:
    """Status 200 and a body that is no chat completion."""
    text = f"{address.base} answered with something else than a chat completion: {what}"
    return Trouble(text, "garbage", again=True)


def from_refusal(status: int, headers: httpx.Headers, words: Words, model: str, address: Address) -> Trouble:
    """An answer with an error status."""
    at, says = address.base, f": {words.shown}" if words.shown else ""
    kind = f"status {status}"
    if status == 401:
        mend = f"{KEY_VARIABLE} is not the right key" if address.has_key else f"set {KEY_VARIABLE}"
        return Trouble(f"{at} asks for a key (401): {mend}", kind, whole=True)
    filtered = re.search(_FILTERED, words.text, re.IGNORECASE) is not None
    if status == 402 or (status == 403 and not filtered) or words.code == "insufficient_quota":
        mend = f"see to what the key in {KEY_VARIABLE} may use" if address.has_key else f"set {KEY_VARIABLE}"
        return Trouble(f"{at} refuses this account ({status}{says}): {mend}", kind, whole=True)
    if _unknown_model(status, words):
        return Trouble(f"{at} does not serve the model {model!r}", kind, whole=True, unknown_model=True)
    if status in _AGAIN:
        again = f"{at} failed with status {status}{says}"
        return Trouble(again, kind, again=True, wait=retry_after(headers), full=status in _FULL)
    if 300 <= status < 400:
        text = f"{at} redirects elsewhere ({status}): set --base-url to the new place"
        return Trouble(text, kind, whole=True)
    if status == 405:
        text = f"{at} takes no chat completions (405): does --base-url end in /v1?"
        return Trouble(text, kind, whole=True)
    if status == 413:
        return Trouble(f"{at} takes no request of this size (413): lower --max-frames or --max-pixels", kind)
    mend = next((mend for pattern, mend in _MENDS if re.search(pattern, words.text, re.IGNORECASE)), "")
    return Trouble(f"{at} refuses the request ({status}{says}){f': {mend}' if mend else ''}", kind)


def _unknown_model(status: int, words: Words) -> bool:
    if status == 404 or words.code == "model_not_found":
        return True
    said = r"model .{0,200}(not found|does not exist|unknown|not exist)|pinned to|invalid model"
    return status in (400, 422) and re.search(said, words.text, re.IGNORECASE) is not None


def read_words(content: bytes, body: Any, address: Address) -> Words:
    """What a server says in the body of an error, in whichever of the usual forms it says it.

    Args:
        content: the body's bytes.
        body: the same as JSON, None where it is none.
    """
    if isinstance(body, list) and body:
        body = body[0]  # Gemini's compatible endpoint wraps its errors in a list
    if not isinstance(body, Mapping):
        text = re.sub(r"<[^>]*>", " ", content[:_READ].decode(errors="replace"))
        return Words(_one_line(text, address))
    error = body.get("error", body)
    if not isinstance(error, Mapping):
        return Words(_one_line(str(error), address))
    text = error.get("message") or error.get("detail") or ""
    if isinstance(text, list):
        text = "; ".join(_place_and_message(item) for item in text)
    param, code = error.get("param"), error.get("code")
    return Words(
        _one_line(str(text), address),
        param if isinstance(param, str) and param else None,
        code if isinstance(code, str) else None,
    )


def _place_and_message(item: Any) -> str:
    """Of one of FastAPI's validation errors; its `input` echoes what was sent and names other fields."""
    if not isinstance(item, Mapping):
        return str(item)
    place = item.get("loc")
    names = [str(part) for part in place if part != "body"] if isinstance(place, list) else []
    return f"{'.'.join(names)}: {item.get('msg', '')}"


def _one_line(text: str, address: Address) -> str:
    return address.redact(" ".join(text.split())[:_READ])


def retry_after(headers: httpx.Headers) -> float | None:
    """Seconds that a server asks to wait (a number or an HTTP date, RFC 9110 section 10.2.3), at most
    `LONGEST_WAIT`; None where it does not say or says nothing that can be read."""
    milliseconds = headers.get("retry-after-ms", "")
    if re.fullmatch(r"\d+(\.\d+)?", milliseconds):
        return min(LONGEST_WAIT, float(milliseconds) / 1000)
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return min(LONGEST_WAIT, float(value))
    try:
        then = parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(LONGEST_WAIT, max(0.0, then - time.time()))
