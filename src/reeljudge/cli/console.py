"""What commands write: results on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

_WIDTH = 120
"""Columns where the output is no terminal."""

Function = TypeVar("Function", bound=Callable[..., Any])


def accept_any_text() -> None:
    """A terminal that is not UTF-8 shows escapes instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def complain(text: str) -> None:
    """One line about what went wrong."""
    sys.stderr.write(f"error: {_line(text)}\n")


def tell(text: str) -> None:
    """One line for a person, on stderr."""
    sys.stderr.write(f"{_line(text)}\n")


def write_json(value: Any) -> None:
    """One line of JSON on stdout, at once, so that a pipe sees rows as they come."""
    escaped = not (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(f"{json.dumps(value, ensure_ascii=escaped, allow_nan=False)}\n")
    sys.stdout.flush()


def results() -> Console:
    """Where results for people go. Nothing in them is markup: prompts may hold any character."""
    width = None if sys.stdout.isatty() else _WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width)


def say(console: Console, text: str, style: str = "") -> None:
    """A line of a result that is not cut where a pipe or a narrow terminal ends."""
    console.print(Text(text, style=style), soft_wrap=True)


def widen(console: Console, least: int = 100) -> None:
    """Room for a table where the output is no terminal."""
    if not console.is_terminal:
        console.width = max(console.width, least)


def shown(value: float | None, form: str = ".3f") -> str:
    """A number in that form, or a dash for none."""
    return "-" if value is None else format(value, form)


def shown_p(value: float | None) -> str:
    """A p-value, or a dash for none."""
    return "<0.001" if value is not None and value < 0.001 else shown(value)


def duration(seconds: float) -> str:
    """Minutes and seconds, or hours too: `3:07`, `1:02:09`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where that is a terminal, else nothing; it is told (done, total)."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def examples(*lines: str) -> Callable[[Function], Function]:
    """Examples at the end of a command's `--help`."""

    def attach(function: Function) -> Function:
        function.epilog = epilog_of(*lines)  # type: ignore[attr-defined]
        return function

    return attach


def epilog_of(*lines: str) -> str:
    """Examples as the end of a `--help`."""
    # Typer joins the lines of a paragraph: every example is one of its own.
    return "\n\n".join(("[bold]Examples[/bold]", *lines))


def _line(text: str) -> str:
    return " ".join(text.split()) if "\n" in text else text
