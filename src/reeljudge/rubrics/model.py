"""A rubric: the dimensions to judge on, their levels and scale, how to ask and how to read the answer."""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Name = str
TAG = r"^[A-Za-z][\w-]*$"
Input = Literal["prompt", "theme"]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scale(Model):
    """The integers that a judge may answer, both ends included."""

    min: int = 1
    max: int = 5

    @model_validator(mode="after")
    def _ordered(self) -> "Scale":
        if self.max <= self.min:
            raise ValueError(f"max ({self.max}) must be greater than min ({self.min})")
        return self

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(range(self.min, self.max + 1))

    @property
    def single_digit(self) -> bool:
        """Soft scores exist where every value is one digit."""
        return self.min >= 0 and self.max <= 9

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.min <= value <= self.max


class Level(Model):
    """One point of the scale: its name, and a text that says when it applies (may be absent)."""

    name: str
    text: str = ""


class Stage(Model):
    """One step of a staged reply: written between `<tag>` and `</tag>`.

    `instruction` tells the judge what to write there (a jinja2 text with the question's variables).
    """

    name: Name = Field(pattern=r"^[a-z][a-z0-9_]*$")
    tag: str = Field(pattern=TAG)
    instruction: str = ""


class Dimension(Model):
    """One thing that is judged.

    Attributes:
        name: the key in verdicts (`visual_quality`).
        title: as people read it (`Visual quality`).
        label: what stands before this dimension's number in an answer (`visual quality`). Kept exactly.
        aliases: other labels that judges write for it.
        definition: one or two sentences.
        aspects: aspect -> what it means.
        levels: value of the scale -> name and text; empty, or one for each value.
        inputs: what the question must show besides the video.
        stages: the stages of a reply about this dimension, where they differ from the rubric's.
    """

    name: Name = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    label: str
    aliases: tuple[str, ...] = ()
    definition: str
    aspects: dict[str, str] = Field(default_factory=dict)
    levels: dict[int, Level] = Field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    stages: tuple[Stage, ...] | None = None


class Rubric(Model):
    """A pack of dimensions with its way to ask and to read.

    Attributes:
        name, version: identify the rubric in verdicts; the text's hash is stored as well.
        kind: `pointwise`: one clip is judged by itself.
        replies: `joint`: one reply answers all dimensions; `each`: one reply per dimension.
        scale: the integers of every dimension.
        reasoning_tags: what stands between these tags is reasoning; no score is ever read from it.
        stages: the stages of a reply, in order; empty where the reasoning has no named stages.
        answer_stage: name of the stage that holds the score; None where the answer follows the reasoning.
        template: the question's text (jinja2), with `prompt`, `theme`, `dimension`, `dimensions`, `levels`,
            `rubric` and `stages` (see `views` for what they hold and how they print).
    """

    name: Name = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    version: int = 1
    title: str = ""
    source: str = ""
    kind: Literal["pointwise"] = "pointwise"
    replies: Literal["joint", "each"]
    scale: Scale = Scale()
    reasoning_tags: tuple[str, ...] = ("think",)
    stages: tuple[Stage, ...] = ()
    answer_stage: Name | None = None
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    template: str

    @model_validator(mode="after")
    def _complete(self) -> "Rubric":
        for place, problem in self._problems():
            raise PydanticCustomError("rubric", "{problem}", {"problem": problem, "place": place})
        return self

    def _problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """(where, what) of everything that single fields cannot know."""
        first: dict[str, str] = {}
        labels: dict[str, str] = {}
        for index, dimension in enumerate(self.dimensions):
            place: tuple[str | int, ...] = ("dimensions", index)
            if dimension.name in first:
                yield (*place, "name"), f"dimension {dimension.name!r} is named twice"
            first[dimension.name] = dimension.name
            if dimension.levels and set(dimension.levels) != set(self.scale.values):
                yield (*place, "levels"), self._levels_problem(dimension)
            for key, label in self._labels(dimension):
                words = " ".join(re.findall(r"[^\W_]+", label.lower()))
                if not words:
                    yield (*place, key), f"label {label!r} has no letter and no digit"
                # One reply for all: only its label says which dimension a number is about.
                if self.replies == "joint" and labels.setdefault(words, dimension.name) != dimension.name:
                    yield (*place, key), f"{label!r} also names dimension {labels[words]!r}"
            stages = self.stages_of(dimension)
            names = [stage.name for stage in stages]
            where = (*place, "stages") if dimension.stages is not None else ("stages",)
            if self.answer_stage is not None and self.answer_stage not in names:
                yield (
                    ("answer_stage",),
                    (f"answer_stage {self.answer_stage!r} is none of the stages of {dimension.name!r}"),
                )
            if dimension.stages is not None and self.replies == "joint":
                yield where, "one reply answers all dimensions, so its stages stand on the rubric itself"
            if stages and self.answer_stage is None:
                yield where, "stages without an answer_stage: say which one holds the score"
            tags = [stage.tag.lower() for stage in stages]
            for double in (names, tags):
                if len(set(double)) < len(double):
                    yield where, f"stage twice: {next(one for one in double if double.count(one) > 1)}"
            thinking = {tag.lower() for tag in self.reasoning_tags} & set(tags)
            if thinking:
                yield where, f"tag {min(thinking)!r} is a reasoning tag, too"
        for index, tag in enumerate(self.reasoning_tags):
            if not re.fullmatch(TAG, tag):
                yield ("reasoning_tags", index), f"{tag!r} is no tag: write it without < and >"

    @staticmethod
    def _labels(dimension: Dimension) -> Iterator[tuple[str, str]]:
        yield "label", dimension.label
        yield from (("aliases", alias) for alias in dimension.aliases)

    def _levels_problem(self, dimension: Dimension) -> str:
        wanted, given = set(self.scale.values), set(dimension.levels)
        missing = ", ".join(map(str, sorted(wanted - given)))
        extra = ", ".join(map(str, sorted(given - wanted)))
        told = [f"{missing} missing" if missing else "", f"{extra} not on the scale" if extra else ""]
        scale = f"{self.scale.min}-{self.scale.max}"
        return (
            f"dimension {dimension.name!r}: levels must be given for each of {scale}, or none "
            f"({'; '.join(part for part in told if part)})"
        )

    @property
    def names(self) -> tuple[Name, ...]:
        return tuple(dimension.name for dimension in self.dimensions)

    def dimension(self, name: Name) -> Dimension:
        """The dimension of that name; KeyError where there is none."""
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        raise KeyError(name)

    def stages_of(self, dimension: Dimension | None) -> tuple[Stage, ...]:
        """The stages of a reply about `dimension` (None: about all of them)."""
        if dimension is not None and dimension.stages is not None:
            return dimension.stages
        return self.stages

    def questions(self) -> tuple[Name | None, ...]:
        """What is asked of one clip: (None,) for a joint rubric, else one name per dimension."""
        return (None,) if self.replies == "joint" else self.names
