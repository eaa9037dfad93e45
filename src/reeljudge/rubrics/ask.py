"""From a rubric and a clip's prompt to the questions that a judge is asked."""

from collections.abc import Sequence
from typing import Any

from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.rubrics.model import Dimension, Rubric
from reeljudge.rubrics.question import Question
from reeljudge.rubrics.template import TemplateFault, render
from reeljudge.rubrics.views import (
    Listing,
    view_of_all,
    view_of_dimension,
    view_of_rubric,
    view_of_stage,
)


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
    if template is not None and (id(rubric), template) not in _checked:
        # Whatever a clip may bring along, with a theme and without: no template fails in mid-run.
        try:
            check_questions(rubric, template)
        except TemplateFault as fault:
            where = f"template, line {fault.line}" if fault.line else "template"
            raise InputError(f"{where}: {fault.problem}") from fault
        if len(_checked) >= 64:
            _checked.clear()
        _checked[id(rubric), template] = rubric
    asked: Sequence[Dimension | None] = [None] if rubric.replies == "joint" else chosen
    try:
        return [question_about(rubric, dimension, prompt, theme, template) for dimension in asked]
    except TemplateFault as fault:
        where = f"template, line {fault.line}" if fault.line else "template"
        raise InputError(f"rubric {rubric.name!r}: {where}: {fault.problem}") from fault


_checked: dict[tuple[int, str], Rubric] = {}


def check_questions(rubric: Rubric, template: str | None = None) -> None:
    """Render every question that the rubric can ask.

    Raises:
        TemplateFault: one of them does not render.
    """
    for dimension in [None] if rubric.replies == "joint" else rubric.dimensions:
        for theme in (None, "Physical Laws"):
            question_about(rubric, dimension, "A prompt", theme, template)


def question_about(
    rubric: Rubric, dimension: Dimension | None, prompt: str, theme: str | None, template: str | None = None
) -> Question:
    """One question, rendered.

    Raises:
        TemplateFault: the template, or a stage's instruction, does not render.
    """
    variables = variables_of(rubric, dimension, prompt, theme)
    variables["stages"] = Listing(
        view_of_stage(stage, render(stage.instruction, variables)) for stage in rubric.stages_of(dimension)
    )
    text = render(rubric.template if template is None else template, variables)
    return Question(None if dimension is None else dimension.name, text, prompt=prompt)


def variables_of(
    rubric: Rubric, dimension: Dimension | None, prompt: str, theme: str | None
) -> dict[str, Any]:
    """What a stage's instruction may use; a template may use `stages` as well."""
    about = rubric.dimensions if dimension is None else (dimension,)
    view = view_of_all(about)
    return {
        "rubric": view_of_rubric(rubric),
        "prompt": prompt,
        "theme": theme or None,
        "dimension": view,
        "dimensions": Listing(view_of_dimension(one) for one in about),
        "levels": view.levels,
    }
