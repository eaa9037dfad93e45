"""From a video file to the frames that a judge sees, in one sequential pass."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from reeljudge.clips.frames import Frames, FrameSettings, Limits
from reeljudge.clips.orientation import upright
from reeljudge.clips.resample import resize_picture
from reeljudge.clips.resize import shown_size
from reeljudge.clips.sampling import choose_frames, frames_needed, least_frames, seconds_per_grid
from reeljudge.clips.source import BROKEN, Reader, Source, Survey, survey, why
from reeljudge.errors import VideoTooLarge, VideoUnreadable

DECODER = f"PyAV {av.__version__}"


def decode_here(
    path: str | os.PathLike[str], settings: FrameSettings | None = None, limits: Limits | None = None
) -> Frames:
    """Decode the frames of a video that `settings` choose, in this process.

    The packets are counted first, which tells how many frames to expect; then all frames are decoded in
    order, and the chosen ones alone are converted, turned upright and resized. A file that decodes to another
    number of frames than it has packets is decoded once more with the true number, so that indices always
    refer to frames that decoded; what the header says is never trusted.

    Memory: the chosen frames at their final size (at most 3 x temporal_factor x total_pixels bytes, 542 MB by
    default; 20 MB for ten seconds of 480p), a file of up to 64 MB, and a few frames of the source.

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
            f"{source.path}: out of memory while decoding, the limit max_memory is "
            f"{source.limits.max_memory:,} bytes; raise it with Limits(max_memory=...) in Python"
        ) from None


@dataclass
class Pass:
    """What one pass over the frames of a video gave.

    Attributes:
        pixels: the pictures at the indices asked for; None where no frame decoded.
        times: index -> seconds on the file's clock, for these indices and the first frame.
        total: frames that decoded. corrupt: those of them that the decoder had to patch up.
        width, height: of the first frame, upright.
        errors: packets or reads that failed. first_error: why the first of them did.
    """

    pixels: NDArray[np.uint8] | None = None
    times: dict[int, float | None] = field(default_factory=dict)
    total: int = 0
    corrupt: int = 0
    width: int = 0
    height: int = 0
    errors: int = 0
    first_error: str = ""

    def note_error(self, error: Exception) -> None:
        self.errors += 1
        self.first_error = self.first_error or why(error)


def _decode(source: Source, settings: FrameSettings) -> Frames:
    found = survey(source)
    fps = found.fps or settings.fps  # a file without any timing: each frame counts as one that was sampled
    expected = max(found.packets, 1)
    for _ in range(2):
        indices = choose_frames(expected, fps, settings)
        seen = _one_pass(source, settings, indices)
        if seen.total == 0 or seen.pixels is None:
            reason = seen.first_error or found.broken or "its video stream is empty"
            raise VideoUnreadable(f"{source.path}: no frame can be decoded ({reason})")
        if choose_frames(seen.total, fps, settings) == indices:
            break
        expected = seen.total
    else:
        raise VideoUnreadable(f"{source.path}: decodes to another number of frames each time")
    return Frames(
        pixels=seen.pixels,
        indices=indices,
        timestamps=_timestamps(seen.times, indices, fps),
        fps=fps,
        total_frames=seen.total,
        source_width=seen.width,
        source_height=seen.height,
        rule=settings.rule,
        seconds_per_grid=seconds_per_grid(len(indices), seen.total, fps, settings.temporal_factor),
        decoder=DECODER,
        sha256=source.sha256,
        flags=("few_frames",) if seen.total == 1 else (),
        notes=_damage(source, settings, fps, found, seen),
    )


def _damage(
    source: Source, settings: FrameSettings, fps: float, found: Survey, seen: Pass
) -> tuple[str, ...]:
    """What is wrong with a video that decodes in part. Raises VideoUnreadable where too little of it does."""
    notes = []
    reason = seen.first_error or found.broken
    promised = max(found.declared, found.packets, seen.total)
    if reason or seen.total < promised:
        what = f"damaged or cut off: {seen.total} of {promised} frames decode"
        # Without an error the header may be what is wrong: then the least that the rule works with will do.
        needed = frames_needed(promised, fps, settings) if reason else min(least_frames(settings), promised)
        if seen.total < needed:
            raise VideoUnreadable(f"{source.path}: {what}, and the rule {settings.rule} needs {needed}")
        notes.append(f"{what} ({reason})" if reason else what)
    if seen.corrupt:
        notes.append(f"damaged: {seen.corrupt} of {seen.total} frames decode only in part")
    return tuple(notes)


def _one_pass(source: Source, settings: FrameSettings, indices: tuple[int, ...]) -> Pass:
    """Decode all frames in order; keep those at `indices`, upright and resized."""
    seen = Pass()
    places: dict[int, list[int]] = {0: []}
    for place, index in enumerate(indices):
        places.setdefault(index, []).append(place)
    with source.open() as reader:
        converter = VideoReformatter()
        unit = float(reader.stream.time_base or 0)
        for frame in _decoded(reader, seen):
            index = seen.total
            seen.total += 1
            seen.corrupt += bool(frame.is_corrupt)
            source.refuse_above("max_frames", seen.total, source.limits.max_frames, "frames")
            pixels = frame.width * frame.height
            source.refuse_above("max_pixels", pixels, source.limits.max_pixels, "pixels per frame")
            if index not in places:
                continue
            seen.times[index] = frame.pts * unit if frame.pts is not None else None
            if seen.pixels is not None and not places[index]:
                continue
            picture = _upright_picture(source, converter, frame, index)
            if seen.pixels is None:
                seen.height, seen.width, _ = picture.shape
                seen.pixels = np.zeros(
                    (len(indices), *_size(source, seen, len(indices), settings), 3), np.uint8
                )
            if places[index]:
                seen.pixels[places[index]] = resize_picture(picture, *seen.pixels.shape[1:3])
    return seen


def _size(source: Source, seen: Pass, shown: int, settings: FrameSettings) -> tuple[int, int]:
    try:
        return shown_size(seen.height, seen.width, shown, settings)
    except VideoUnreadable as error:
        raise VideoUnreadable(f"{source.path}: {error}") from None


def _upright_picture(
    source: Source, converter: VideoReformatter, frame: av.VideoFrame, index: int
) -> NDArray[np.uint8]:
    try:
        picture: NDArray = converter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    except MemoryError:
        raise
    except BROKEN as error:
        raise VideoUnreadable(f"{source.path}: frame {index} cannot be shown ({why(error)})") from None
    return upright(picture, None if matrix is None else bytes(matrix))


def _decoded(reader: Reader, seen: Pass) -> Iterator[av.VideoFrame]:
    """The frames in display order. What cannot be read or decoded is skipped and noted."""
    packets = reader.container.demux(reader.stream)
    packet: av.Packet | None
    at_end = False
    while not at_end:
        try:
            packet = next(packets, None)
        except MemoryError:
            raise
        except BROKEN as error:
            seen.note_error(error)
            packet = None
        at_end = packet is None
        try:
            frames = reader.stream.codec_context.decode(None) if packet is None else packet.decode()
        except MemoryError:
            raise
        except av.EOFError:
            continue  # the decoder was emptied before
        except BROKEN as error:
            seen.note_error(error)
            continue
        yield from frames


def _timestamps(times: dict[int, float | None], indices: tuple[int, ...], fps: float) -> tuple[float, ...]:
    """Seconds since the first frame; index / fps where the file's clock is missing or does not run on."""
    known = {index: time for index, time in times.items() if time is not None}
    clock = [known[index] for index in sorted(known)]
    if len(known) == len(times) and all(earlier < later for earlier, later in pairwise(clock)):
        return tuple(float(known[index] - known[0]) for index in indices)
    return tuple(index / fps for index in indices)
