"""Which frames a judge sees: pure functions from a frame count and a frame rate to indices."""

import numpy as np

from reeljudge.clips.frames import FrameSettings
from reeljudge.clips.rules import parse_rule


def choose_frames(total: int, fps: float, settings: FrameSettings) -> tuple[int, ...]:
    """The indices of the frames to show, in rising order, for a clip of `total` frames at `fps` per second.

    The count is a multiple of `settings.temporal_factor`: where a rule gives fewer, the last frame is
    repeated (a clip of one frame is shown twice; the three keyframes become four pictures).

    Raises:
        UsageError: an unknown rule. ValueError: `total` below 1 or `fps` not above 0.
    """
    if total < 1:
        raise ValueError(f"a clip of {total} frames has none to choose")
    count = parse_rule(settings.rule, settings.max_frames)
    if count is None:
        indices = qwen_indices(total, qwen_count(total, fps, settings))
    else:
        indices = spread_indices(total, count)
    missing = -len(indices) % settings.temporal_factor
    return indices + indices[-1:] * missing


def qwen_count(total: int, fps: float, settings: FrameSettings) -> int:
    """How many frames qwen-vl-utils 0.0.14 (`smart_nframes`) takes of `total` at `fps`.

    `total / fps * settings.fps`, held between min_frames (rounded up to the temporal factor) and max_frames
    (rounded down) and never above `total`, rounded down to the temporal factor. Where that leaves none (a
    clip shorter than the factor, which qwen-vl-utils refuses) all frames are taken.
    """
    if not fps > 0:
        raise ValueError(f"a frame rate of {fps} says nothing about time")
    factor = settings.temporal_factor
    least = -(-settings.min_frames // factor) * factor
    most = settings.max_frames // factor * factor
    wanted = min(max(total / fps * settings.fps, least), most, total)
    return int(wanted // factor) * factor or total


def qwen_indices(total: int, count: int) -> tuple[int, ...]:
    """`torch.linspace(0, total - 1, count).round()`, index for index, without torch.

    torch computes it in float32, from both ends towards the middle, with one rounding for the product and the
    sum (a fused multiply-add); exact rational arithmetic would differ at some halves.
    """
    if count == 1:
        return (0,)
    last = np.float32(total - 1)
    step = np.float64(last / np.float32(count - 1))  # float64 holds products of two float32 exactly
    place = np.arange(count)
    rising = (step * place).astype(np.float32)
    falling = (np.float64(last) - step * (count - 1 - place)).astype(np.float32)
    return tuple(np.rint(np.where(place < count // 2, rising, falling)).astype(int).tolist())


def spread_indices(total: int, count: int) -> tuple[int, ...]:
    """`count` frames at even distances, first and last included; all frames where there are fewer.

    Index i is i (total - 1) / (count - 1), rounded half up in whole numbers. One frame is the middle one.
    Three frames are GRADEO's keyframes: first, middle (total // 2) and last.
    """
    count = min(count, total)
    if count == 1:
        return (total // 2,)
    gaps = count - 1
    return tuple((2 * place * (total - 1) + gaps) // (2 * gaps) for place in range(count))


def sampled_fps(shown: int, total: int, fps: float) -> float:
    """Frames shown per second of the clip: shown / (total / fps), as qwen-vl-utils defines `sample_fps`."""
    return shown / max(total, 1e-6) * fps


def seconds_per_grid(shown: int, total: int, fps: float, temporal_factor: int) -> float:
    """Seconds that one cell of the temporal grid spans: temporal_factor / sampled fps.

    It counts the pictures shown, repeated ones too, so that cells x seconds is the clip's duration under
    every rule. 1.0 at 2 sampled frames per second and a temporal factor of 2.
    """
    return temporal_factor / sampled_fps(shown, total, fps)


def frames_needed(total: int, fps: float, settings: FrameSettings) -> int:
    """How many frames of a damaged clip of `total` must decode: as many as the rule shows of a whole one."""
    return len(set(choose_frames(total, fps, settings)))


def least_frames(settings: FrameSettings) -> int:
    """The fewest frames that a rule works with: min_frames of `qwen`, 3 for keyframes, N for `uniform:N`.
    (A whole clip that is shorter shows what it has.)"""
    return parse_rule(settings.rule, settings.max_frames) or settings.min_frames
