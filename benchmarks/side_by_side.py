"""reeljudge and the plain way in turn, on one checkpoint: the same clips, questions, dtype and tokens."""

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from plain import PlainJudge

from reeljudge.clips import Clip
from reeljudge.judges import JudgeOptions, Sampling
from reeljudge.judges.local import open_local
from reeljudge.judging import ClipJudge
from reeljudge.judging.efficiency import MODEL, moving_pictures, write_clips
from reeljudge.rubrics import ask, load_rubric

TOKENS = 200
SECONDS, SIDE = 4.0, 320
CLIPS = {"gradeo": 4, "videoscore2": 32}
"""Clips per round for reeljudge: about as many questions as are answered at once by default. The plain way
judges one clip, since it gains nothing from more."""


@dataclass(frozen=True)
class Round:
    """Seconds per clip of both ways, and what the engine took for itself."""

    plain: float
    ours: float
    overhead: float
    stages: dict[str, float]

    @property
    def ratio(self) -> float:
        return self.plain / self.ours


def measure(
    checkpoint: Path, folder: Path, dtype: str, rounds: int, clips: dict[str, int], tokens: int = TOKENS
) -> dict[str, Any]:
    """Both rubrics in one dtype."""
    plain = PlainJudge(checkpoint, getattr(torch, dtype))
    judge = open_judge(checkpoint, dtype, tokens)
    made = write_clips(folder / dtype, moving_pictures(SECONDS, SIDE, SIDE), max(clips.values()))
    found: dict[str, Any] = {"rows_at_once": judge.batch_size}
    # Not measured: what happens once (kernels, workers, page cache).
    plain.write(made[0].path, "Warm up.", 4)
    warm_up(judge, made[:2])
    for rubric, count in clips.items():
        measured = [one_round(plain, judge, rubric, made[:count], tokens) for _ in range(rounds)]
        found[rubric] = summary(measured, count, len(questions_of(rubric, made[0])), tokens)
        say(f"{dtype} {rubric}: {found[rubric]['line']}")
    judge.close()
    return found


def open_judge(checkpoint: Path, dtype: str, tokens: int) -> ClipJudge:
    local = open_local(str(checkpoint), JudgeOptions(dtype=dtype, device="cpu"))  # type: ignore[arg-type]
    forbid_the_end(local)
    sampling = Sampling(max_tokens=tokens, early_stop=False)
    return ClipJudge(local, load_rubric("videoscore2"), frames=local.frame_settings, sampling=sampling)


def forbid_the_end(local: Any) -> None:
    """What generate() does for min_new_tokens."""
    network, ends = local._network, sorted(local._end_tokens)
    logits = network.logits

    def without_end(hidden: torch.Tensor) -> torch.Tensor:
        found = logits(hidden)
        found[:, ends] = -torch.inf
        return found

    network.logits = without_end


def warm_up(judge: ClipJudge, clips: Sequence[Clip]) -> None:
    sampling, judge.sampling = judge.sampling, Sampling(max_tokens=4, early_stop=False)
    list(judge.judge_many(clips, rubric="gradeo"))
    judge.sampling = sampling


def one_round(plain: PlainJudge, judge: ClipJudge, rubric: str, clips: Sequence[Clip], tokens: int) -> Round:
    began = time.perf_counter()
    for question in questions_of(rubric, clips[0]):
        assert len(plain.write(clips[0].path, question, tokens)) == tokens
    plain_seconds = time.perf_counter() - began
    inner: Any = judge.judge_itself
    before = inner.stage_seconds()
    began = time.perf_counter()
    verdicts = list(judge.judge_many(clips, rubric=rubric))
    wall = time.perf_counter() - began
    written = [reply.tokens for verdict in verdicts for reply in verdict.replies]
    wanted = len(clips) * len(questions_of(rubric, clips[0]))
    assert written == [tokens] * wanted, f"{set(written)} tokens in {len(written)} replies"
    stages = {name: took - before.get(name, 0.0) for name, took in inner.stage_seconds().items()}
    model = sum(stages[name] for name in MODEL)
    per_clip = {name: took / len(clips) for name, took in stages.items()}
    return Round(plain_seconds, wall / len(clips), 1 - model / wall, per_clip)


def questions_of(rubric: str, clip: Clip) -> list[str]:
    return [question.text for question in ask(load_rubric(rubric), clip.prompt, clip.theme)]


def summary(measured: Sequence[Round], clips: int, questions: int, tokens: int) -> dict[str, Any]:
    ratios = [one.ratio for one in measured]
    middle = statistics.median(ratios)
    overhead = statistics.median(one.overhead for one in measured)
    plain, ours = (
        statistics.median(one.plain for one in measured),
        statistics.median(one.ours for one in measured),
    )
    stages = {name: statistics.median(one.stages[name] for one in measured) for name in measured[0].stages}
    return {
        "clips": clips,
        "questions_per_clip": questions,
        "tokens_per_reply": tokens,
        "plain_seconds_per_clip": plain,
        "seconds_per_clip": ours,
        "clips_per_hour": 3600 / ours,
        "plain_clips_per_hour": 3600 / plain,
        "tokens_per_second": questions * tokens / ours,
        "ratio": middle,
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "rounds": len(measured),
        "overhead": overhead,
        "stage_seconds_per_clip": stages,
        "line": (
            f"{plain:.1f} s against {ours:.2f} s per clip, {middle:.1f} times as fast "
            f"({min(ratios):.1f} to {max(ratios):.1f}), overhead {overhead:.1%}"
        ),
    }


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
