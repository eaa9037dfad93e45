"""The roof: finds the command, runs it, and turns errors into one line and an exit status."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from reeljudge import __version__
from reeljudge.cli.commands import COMMANDS, Command
from reeljudge.cli.console import accept_any_text, complain
from reeljudge.errors import ReeljudgeError, UsageError

OK, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

# typer carries its own copy of click in some versions: its public error leads to the right base class.
_ClickError: Any = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


class LazyGroup(TyperGroup):
    """Loads a command's module when the command is called, and none of them for `--help`."""

    known: Mapping[str, Command] = COMMANDS
    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.known)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.known:
            return None
        if self._listing:
            return TyperCommand(cmd_name, help=self.known[cmd_name].summary, rich_markup_mode="rich")
        if self.commands.get(cmd_name) is None:
            self.commands[cmd_name] = load_command(cmd_name, self.known)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        # Suggestions look at the commands by name: let them see all names.
        for name in self.known:
            self.commands.setdefault(name, None)  # type: ignore[arg-type]
        try:
            return super().resolve_command(ctx, args)
        finally:
            for name in [name for name, command in self.commands.items() if command is None]:
                del self.commands[name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def load_command(name: str, known: Mapping[str, Command] = COMMANDS) -> Any:
    """The command of that name, ready to be called."""
    module, _, attribute = known[name].target.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        command: Any = typer.main.get_group(target)
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        single.command(name, epilog=getattr(target, "epilog", None))(target)
        command = typer.main.get_command(single)
    command.name = name
    return command


app = typer.Typer(
    name="reeljudge",
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Every command has --help with examples.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"reeljudge {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Judges generated videos: looks at the frames, reasons in the open, and then scores."""


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run one command; see `main`."""
    accept_any_text()
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        status = app(given, prog_name="reeljudge", standalone_mode=False)
    except _ClickError as error:
        complain(_one_line(error))
        return WRONG_USAGE
    except UsageError as error:
        complain(str(error))
        return WRONG_USAGE
    except ReeljudgeError as error:
        complain(str(error))
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`); Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        # A full disk, too many open files: the machine's fault and not a bug, wherever it strikes.
        if error.strerror is None:
            raise
        where = "" if error.filename is None else f"{error.filename}: "
        complain(f"{where}{error.strerror}")
        return FAILED
    return status if isinstance(status, int) else OK


def _one_line(error: Any) -> str:
    # A group of commands given alone prints its help and leaves nothing to say.
    text = " ".join(error.format_message().split()) or "a command is missing"
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "reeljudge"
    return f"{text} (see `{command} --help`)"
