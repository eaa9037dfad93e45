"""Options shared by commands: every field of `JudgeSettings` becomes an option with its help text."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from types import NoneType
from typing import Annotated, Any, get_args, get_type_hints

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout; everything else goes to stderr.")]

_PLAIN = (bool, int, float, str)


def with_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Replace the parameter `settings: JudgeSettings` of a command by one option per field."""
    from reeljudge.judging.settings import JudgeSettings  # most commands need none of it

    hints = get_type_hints(JudgeSettings)
    signature = inspect.signature(function, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != "settings":
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        for field in fields(JudgeSettings):
            parameters.append(
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=field.default,
                    annotation=_annotation(field, hints[field.name]),
                )
            )

    @wraps(function)
    def command(**values: Any) -> Any:
        chosen = {field.name: values.pop(field.name) for field in fields(JudgeSettings)}
        return function(**values, settings=JudgeSettings(**chosen))

    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _annotation(field: Field[Any], hint: Any) -> Any:
    """The field's type as the command line can say it, with the option's help."""
    kinds = get_args(hint) or (hint,)
    plain: Any = next(kind for kind in _PLAIN if kind in kinds)
    # A switch that is off by default needs no second name that turns it off.
    names = ["--" + field.name.replace("_", "-")] if plain is bool and not field.default else []
    option = typer.Option(*names, help=field.metadata["help"], rich_help_panel=field.metadata["panel"])
    return Annotated[plain | None if NoneType in kinds else plain, option]
