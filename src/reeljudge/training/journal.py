"""What happens while training: a line per step in `journal.jsonl`, TensorBoard where it is, and progress."""

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

logger = logging.getLogger("reeljudge.training")

SMOOTH = 50
"""Steps over which the shown values are averaged."""


class Journal:
    """Writes down how training goes.

    Args:
        folder: where `journal.jsonl` (and TensorBoard's files) are.
        steps: of the whole training.
        first: the step that is done first (after a resume).
        every: steps between lines of progress.
        show: False: do nothing (a process that does not lead).
    """

    def __init__(self, folder: Path, steps: int, first: int = 0, every: int = 20, *, show: bool = True):
        self._show, self._steps, self._first, self._every = show, steps, first, every
        self._began = time.monotonic()
        self._means: dict[str, float] = {}
        self._board: Any = None
        if not show:
            return
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "journal.jsonl").open("a", encoding="utf-8")
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return  # TensorBoard is optional; journal.jsonl holds the same numbers
        self._board = SummaryWriter(str(folder / "tensorboard"))

    def step(self, step: int, values: Mapping[str, float]) -> None:
        """Take the values of a step."""
        if not self._show:
            return
        for name, value in values.items():
            if value == value:  # a share of nothing is NaN
                old = self._means.get(name, value)
                self._means[name] = old + (value - old) / min(SMOOTH, step - self._first + 1)
        done = step + 1 - self._first
        if (step + 1) % self._every == 0 or step + 1 == self._steps:
            seconds = time.monotonic() - self._began
            left = seconds / done * (self._steps - step - 1)
            self.note("progress", step + 1, self._means, seconds=round(seconds, 1))
            shown = " ".join(f"{name} {value:.3g}" for name, value in self._means.items())
            logger.info("step %d of %d, %s left: %s", step + 1, self._steps, _clock(left), shown)

    def say(self, text: str) -> None:
        """A line of progress."""
        if self._show:
            logger.info(text)

    def note(self, kind: str, step: int, values: Mapping[str, Any], **more: Any) -> None:
        """Write a line of its own: validation, samples."""
        if not self._show:
            return
        rounded = {k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()}
        self._file.write(json.dumps({"kind": kind, "step": step, **more, **rounded}) + "\n")
        self._file.flush()
        if self._board is not None:
            for name, value in values.items():
                if isinstance(value, int | float):
                    self._board.add_scalar(f"{kind}/{name}", value, step)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
