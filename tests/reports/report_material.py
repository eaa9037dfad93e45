"""What the runs of these tests are made of."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reeljudge.clips import write_video

LABELS = ("visual quality", "text-to-video alignment", "physical/common-sense consistency")

MakeRun = Callable[..., Path]


def joint(values: Sequence[object], why: str = "The ball rolls smoothly.") -> str:
    """A reply as VideoScore2 writes it."""
    lines = "\n".join(
        f"({n}) {label}: {value}" for n, (label, value) in enumerate(zip(LABELS, values, strict=True), 1)
    )
    return f"<think>{why}</think>\n{lines}\n"


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"c{number}", "video": f"c{number}.mp4", "prompt": f"a red ball {number}", **more}


def write_clip(path: Path, colour: tuple[int, int, int] = (200, 40, 40), size: int = 96) -> None:
    frames = np.zeros((12, size, size, 3), np.uint8)
    for number in range(12):
        frames[number, 20:60, number * 3 : number * 3 + 30] = colour
    write_video(path, frames, 8)
