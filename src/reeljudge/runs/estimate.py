"""What a run would cost, without judging: rows, calls, tokens, memory. A few clips are decoded for it."""

import json
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from itertools import islice
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any

from reeljudge.clips import Clip, Decoder, Frames, FrameSettings
from reeljudge.errors import ClipError
from reeljudge.judges import open_judge
from reeljudge.judging import JudgeSettings, Keys
from reeljudge.judging.clip_judge import clips_ahead, default_workers
from reeljudge.rubrics import ask, load_rubric
from reeljudge.runs.folder import SETTINGS_NAME, index_verdicts, read_settings
from reeljudge.runs.resume import Todo, belonging, count_of, what_is_left
from reeljudge.runs.shards import Shard

PROBED = 8
"""Clips that are decoded to learn how large they are."""

_CHARACTERS_PER_TOKEN = 4.0
_CHECKPOINT_KINDS = {"hf": None, "videoscore2": "TIGER-Lab/VideoScore2"}
_CHECKPOINT_BATCH = 32


@dataclass(frozen=True)
class Estimate:
    """What a run would cost. Token counts are estimates: four characters of text to a token.

    Attributes:
        rows: rows of the manifest that belong to the run.
        done: rows whose verdict stands in the run folder.
        rows_left: rows to judge.
        questions: questions per clip.
        calls: replies that the judge will be asked for: rows_left x questions x samples.
        frames_per_clip, visual_tokens_per_clip: mean over the probed clips; None where the judge looks at
            nothing or no probed clip decodes.
        input_tokens, output_tokens_at_most: of all calls together.
        frame_bytes: most bytes of decoded frames that wait for the judge.
        weight_bytes: of the checkpoint, where it lies in a folder.
        probed, unreadable: clips that were decoded for this, and those of them that cannot be judged.
    """

    rows: int
    done: int
    questions: int
    samples: int
    text_tokens_per_question: float
    output_tokens_at_most: int
    frames_per_clip: float | None = None
    visual_tokens_per_clip: float | None = None
    frame_bytes: int = 0
    weight_bytes: int | None = None
    probed: int = 0
    unreadable: int = 0

    @property
    def rows_left(self) -> int:
        return self.rows - self.done

    @property
    def calls(self) -> int:
        return self.rows_left * self.questions * self.samples

    @property
    def input_tokens(self) -> int:
        """What the judge reads; samples of one question share it."""
        each = self.text_tokens_per_question + (self.visual_tokens_per_clip or 0.0)
        return round(self.rows_left * self.questions * each)

    def to_dict(self) -> dict[str, Any]:
        told = {"rows_left": self.rows_left, "calls": self.calls, "input_tokens": self.input_tokens}
        return {**asdict(self), **told}

    def lines(self) -> list[str]:
        """For people."""
        done = f" ({self.done} of {self.rows} done before)" if self.done else ""
        samples = f" x {self.samples} samples" if self.samples > 1 else ""
        found = [
            f"rows    {self.rows_left} to judge{done}",
            f"calls   {self.calls}: {self.questions} per clip{samples}",
        ]
        if self.visual_tokens_per_clip is not None:
            found.append(
                f"frames  about {self.frames_per_clip:.0f} per clip, "
                f"{self.visual_tokens_per_clip:.0f} visual tokens"
            )
        found.append(
            f"tokens  about {self.input_tokens:,} to read, at most {self.output_tokens_at_most:,} to write"
        )
        memory = [f"{_size(self.frame_bytes)} of decoded frames"] if self.frame_bytes else []
        if self.weight_bytes is not None:
            memory.append(f"{_size(self.weight_bytes)} of weights as they are stored")
        if memory:
            found.append(f"memory  {', '.join(memory)}")
        if self.unreadable:
            found.append(f"note    {self.unreadable} of the {self.probed} clips looked at cannot be judged")
        return found


def estimate(
    clips: Iterable[Clip],
    settings: JudgeSettings,
    *,
    folder: Path | None = None,
    limit: int | None = None,
    shard: Shard | None = None,
) -> Estimate:
    """Estimate a run. Checkpoints are not loaded; other judges are opened and asked nothing.

    Raises:
        UsageError, InputError: what the run itself would raise about its settings.
    """
    rubric = load_rubric(settings.rubric)
    names = settings.dimension_names()
    questions = ask(rubric, "a prompt of some length", None, names, settings.template_text())
    outline = _outline(settings)
    todo, left = _todo(clips, shard, limit, folder, rubric.name)
    rows, done = todo.rows, todo.done
    probe = _probe(left, settings, outline) if outline.needs_frames else _Probe()
    batch_clips = ceil(outline.batch_size / len(questions))
    ahead = clips_ahead(settings.workers or default_workers(), outline.batch_size, len(questions))
    return Estimate(
        rows=rows,
        done=done,
        questions=len(questions),
        samples=settings.samples,
        text_tokens_per_question=fmean(len(question.text) for question in questions) / _CHARACTERS_PER_TOKEN,
        output_tokens_at_most=0
        if settings.mode == "direct"
        else (rows - done) * len(questions) * settings.samples * settings.max_tokens,
        frames_per_clip=fmean(probe.counts) if probe.counts else None,
        visual_tokens_per_clip=fmean(probe.tokens) if probe.tokens else None,
        frame_bytes=round(max(probe.sizes, default=0) * min(ahead + batch_clips, rows - done)),
        weight_bytes=outline.weight_bytes,
        probed=len(left) if outline.needs_frames else 0,
        unreadable=probe.unreadable,
    )


@dataclass(frozen=True)
class _Outline:
    """What is known about a judge without loading it."""

    frame_settings: FrameSettings
    needs_frames: bool
    batch_size: int
    weight_bytes: int | None = None


def _outline(settings: JudgeSettings) -> _Outline:
    if isinstance(settings.judge, str):
        kind, _, target = settings.judge.partition(":")
        if kind in _CHECKPOINT_KINDS:
            return _outline_of_checkpoint(_CHECKPOINT_KINDS[kind] or target, settings)
        judge = open_judge(settings.judge, settings.judge_options())
    else:
        judge = settings.judge
    frames = settings.frame_settings(judge.frame_settings)
    outline = _Outline(frames, judge.needs_frames, settings.batch_size or judge.batch_size)
    if isinstance(settings.judge, str):
        judge.close()
    return outline


def _outline_of_checkpoint(target: str, settings: JudgeSettings) -> _Outline:
    """From the files of a checkpoint in a folder; one on the hub is taken to be like Qwen2.5-VL."""
    frames, weights = FrameSettings(), None
    folder = Path(target)
    if folder.is_dir():
        weights = sum(file.stat().st_size for file in folder.glob("*.safetensors")) or None
        try:
            vision = json.loads((folder / "config.json").read_text(encoding="utf-8"))["vision_config"]
            patch = vision.get("patch_size", 14) * vision.get("spatial_merge_size", 2)
            frames = frames.with_(factor=patch, temporal_factor=vision.get("temporal_patch_size"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # the run itself will say what is wrong with the checkpoint
    batch_size = settings.batch_size or _CHECKPOINT_BATCH
    return _Outline(settings.frame_settings(frames), True, batch_size, weights)


@dataclass
class _Probe:
    counts: tuple[int, ...] = ()
    tokens: tuple[float, ...] = ()
    sizes: tuple[int, ...] = ()
    unreadable: int = 0


def _probe(clips: Iterable[Clip], settings: JudgeSettings, outline: _Outline) -> _Probe:
    probe = _Probe()
    frame_settings = outline.frame_settings
    workers = settings.workers or default_workers()
    with Decoder(frame_settings, settings.limits(), workers) as decoder:
        waiting = iter([decoder.submit(clip.path) for clip in clips])
        for frames in _decoded(waiting, probe):
            count, height, width, _ = frames.pixels.shape
            cells = count / frame_settings.temporal_factor
            probe.counts += (count,)
            probe.tokens += (cells * height * width / frame_settings.factor**2,)
            probe.sizes += (frames.pixels.nbytes,)
    return probe


def _decoded(waiting: Iterable["Future[Frames]"], probe: _Probe) -> Iterable[Frames]:
    for future in waiting:
        try:
            yield future.result()
        except ClipError:
            probe.unreadable += 1


def _todo(
    clips: Iterable[Clip], shard: Shard | None, limit: int | None, folder: Path | None, rubric: str
) -> tuple[Todo, list[Clip]]:
    """What is left, taking it that the configuration is the folder's, and the first clips of it.

    Only the keys are compared; the files are not looked at.
    """
    keys = Keys(rubric, "")
    if folder is None or not (folder / SETTINGS_NAME).exists():
        todo = Todo(rows=count_of(clips, shard, limit))
    else:
        keys = Keys(rubric, str(read_settings(folder).get("config", "")))
        index = index_verdicts(folder)
        todo = what_is_left(belonging(clips, shard, limit), keys, index, folder, needs_frames=False)
    return todo, list(islice(todo.clips(belonging(clips, shard, limit), keys), PROBED))


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
