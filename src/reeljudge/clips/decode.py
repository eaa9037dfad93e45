"""From a video file to the frames that a judge sees, in one sequential pass."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from reeljudge.clips.frames import Frames, FrameSettings, Limits
from reeljudge.clips.orientation import upright
from reeljudge.clips.resample import resize_picture
from reeljudge.clips.resize import shown_size
from reeljudge.clips.sampling import choose_frames, frames_needed, seconds_per_grid
from reeljudge.clips.source import BROKEN, Reader, Source, survey, why
from reeljudge.errors import VideoTooLarge, VideoUnreadable


def decode_here(
    path: str | os.PathLike[str], settings: FrameSettings | None = None, limits: Limits | None = None
) -> Frames:
    """Decode the frames of a video that `settings` choose, in this process.

    The packets are counted first, which tells how many frames to expect; then all frames are decoded in order
    and the chosen ones alone are converted, turned upright and resized. Where a file decodes to another number
    of frames than it has packets, it is decoded once more with the true number: indices always refer to frames
    that decoded. Memory: the chosen frames at their final size (`total_pixels` x temporal_factor x 3 bytes at
    most, 542 MB by default; 20 MB for a clip of 10 seconds at 480p), files up to 64 MB, and a few source frames.

    `limits.decode_timeout` and `limits.max_memory` need a process that can be killed: see `Decoder`.

    Raises:
        VideoUnreadable: missing, not a video, or fewer frames decode than the rule needs.
        VideoTooLarge: a limit is exceeded; the message names limit, value and option.
    """
    settings = settings or FrameSettings()
    source = Source(path, limits or Limits())
    try:
        return _decode(source, settings)
    except MemoryError:
        raise VideoTooLarge(
            f"{source.path}: out of memory while decoding (limit max_memory = {source.limits.max_memory:,} bytes); "
            "raise it with Limits(max_memory=...) in Python"
        ) from None


@dataclass
class Pass:
    """What one pass over the frames gave."""

    kept: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    times: dict[int, float | None] = field(default_factory=dict)
    total: int = 0
    width: int = 0
    height: int = 0
    errors: list[str] = field(default_factory=list)


def _decode(source: Source, settings: FrameSettings) -> Frames:
    found = survey(source)
    fps = found.fps or settings.fps  # no timing at all: every frame counts as one that was sampled
    expected = found.packets or 1
    for _ in range(2):
        indices = choose_frames(expected, fps, settings)
        seen = _one_pass(source, settings, indices)
        if seen.total == 0:
            raise VideoUnreadable(f"{source.path}: no frame can be decoded{_first(seen.errors)}")
        if choose_frames(seen.total, fps, settings) == indices:
            break
        expected = seen.total
    else:
        raise VideoUnreadable(f"{source.path}: decodes to another number of frames each time")
    total = seen.total
    damage = seen.errors + ([found.broken] if found.broken else [])
    if total < found.declared or damage:
        needed = min(frames_needed(settings), found.declared or frames_needed(settings))
        if total < needed:
            raise VideoUnreadable(
                f"{source.path}: damaged or cut off: {total} frames decode, and the rule {settings.rule} "
                f"needs {needed}{_first(damage)}"
            )
    notes = ()
    if damage or total < found.declared:
        promised = max(found.declared, found.packets)
        notes = (f"damaged or cut off: {total} of {promised} frames decode{_first(damage)}",)
    return Frames(
        pixels=np.stack([seen.kept[index] for index in indices]),
        indices=indices,
        timestamps=_timestamps(seen, indices, fps),
        fps=fps,
        total_frames=total,
        source_width=seen.width,
        source_height=seen.height,
        rule=settings.rule,
        seconds_per_grid=seconds_per_grid(len(indices), total, fps, settings.temporal_factor),
        decoder=f"PyAV {av.__version__}",
        sha256=source.sha256,
        flags=("few_frames",) if total == 1 else (),
        notes=notes,
    )


def _first(errors: list[str]) -> str:
    return f" ({errors[0]})" if errors else ""


def _one_pass(source: Source, settings: FrameSettings, indices: tuple[int, ...]) -> Pass:
    """Decode all frames in order; keep those at `indices`, upright and resized."""
    seen = Pass()
    wanted = {0, *indices}
    size: tuple[int, int] | None = None
    with source.open() as reader:
        converter = VideoReformatter()
        for frame in _decoded(reader, seen.errors):
            index, seen.total = seen.total, seen.total + 1
            source.refuse_above("max_frames", seen.total, source.limits.max_frames, "frames")
            if index not in wanted:
                continue
            source.refuse_above(
                "max_pixels", frame.width * frame.height, source.limits.max_pixels, "pixels per frame"
            )
            seen.times[index] = frame.time
            if size is not None and index not in indices:
                continue
            try:
                picture = converter.reformat(frame, format="rgb24").to_ndarray()
            except MemoryError:
                raise
            except BROKEN as error:
                raise VideoUnreadable(
                    f"{source.path}: frame {index} cannot be converted ({why(error)})"
                ) from None
            picture = upright(picture, _matrix(frame))
            if size is None:
                seen.height, seen.width = picture.shape[:2]
                try:
                    size = shown_size(seen.height, seen.width, len(indices), settings)
                except VideoUnreadable as error:
                    raise VideoUnreadable(f"{source.path}: {error}") from None
            if index in indices:
                seen.kept[index] = resize_picture(picture, *size)
    return seen


def _matrix(frame: av.VideoFrame) -> bytes | None:
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    return None if data is None else bytes(data)


def _decoded(reader: Reader, errors: list[str]) -> Iterator[av.VideoFrame]:
    """The frames in display order. What cannot be read or decoded is skipped and noted in `errors`."""
    packets = reader.container.demux(reader.stream)
    flushed = False
    while not flushed:
        try:
            packet = next(packets, None)
        except MemoryError:
            raise
        except BROKEN as error:
            errors.append(why(error))
            packet = None
        flushed = packet is None
        try:
            frames = reader.stream.codec_context.decode(None) if packet is None else packet.decode()
        except (MemoryError, EOFError) as error:
            if isinstance(error, MemoryError):
                raise
            continue  # flushed before: nothing is left
        except BROKEN as error:
            errors.append(why(error))
            continue
        yield from frames


def _timestamps(seen: Pass, indices: tuple[int, ...], fps: float) -> tuple[float, ...]:
    """Seconds from the first frame; index / fps where the file's own times are missing or go backwards."""
    first = seen.times[0]
    times = [seen.times[index] for index in indices]
    if first is not None and all(time is not None and time >= first for time in times):
        known = [float(time - first) for time in times if time is not None]
        distinct = [
            time
            for time, index, before in zip(known, indices, (-1, *indices), strict=False)
            if index != before
        ]
        if all(earlier < later for earlier, later in zip(distinct, distinct[1:], strict=False)):
            return tuple(known)
    return tuple(index / fps for index in indices)
