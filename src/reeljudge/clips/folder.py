"""A folder of videos as a manifest: the prompt of each stands in a text file beside it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reeljudge.errors import InputError

VIDEO_SUFFIXES = frozenset(
    [
        ".mp4",
        ".m4v",
        ".mov",
        ".webm",
        ".mkv",
        ".avi",
        ".gif",
        ".apng",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".ogv",
        ".flv",
        ".wmv",
        ".3gp",
        ".y4m",
        ".ivf",
    ]
)


def folder_rows(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, row) for each video in a folder and those below it, sorted by name, hidden files left out.

    The prompt of `clip.mp4` stands in `clip.txt` or `clip.mp4.txt`, in UTF-8.

    Raises:
        InputError: no videos, or one without a prompt.
    """
    names = sorted(_videos(folder))
    if not names:
        raise InputError(
            f"{folder}: no videos here; a folder manifest holds videos and a .txt with the prompt of each"
        )
    bare = [name for name in names if _prompt_file(folder / name) is None]
    if bare:
        beside = Path(bare[0]).with_suffix(".txt").name
        count = f"{len(bare)} of {len(names)} videos have no prompt: " if len(names) > 1 else ""
        tables = sorted(file.name for file in folder.glob("manifest.*"))
        other = f", or name the manifest itself: {folder / tables[0]}" if tables else ""
        raise InputError(f"{folder / bare[0]}: {count}write it into {beside} beside the video{other}")
    for name in names:
        yield str(folder / name), {"video": name, "prompt": _prompt(folder / name)}


def _videos(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES:
                yield Path(place, name).relative_to(folder).as_posix()


def _prompt_file(video: Path) -> Path | None:
    beside = (video.with_suffix(".txt"), video.with_name(video.name + ".txt"))
    return next((file for file in beside if file.is_file()), None)


def _prompt(video: Path) -> str:
    file = _prompt_file(video)
    try:
        text = file.read_text(encoding="utf-8-sig").strip() if file else ""
    except UnicodeDecodeError:
        raise InputError(f"{file}: not UTF-8; save the prompt as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    if not text:
        raise InputError(f"{file}: the prompt is empty")
    return text
