"""What commands write: results on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any, TypeVar

from rich.console import Console

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
