"""The first exchange with a server: does it answer, does it see, what does it take, what is it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from reeljudge.clips import Frames
from reeljudge.errors import JudgeError
from reeljudge.judges.protocol import Sampling
from reeljudge.judges.served.dialect import Dialect
from reeljudge.judges.served.exchange import Body, Server
from reeljudge.judges.served.pictures import EncodedFrames, SendAs, encode_frames
from reeljudge.judges.served.replies import prompt_tokens, read_completion
from reeljudge.judges.served.trouble import Trouble

_LOOK_SECONDS = 10.0
_TEST_TOKENS = 16
_TEST_SIDE = 224
_TEST_PICTURES = 4
_TEST_RETRIES = 2
_LISTED = 12

_LEAST_TOKENS = 6
"""A model that sees makes more of a test picture; a placeholder such as `<image>` takes fewer."""


@dataclass(frozen=True)
class Acquaintance:
    """What a server told about itself. Everything is None where it does not tell.

    Attributes:
        served_model: the model's name as the server's answers give it, e.g. with a date or a revision.
        root: the checkpoint behind the name (vLLM).
        version: of the server (vLLM, SGLang, Ollama).
        logprobs: whether it gave log probabilities.
        picture_tokens: prompt tokens that one test picture took.
    """

    served_model: str | None = None
    root: str | None = None
    version: str | None = None
    logprobs: bool = False
    picture_tokens: float | None = None

    def cut_prompt(self, tokens: int | None, shown: Sequence[Frames]) -> str | None:
        """What to say where a prompt of `tokens` is too short to hold these frames.

        Some servers (Ollama) cut a prompt that exceeds their context and say nothing. A frame of at
        least the test picture's size takes no fewer tokens than that did.
        """
        if tokens is None or self.picture_tokens is None:
            return None
        large = sum(len(frames.pixels) for frames in shown if frames.height * frames.width >= _TEST_SIDE**2)
        least = large * self.picture_tokens
        if tokens >= 0.9 * least:
            return None
        return (
            f"the server counts {tokens} prompt tokens where the frames alone take {least:.0f} or more: "
            "it may have cut the prompt; give it a longer context, or lower --max-frames"
        )


async def meet(server: Server, send_as: SendAs, temporal_factor: int) -> Acquaintance:
    """Ask a server for its models and for one short reply about test pictures.

    It fails fast where no run could succeed: nothing answers, the key or the model is wrong, the model
    takes no pictures or is sent them and does not see them. Fields that the server rejects by name are
    learned here, before a run's configuration is written down.

    Raises:
        JudgeError: one line that says how to mend it.
    """
    try:
        models = await _models(server)
        pictures = encode_frames(_test_frames(), send_as, temporal_factor)
        answered = await server.chat(
            lambda dialect: _question(dialect, pictures),
            check=lambda body: read_completion(body, None, 0, ()),
            retries=min(server.retries, _TEST_RETRIES),
        )
        seen = prompt_tokens(answered.body)
        each = None if seen is None else await _picture_tokens(server, seen, pictures)
    except Trouble as trouble:
        raise JudgeError(await explain(server, trouble, send_as)) from None
    reply, _ = read_completion(answered.body, None, 0, ())
    logprobs = answered.body["choices"][0].get("logprobs")
    served = answered.body.get("model")
    root = next((entry.get("root") for entry in models if entry.get("id") == server.model), None)
    return Acquaintance(
        served_model=served if isinstance(served, str) and served else None,
        root=root if isinstance(root, str) else None,
        version=await _version(server),
        logprobs=bool(reply.digits) or (isinstance(logprobs, Mapping) and bool(logprobs.get("content"))),
        picture_tokens=each,
    )


async def explain(server: Server, trouble: Trouble, send_as: SendAs) -> str:
    """The line for a person: who says it, and what is served where the model is not."""
    text = str(trouble)
    if trouble.explained:
        return text
    if trouble.unknown_model:
        try:
            names = [str(entry.get("id")) for entry in await _models(server)]
        except Trouble:
            names = []
        if names:
            more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
            text += f"; it serves: {', '.join(names[:_LISTED])}{more}"
        else:
            text += f" ({trouble.kind}): is it loaded, and does --base-url end in /v1?"
    elif send_as == "video" and trouble.answered and not trouble.whole and not trouble.full:
        text += "; not every server takes a list of frames as one video: try --send-as images"
    return f"served:{server.model}: {text}"


async def _models(server: Server) -> list[Mapping[str, Any]]:
    """The server's own list; empty where it keeps none or the key may not see it."""
    for attempt in range(_TEST_RETRIES + 1):
        try:
            _, body = await server.get(f"{server.address.base}/models", min(_LOOK_SECONDS, server.timeout))
            break
        except Trouble:
            if attempt == min(_TEST_RETRIES, server.retries):
                raise
            await asyncio.sleep(server.backoff)
    listed = body.get("data") if isinstance(body, Mapping) else None
    return [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []


async def _version(server: Server) -> str | None:
    """vLLM and SGLang tell it at /version, Ollama at /api/version; hosted services are not asked."""
    if urlsplit(server.address.base).scheme == "https" and not server.address.loopback:
        return None
    for path in ("/version", "/api/version"):
        try:
            status, body = await server.get(server.address.origin + path, _LOOK_SECONDS, show_key=False)
        except Trouble:
            return None
        version = body.get("version") if status == 200 and isinstance(body, Mapping) else None
        if isinstance(version, str) and version:
            return version
    return None


async def _picture_tokens(server: Server, with_pictures: int, pictures: EncodedFrames) -> float | None:
    """Tokens per picture, by comparison with the same question without pictures; None where the
    server's counts do not tell.

    Raises:
        Trouble: the pictures do not get to the model.
    """
    try:
        blind = await server.chat(lambda dialect: _question(dialect, pictures, blind=True), retries=0)
    except Trouble:
        return None  # a server may refuse to answer without pictures; then it looks at them
    without = prompt_tokens(blind.body)
    if without is None or with_pictures < without:
        return None  # fewer with pictures than without: it leaves out what it has cached
    each = (with_pictures - without) / pictures.pictures
    if each < _LEAST_TOKENS:
        raise Trouble(
            f"{server.address.base} takes pictures and does not show them to the model ({with_pictures} "
            f"prompt tokens with {pictures.pictures} pictures, {without} without): serve a model that sees",
            "blind",
            whole=True,
        )
    return each


def _question(dialect: Dialect, pictures: EncodedFrames, blind: bool = False) -> Body:
    shown = [part for part in pictures.parts if not blind or part["type"] == "text"]
    parts = [*shown, {"type": "text", "text": "Answer with the digit 1."}]
    fields = dialect.fields(Sampling(max_tokens=_TEST_TOKENS), seed=0)
    extra = {} if blind else dialect.without_dropped(pictures.fields)
    return {"messages": [{"role": "user", "content": parts}], **fields, **extra}


def _test_frames() -> Frames:
    ramp = np.linspace(0, 255, _TEST_SIDE, dtype=np.uint8)
    picture = np.stack([np.tile(ramp, (_TEST_SIDE, 1)), np.tile(ramp[:, None], (1, _TEST_SIDE))], axis=-1)
    blue = np.full((_TEST_SIDE, _TEST_SIDE, 1), 128, dtype=np.uint8)
    pixels = np.stack([np.concatenate([picture, blue], axis=-1)] * _TEST_PICTURES)
    return Frames(
        pixels=pixels,
        indices=tuple(range(_TEST_PICTURES)),
        timestamps=tuple(index / 2 for index in range(_TEST_PICTURES)),
        fps=2.0,
        total_frames=_TEST_PICTURES,
        source_width=_TEST_SIDE,
        source_height=_TEST_SIDE,
        rule="test",
        seconds_per_grid=1.0,
        decoder="",
        sha256="",
    )
