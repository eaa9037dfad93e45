"""A release in memory: its videos, the labels of each, and the pairs that people compared."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Human = float | Sequence[float] | None


@dataclass(frozen=True)
class Video:
    """A video of a release.

    Attributes:
        id: what runs and score tables call it.
        paths: where it may lie inside the data folder, the likeliest first.
    """

    id: str
    paths: tuple[str, ...]
    prompt: str
    model: str | None = None
    theme: str | None = None

    def find(self, folder: Path) -> str | None:
        """The first of `paths` that is in the folder."""
        return next((path for path in self.paths if (folder / path).is_file()), None)


@dataclass(frozen=True)
class Item:
    """Point labels of a video: label -> score, scores of several raters, or None."""

    video: str
    human: Mapping[str, Human]


@dataclass(frozen=True)
class Pair:
    """Two videos that people compared: label -> their vote, in the release's own words or as a `Vote`.

    `group` is the prompt: pairs of one prompt are not independent.
    """

    id: str
    a: str
    b: str
    votes: Mapping[str, Any]
    group: str


@dataclass(frozen=True)
class Release:
    """What an adapter reads.

    Attributes:
        items: point labels in the release's order; a video that is labelled twice stands here twice.
        pairs: pairs in the release's order.
        notes: what a user must know of these files.
    """

    videos: Mapping[str, Video]
    items: Sequence[Item] = ()
    pairs: Sequence[Pair] = ()
    notes: tuple[str, ...] = field(default=())


def distinct_names(paths: Sequence[str]) -> dict[str, str]:
    """Path -> its stem, or the folder and stem where two paths share a stem ("kling/0001")."""
    ordered = list(dict.fromkeys(paths))
    parts = {path: path.replace("\\", "/").rstrip("/").split("/") for path in ordered}
    stems = {path: found[-1].rpartition(".")[0] or found[-1] for path, found in parts.items()}
    count = Counter(stems.values())
    names = {
        path: stem if count[stem] == 1 else "/".join([*parts[path][-2:-1], stem])
        for path, stem in stems.items()
    }
    again = Counter(names.values())
    return {path: name if again[name] == 1 else path for path, name in names.items()}
