"""A clip: a video file, the prompt it was made from, the generator that made it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Clip:
    """One row of a manifest.

    Attributes:
        id: unique in its manifest.
        video: the name as the manifest gives it (relative to the manifest), stored in verdicts.
        path: where the file is.
        prompt: what the generator was asked for.
        model: the generator.
        group: clips of one group compete (default: the prompt).
        theme: the commonsense theme that GRADEO's rationality asks for.
        human: {dimension: score or list of scores} from people.
        extra: every other field of the row, handed through.
    """

    id: str
    video: str
    path: Path
    prompt: str
    model: str | None = None
    group: str | None = None
    theme: str | None = None
    human: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
