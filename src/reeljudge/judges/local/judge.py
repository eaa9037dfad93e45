"""The local judge: a Qwen-VL checkpoint that answers questions about clips on this machine."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
import transformers

from reeljudge.clips import Frames, FrameSettings
from reeljudge.errors import JudgeError, ReeljudgeError
from reeljudge.judges.local.checkpoint import Adapter, Checkpoint
from reeljudge.judges.local.choosing import chooser, describe_settings, is_deterministic
from reeljudge.judges.local.decoding import Decoder
from reeljudge.judges.local.direct import DirectReader
from reeljudge.judges.local.loading import ATTENTION, Loaded, first_line
from reeljudge.judges.local.memory import bytes_per_token, is_out_of_memory, release_memory, spare_bytes
from reeljudge.judges.local.network import Network
from reeljudge.judges.local.prompts import PromptEncoder
from reeljudge.judges.local.vision import VideoEncoder, VideoInput
from reeljudge.judges.local.vocabulary import ReplyText, Vocabulary
from reeljudge.judges.local.writing import PreparedQuestion, Writing
from reeljudge.judges.options import JudgeOptions
from reeljudge.judges.protocol import Answer, Mode, Request
from reeljudge.rubrics import answer_complete
from reeljudge.rubrics.answer_form import answer_form
from reeljudge.verdicts import DigitToken, Reply

GPU_ROWS, CPU_ROWS = 64, 32
"""Most replies that are written at once: past these a step costs what its rows cost."""

DEVICE_FAILED: tuple[type[Exception], ...] = (
    (torch.AcceleratorError,) if hasattr(torch, "AcceleratorError") else ()
)
"""What torch raises when an accelerator breaks down, after which nothing more runs on it (since 2.8)."""


class LocalJudge:
    """A judge that runs a checkpoint with transformers. See docs/local-judge.md.

    Attributes:
        name: `hf:` and the checkpoint as the user named it.
        needs_frames: it looks at the clips.
        templates: none of its own; the questions are the rubric's.
        frame_settings: the frames that the checkpoint takes.
        batch_size: most replies that are written at once.
        most_tokens: most tokens, questions and longest replies together, whose keys and values they may hold.
    """

    needs_frames = True
    modes: tuple[Mode, ...] = ("reasoned", "direct")
    templates: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        checkpoint: Checkpoint,
        adapter: Adapter | None,
        loaded: Loaded,
        options: JudgeOptions,
        own: bool = False,
    ):
        """`own`: the network is used by nobody else, so its weights may be laid out for this device."""
        self.name = f"hf:{checkpoint.name}"
        self._checkpoint, self._adapter, self._options = checkpoint, adapter, options
        self._device, self._dtype = loaded.device, loaded.dtype
        self._config = loaded.model.config
        self._settings = loaded.model.generation_config
        self._prompts = PromptEncoder(loaded.processor, checkpoint.name)
        self._videos = VideoEncoder(loaded.processor, loaded.model.config.video_token_id)
        self._vocabulary = Vocabulary(loaded.processor.tokenizer, checkpoint.name)
        self._network: Network | None = Network(
            loaded.model, loaded.device, loaded.dtype, self._vocabulary.digit_ids, own
        )
        self._end_tokens = end_tokens(self._settings, loaded.processor.tokenizer)
        self.frame_settings: FrameSettings = self._videos.frame_settings
        self.batch_size = options.batch_size or (CPU_ROWS if loaded.device.type == "cpu" else GPU_ROWS)
        each = bytes_per_token(self._config.text_config, self._dtype)
        self.most_tokens = max(1, spare_bytes(loaded.device) // (2 * each))
        self._decoder = Decoder(self._network, self._end_tokens, self.batch_size, self.most_tokens)
        self._direct = DirectReader(self._network, self._prompts, self._vocabulary)
        self._latest: tuple[Frames, VideoInput] | None = None

    def identity(self) -> dict[str, Any]:
        """What decides the answers: the checkpoint and adapter with their revisions, and the machinery."""
        versions = {"torch": torch.__version__, "transformers": transformers.__version__}
        adapter = None
        if self._adapter is not None:
            import peft

            adapter = {"name": self._adapter.name, "revision": self._adapter.revision}
            versions["peft"] = peft.__version__
        if self._options.load_in is not None:
            import bitsandbytes  # type: ignore[import-not-found,unused-ignore]

            versions["bitsandbytes"] = bitsandbytes.__version__
        return {
            "kind": "hf",
            "checkpoint": self._checkpoint.name,
            "model_type": self._checkpoint.model_type,
            "revision": self._checkpoint.revision,
            "adapter": adapter,
            "dtype": str(self._dtype).removeprefix("torch."),
            "device": self._device.type,
            "load_in": self._options.load_in,
            "attention": ATTENTION,
            "versions": versions,
        }

    @torch.inference_mode()
    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """One answer per request. Requests that share a `Frames` object share its vision pass and prefix."""
        videos: dict[int, VideoInput | JudgeError] = {}
        if self._latest is not None:
            videos[id(self._latest[0])] = self._latest[1]
        with self._open_network().clock("prepare"):
            prepared = [self._prepare(request, videos) for request in requests]
        by_clip: dict[int, list[Writing]] = {}
        writings: list[list[Writing]] = []
        for request, question in zip(requests, prepared, strict=True):
            own = []
            if isinstance(question, PreparedQuestion) and request.sampling.mode == "reasoned":
                own = self._writings(request, question)
            writings.append(own)
            by_clip.setdefault(id(request.frames[0]) if request.frames else 0, []).extend(own)
        try:
            read = self._read_directly(requests, prepared)
            self._decoder.write(writing for group in by_clip.values() for writing in group)
        except DEVICE_FAILED as error:
            raise JudgeError(
                f"the device failed ({first_line(error)}): start again, what is judged stands"
            ) from error
        self._remember(requests, prepared)
        return [
            self._answer(request, question, own, read.get(place))
            for place, (request, question, own) in enumerate(zip(requests, prepared, writings, strict=True))
        ]

    @torch.inference_mode()
    def score_reply(self, request: Request, text: str, tokens: Sequence[int] | None = None) -> Reply:
        """The scale logits that the judge gives a reply which is given to it (teacher forcing).

        One forward pass over question and reply. `Reply.digits` then holds what the judge would have
        thought at every digit of the text, had it written the text itself.

        Args:
            request: the question; its sampling is not used.
            text: the reply.
            tokens: the reply's token ids, where they are known; by default those of the tokenizer, which a
                judge need not have written.

        Raises:
            JudgeError: as `Answer.error`.
        """
        question = self._prepare(request, {})
        if isinstance(question, JudgeError):
            raise question
        reply = list(self._prompts.encode_reply(text) if tokens is None else tokens)
        network = self._open_network()
        ids = (*question.prompt.ids, *reply)
        try:
            positions, _ = network.positions(ids, question.video)
            hidden = network.read_all(ids, network.see(question.video), positions)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise JudgeError(f"out of memory with a question and reply of {len(ids)} tokens") from error
        written = ReplyText(self._vocabulary)
        digits = []
        for index, token in enumerate(reply, start=len(question.prompt.ids)):
            written.add(token)
            spelled = self._vocabulary.digits.get(token)
            if spelled is not None:
                start, end = written.place_of_last(spelled)
                logits = network.digit_logits(hidden[index - 1])
                alternatives = dict(zip(self._vocabulary.digits.values(), logits, strict=True))
                digits.append(DigitToken(start=start, end=end, text=spelled, alternatives=alternatives))
        return Reply(
            dimension=request.question.dimension,
            text=written.finish(),
            finish=None,
            tokens=len(reply),
            digits=tuple(digits),
        )

    def stage_seconds(self) -> dict[str, float]:
        """Seconds so far of what `answer` does: `prepare` (patches, tokens), `vision`, `prefill`,
        `generation`; what is left of its time is choosing, bookkeeping and moving sequences."""
        return dict(self._open_network().clock.seconds)

    def measure(self, batch_size: int | None = None) -> None:
        """From now on, time stages exactly, and write at most `batch_size` replies at once."""
        self._open_network().clock.exact = True
        if batch_size is not None:
            self.batch_size = self._decoder.limit = batch_size

    def memory_bytes(self, tokens: int, replies: int | None = None) -> int:
        """Bytes of keys and values of `replies` sequences (default: a full batch) of `tokens` tokens each,
        question and longest reply together; docs/local-judge.md says what comes on top."""
        each = bytes_per_token(self._config.text_config, self._dtype)
        return each * tokens * (self.batch_size if replies is None else replies)

    def close(self) -> None:
        """Give the network's memory back."""
        if self._network is not None:
            self._network = None
            self._latest = None
            del self._decoder, self._direct
            release_memory()

    def _open_network(self) -> Network:
        if self._network is None:
            raise JudgeError(f"{self.name} is closed: open the judge again")
        return self._network

    def _remember(
        self, requests: Sequence[Request], prepared: Sequence[PreparedQuestion | JudgeError]
    ) -> None:
        """Keep the last clip: a rubric's further questions about it may come in the next batch."""
        answered = [
            (request.frames[0], question.video)
            for request, question in zip(requests, prepared, strict=True)
            if isinstance(question, PreparedQuestion)
        ]
        self._latest = answered[-1] if answered else self._latest

    def _prepare(
        self, request: Request, videos: dict[int, VideoInput | JudgeError]
    ) -> PreparedQuestion | JudgeError:
        """The request as the decoder takes it, or why it cannot be answered."""
        self._open_network()
        if len(request.frames) != 1:
            return JudgeError(
                f"the hf: judge looks at one clip at a time, this question has {len(request.frames)}"
            )
        frames = request.frames[0]
        if id(frames) not in videos:
            try:
                videos[id(frames)] = self._videos.encode(frames)
            except JudgeError as error:
                videos[id(frames)] = error
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                videos[id(frames)] = JudgeError(
                    f"out of memory with {len(frames.indices)} frames: take fewer"
                )
        video = videos[id(frames)]
        if isinstance(video, JudgeError):
            return video
        try:
            prompt = self._prompts.encode(request.question.messages, video.ids)
        except ReeljudgeError as error:
            return JudgeError(str(error))
        longest = self._config.text_config.max_position_embeddings
        if len(prompt.ids) >= longest:
            return JudgeError(
                f"the question takes {len(prompt.ids)} tokens and the checkpoint reads {longest}: "
                "lower --max-frames, --max-pixels or --fps"
            )
        sampling = request.sampling
        is_complete = None
        if sampling.early_stop:
            is_complete = partial(
                answer_complete, rubric=request.rubric, dimension=request.question.dimension
            )
        max_tokens = min(sampling.max_tokens, longest - len(prompt.ids))
        question = PreparedQuestion(prompt, video, max_tokens, is_complete)
        if sampling.checkpoint_settings:
            own = ", ".join(f"{name}={value}" for name, value in describe_settings(self._settings).items())
            question.notes.append(f"the checkpoint's own generation settings were applied: {own}")
        return question

    def _read_directly(
        self, requests: Sequence[Request], prepared: Sequence[PreparedQuestion | JudgeError]
    ) -> dict[int, Reply]:
        """Place -> reply, for the requests that ask for the answer alone; those about one clip in a row."""
        asked: dict[int, list[int]] = {}
        for place, (request, question) in enumerate(zip(requests, prepared, strict=True)):
            if request.sampling.mode == "direct" and isinstance(question, PreparedQuestion):
                asked.setdefault(id(question.video), []).append(place)
        order = [place for places in asked.values() for place in places]
        questions = [question for place in order if isinstance(question := prepared[place], PreparedQuestion)]
        replies: dict[int, Reply] = {}
        for number, (place, question) in enumerate(zip(order, questions, strict=True)):
            request = requests[place]
            form = answer_form(request.rubric, request.question.dimension)
            reply = self._direct.answer(question, form, request.rubric.scale, questions[number + 1 :])
            if reply is not None:
                replies[place] = reply.model_copy(update={"dimension": request.question.dimension})
        return replies

    def _writings(self, request: Request, question: PreparedQuestion) -> list[Writing]:
        sampling = request.sampling
        # Samples that cannot differ are written once.
        count = 1 if is_deterministic(sampling, self._settings) else sampling.samples
        ids = [clip.id for clip in request.clips]
        dimension = request.question.dimension
        return [
            Writing(
                question,
                self._vocabulary,
                partial(chooser, sampling, self._settings, ids, dimension, sample),
            )
            for sample in range(count)
        ]

    def _answer(
        self,
        request: Request,
        question: PreparedQuestion | JudgeError,
        writings: Sequence[Writing],
        read: Reply | None,
    ) -> Answer:
        if isinstance(question, JudgeError):
            return Answer(error=question)
        notes = tuple(question.notes)
        if question.error is not None:
            return Answer(visual_tokens=question.video.tokens, error=question.error, notes=notes)
        if read is not None:
            return Answer(replies=(read,), visual_tokens=question.video.tokens, notes=notes)
        copies = [*writings] * (request.sampling.samples // len(writings))
        replies = tuple(
            Reply(
                dimension=request.question.dimension,
                sample=sample,
                text=writing.text.finish(),
                finish=writing.finish,
                tokens=len(writing.tokens),
                digits=tuple(writing.digits),
            )
            for sample, writing in enumerate(copies)
        )
        return Answer(replies=replies, visual_tokens=question.video.tokens, notes=notes)


def end_tokens(settings: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens that end a reply: those of the generation settings and the tokenizer's own."""
    stated = settings.eos_token_id
    known = [] if stated is None else [stated] if isinstance(stated, int) else list(stated)
    if tokenizer.eos_token_id is not None:
        known.append(tokenizer.eos_token_id)
    return frozenset(known)
