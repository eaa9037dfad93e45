"""Sets that rate the videos of several generators per prompt: TVGE and GenAI-Bench-Video.

Both are JSON objects: prompt id -> {prompt, models: {generator: [scores]}}.
"""

from pathlib import Path
from typing import Any

from reeljudge.benchmarks.adapters.reading import json_object, score
from reeljudge.benchmarks.release import Human, Item, Release, Video
from reeljudge.errors import InputError


def read_tvge(files: list[Path]) -> Release:
    """Two files, one per label: alignment and quality, mean human scores 1.0-5.0."""
    return _read(files, ("alignment", "quality"))


def read_genai_bench_video(files: list[Path]) -> Release:
    """One file: the alignment ratings 1-5 of three raters."""
    return _read(files, ("alignment",))


def _read(files: list[Path], labels: tuple[str, ...]) -> Release:
    videos: dict[str, Video] = {}
    human: dict[str, dict[str, Human]] = {}
    for path, label in zip(files, labels, strict=True):
        for key, entry in json_object(path).items():
            where = f"{path}, prompt {key!r}"
            prompt, models = _entry(entry, where)
            for model, scores in models.items():
                name = f"{model}/{key}"
                known = videos.setdefault(name, Video(name, _paths(model, key), prompt, model=model))
                if known.prompt != prompt:
                    raise InputError(f"{where}: another prompt than in {files[0]}")
                given = scores if isinstance(scores, list) else [scores]
                found = [score(one, f"{where}, {model}", 1, 5) for one in given]
                numbers = [one for one in found if one is not None]
                human.setdefault(name, {})[label] = numbers or None
    return Release(videos, [Item(name, found) for name, found in human.items()])


def _entry(entry: Any, where: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(entry, dict) or not isinstance(entry.get("models"), dict) or not entry.get("prompt"):
        raise InputError(f"{where}: must hold `prompt` and `models`: {{generator: [scores]}}")
    return str(entry["prompt"]), entry["models"]


def _paths(model: str, key: str) -> tuple[str, ...]:
    return tuple(f"{folder}{model}/{key}.mp4" for folder in ("", "videos/"))
