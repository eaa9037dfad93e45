"""From a rubric and a clip's prompt to the questions that a judge is asked."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.rubrics.model import Dimension, Rubric
from reeljudge.rubrics.question import Question


def select_dimensions(rubric: Rubric, names: Sequence[str] | None) -> tuple[Dimension, ...]:
    """The rubric's dimensions of those names, in the rubric's order; all of them for None.

    Raises:
        UsageError: a name that the rubric does not have, or no name at all.
    """
    if names is None:
        return rubric.dimensions
    for name in names:
        if name not in rubric.names:
            raise UsageError(
                f"rubric {rubric.name!r} has no dimension {name!r}.{did_you_mean(name, rubric.names)}"
            )
    if not names:
        raise UsageError(f"no dimension chosen; rubric {rubric.name!r} has {', '.join(rubric.names)}")
    return tuple(dimension for dimension in rubric.dimensions if dimension.name in names)


def ask(
    rubric: Rubric,
    prompt: str,
    theme: str | None = None,
    dimensions: Sequence[str] | None = None,
    template: str | None = None,
) -> list[Question]:
    """The questions about one clip: one for a joint rubric, else one for each dimension.

    A joint rubric is asked as a whole, since judges were trained on the whole: narrowing by
    `dimensions` narrows what is read, not what is asked.

    Args:
        prompt: what the generator was asked for; goes into the question as plain text.
        theme: commonsense theme, for dimensions that take one.
        dimensions: names to judge; None for all.
        template: replaces the rubric's template (jinja2, sandboxed; see `Rubric.template`).

    Raises:
        UsageError: an unknown dimension.
        InputError: a template that does not render.
    """
    chosen = select_dimensions(rubric, dimensions)
    if rubric.replies == "joint":
        return [_question(rubric, None, prompt, theme, template)]
    return [_question(rubric, dimension, prompt, theme, template) for dimension in chosen]


def _question(
    rubric: Rubric, dimension: Dimension | None, prompt: str, theme: str | None, template: str | None
) -> Question:
    source = rubric.template if template is None else template
    stages = rubric.stages_of(dimension)
    variables: dict[str, Any] = {
        "rubric": rubric,
        "prompt": prompt,
        "theme": theme or None,
        "dimension": dimension,
        "dimensions": rubric.dimensions if dimension is None else (dimension,),
        "levels": dimension.levels if dimension is not None else {},
    }
    variables["stages"] = [
        {"name": stage.name, "tag": stage.tag, "instruction": _render(stage.instruction, variables)}
        for stage in stages
    ]
    return Question(None if dimension is None else dimension.name, _render(source, variables), prompt=prompt)


def _render(source: str, variables: dict[str, Any]) -> str:
    try:
        return _compile(source).render(variables).strip()
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f"template, line {line}" if line else "template"
        raise InputError(
            f"{where}: {error}. Known variables: prompt, theme, dimension, dimensions, levels, rubric, stages"
        ) from error
    except (TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        raise InputError(f"template: {error}") from error


@lru_cache(maxsize=256)
def _compile(source: str) -> Template:
    # Sandboxed: a template file may come from anybody. Strict: a misspelt variable is an error, not "".
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return environment.from_string(source)
