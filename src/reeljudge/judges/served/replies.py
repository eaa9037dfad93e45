"""From the body of a chat completion to a `Reply`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reeljudge.judges.characters import valid_text
from reeljudge.judges.served.digits import digit_tokens
from reeljudge.verdicts import Finish, Reply

_FINISH: dict[str, Finish] = {
    "stop": "stop",
    "tool_calls": "stop",
    "length": "length",
    "max_tokens": "length",
}


class NotACompletion(Exception):
    """The body is not a chat completion: it is treated like half a response."""


def read_completion(
    body: Mapping[str, Any], dimension: str | None, sample: int, reasoning_tags: Sequence[str]
) -> tuple[Reply, tuple[str, ...]]:
    """The reply in a chat completion, and what a user should know about it.

    Reasoning that the server returns in a field of its own (`reasoning_content`, `reasoning`) is put
    back before the content, between the rubric's first reasoning tags, unless the content has its own:
    `<think>\\n` + reasoning + `\\n</think>\\n\\n` + content. Offsets of digit tokens count from the start
    of that text. Where the tokens ran out inside the reasoning, the block stays open.

    An empty content is a reply with an empty text. A refusal's own words are the reply.

    Args:
        dimension, sample: what was asked for.
        reasoning_tags: of the rubric that reads the reply; where it has none, reasoning is left out.

    Raises:
        NotACompletion: no choice, no message, or fields of the wrong kind.
    """
    choice = _first_choice(body)
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise NotACompletion("the answer has no message")
    ended = choice.get("finish_reason")
    ended = ended if isinstance(ended, str) else ""
    content, notes = _content(message, ended)
    reasoning = _reasoning(message)
    own = rf"<\s*/?\s*({'|'.join(map(re.escape, reasoning_tags))})\b"
    before = ""
    if reasoning and not reasoning_tags:
        notes = (*notes, "reasoning came in a field of its own; the rubric has no place for it")
    elif reasoning and not re.search(own, content, re.IGNORECASE):
        cut = not content and _FINISH.get(ended) == "length"
        before = _wrapped(reasoning, reasoning_tags, open_ended=cut)
    digits, why = digit_tokens(content, choice.get("logprobs"), shift=len(before), reasoning=reasoning)
    if why:
        notes = (*notes, why)
    usage = body.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, Mapping) else None
    reply = Reply(
        dimension=dimension,
        sample=sample,
        text=before + content,
        finish=_FINISH.get(ended),
        tokens=tokens if isinstance(tokens, int) else None,
        digits=digits,
    )
    return reply, notes


def visual_tokens(body: Mapping[str, Any]) -> int | None:
    """How many tokens the frames became, where the server tells them apart; None elsewhere."""
    details = _mapping(_mapping(body.get("usage")).get("prompt_tokens_details"))
    counts = [details.get(name) for name in ("image_tokens", "video_tokens")]
    known = [count for count in counts if isinstance(count, int) and count > 0]
    return sum(known) if known else None


def prompt_tokens(body: Mapping[str, Any]) -> int | None:
    """Tokens of the question as the server counted them; None where it does not say."""
    count = _mapping(body.get("usage")).get("prompt_tokens")
    return count if isinstance(count, int) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _first_choice(body: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise NotACompletion("the answer has no choices")
    return choices[0]


def _content(message: Mapping[str, Any], ended: str) -> tuple[str, tuple[str, ...]]:
    content = message.get("content")
    notes: tuple[str, ...] = ()
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        content = "".join(part for part in parts if isinstance(part, str))
    if content is not None and not isinstance(content, str):
        raise NotACompletion("the answer's content is no text")
    refusal = message.get("refusal")
    if not content and isinstance(refusal, str) and refusal:
        content, notes = refusal, ("the server marked the reply as a refusal",)
    if ended == "content_filter":
        notes = (*notes, "the server's content filter ended the reply")
    if message.get("tool_calls") or message.get("function_call"):
        notes = (*notes, "the model called a tool instead of answering, or besides")
    return valid_text(content or ""), notes


def _reasoning(message: Mapping[str, Any]) -> str:
    for name in ("reasoning_content", "reasoning"):
        text = message.get(name)
        if isinstance(text, str) and text.strip():
            return valid_text(text.strip("\n"))
    return ""


def _wrapped(reasoning: str, tags: Sequence[str], open_ended: bool) -> str:
    # A tag inside the reasoning would end the block early and let a score be read from what is left.
    inside = re.sub(
        rf"<(\s*/?\s*(?:{'|'.join(map(re.escape, tags))})\b)", r"&lt;\1", reasoning, flags=re.IGNORECASE
    )
    tag = tags[0]
    return f"<{tag}>\n{inside}" if open_ended else f"<{tag}>\n{inside}\n</{tag}>\n\n"
