"""From a clip's answers to its verdict."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Literal, get_args

from reeljudge.clips import Clip, Frames
from reeljudge.errors import ClipError
from reeljudge.judges import Answer
from reeljudge.judging.scores import SampleReading, score_of
from reeljudge.rubrics import Question, Reading, ReadScore, Rubric, read_reply, soft_score
from reeljudge.verdicts import Flag, FramesSeen, Reason, Reply, Score, Verdict

LEAST_COVERAGE = 0.5
"""In direct mode, least share of the probability that must lie on the scale's digits for a score to stand:
below it the judge would rather have written something else, and the likeliest digit would be an invention."""

Status = Literal["scored", "partial", "unscored", "error"]


@dataclass(frozen=True)
class Origin:
    """What every verdict of one judge under one rubric has in common."""

    judge: str
    revision: str | None
    rubric: Rubric
    dimensions: tuple[str, ...]
    config: str


@dataclass
class Evidence:
    """What was gathered about one clip.

    Attributes:
        key: of the verdict.
        size, modified: of the file, bytes and seconds since the epoch; None where no file was looked at.
        frames: what the judge saw, None where it looks at nothing or the video cannot be judged.
        failure: why the video cannot be judged.
        questions, answers: one answer per question, in order; both empty with a failure. A question
            without a text is not known: what its reply copies from it cannot be told apart.
        seconds: what the clip cost: waiting for its frames, its share of the batches, reading.
    """

    key: str
    size: int | None = None
    modified: float | None = None
    frames: Frames | None = None
    failure: ClipError | None = None
    questions: Sequence[Question] = ()
    answers: Sequence[Answer] = ()
    seconds: float = 0.0


@dataclass
class _Pieces:
    """A verdict while its answers are read one by one."""

    scores: dict[str, Score] = field(default_factory=dict)
    rationales: list[tuple[str | None, str]] = field(default_factory=list)
    stages: dict[str, Any] = field(default_factory=dict)
    flags: set[Flag] = field(default_factory=set)
    replies: list[Reply] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def assemble(origin: Origin, clip: Clip, evidence: Evidence) -> Verdict:
    """The verdict on one clip.

    Status: `scored` (every dimension), `partial` (some), `unscored` (none), `error` (the video cannot be
    judged, or the backend failed on every question). `reason` of a row: the failure; else `backend_error` if
    any dimension has it, so that such a row is known as unfinished; else the most frequent reason.
    """
    pieces = _Pieces()
    if evidence.failure is not None:
        reason = _reason(evidence.failure.reason)
        pieces.scores = {name: Score.none(reason) for name in origin.dimensions}
        status: Status = "error"
        message: str | None = str(evidence.failure)
    else:
        for question, answer in zip(evidence.questions, evidence.answers, strict=True):
            _read_answer(origin, question, answer, pieces)
        pieces.scores = {name: pieces.scores[name] for name in origin.dimensions}
        status = _status(pieces.scores, failed=all(answer.error is not None for answer in evidence.answers))
        reason = _row_reason(pieces.scores)
        if evidence.frames is not None:
            pieces.flags.update(flag for flag in get_args(Flag) if flag in evidence.frames.flags)
            pieces.errors[:0] = evidence.frames.notes
        message = "; ".join(dict.fromkeys(pieces.errors)) or None
    scored = [score.score for score in pieces.scores.values() if score.score is not None]
    return Verdict(
        key=evidence.key,
        id=clean(clip.id),
        video=clean(clip.video),
        sha256=evidence.frames.sha256 if evidence.frames is not None else None,
        bytes=evidence.size,
        modified=evidence.modified,
        prompt=clean(clip.prompt),
        theme=clean(clip.theme),
        model=clean(clip.model),
        group=clean(clip.group),
        rubric=origin.rubric.name,
        judge=origin.judge,
        revision=origin.revision,
        config=origin.config,
        status=status,
        reason=None if status == "scored" else reason,
        message=clean(message),
        scores=pieces.scores,
        overall=fmean(scored) if len(scored) == len(origin.dimensions) else None,
        rationale=_joined(origin.rubric, pieces.rationales),
        stages=pieces.stages,
        flags=tuple(flag for flag in get_args(Flag) if flag in pieces.flags),
        replies=tuple(pieces.replies),
        frames=_frames_seen(evidence),
        seconds=round(evidence.seconds, 4),
        human=clean(clip.human),
        extra=clean(clip.extra),
    )


def _read_answer(origin: Origin, question: Question, answer: Answer, pieces: _Pieces) -> None:
    about = origin.dimensions if question.dimension is None else (question.dimension,)
    if answer.error is not None:
        pieces.scores.update((name, Score.none("backend_error")) for name in about)
        pieces.errors.append(str(answer.error))
        return
    rubric = origin.rubric
    asked = question if question.text else None
    pieces.flags.update(answer.flags)
    readings: list[Reading] = []
    samples: dict[str, list[SampleReading]] = {name: [] for name in about}
    for reply in answer.replies:
        reading = read_reply(reply.text, rubric, question.dimension, reply.finish, asked)
        readings.append(reading)
        pieces.flags.update(reading.flags if reply.mode is None else ())
        for name in about:
            read = reading.scores[name]
            soft = None
            if read.status == "scored" and read.span is not None:
                soft = soft_score(read.span, reply.digits, rubric.scale)
            if reply.mode == "direct" and (soft is None or soft.coverage < LEAST_COVERAGE):
                read, soft = ReadScore("unscored", reason="missing_score"), None
            samples[name].append(SampleReading(read, soft))
    pieces.scores.update((name, score_of(samples[name])) for name in about)
    pieces.replies.extend(answer.replies)
    told = readings[_most_typical(samples, pieces.scores)]
    if told.rationale:
        pieces.rationales.append((question.dimension, told.rationale))
    if told.stages:
        if question.dimension is None:
            pieces.stages.update(told.stages)
        else:
            pieces.stages[question.dimension] = dict(told.stages)


def _most_typical(samples: Mapping[str, Sequence[SampleReading]], scores: Mapping[str, Score]) -> int:
    """The sample whose rationale stands in the verdict: it agrees with most of the final values."""
    count = max(len(of_dimension) for of_dimension in samples.values())
    agreeing = [
        sum(
            scores[name].value is not None and of_dimension[index].read.value == scores[name].value
            for name, of_dimension in samples.items()
        )
        for index in range(count)
    ]
    return agreeing.index(max(agreeing))


def _status(scores: Mapping[str, Score], failed: bool) -> Status:
    if failed:
        return "error"
    scored = sum(score.status == "scored" for score in scores.values())
    return "scored" if scored == len(scores) else "partial" if scored else "unscored"


def _row_reason(scores: Mapping[str, Score]) -> Reason:
    reasons = Counter(score.reason for score in scores.values() if score.reason is not None)
    if "backend_error" in reasons or not reasons:
        return "backend_error"
    return reasons.most_common(1)[0][0]


def _reason(text: str) -> Reason:
    for known in get_args(Reason):
        if text == known:
            return known
    raise ValueError(f"unknown reason {text!r}")


def _joined(rubric: Rubric, rationales: Sequence[tuple[str | None, str]]) -> str | None:
    """One text; several dimensions' rationales stand under their titles."""
    if not rationales:
        return None
    return "\n\n".join(
        text if name is None else f"{rubric.dimension(name).title}: {text}" for name, text in rationales
    )


def _frames_seen(evidence: Evidence) -> FramesSeen | None:
    frames = evidence.frames
    if frames is None:
        return None
    tokens = [answer.visual_tokens for answer in evidence.answers if answer.visual_tokens is not None]
    return FramesSeen(
        rule=frames.rule,
        indices=frames.indices,
        timestamps=tuple(round(float(second), 6) for second in frames.timestamps),
        fps=frames.fps,
        width=frames.width,
        height=frames.height,
        tokens=tokens[0] if tokens else None,
        seconds_per_grid=frames.seconds_per_grid,
        decoder=frames.decoder,
    )


def clean(value: Any) -> Any:
    """`value` as JSON can hold it: half surrogate pairs (file names that are no UTF-8) become U+FFFD,
    NaN and infinity null, and what JSON has no word for its text."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(name)): clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(inner) for inner in value]
    return clean(value.item()) if hasattr(value, "item") else clean(str(value))
