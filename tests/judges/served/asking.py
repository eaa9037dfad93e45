"""Requests as the engine makes them, without a video."""

from pathlib import Path
from typing import Any

import numpy as np

from reeljudge.clips import Clip, Frames
from reeljudge.judges import Request, Sampling
from reeljudge.judges.served.address import read_address
from reeljudge.judges.served.judge import ServedJudge
from reeljudge.rubrics import Dimension, Question, Rubric

RUBRIC = Rubric(
    name="plain",
    replies="each",
    dimensions=(
        Dimension(name="quality", title="Quality", label="quality", definition="How clean it looks."),
        Dimension(name="motion", title="Motion", label="motion", definition="How it moves."),
    ),
    template="{{ prompt }}",
)


def some_frames(count: int = 4, height: int = 28, width: int = 56, seed: int = 0, **changes: Any) -> Frames:
    pixels = np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    settings: dict[str, Any] = {
        "indices": tuple(12 * index for index in range(count)),
        "timestamps": tuple(index / 2 for index in range(count)),
        "fps": 24.0,
        "total_frames": 12 * count,
        "source_width": width,
        "source_height": height,
        "rule": "qwen",
        "seconds_per_grid": 1.0,
        "decoder": "test",
        "sha256": "0" * 64,
    }
    return Frames(pixels=pixels, **{**settings, **changes})


def a_request(
    id: str = "c1",
    dimension: str | None = "quality",
    frames: Frames | None = None,
    text: str = "How good is it?",
    system: str | None = None,
    rubric: Rubric = RUBRIC,
    **sampling: Any,
) -> Request:
    clip = Clip(id=id, video=f"{id}.mp4", path=Path(f"{id}.mp4"), prompt="a red ball")
    shown = some_frames() if frames is None else frames
    return Request((clip,), (shown,), Question(dimension, text, system=system), rubric, Sampling(**sampling))


def a_judge(url: str, **settings: Any) -> ServedJudge:
    """A judge that loses no time: pauses between attempts are hundredths of a second."""
    return ServedJudge("m", read_address(url), **{"timeout": 5.0, "backoff": 0.01, **settings})


def texts(answers: list[Any]) -> list[str]:
    """What the answers say."""
    return [answer.replies[0].text for answer in answers]
