"""A rubric: the dimensions to judge on, their levels and scale, how to ask and how to read the answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Name = str
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

    name: Name
    tag: str
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
            `rubric` and `stages`.
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

    @field_validator("dimensions")
    @classmethod
    def _unique_names(cls, dimensions: tuple[Dimension, ...]) -> tuple[Dimension, ...]:
        names = [dimension.name for dimension in dimensions]
        double = {name for name in names if names.count(name) > 1}
        if double:
            raise ValueError(f"dimension named twice: {', '.join(sorted(double))}")
        return dimensions

    @model_validator(mode="after")
    def _complete(self) -> "Rubric":
        for dimension in self.dimensions:
            if dimension.levels and set(dimension.levels) != set(self.scale.values):
                wanted = f"{self.scale.min}-{self.scale.max}"
                raise ValueError(
                    f"dimension {dimension.name!r}: levels must be given for each of {wanted}, or none"
                )
            names = [stage.name for stage in self.stages_of(dimension)]
            if self.answer_stage is not None and self.answer_stage not in names:
                raise ValueError(
                    f"dimension {dimension.name!r}: answer_stage {self.answer_stage!r} is none of its stages"
                )
        return self

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
