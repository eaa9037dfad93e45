"""Training examples: what is asked, what is to be answered, and how to get the frames."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reeljudge.errors import InputError, ReeljudgeError
from reeljudge.rubrics import Question, Rubric, ask, read_reply
from reeljudge.synth import reply_for, sample_clip
from reeljudge.synth.rationales import write_rationales
from reeljudge.synth.replies import RUBRICS
from reeljudge.tables import numbered_rows
from reeljudge.training.config import SynthSource


@dataclass(frozen=True)
class Example:
    """One thing to learn.

    Attributes:
        id: of the row.
        question: what the judge is asked.
        reply: what it is to write; None where only the scores are known (RL rows).
        scores: dimension -> true score.
        video: the file; None for a synthetic clip, which is `synth` = (source, index).
        facts: what is known of a synthetic clip.
    """

    id: str
    question: Question
    reply: str | None
    scores: Mapping[str, int]
    video: Path | None = None
    synth: tuple[SynthSource, int] | None = None
    facts: Mapping[str, Any] | None = None


class SynthExamples(Sequence[Example]):
    """Examples made of synthetic clips, drawn when they are asked for."""

    def __init__(self, source: SynthSource, rubric: Rubric, template: str | None = None):
        self._source, self._rubric, self._template = source, rubric, template
        if rubric.name not in RUBRICS:
            raise InputError(f"synthetic clips have no true scores under the rubric {rubric.name!r}")
        self._dimensions: tuple[str | None, ...] = rubric.questions()
        if source.dimensions is not None and self._dimensions != (None,):
            self._dimensions = source.dimensions

    def __len__(self) -> int:
        return self._source.count

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[index] for index in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        source, index = self._source, self._source.first + number
        clip = sample_clip(source.seed, index, source.split)
        row = {
            "human": clip.scores,
            "rationales": write_rationales(clip, plain=source.wording == "plain"),
        }
        # Each clip is asked about one dimension; clips of a group are asked about different ones.
        dimension = self._dimensions[(index + index // 4) % len(self._dimensions)]
        questions = ask(
            self._rubric,
            clip.prompt,
            clip.theme,
            dimensions=None if dimension is None else [dimension],
            template=self._template,
        )
        reply = reply_for(row, self._rubric.name, dimension, reasoning=source.reasoning, stages=source.stages)
        names = RUBRICS[self._rubric.name] if dimension is None else (dimension,)
        return Example(
            id=clip.id if dimension is None else f"{clip.id}:{dimension}",
            question=questions[0],
            reply=reply,
            scores={name: clip.scores[name] for name in names},
            synth=(source, index),
            facts=clip.facts,
        )


def read_examples(
    files: Sequence[str], rubric: Rubric, *, template: str | None, videos: Path | None, need_reply: bool
) -> list[Example]:
    """Examples from files of training rows, each checked before any time is spent.

    Three kinds of row are known by their fields: this project's (`video`, `prompt`, `reply`), ShareGPT
    (`conversations` with `<video>`, `videos`), and RL rows (`problem`, `solution`, `path`).

    Args:
        template: question template instead of the rubric's, for rows that hold no question of their own.
        videos: folder that paths are relative to; None: the folder of each file.
        need_reply: SFT needs the reply; for RL the scores are enough.

    Raises:
        InputError: a row that cannot be used; the message names file and row.
    """
    examples = []
    for file in files:
        path = Path(file)
        for number, row in numbered_rows(path):
            where = f"{path}, row {number}"
            try:
                example = _example(row, rubric, template)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{where}: not a training row ({type(error).__name__}: {error}); it needs video, prompt "
                    "and reply, or conversations and videos, or problem, solution and path"
                ) from error
            except ReeljudgeError as error:
                raise InputError(f"{where}: {error}") from error
            video = (videos or path.parent) / (example.video or "")
            if not video.is_file():
                raise InputError(f"{where}: the video {video} is missing; fix the row or set `videos`")
            if need_reply:
                _check_reply(example, rubric, where)
            examples.append(Example(example.id, example.question, example.reply, example.scores, video))
    if not examples:
        raise InputError(f"no training rows in {', '.join(files)}")
    return examples


def _check_reply(example: Example, rubric: Rubric, where: str) -> None:
    """The one reader must find the row's own scores in its reply."""
    if example.reply is None:
        raise InputError(f"{where}: the row holds no reply to learn; only GRPO can use it")
    reading = read_reply(example.reply, rubric, example.question.dimension, question=example.question)
    for name, score in example.scores.items():
        read = reading.scores[name]
        if read.value != score:
            found = read.value if read.status == "scored" else f"no score ({read.reason})"
            raise InputError(
                f"{where}: the row says {name} = {score}, but the reader finds {found} in its reply"
            )


def _example(row: Mapping[str, Any], rubric: Rubric, template: str | None) -> Example:
    if "conversations" in row:
        return _share_gpt(row, rubric)
    if "problem" in row and "solution" in row:
        return _problem(row, rubric)
    dimension = row.get("dimension")
    questions = ask(
        rubric,
        row["prompt"],
        row.get("theme"),
        dimensions=None if dimension is None else [dimension],
        template=template,
    )
    scores = {name: int(score) for name, score in row["scores"].items()}
    return Example(str(row["id"]), questions[0], row.get("reply"), scores, Path(row["video"]))


def _share_gpt(row: Mapping[str, Any], rubric: Rubric) -> Example:
    human, reply = row["conversations"][0]["value"], row["conversations"][1]["value"]
    if human.count("<video>") != 1 or len(row["videos"]) != 1:
        raise InputError("a row needs <video> once in its question and one path in `videos`")
    question = Question(None, human.replace("<video>", "").strip())
    reading = read_reply(reply, rubric)
    scores = {name: read.value for name, read in reading.scores.items() if read.value is not None}
    if len(scores) < len(reading.scores):
        raise InputError("the reader finds no score for every dimension in the reply")
    video = Path(row["videos"][0])
    return Example(str(row.get("id", video.stem)), question, reply, scores, video)


def _problem(row: Mapping[str, Any], rubric: Rubric) -> Example:
    inner = re.sub(r"</?answer>", "", row["solution"])
    reading = read_reply(inner, rubric)
    scores = {name: read.value for name, read in reading.scores.items() if read.value is not None}
    if len(scores) < len(reading.scores):
        raise InputError("`solution` holds no score for every dimension")
    question = Question(None, row["problem"].replace("<video>", "").strip())
    return Example(str(row.get("problem_id", row["path"])), question, None, scores, Path(row["path"]))
