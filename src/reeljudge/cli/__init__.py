"""The command line: one thin module per command, loaded when it is called. `main` is the entry point."""

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `reeljudge ARGUMENTS` (default: the process's own) and return its exit status.

    0: success; 1: the work failed; 2: wrong usage; 130: ended by Ctrl-C.
    """
    try:
        from reeljudge.cli.app import run_command
    except KeyboardInterrupt:
        return 130
    return run_command(arguments)
