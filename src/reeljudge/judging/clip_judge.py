"""The object that judges clips: a judge, a rubric, frame settings and a way to draw replies."""

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from reeljudge.clips import Clip, Frames, FrameSettings, Limits
from reeljudge.cores import usable_cores
from reeljudge.errors import UsageError
from reeljudge.judges import Judge, Sampling
from reeljudge.judging.assemble import Evidence, Origin
from reeljudge.judging.configuration import Keys, configuration_hash, configuration_of
from reeljudge.judging.pipeline import Job, Pipeline
from reeljudge.rubrics import Dimension, Rubric, ask, load_rubric
from reeljudge.rubrics.ask import select_dimensions
from reeljudge.verdicts import Verdict

_MOST_NOTES = 1000
"""A judge that has something else to say about every clip must not fill the memory."""


class FrameSource(Protocol):
    """Whatever decodes clips in the background."""

    def submit(self, path: Path) -> "Future[Frames]": ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Plan:
    """What is asked of every clip: a rubric, its chosen dimensions, the template that replaces the
    rubric's (the user's, else the judge's own, else None), and the configuration that follows."""

    rubric: Rubric
    dimensions: tuple[str, ...]
    template: str | None
    configuration: dict[str, Any]
    config: str

    @property
    def questions(self) -> int:
        """Questions per clip."""
        return 1 if self.rubric.replies == "joint" else len(self.dimensions)

    @property
    def chosen(self) -> tuple[Dimension, ...]:
        return tuple(self.rubric.dimension(name) for name in self.dimensions)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.rubric.name, self.config)

    def key(self, clip: Clip) -> str:
        """The key of this plan's verdict on `clip`."""
        return self.keys.key(clip)


class ClipJudge:
    """Judges clips. Made by `load_judge`; a context manager, or `close` it.

    Args:
        judge: what answers.
        rubric, dimensions: what is judged unless a call says otherwise.
        template: the text that replaces the rubric's question.
        frames: which frames are looked at.
        limits: what a video may cost.
        sampling: how replies are drawn.
        batch_size: most requests in one batch (default: what the judge likes).
        workers: processes that decode (default: one per core, at most 8).
        on_note: told of every note that comes with an answer, once per text.
    """

    def __init__(
        self,
        judge: Judge,
        rubric: Rubric,
        *,
        dimensions: Sequence[str] | None = None,
        template: str | None = None,
        frames: FrameSettings | None = None,
        limits: Limits | None = None,
        sampling: Sampling | None = None,
        batch_size: int | None = None,
        workers: int | None = None,
        on_note: Callable[[str], None] | None = None,
    ):
        self.judge_itself = judge
        self.template = template
        self.frames = frames or judge.frame_settings
        self.limits = limits or Limits()
        self.sampling = sampling or Sampling()
        check_mode(judge, rubric, self.sampling.mode)
        self.batch_size = batch_size or judge.batch_size
        self.workers = workers or default_workers()
        self.on_note = on_note
        self.notes: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self._decoder: FrameSource | None = None
        self._plans: dict[tuple[str, tuple[str, ...]], Plan] = {}
        self.plan = self.plan_for(rubric, dimensions)

    @property
    def name(self) -> str:
        """The judge's name, e.g. `hf:TIGER-Lab/VideoScore2`."""
        return self.judge_itself.name

    @property
    def ahead(self) -> int:
        """Clips that are decoded ahead of the judge."""
        if not self.judge_itself.needs_frames:
            return 1
        return clips_ahead(self.workers, self.batch_size, self.plan.questions)

    def plan_for(
        self, rubric: str | Path | Rubric | None = None, dimensions: Sequence[str] | None = None
    ) -> Plan:
        """The plan of a rubric and some of its dimensions; both None: this object's own.

        Raises:
            UsageError: an unknown rubric or dimension.
            InputError: a rubric or template that cannot be used.
        """
        if rubric is None and dimensions is None:
            return self.plan
        named = None if isinstance(rubric, Rubric) else (str(rubric or ""), tuple(dimensions or ()))
        if named is not None and named in self._plans:
            return self._plans[named]
        loaded = self.plan.rubric if rubric is None else load_rubric(rubric)
        check_mode(self.judge_itself, loaded, self.sampling.mode)
        names = tuple(dimension.name for dimension in select_dimensions(loaded, dimensions))
        template = self.template
        if template is None:
            template = self.judge_itself.templates.get(loaded.name)
        # A template that does not render is told before the first clip is decoded.
        ask(loaded, "a prompt", None, names, template)
        seen = self.frames if self.judge_itself.needs_frames else None
        configuration = configuration_of(self.judge_itself, loaded, names, template, seen, self.sampling)
        plan = Plan(loaded, names, template, configuration, configuration_hash(configuration))
        if named is not None:
            self._plans[named] = plan
        return plan

    def judge(
        self,
        path: str | Path,
        prompt: str = "",
        *,
        theme: str | None = None,
        id: str | None = None,
        model: str | None = None,
        rubric: str | Path | Rubric | None = None,
        dimensions: Sequence[str] | None = None,
    ) -> Verdict:
        """Judge one video.

        Args:
            path: the video file.
            prompt: what it was made from.
            theme: the commonsense theme that GRADEO's rationality asks for.
            id: stands in the verdict (default: the file's stem).
            model: the generator.
            rubric, dimensions: instead of this object's own.

        Raises:
            UsageError: no prompt although a dimension is judged by it.
            JudgeError: the judge cannot go on at all.
        """
        path = Path(path)
        plan = self.plan_for(rubric, dimensions)
        need_prompt(plan.chosen, prompt)
        clip = Clip(id or path.stem, str(path), path, prompt, model, prompt, theme)
        return next(self._verdicts([clip], plan))

    def judge_files(
        self, paths: Iterable[str | Path], prompt: str = "", *, theme: str | None = None
    ) -> Generator[Verdict, None, None]:
        """Judge several videos that were made from one prompt, in order.

        Raises:
            UsageError: no prompt although a dimension is judged by it.
            JudgeError: the judge cannot go on at all.
        """
        need_prompt(self.plan.chosen, prompt)
        clips: dict[str, Clip] = {}
        for path in map(Path, paths):
            id = path.stem if path.stem not in clips else str(path)
            clips[id] = Clip(id, str(path), path, prompt, None, prompt, theme)
        return self._verdicts(clips.values(), self.plan)

    def judge_many(
        self,
        clips: Iterable[Clip],
        rubric: str | Path | Rubric | None = None,
        dimensions: Sequence[str] | None = None,
    ) -> Generator[Verdict, None, None]:
        """Judge clips, in order; decoding runs ahead of the judge.

        A video that cannot be judged is a verdict with status `error`, and so is one on whose every
        question the backend failed; a single failed question is a dimension unscored as `backend_error`.

        Raises:
            JudgeError: the judge cannot go on at all; what was yielded before stands.
        """
        return self._verdicts(clips, self.plan_for(rubric, dimensions))

    def _verdicts(self, clips: Iterable[Clip], plan: Plan) -> Generator[Verdict, None, None]:
        revision = plan.configuration["judge"].get("revision")
        origin = Origin(
            self.name, None if revision is None else str(revision), plan.rubric, plan.dimensions, plan.config
        )

        def open_job(clip: Clip) -> Job:
            questions = ask(plan.rubric, clip.prompt, clip.theme, plan.dimensions, plan.template)
            evidence = Evidence(plan.key(clip))
            job = Job(clip, evidence, questions)
            if self.judge_itself.needs_frames:
                evidence.size, evidence.modified = file_stamp(clip.path)
                job.decoding = self._open_decoder().submit(clip.path)
            return job

        pipeline = Pipeline(
            judge=self.judge_itself,
            origin=origin,
            sampling=self.sampling,
            batch_size=self.batch_size,
            ahead=self.ahead,
            first=min(self.ahead, 2 * self.workers),
            open_job=open_job,
            on_note=self._note,
            spent=self.spent,
        )
        return pipeline.verdicts(clips)

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) >= _MOST_NOTES:
            return
        self.notes[text] += 1
        if self.notes[text] == 1 and self.on_note is not None:
            self.on_note(text)

    def _open_decoder(self) -> FrameSource:
        if self._decoder is None:
            from reeljudge.clips import Decoder  # PyAV is loaded by the first clip that is looked at

            self._decoder = Decoder(self.frames, self.limits, self.workers)
        return self._decoder

    def close(self) -> None:
        """Stop decoding and release the judge. Safe to call twice."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None
        self.judge_itself.close()

    def __enter__(self) -> "ClipJudge":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def need_prompt(dimensions: Iterable[Dimension], prompt: str) -> None:
    """Refuse (`UsageError`) to judge a dimension by a prompt that is not there."""
    for dimension in dimensions:
        if "prompt" in dimension.inputs and not prompt.strip():
            raise UsageError(
                f"{dimension.name} is judged by the prompt: say with --prompt what the video was made from"
            )


def check_mode(judge: Judge, rubric: Rubric, mode: str) -> None:
    """Refuse (`UsageError`) a mode that a judge does not know, or that a rubric does not allow."""
    known = getattr(judge, "modes", ("reasoned",))
    if mode not in known:
        raise UsageError(
            f"--mode {mode} needs the probabilities of an answer that is given to the judge, which "
            f"{judge.name} cannot tell: use an hf: judge, the tiny one, or a served one"
        )
    if mode == "direct" and not rubric.scale.single_digit:
        scale = f"{rubric.scale.min}-{rubric.scale.max}"
        raise UsageError(
            f"--mode direct reads one digit per dimension; the scale of rubric {rubric.name!r} is {scale}"
        )


def file_stamp(path: Path) -> tuple[int | None, float | None]:
    """Size in bytes and time of change in seconds since the epoch; None, None where there is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None, None
    return found.st_size, round(found.st_mtime_ns / 1e9, 6)


def clips_ahead(workers: int, batch_size: int, questions: int) -> int:
    """Clips that are decoded ahead of the judge: a batch, and what keeps the workers busy meanwhile."""
    return min(64, 2 * workers + -(-batch_size // questions))


def default_workers() -> int:
    """A decoding process per core that this process may use, at most 8."""
    return min(8, usable_cores())
