"""How large a picture is shown: the Qwen resize rule and its pixel budgets. Pure."""

import math

from reeljudge.clips.frames import FrameSettings
from reeljudge.errors import VideoUnreadable

MAX_RATIO = 200
"""Longest side over shortest side that Qwen's rule accepts."""


def smart_resize(
    height: int, width: int, factor: int, min_pixels: float, max_pixels: float
) -> tuple[int, int]:
    """(height, width) after resizing: multiples of `factor`, between `min_pixels` and `max_pixels` in area,
    with the aspect ratio kept as closely as that allows (qwen-vl-utils 0.0.14, `smart_resize`).

    Raises:
        ValueError: `max_pixels` below `min_pixels`, or sides in a ratio above 200.
    """
    if max_pixels < min_pixels:
        raise ValueError(f"max_pixels {max_pixels} is below min_pixels {min_pixels}")
    ratio = max(height, width) / min(height, width)
    if ratio > MAX_RATIO:
        raise ValueError(f"sides in a ratio of {ratio:.0f}; at most {MAX_RATIO} can be shown")
    tall = max(factor, round(height / factor) * factor)
    wide = max(factor, round(width / factor) * factor)
    if tall * wide > max_pixels:
        shrink = math.sqrt((height * width) / max_pixels)
        tall = math.floor(height / shrink / factor) * factor
        wide = math.floor(width / shrink / factor) * factor
    elif tall * wide < min_pixels:
        grow = math.sqrt(min_pixels / (height * width))
        tall = math.ceil(height * grow / factor) * factor
        wide = math.ceil(width * grow / factor) * factor
    return tall, wide


def shown_size(height: int, width: int, shown: int, settings: FrameSettings) -> tuple[int, int]:
    """(height, width) at which `shown` pictures of a clip are given to a judge.

    The budget of one frame is the less of `max_pixels` and its share of `total_pixels` (a share counts once
    per cell of the temporal grid), but never below 1.05 `min_pixels`, as qwen-vl-utils computes it. Unlike
    there, `max_pixels` is not silently capped at 768 tokens, and where it is below `min_pixels` it wins.

    Raises:
        VideoUnreadable: sides in a ratio above 200, or too thin to fill one patch.
    """
    least = min(settings.min_pixels, settings.max_pixels)
    share = settings.total_pixels / shown * settings.temporal_factor
    most = min(settings.max_pixels, max(share, int(least * 1.05)))
    try:
        tall, wide = smart_resize(height, width, settings.factor, least, most)
    except ValueError as error:
        raise VideoUnreadable(f"{width} x {height} pixels: {error}") from None
    if tall < 1 or wide < 1:
        raise VideoUnreadable(f"{width} x {height} pixels: too thin for a budget of {most:.0f} pixels")
    return tall, wide
