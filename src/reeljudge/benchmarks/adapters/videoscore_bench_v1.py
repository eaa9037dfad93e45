"""VideoScore-Bench (v1): five aspects per video. The release holds frames, not videos."""

import re
from pathlib import Path
from typing import Any

from reeljudge.benchmarks.adapters.reading import LabelRow, label_rows, score
from reeljudge.benchmarks.release import Item, Release, Video
from reeljudge.errors import InputError
from reeljudge.tables.fields import numbers

ASPECTS = (
    "visual quality",
    "temporal consistency",
    "dynamic degree",
    "text-to-video alignment",
    "factual consistency",
)
_PROMPT = re.compile(r'text prompt is\s*"(?P<prompt>.*?)"\s*,?\s*\n', re.DOTALL)
_SCORE = re.compile(r":\s*(\d+)")


def read_video_feedback(files: list[Path]) -> Release:
    """`id` and five integers 1-4, as columns named like the aspects or in the answer of `conversations`."""
    return _read(files[0], 1, 4)


def read_eval_crafter(files: list[Path]) -> Release:
    """`id` and `score_list`: five numbers in 0-1, where -1 says that people did not rate the aspect."""
    return _read(files[0], 0, 1)


def _read(path: Path, low: float, high: float) -> Release:
    videos: dict[str, Video] = {}
    items: list[Item] = []
    for row in label_rows(path):
        name = row.text("id")
        if name in videos:
            raise InputError(f"{row.where}: {name!r} stands here for the second time")
        folder = path.parent.name
        paths = (f"{folder}/videos/{name}.mp4", f"videos/{name}.mp4")
        videos[name] = Video(name, paths, _prompt(row))
        scores = [None if value == -1 else value for value in _scores(row)]
        if len(scores) != len(ASPECTS):
            raise InputError(f"{row.where}: {len(scores)} scores where the set has {len(ASPECTS)} aspects")
        human = {
            aspect: score(value, f"{row.where}: {aspect}", low, high)
            for aspect, value in zip(ASPECTS, scores, strict=True)
        }
        items.append(Item(name, human))
    return Release(videos, items)


def _scores(row: LabelRow) -> list[float | None]:
    given = row.get("score_list")
    if given is not None:
        try:
            return numbers(given)
        except ValueError as error:
            raise InputError(f"{row.where}: 'score_list' {error}") from None
    if row.get(ASPECTS[0]) is not None:
        return [score(row.get(aspect), f"{row.where}: {aspect!r}", -1, 4) for aspect in ASPECTS]
    answer = _turn(row, 1)
    return [float(found) for found in _SCORE.findall(answer)]


def _prompt(row: LabelRow) -> str:
    given = row.get("text prompt") or row.get("prompt") or row.get("text")
    if given:
        return str(given)
    found = _PROMPT.search(_turn(row, 0))
    if found is None:
        raise InputError(f'{row.where}: no prompt: neither `text prompt` nor text prompt is "..." in a turn')
    return found["prompt"]


def _turn(row: LabelRow, place: int) -> str:
    turns: Any = row.get("conversations")
    if not isinstance(turns, list) or len(turns) <= place or "value" not in turns[place]:
        raise InputError(f"{row.where}: neither scores nor `conversations` of two turns")
    return str(turns[place]["value"])
