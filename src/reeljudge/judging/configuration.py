"""What can change a score, as one JSON object with a hash, and the key of a verdict."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b, sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from reeljudge.clips import FrameSettings
from reeljudge.judges import Judge, Sampling
from reeljudge.rubrics import Rubric
from reeljudge.rubrics.read import READER_VERSION


def configuration_of(
    judge: Judge,
    rubric: Rubric,
    dimensions: Sequence[str],
    template: str | None,
    frames: FrameSettings | None,
    sampling: Sampling,
) -> dict[str, Any]:
    """Everything that can change a score, and nothing else: no batch size, no workers, no limits.

    Args:
        frames: None for a judge that looks at nothing.
    """
    drawn = asdict(sampling)
    if sampling.temperature == 0:
        del drawn["seed"]  # greedy replies know no seed
    content = _digest(rubric.model_dump(mode="json"))
    return {
        "judge": {"name": judge.name, **judge.identity()},
        "rubric": {
            "name": rubric.name,
            "version": rubric.version,
            "sha256": content,
        },
        "dimensions": list(dimensions),
        "template": template,
        "frames": None if frames is None else {**asdict(frames), "decoder": f"PyAV {_version('av')}"},
        "sampling": drawn,
        "reader": READER_VERSION,
    }


def configuration_hash(configuration: Mapping[str, Any]) -> str:
    """16 hexadecimal digits that name a configuration."""
    return _digest(configuration)[:16]


def verdict_key(id: str, rubric: str, config: str, prompt: str, theme: str | None) -> str:
    """`ROW-CONTENT`: ROW names the clip under this configuration, CONTENT what it is judged by.

    A verdict replaces another one of the same ROW; it still holds where CONTENT, and the file, are the same.
    """
    return f"{_short([id, rubric, config])}-{_short([prompt, theme])}"


def _short(parts: Sequence[str | None]) -> str:
    return blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
