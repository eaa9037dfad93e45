"""A row of a manifest turned into a clip, with errors that say which field of which row is wrong."""

import json
import math
import ntpath
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from reeljudge.clips.clip import Clip
from reeljudge.errors import InputError

ALIASES = {
    "video": ("file", "path", "video_path", "videopath"),
    "prompt": ("text", "caption", "text prompt"),
    "id": (),
    "model": (),
    "group": (),
    "theme": (),
    "human": (),
}
"""Field of a manifest -> other names under which it is accepted, the first that is present wins."""


def clip_of(row: Mapping[str, Any], folder: Path, where: str) -> tuple[Clip, bool]:
    """The clip that a row describes, and whether the row gives its id (else the id is the video's stem).

    `human` may be JSON text (CSV has no objects), and `human.NAME` fields are taken for its entries.

    Args:
        row: fields and values. folder: what relative videos are relative to.
        where: file and line, for messages.

    Raises:
        InputError: a field is missing or holds what it cannot.
    """
    rest = dict(row)
    video = _text(rest, "video", where)
    prompt = _text(rest, "prompt", where)
    if video is None or prompt is None:
        name = "video" if video is None else "prompt"
        raise InputError(f"{where}: no {name!r}{_hint(name, row)}")
    given = _label(rest, "id", where)
    clip = Clip(
        id=stem_of(video) if given is None else given,
        video=video,
        path=_located(folder, video),
        prompt=prompt,
        model=_label(rest, "model", where),
        group=_label(rest, "group", where) or prompt,
        theme=_label(rest, "theme", where),
        human=_human(rest, where),
        extra=rest,
    )
    return clip, given is not None


def stem_of(video: str) -> str:
    """A video's file name without folder and suffix, under either kind of slash."""
    name = PureWindowsPath(video).name if "\\" in video else PurePosixPath(video).name
    return PurePosixPath(name).stem or video


def _located(folder: Path, video: str) -> Path:
    path = folder / video
    if "\\" in video and not path.exists() and not ntpath.splitdrive(video)[0]:
        return folder / video.replace("\\", "/")  # a manifest written on Windows
    return path


def _take(rest: dict[str, Any], name: str) -> Any:
    """Remove and return a field under the first of its names that holds something."""
    for known in (name, *ALIASES[name]):
        for key in (known, *(key for key in rest if key.strip().lower() == known)):
            if rest.get(key) is not None:
                return rest.pop(key)
    return None


def _text(rest: dict[str, Any], name: str, where: str) -> str | None:
    value = _take(rest, name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise InputError(f"{where}: {name!r} must be text, not {json.dumps(value, default=str)[:60]}")
    if not value.strip():
        raise InputError(f"{where}: {name!r} is empty")
    if "\0" in value:
        raise InputError(f"{where}: {name!r} holds a null character")
    return value


def _label(rest: dict[str, Any], name: str, where: str) -> str | None:
    """Text, or a whole number as text (ids and groups are often numbers)."""
    value = _take(rest, name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    if value == "":
        return None
    raise InputError(f"{where}: {name!r} must be text, not {json.dumps(value, default=str)[:60]}")


def _hint(name: str, row: Mapping[str, Any]) -> str:
    names = (name, *ALIASES[name])
    present = [key for key in row if key.strip().lower() in names]
    if present:
        return f" (its field {present[0]!r} is empty)"
    fields = [key for key in row if isinstance(key, str)]
    for field in fields:
        if get_close_matches(field.strip().lower(), names, n=1, cutoff=0.6):
            return f" field. Did you mean {name!r} by {field!r}?"
    shown = ", ".join(map(repr, fields[:8])) or "no fields"
    return f" field (nor {', '.join(map(repr, names[1:]))}); it has {shown}"


def _human(rest: dict[str, Any], where: str) -> dict[str, Any]:
    value = _take(rest, "human")
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else {}
        except ValueError as error:
            raise InputError(
                f"{where}: 'human' is not valid JSON ({error}); write {{\"dimension\": 4}}"
            ) from None
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise InputError(f"{where}: 'human' must be an object {{\"dimension\": score or [scores]}}")
    scores = {str(name): _scores(score, name, where) for name, score in value.items()}
    for key in [key for key in rest if isinstance(key, str) and key.startswith("human.")]:
        scores[key.removeprefix("human.")] = _scores(rest.pop(key), key, where)
    return {name: score for name, score in scores.items() if score is not None}


def _scores(value: Any, name: str, where: str) -> float | list[float | None] | None:
    if isinstance(value, list):
        return [_score(item, name, where) for item in value]
    return _score(value, name, where)


def _score(value: Any, name: str, where: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = float(value) if any(mark in value for mark in ".eE") else int(value)
        except ValueError:
            pass
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        shown = json.dumps(value, default=str)[:60]
        raise InputError(
            f"{where}: human score {name!r} is {shown}; it must be a number, a list of numbers, or null"
        )
    return value
