"""What a template sees: plain values that print sensibly, and nothing that leads back into the program."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from reeljudge.rubrics.model import Dimension, Level, Rubric, Scale, Stage


class Listing(tuple[object, ...]):
    """Several values; printed as "a, b and c"."""

    def __str__(self) -> str:
        texts = [str(one) for one in self]
        return " and ".join(part for part in (", ".join(texts[:-1]), *texts[-1:]) if part)


@dataclass(frozen=True)
class LevelView:
    """A point of the scale; printed as "Good: what it means"."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.text else self.name


class LevelsView(dict[int, LevelView]):
    """value -> level; printed as one line per level, "4 (Good): what it means"."""

    def __str__(self) -> str:
        return "\n".join(
            f"{value} ({level.name}): {level.text}" if level.text else f"{value} = {level.name}"
            for value, level in self.items()
        )


class DimensionView(str):
    """A dimension, or all of a joint rubric's at once: its name as people say it, with its fields."""

    name: str
    label: str
    definition: str
    aspects: Mapping[str, str]
    levels: LevelsView
    inputs: tuple[str, ...]

    def __new__(
        cls,
        name: str,
        title: str,
        label: str,
        definition: str,
        aspects: Mapping[str, str],
        levels: LevelsView,
        inputs: tuple[str, ...],
    ) -> "DimensionView":
        self = super().__new__(cls, name.replace("_", " "))
        self.name, self.label, self.definition = name, label, definition
        self.aspects, self.levels, self.inputs = aspects, levels, inputs
        self.title = title  # type: ignore[assignment, method-assign]
        return self


@dataclass(frozen=True)
class StageView:
    """A step of the reply; printed with its tags."""

    name: str
    tag: str
    instruction: str

    def __str__(self) -> str:
        return f"<{self.tag}>{self.instruction}</{self.tag}>"


@dataclass(frozen=True)
class ScaleView:
    """The integers of the answer; printed as "1-5"."""

    min: int
    max: int
    values: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.min}-{self.max}"


@dataclass(frozen=True)
class RubricView:
    """The rubric; printed as its title."""

    name: str
    title: str
    scale: ScaleView

    def __str__(self) -> str:
        return self.title or self.name


FIELDS = frozenset(
    field.name for view in (LevelView, StageView, ScaleView, RubricView) for field in fields(view)
) | {"name", "title", "label", "definition", "aspects", "levels", "inputs"}
"""Every field that a template may name behind a dot."""


def view_of_rubric(rubric: Rubric) -> RubricView:
    scale: Scale = rubric.scale
    return RubricView(rubric.name, rubric.title, ScaleView(scale.min, scale.max, scale.values))


def view_of_dimension(dimension: Dimension) -> DimensionView:
    return DimensionView(
        dimension.name,
        dimension.title,
        dimension.label,
        dimension.definition,
        dict(dimension.aspects),
        view_of_levels(dimension.levels),
        tuple(dimension.inputs),
    )


def view_of_levels(levels: Mapping[int, Level]) -> LevelsView:
    return LevelsView({value: LevelView(level.name, level.text) for value, level in sorted(levels.items())})


def view_of_all(dimensions: Iterable[Dimension]) -> DimensionView:
    """All dimensions of one question as if they were one; levels where all have the same."""
    several = tuple(dimensions)
    if len(several) == 1:
        return view_of_dimension(several[0])
    same = all(one.levels == several[0].levels for one in several)
    return DimensionView(
        str(Listing(one.name for one in several)),
        str(Listing(one.title for one in several)),
        str(Listing(one.label for one in several)),
        "\n".join(f"{one.title}: {one.definition}" for one in several),
        {aspect: meaning for one in several for aspect, meaning in one.aspects.items()},
        view_of_levels(several[0].levels) if same else LevelsView(),
        tuple(dict.fromkeys(taken for one in several for taken in one.inputs)),
    )


def view_of_stage(stage: Stage, instruction: str) -> StageView:
    return StageView(stage.name, stage.tag, instruction)
