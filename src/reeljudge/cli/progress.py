"""How a run goes, on stderr: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reeljudge.cli.console import duration
from reeljudge.runs.resume import Todo
from reeljudge.verdicts import Verdict

_EVERY_SECONDS = 10.0
_FAILURES_SHOWN = 10


@contextmanager
def progress_observer(on_row: Callable[[Any], None] | None = None) -> "Iterator[ProgressLines]":
    """An observer that shows progress, and hands every row to `on_row` after it was written."""
    console = Console(stderr=True, highlight=False)
    observer = ProgressBar(console, on_row) if console.is_terminal else ProgressLines(console, on_row)
    try:
        yield observer
    finally:
        observer.finish()


class ProgressLines:
    """A line every ten seconds: done, rate, time left, failures."""

    def __init__(self, console: Console, on_row: Callable[[Any], None] | None):
        self.console, self.on_row = console, on_row
        self.total = self.count = self.failed = self.unscored = 0
        self.began = self.said = time.monotonic()

    def started(self, todo: Todo, mended: bool, broken: int) -> None:
        self.total, self.began = todo.count, time.monotonic()
        self.said = self.began
        if mended:
            self.say("a half-written last line was mended")
        if broken:
            self.say(f"{broken} lines of verdicts.jsonl cannot be read; their rows are judged again")
        parts = [f"{todo.done} done before"] if todo.done else []
        if todo.again:
            parts.append(f"{todo.again} tried again after an error")
        if todo.changed:
            parts.append(f"{todo.changed} judged again since video, prompt or theme changed")
        self.say(f"{todo.rows} rows, {todo.count} to judge" + (f" ({', '.join(parts)})" if parts else ""))

    def judged(self, verdict: Verdict) -> None:
        self.count += 1
        self.failed += verdict.status == "error"
        self.unscored += verdict.status in ("unscored", "partial")
        if verdict.status == "error" and self.failed <= _FAILURES_SHOWN:
            more = "; further failures are only counted" if self.failed == _FAILURES_SHOWN else ""
            self.say(f"failed: {verdict.id}: {verdict.reason}: {verdict.message}{more}")
        if self.on_row is not None:
            self.on_row(verdict.model_dump(mode="json"))
        self.advance()

    def noted(self, text: str) -> None:
        self.say(f"note: {text}")

    def advance(self) -> None:
        """Show that one more is done."""
        now = time.monotonic()
        if now - self.said >= _EVERY_SECONDS:
            self.said = now
            left = (self.total - self.count) * (now - self.began) / self.count
            self.say(f"{self.count} of {self.total}{self.rate()}, {duration(left)} left{self.troubles()}")

    def finish(self) -> None:
        """Show how it ended."""
        if self.count:
            took = duration(time.monotonic() - self.began)
            self.say(f"{self.count} judged in {took}{self.rate()}{self.troubles()}")

    def say(self, text: str) -> None:
        self.console.print(escape(" ".join(text.split())), soft_wrap=True)

    def rate(self) -> str:
        seconds = time.monotonic() - self.began
        return f", {3600 * self.count / seconds:.0f} clips/h" if seconds > 0 and self.count else ""

    def troubles(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return failed + (f", {self.unscored} without every score" if self.unscored else "")


class ProgressBar(ProgressLines):
    """A bar with rate, time left and failures."""

    def __init__(self, console: Console, on_row: Callable[[Any], None] | None):
        super().__init__(console, on_row)
        self._bar = Progress(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[told]}"),
            console=console,
            transient=True,
            speed_estimate_period=120.0,
        )
        self._task = self._bar.add_task("", total=None, told="", visible=False)

    def started(self, todo: Todo, mended: bool, broken: int) -> None:
        super().started(todo, mended, broken)
        if self.total:
            self._bar.start()
            self._bar.update(self._task, total=self.total, visible=True)

    def advance(self) -> None:
        told = f"{self.rate().removeprefix(', ')}{self.troubles()}"
        self._bar.update(self._task, completed=self.count, told=told)

    def finish(self) -> None:
        self._bar.stop()
        super().finish()
