"""A judge without a model: it answers well, or does what judges do when they fail."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from reeljudge.clips import FrameSettings
from reeljudge.errors import JudgeError
from reeljudge.judges import Answer, JudgeOptions, Request
from reeljudge.verdicts import DigitToken, Flag, Reply

LABELS = ("visual quality", "text-to-video alignment", "physical/common-sense consistency")


def joint(
    *values: object, thought: str = "The ball rolls smoothly over the grass and keeps its shape."
) -> str:
    """A reply to the videoscore2 rubric."""
    lines = [
        f"({place}) {label}: {value}"
        for place, (label, value) in enumerate(zip(LABELS, values, strict=True), 1)
    ]
    return f"<think>\n{thought}\n</think>\n" + "\n".join(lines) + "\n"


def staged(value: object) -> str:
    """A reply to one question of the gradeo rubric."""
    return (
        "<OVERVIEW>I shall look at edges, texture and motion, and weigh them.</OVERVIEW>\n"
        "<DESCRIPTION>A red ball rolls over short grass from right to left.</DESCRIPTION>\n"
        "<ANALYSIS>Its outline stays sharp; the grass shimmers a little near the border.</ANALYSIS>\n"
        f"<ASSESSMENT>Rating Score: {value}</ASSESSMENT>"
    )


@dataclass
class FakeJudge:
    """Answers what `write(request, sample)` says: a text, a `Reply`, or an error to report or to raise.

    Without `write` it gives 4 to everything. `log` holds the size of every batch.
    """

    write: Callable[[Request, int], Any] | None = None
    name: str = "fake:judge"
    needs_frames: bool = False
    batch_size: int = 8
    frame_settings: FrameSettings = field(default_factory=FrameSettings)
    templates: dict[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    told: dict[str, Any] = field(default_factory=lambda: {"revision": "r1"})
    visual_tokens: int | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    log: list[list[Request]] = field(default_factory=list)
    keep: bool = True
    closed: int = 0

    def identity(self) -> dict[str, Any]:
        return dict(self.told)

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        if self.keep:
            self.log.append(list(requests))
        if self.seconds:
            time.sleep(self.seconds)
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Answer:
        replies = []
        for sample in range(request.sampling.samples):
            said = self.write(request, sample) if self.write else self._plain(request)
            if isinstance(said, JudgeError):
                return Answer(error=said)
            if isinstance(said, BaseException):
                raise said
            if isinstance(said, str):
                said = Reply(text=said, finish="stop")
            replies.append(
                said.model_copy(update={"dimension": request.question.dimension, "sample": sample})
            )
        return Answer(tuple(replies), self.visual_tokens, notes=self.notes, flags=self.flags)

    @staticmethod
    def _plain(request: Request) -> str:
        return joint(4, 4, 4) if request.question.dimension is None else staged(4)

    def close(self) -> None:
        self.closed += 1


def with_digits(text: str, logits: dict[str, dict[int, float]], seen: float = 1.0) -> Reply:
    """A reply whose number behind each `label` has these raw logits."""
    digits = []
    for label, values in logits.items():
        start = text.index(f"{label}: ") + len(label) + 2
        alternatives = {str(value): logit for value, logit in values.items()}
        digits.append(
            DigitToken(start=start, end=start + 1, text=text[start], alternatives=alternatives, seen=seen)
        )
    return Reply(text=text, finish="stop", tokens=len(text) // 4, digits=tuple(digits))


def open_fake(target: str, options: JudgeOptions) -> FakeJudge:
    """The registry's kind `fake`, for subprocesses: `fake:SECONDS` per batch."""
    return FakeJudge(
        name=f"fake:{target}", seconds=float(target or 0), batch_size=options.batch_size or 1, keep=False
    )


def open_looking(target: str, options: JudgeOptions) -> FakeJudge:
    """The kind `looking`: like `fake`, but it wants to see the frames."""
    made = open_fake(target, options)
    made.name, made.needs_frames = f"looking:{target}", True
    return made
