"""Options shared by commands: every field of a settings object becomes an option."""

import inspect
from collections.abc import Callable, Mapping
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
    options = {field.name: _annotation(field, hints[field.name]) for field in fields(JudgeSettings)}
    return _spread(function, "settings", JudgeSettings, options)


def with_options(name: str, kind: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Replace a parameter of a command, a dataclass whose fields are typed as options, by those options."""
    return lambda function: _spread(function, name, kind, get_type_hints(kind, include_extras=True))


def _spread(
    function: Callable[..., Any], name: str, kind: Any, options: Mapping[str, Any]
) -> Callable[..., Any]:
    signature = inspect.signature(function, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name != name:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=options[field.name],
            )
            for field in fields(kind)
        ]

    @wraps(function)
    def command(**values: Any) -> Any:
        chosen = {field.name: values.pop(field.name) for field in fields(kind) if field.name in values}
        return function(**values, **{name: kind(**chosen)})

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
