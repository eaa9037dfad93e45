"""Commands below a command: `train sft`, `ratings import`. Each is loaded when it is called."""

from collections.abc import Mapping
from typing import Any

import typer

from reeljudge.cli.app import LazyGroup
from reeljudge.cli.commands import Command


def group_of(
    name: str,
    help: str,
    commands: Mapping[str, Command],
    base: type[LazyGroup] = LazyGroup,
    epilog: str = "Every command has --help with examples.",
) -> typer.Typer:
    """A command that holds others.

    Args:
        name: as it is typed. help: what its commands are for.
        commands: name -> `module:function`, and what it does in one line.
        base: how its arguments lead to a command. epilog: the end of its help.
    """
    kind: Any = type(base.__name__, (base,), {"known": commands})
    made = typer.Typer(
        name=name, cls=kind, add_completion=False, rich_markup_mode="rich", no_args_is_help=True
    )
    made.callback(help=help, epilog=epilog)(_nothing)
    return made


def _nothing() -> None:
    """The commands do it all."""
