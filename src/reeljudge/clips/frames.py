"""What a judge looks at: which frames, how large, and under which limits. Plain data, no decoding."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reeljudge.clips.rules import parse_rule
from reeljudge.errors import UsageError

PIXELS_PER_TOKEN = 28 * 28
"""Qwen2-VL and Qwen2.5-VL merge 2 x 2 patches of 14 x 14 pixels into one visual token."""


@dataclass(frozen=True)
class FrameSettings:
    """How frames are chosen and resized. Every field can change a score, so all are stored with a run.

    Attributes:
        rule: `qwen`, `keyframes` or `uniform:N`.
        fps: frames per second of the `qwen` rule.
        min_frames: least number of frames of the `qwen` rule.
        max_frames: most frames of any rule.
        min_pixels: least pixels per frame after resizing.
        max_pixels: most pixels per frame after resizing.
        total_pixels: most pixels of all frames together after resizing.
        factor: height and width are multiples of this (28 for Qwen2-VL and Qwen2.5-VL, 32 for Qwen3-VL).
        temporal_factor: the frame count is a multiple of this (frames per cell of the temporal grid).
    """

    rule: str = "qwen"
    fps: float = 2.0
    min_frames: int = 4
    max_frames: int = 768
    min_pixels: int = 128 * PIXELS_PER_TOKEN
    max_pixels: int = 768 * PIXELS_PER_TOKEN
    total_pixels: int = int(128_000 * PIXELS_PER_TOKEN * 0.9)
    factor: int = 28
    temporal_factor: int = 2

    def __post_init__(self) -> None:
        parse_rule(self.rule, self.max_frames)
        if not 0 < self.fps < float("inf"):
            raise UsageError(f"fps is {self.fps}; it must be above 0 (frames per second to look at)")
        for name in ("min_frames", "max_frames", "min_pixels", "max_pixels", "total_pixels", "factor"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.temporal_factor < 1:
            raise UsageError(f"temporal_factor is {self.temporal_factor}; it must be at least 1")
        if self.max_pixels < self.factor**2:
            raise UsageError(
                f"max_pixels is {self.max_pixels}; it must be at least {self.factor**2}, one visual token"
            )
        if self.max_frames < self.temporal_factor:
            raise UsageError(
                f"max_frames is {self.max_frames}; it must be at least {self.temporal_factor}, "
                "the frames of one cell of the temporal grid"
            )

    def with_(self, **changes: Any) -> "FrameSettings":
        """A copy in which the fields that are not None are replaced."""
        return replace(self, **{name: value for name, value in changes.items() if value is not None})


@dataclass(frozen=True)
class Limits:
    """What a video may cost. Exceeding one is `VideoTooLarge`; none of them changes a score.

    Attributes:
        max_bytes: size of the file.
        max_pixels: pixels of one source frame.
        max_frames: frames decoded from the source.
        max_seconds: seconds of video.
        decode_timeout: seconds of work in the decoding process before it is killed.
        max_memory: bytes that a decoding process may take beyond what it starts with (Linux only).
    """

    max_bytes: int = 2_000_000_000
    max_pixels: int = 8192 * 8192
    max_frames: int = 100_000
    max_seconds: float = 600.0
    decode_timeout: float = 120.0
    max_memory: int = 4_000_000_000

    def __post_init__(self) -> None:
        for limit in fields(self):
            if not getattr(self, limit.name) > 0:
                raise UsageError(f"{limit.name} is {getattr(self, limit.name)}; it must be above 0")


@dataclass(frozen=True)
class Frames:
    """The pictures that a judge sees, decoded once and already resized.

    Attributes:
        pixels: uint8 RGB, shape (T, H, W, 3).
        indices: index of each picture in the source's decoded order, length T.
        timestamps: seconds from the start of the video, length T.
        fps: average frame rate of the source, frames per second.
        total_frames: frames that decoded.
        source_width, source_height: after the rotation flag was applied, pixels.
        rule: the rule that chose them, e.g. `qwen`.
        seconds_per_grid: seconds that one cell of the temporal grid spans (temporal_factor / sampled fps).
        decoder: e.g. `PyAV 18.1.0`.
        sha256: of the file's bytes.
        flags: `few_frames` where a one-frame clip is shown twice.
        notes: what a careful reader should know, e.g. that the file is cut off and what was decoded of it.
    """

    pixels: NDArray[np.uint8]
    indices: tuple[int, ...]
    timestamps: tuple[float, ...]
    fps: float
    total_frames: int
    source_width: int
    source_height: int
    rule: str
    seconds_per_grid: float
    decoder: str
    sha256: str
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[2])
