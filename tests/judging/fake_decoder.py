"""Clips that nothing needs to decode, and a judge over them."""

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fake_judge import FakeJudge

from reeljudge.clips import Clip, Frames
from reeljudge.errors import ClipError
from reeljudge.judging import ClipJudge, load_judge


def clip(number: int, **more: Any) -> Clip:
    plain = Clip(
        f"c{number}", f"c{number}.mp4", Path(f"c{number}.mp4"), f"ball number {number}", "gen-x", "g1"
    )
    return replace(plain, **more)


def frames(size: int = 28, **more: Any) -> Frames:
    plain = Frames(
        pixels=np.zeros((4, size, size, 3), np.uint8),
        indices=(0, 8, 16, 23),
        timestamps=(0.0, 1 / 3, 2 / 3, 23 / 24),
        fps=24.0,
        total_frames=24,
        source_width=64,
        source_height=48,
        rule="qwen",
        seconds_per_grid=0.64,
        decoder="PyAV 18.1.0",
        sha256="ab" * 32,
    )
    return replace(plain, **more)


class FakeDecoder:
    """Hands out frames, or the error that a path stands for; keeps the order in which it was asked."""

    def __init__(self, broken: dict[str, ClipError] | None = None):
        self.broken = broken or {}
        self.asked: list[str] = []
        self.futures: list[Future[Frames]] = []
        self.closed = False

    def submit(self, path: Path) -> "Future[Frames]":
        self.asked.append(path.name)
        future: Future[Frames] = Future()
        self.futures.append(future)
        if path.name in self.broken:
            future.set_exception(self.broken[path.name])
        else:
            future.set_result(frames())
        return future

    def close(self) -> None:
        self.closed = True


def judge_with(decoder: FakeDecoder | None = None, rubric: str = "videoscore2", **more: Any) -> ClipJudge:
    fake = FakeJudge(needs_frames=decoder is not None, **more)
    made = load_judge(fake, rubric=rubric)
    made._decoder = decoder
    return made


def done(value: Frames) -> "Future[Frames]":
    future: Future[Frames] = Future()
    future.set_result(value)
    return future
