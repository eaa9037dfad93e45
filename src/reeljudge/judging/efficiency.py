"""How fast a judge is, and where its time goes: clips per hour, seconds per stage, memory."""

import resource
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reeljudge.clips import Clip
from reeljudge.judging.clip_judge import ClipJudge
from reeljudge.rubrics import load_rubric

FPS = 24.0

MODEL = ("vision", "prefill", "generation")
"""Stages in which the network works; all else is what the engine adds."""

STAGES = ("waiting", "prepare", *MODEL, "choosing", "reading", "other")
"""Where a clip's time goes, in order: waiting for frames; patches and tokens; the three stages of the
network; choosing tokens and keeping sequences; reading replies; the rest. A judge that does not tell its own
stages has `judge` for the five in the middle."""


@dataclass(frozen=True)
class Case:
    """What is measured: so many clips of one length and size, under one rubric.

    Attributes:
        batch_size: most replies at once; None for the judge's own.
    """

    rubric: str
    seconds: float
    width: int
    height: int
    clips: int
    batch_size: int | None = None

    @property
    def name(self) -> str:
        batch = "" if self.batch_size is None else f", batch {self.batch_size}"
        return f"{self.rubric}, {self.seconds:g} s, {self.width}x{self.height}{batch}"


@dataclass(frozen=True)
class Measurement:
    """What a case took.

    Attributes:
        wall_seconds: from the first clip to the last verdict, frames included.
        decode_seconds, resize_seconds: CPU seconds per clip of decoding and of resizing its frames; they are
            spent in other processes, ahead of the judge, which waits only for what is not ready.
        frames, visual_tokens: per clip; tokens None where the judge does not tell.
        tokens: written in all; None where the judge does not count them.
        stages: stage -> seconds of the wall clock.
        overhead: share of the wall clock that is not the network's; None where stages are not told.
        memory_bytes: most memory of this process (decoding apart), or of the accelerator.
        failed: clips without a verdict.
    """

    case: Case
    wall_seconds: float
    decode_seconds: float
    resize_seconds: float
    frames: int
    visual_tokens: int | None
    replies: int
    tokens: int | None
    stages: dict[str, float] = field(default_factory=dict)
    overhead: float | None = None
    memory_bytes: int | None = None
    failed: int = 0
    notes: tuple[str, ...] = ()

    @property
    def clips_per_hour(self) -> float:
        return 3600 * self.case.clips / self.wall_seconds

    @property
    def tokens_per_second(self) -> float | None:
        return None if not self.tokens else self.tokens / self.wall_seconds

    def to_dict(self) -> dict[str, Any]:
        told = {"clips_per_hour": self.clips_per_hour, "tokens_per_second": self.tokens_per_second}
        return {**asdict(self), **told}


def cases(
    rubrics: Sequence[str],
    lengths: Sequence[float],
    sizes: Sequence[tuple[int, int]],
    batch_sizes: Sequence[int],
    clips: int,
) -> list[Case]:
    """The cases of a report: the first of each list together, then each of the others in turn."""
    base = Case(rubrics[0], lengths[0], *sizes[0], clips)
    found = [base]
    found += [Case(one, base.seconds, base.width, base.height, clips) for one in rubrics[1:]]
    found += [Case(base.rubric, one, base.width, base.height, clips) for one in lengths[1:]]
    found += [Case(base.rubric, base.seconds, *one, clips) for one in sizes[1:]]
    found += [Case(base.rubric, base.seconds, base.width, base.height, clips, one) for one in batch_sizes]
    return found


def measure(judge: ClipJudge, wanted: Iterable[Case], folder: Path) -> Iterator[Measurement]:
    """Measure the cases, one after the other, on clips that are made for it in `folder`.

    One clip is judged before, so that nothing is measured that happens once.

    Raises:
        JudgeError: the judge cannot go on at all.
    """
    warm = True
    for number, case in enumerate(wanted):
        pictures = moving_pictures(case.seconds, case.width, case.height)
        clips = write_clips(folder / f"case{number}", pictures, case.clips)
        inner: Any = judge.judge_itself
        if hasattr(inner, "measure"):
            inner.measure(case.batch_size)
        usual = judge.batch_size
        if case.batch_size is not None:
            judge.batch_size = case.batch_size
        if warm:
            list(judge.judge_many(clips[:1], rubric=case.rubric))
            warm = False
        yield _measured(judge, case, clips, pictures[0])
        judge.batch_size = usual
        if case.batch_size is not None and hasattr(inner, "measure"):
            inner.measure(usual)


def _measured(judge: ClipJudge, case: Case, clips: Sequence[Clip], picture: NDArray[np.uint8]) -> Measurement:
    decode, resize, frames = _decoding(judge, clips[0].path, picture)
    inner: Any = judge.judge_itself
    told = hasattr(inner, "stage_seconds")
    before, within = dict(judge.spent), inner.stage_seconds() if told else {}
    notes = set(judge.notes)
    _forget_peak()
    began = time.perf_counter()
    verdicts = list(judge.judge_many(clips, rubric=case.rubric))
    wall = time.perf_counter() - began
    spent = {name: judge.spent[name] - before.get(name, 0.0) for name in judge.spent}
    stages: dict[str, float] = {"waiting": spent.get("waiting", 0.0)}
    if told:
        inside = {name: took - within.get(name, 0.0) for name, took in inner.stage_seconds().items()}
        stages |= {name: inside.get(name, 0.0) for name in ("prepare", *MODEL)}
        stages["choosing"] = max(0.0, spent.get("judge", 0.0) - sum(inside.values()))
    else:
        stages["judge"] = spent.get("judge", 0.0)
    stages["reading"] = spent.get("reading", 0.0)
    stages["other"] = max(0.0, wall - sum(stages.values()))
    counts = [reply.tokens for verdict in verdicts for reply in verdict.replies]
    known = [count for count in counts if count is not None]
    seen = [verdict.frames.tokens for verdict in verdicts if verdict.frames and verdict.frames.tokens]
    return Measurement(
        case=case,
        wall_seconds=wall,
        decode_seconds=decode,
        resize_seconds=resize,
        frames=frames,
        visual_tokens=seen[0] if seen else None,
        replies=len(counts),
        tokens=sum(known) if len(known) == len(counts) else None,
        stages=stages,
        overhead=1 - sum(stages[name] for name in MODEL) / wall if told else None,
        memory_bytes=_peak_bytes(),
        failed=sum(verdict.status == "error" for verdict in verdicts),
        notes=tuple(sorted(set(judge.notes) - notes)),
    )


def _decoding(judge: ClipJudge, path: Path, picture: NDArray[np.uint8]) -> tuple[float, float, int]:
    """CPU seconds of decoding a clip and of resizing its frames, and how many there are."""
    if not judge.judge_itself.needs_frames:
        return 0.0, 0.0, 0
    from reeljudge.clips import decode_here
    from reeljudge.clips.resample import resize_picture

    decode_here(path, judge.frames, judge.limits)
    began = time.process_time()
    frames = decode_here(path, judge.frames, judge.limits)
    both = time.process_time() - began
    shown, height, width, _ = frames.pixels.shape
    began = time.process_time()
    resize_picture(picture, height, width)
    resize = (time.process_time() - began) * shown
    return max(0.0, both - resize), resize, shown


def moving_pictures(seconds: float, width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """A textured field that drifts under a moving disc: about as hard to encode as a generated clip."""
    random = np.random.default_rng(seed)
    count = max(1, round(seconds * FPS))
    coarse = random.integers(0, 256, (height // 16 + 2, width // 16 + 2, 3)).astype(np.float32)
    field_ = np.kron(coarse, np.ones((16, 16, 1), np.float32))
    field_ += random.normal(0, 6, field_.shape)
    rows, columns = np.mgrid[:height, :width]
    pictures = np.empty((count, height, width, 3), np.uint8)
    for index in range(count):
        left, top = index % 16, (index // 2) % 16
        picture = field_[top : top + height, left : left + width].copy()
        across, down = width * (0.2 + 0.6 * index / count), height * 0.5
        disc = (columns - across) ** 2 + (rows - down) ** 2 < (min(width, height) / 6) ** 2
        picture[disc] = (220, 40, 40)
        pictures[index] = picture.clip(0, 255)
    return pictures


def write_clips(folder: Path, pictures: NDArray[np.uint8], count: int) -> list[Clip]:
    """`count` clips of the same pictures under different names."""
    from reeljudge.clips.writing import write_video

    folder.mkdir(parents=True, exist_ok=True)
    first = folder / "clip0.mp4"
    write_video(first, pictures, FPS)
    paths = [first]
    for number in range(1, count):
        paths.append(folder / f"clip{number}.mp4")
        paths[-1].write_bytes(first.read_bytes())
    prompt = "a red disc moves to the right over a patterned field"
    return [Clip(path.stem, path.name, path, prompt, None, prompt) for path in paths]


def _forget_peak() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return
    with suppress(OSError):  # Linux: what the process holds now becomes its peak
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_bytes() -> int | None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError, IndexError):
        scale = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def known_rubrics(names: Sequence[str]) -> None:
    """Refuse (`UsageError`, `InputError`) what cannot be loaded, before the judge is."""
    for name in names:
        load_rubric(name)
