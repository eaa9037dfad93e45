"""The served judge: any OpenAI-compatible server of a model that sees."""

import asyncio
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reeljudge.clips import Frames, FrameSettings
from reeljudge.cores import usable_cores
from reeljudge.errors import JudgeError
from reeljudge.judges.protocol import Answer, Mode, Request
from reeljudge.judges.served.address import Address
from reeljudge.judges.served.background import BackgroundLoop
from reeljudge.judges.served.dialect import Dialect, derive_seed
from reeljudge.judges.served.direct import continue_fields, read_digit
from reeljudge.judges.served.exchange import Body, Check, Exchange, Server
from reeljudge.judges.served.meeting import Acquaintance, explain, meet
from reeljudge.judges.served.pictures import ENCODING, EncodedFrames, SendAs, encode_frames
from reeljudge.judges.served.replies import prompt_tokens, read_completion, visual_tokens
from reeljudge.judges.served.trouble import Trouble
from reeljudge.rubrics.answer_form import answer_form
from reeljudge.verdicts import Reply

CONCURRENCY = 16
TIMEOUT = 300.0
RETRIES = 4

LOST_CLIPS = 3
"""After this many clips in a row without an answer between them, the server is taken to be gone."""


class ServedJudge:
    """Answers requests through a server's chat completions (`judges.protocol.Judge`).

    The server is met at the first `identity()` or `answer()`: see `meeting.meet`. A request that fails is
    tried again with growing pauses where that can help; one that fails for good is its `Answer.error`.
    When no clip can be answered any more, the requests that are left fail at once and the next call
    raises, so that a run stops instead of waiting for hours.

    Args:
        model: its name at the server.
        address: where the server is.
        send_as: how the frames are sent, see `pictures.encode_frames`.
        concurrency: most requests in flight; fewer while the server refuses for want of room.
        timeout: seconds for one attempt.
        retries: attempts after the first.
        batch_size: requests per batch; None: twice the concurrency, so that no slot waits for frames.
        backoff: seconds before the first retry.
    """

    needs_frames = True
    modes: tuple[Mode, ...] = ("reasoned", "direct")

    def __init__(
        self,
        model: str,
        address: Address,
        send_as: SendAs = "images",
        concurrency: int = CONCURRENCY,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        batch_size: int | None = None,
        backoff: float = 1.0,
    ):
        self.name = f"served:{model}"
        self.frame_settings = FrameSettings()
        self.batch_size = batch_size or 2 * concurrency
        self.templates: Mapping[str, str] = {}
        self._model = model
        self._address = address
        self._send_as = send_as
        self._settings = (timeout, retries, concurrency, backoff)
        self._opening = threading.Lock()
        self._loop: BackgroundLoop | None = None
        self._server: Server | None = None
        self._met: Acquaintance | None = None
        self._over: str | None = None
        self._ever_answered = False
        self._lost: set[str] = set()
        self._encoded: dict[int, asyncio.Task[EncodedFrames]] = {}
        self._encoders: asyncio.Semaphore | None = None

    def identity(self) -> dict[str, Any]:
        """Model, server, how frames are sent and which fields the server does not take. Meets the server.

        Raises:
            JudgeError: the server cannot be used.
        """
        _, server, met = self._open()
        served = met.served_model
        # "m-2026-05-01" where "m" was asked for, or the part behind "m@".
        revision = None if served == self._model or not served else served.removeprefix(f"{self._model}@")
        return {
            "kind": "served",
            "model": self._model,
            "base_url": self._address.base,
            "revision": revision,
            "root": met.root,
            "server_version": met.version,
            "send_as": self._send_as,
            "frame_encoding": ENCODING[self._send_as],
            "dropped_fields": sorted(server.dialect.dropped),
            "length_field": server.dialect.length_field,
            "top_logprobs": server.dialect.top_logprobs if met.logprobs else None,
        }

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """One answer per request, in order; see `judges.protocol.Judge.answer`.

        Raises:
            JudgeError: the server cannot be used, or has stopped answering.
        """
        if self._over is not None:
            raise JudgeError(self._over)
        loop, server, met = self._open()
        if not met.logprobs and any(request.sampling.mode == "direct" for request in requests):
            raise JudgeError(
                f"{self.name}: --mode direct needs log probabilities, and the server gave none: take another "
                "server (vLLM, SGLang), an hf: judge, or leave --mode out"
            )
        return loop.run(self._answer_all(server, requests))

    def close(self) -> None:
        """Cancel what is in flight and close the connections."""
        with self._opening:
            loop, self._loop = self._loop, None
            server, self._server = self._server, None
            self._met = None
            self._encoded.clear()
            if loop is not None:
                if server is not None:
                    loop.run(server.close())
                loop.stop()

    def _open(self) -> tuple[BackgroundLoop, Server, Acquaintance]:
        with self._opening:
            if self._loop is None:
                self._loop = BackgroundLoop(self.name)
            if self._server is None:
                self._server = self._loop.run(self._connect())
            if self._met is None:
                factor = self.frame_settings.temporal_factor
                self._met = self._loop.run(meet(self._server, self._send_as, factor))
            return self._loop, self._server, self._met

    async def _connect(self) -> Server:
        timeout, retries, concurrency, backoff = self._settings
        self._encoders = asyncio.Semaphore(usable_cores())
        return Server(self._address, self._model, timeout, retries, concurrency, backoff)

    async def _answer_all(self, server: Server, requests: Sequence[Request]) -> list[Answer]:
        return list(await asyncio.gather(*(self._answer(server, request) for request in requests)))

    async def _answer(self, server: Server, request: Request) -> Answer:
        if not request.frames:
            return Answer(error=JudgeError(f"{self.name}: no frames to show"))
        pictures = [await self._encode(frames) for frames in request.frames]
        if request.sampling.mode == "direct":
            asked = [self._direct(server, request, pictures)]
        else:
            samples = range(request.sampling.samples)
            asked = [self._sample(server, request, pictures, sample) for sample in samples]
        results = await asyncio.gather(*asked, return_exceptions=True)
        replies: list[Reply] = []
        notes: list[str] = [note for encoded in pictures for note in encoded.notes]
        seen: int | None = None
        for result in results:
            if isinstance(result, Trouble):
                return Answer(error=JudgeError(await explain(server, result, self._send_as)))
            if isinstance(result, BaseException):
                raise result
            reply, said, tokens = result
            replies.append(reply)
            notes += said
            seen = tokens if tokens is not None else seen
        notes += server.dialect.notes()
        return Answer(tuple(replies), visual_tokens=seen, notes=tuple(dict.fromkeys(notes)))

    async def _sample(
        self, server: Server, request: Request, pictures: Sequence[EncodedFrames], sample: int
    ) -> tuple[Reply, tuple[str, ...], int | None]:
        clip, question, sampling = request.clips[0].id, request.question, request.sampling
        seed = derive_seed(sampling.seed, clip, question.dimension, sample)
        tags = request.rubric.reasoning_tags

        def build(dialect: Dialect) -> Body:
            fields = dialect.fields(sampling, seed, logprobs=request.rubric.scale.single_digit)
            return {"messages": messages(request, pictures), **fields}

        exchange, notes = await self._exchange(
            server,
            request,
            pictures,
            build,
            check=lambda body: read_completion(body, question.dimension, sample, tags),
        )
        reply, said = read_completion(exchange.body, question.dimension, sample, tags)
        return reply, (*said, *notes), visual_tokens(exchange.body)

    async def _direct(
        self, server: Server, request: Request, pictures: Sequence[EncodedFrames]
    ) -> tuple[Reply, tuple[str, ...], int | None]:
        """The answer alone, one digit after the other, each behind the likeliest digits before it."""
        scale, form = request.rubric.scale, answer_form(request.rubric, request.question.dimension)
        sampling = replace(request.sampling, max_tokens=1)
        text, seen = "", None
        digits: list[Any] = []
        notes: list[str] = []
        for before in form.before:
            text += before
            given = {"role": "assistant", "content": text}

            def build(dialect: Dialect, given: dict[str, Any] = given) -> Body:
                fields = dialect.fields(sampling, seed=0) | continue_fields(dialect)
                return {"messages": [*messages(request, pictures), given], **fields}

            exchange, said = await self._exchange(
                server, request, pictures, build, check=lambda body: read_digit(body, scale, 0)
            )
            notes += said
            seen = visual_tokens(exchange.body)
            found = read_digit(exchange.body, scale, len(text))
            if found is None:
                notes.append(f"no digit of the scale among the likeliest tokens behind {before.strip()!r}")
                break  # what follows would be conditioned on a digit that the judge would not write
            text += str(found[0])
            digits.append(found[1])
        else:
            text += form.end
        reply = Reply(
            dimension=request.question.dimension, text=text, tokens=0, mode="direct", digits=tuple(digits)
        )
        return reply, tuple(notes), seen

    async def _exchange(
        self,
        server: Server,
        request: Request,
        pictures: Sequence[EncodedFrames],
        build: Callable[[Dialect], Body],
        check: Check,
    ) -> tuple[Exchange, tuple[str, ...]]:
        """One completion about a request, and what it took; keeps count of what is lost."""
        extra = {key: value for one in pictures for key, value in one.fields.items()}

        def body(dialect: Dialect) -> Body:
            if self._over is not None:
                raise Trouble(self._over, "gave up", whole=True, explained=True)
            return {**build(dialect), **dialect.without_dropped(extra)}

        try:
            exchange = await server.chat(body, check=check)
        except Trouble as trouble:
            await self._lose(server, request.clips[0].id, trouble)
            raise
        self._ever_answered = True
        self._lost.clear()
        cut = self._met.cut_prompt(prompt_tokens(exchange.body), request.frames) if self._met else None
        return exchange, (*exchange.notes, *([cut] if cut else []))

    async def _lose(self, server: Server, clip: str, trouble: Trouble) -> None:
        """A request is lost. A refusal is about its clip once anything was answered; until then, and
        where nothing answers, several lost clips in a row are about the server."""
        if self._over is not None:
            return
        if not trouble.whole:
            if not trouble.again and self._ever_answered:
                return
            self._lost.add(clip)
            if len(self._lost) < LOST_CLIPS:
                return
        line = await explain(server, trouble, self._send_as)
        self._over = line if trouble.whole else f"{line}; {len(self._lost)} clips in a row had no answer"

    async def _encode(self, frames: Frames) -> EncodedFrames:
        """Encoded once for all questions and samples, and let go with the frames themselves."""
        task = self._encoded.get(id(frames))
        if task is None:
            task = asyncio.create_task(self._encode_now(frames))
            self._encoded[id(frames)] = task
            weakref.finalize(frames, self._encoded.pop, id(frames), None).atexit = False
        return await asyncio.shield(task)

    async def _encode_now(self, frames: Frames) -> EncodedFrames:
        assert self._encoders is not None
        async with self._encoders:
            factor = self.frame_settings.temporal_factor
            return await asyncio.to_thread(encode_frames, frames, self._send_as, factor)


def messages(request: Request, pictures: Sequence[EncodedFrames]) -> list[dict[str, Any]]:
    """The question's messages, with the encoded frames where `{"type": "video"}` stands.

    A system turn becomes plain text: not every chat template takes parts there.
    """
    shown = iter(pictures)
    result: list[dict[str, Any]] = []
    for message in request.question.messages:
        parts: list[dict[str, Any]] = []
        for part in message["content"]:
            parts += next(shown).parts if part["type"] == "video" else [part]
        if message["role"] == "system":
            result.append({"role": "system", "content": "".join(part["text"] for part in parts)})
        else:
            result.append({"role": message["role"], "content": parts})
    return result
