"""A video file, opened with care: only as a video, only this one file, and only within the limits."""

import hashlib
import os
import stat
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from reeljudge.clips.frames import Limits
from reeljudge.clips.hashing import sha256_file
from reeljudge.errors import VideoTooLarge, VideoUnreadable

BROKEN = (av.FFmpegError, OSError, ValueError, LookupError, ArithmeticError, TypeError, RuntimeError)
"""What PyAV raises on mangled files: its own errors, and IndexError, UnicodeDecodeError and others."""

CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,gif,apng,avi,mpegts,mpeg,mpegvideo,m4v,h263,h264,hevc,obu,ivf,"
    "vc1,flv,live_flv,ogg,asf,nut,mxf,dv,rm,wtv,yuv4mpegpipe"
)
"""FFmpeg's demuxers that read one file of moving pictures. Playlists and scripts, which could make FFmpeg
open other files or addresses, are not among them, nor are still images and text."""

IN_MEMORY = 64 << 20
"""Files up to this size are read once, into memory; their hash is then that of exactly the bytes decoded."""


@dataclass(frozen=True)
class Survey:
    """What a walk through the packets tells, without decoding.

    Attributes:
        packets: of the video stream, those that are to be shown.
        declared: frames that the header promises by its count, or by its duration where the file holds
            nothing but this stream; 0 where it promises nothing.
        fps: average frame rate, None where the file does not say.
        seconds: from the first timestamp to the end of the last packet, None without timestamps.
        broken: why packets are missing that should be there, None where none are known to be.
    """

    packets: int
    declared: int
    fps: float | None
    seconds: float | None
    broken: str | None


class Source:
    """A video file that can be opened several times.

    Raises:
        VideoUnreadable: missing, a folder, empty, or not to be opened.
        VideoTooLarge: more than `limits.max_bytes`.
    """

    def __init__(self, path: str | os.PathLike[str], limits: Limits):
        self.path = Path(path)
        self.limits = limits
        try:
            state = self.path.stat()
            if not stat.S_ISREG(state.st_mode):
                kind = "a folder" if stat.S_ISDIR(state.st_mode) else "not a file"
                raise VideoUnreadable(f"{self.path}: {kind}, where a video file is expected")
            if state.st_size == 0:
                raise VideoUnreadable(f"{self.path}: the file is empty")
            self.refuse_above("max_bytes", state.st_size, limits.max_bytes, "bytes")
            self.content: bytes | None = None
            if state.st_size <= IN_MEMORY:
                self.content = self.path.read_bytes()
                self.sha256 = hashlib.sha256(self.content).hexdigest()
            else:
                self.sha256 = sha256_file(self.path)
        except FileNotFoundError:
            raise VideoUnreadable(f"{self.path}: no such file{_address(self.path)}") from None
        except (OSError, ValueError) as error:  # ValueError: a null byte in the name
            raise VideoUnreadable(f"{self.path}: cannot be read: {why(error)}") from None

    def open(self) -> "Reader":
        return Reader(self)

    def refuse_above(self, limit: str, value: float, most: float, unit: str) -> None:
        """Raise `VideoTooLarge` naming limit, value and mend where `value` is above `most`."""
        if value > most:
            option = OPTIONS.get(limit, f"Limits({limit}=...) in Python")
            shown = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
            raise VideoTooLarge(
                f"{self.path}: {shown} {unit}, more than the limit {limit} = {most:,}; raise it with {option}"
            )


OPTIONS = {"max_bytes": "--max-bytes", "max_seconds": "--max-seconds", "decode_timeout": "--decode-timeout"}
"""Limit -> the command line option that raises it."""


class Reader:
    """One opening of a source: its container, and the video stream that is shown.

    Raises:
        VideoUnreadable: no container that FFmpeg knows, or no video in it.
        VideoTooLarge: more pixels than `limits.max_pixels`.
    """

    def __init__(self, source: Source):
        self._closing = ExitStack()
        with ExitStack() as opened:
            try:
                file: BinaryIO = source.path.open("rb") if source.content is None else BytesIO(source.content)
                opened.enter_context(file)
                self.container: InputContainer = av.open(
                    file,
                    mode="r",
                    container_options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file"},
                    metadata_errors="replace",
                )
                opened.callback(self.container.close)
            except MemoryError:
                raise
            except BROKEN as error:
                kind = "of another kind" if isinstance(error, av.ArgumentError) else why(error)
                raise VideoUnreadable(f"{source.path}: not a video that can be opened ({kind})") from None
            self.stream = _choose_stream(source, self.container)
            context = self.stream.codec_context
            pixels = context.width * context.height
            source.refuse_above("max_pixels", pixels, source.limits.max_pixels, "pixels per frame")
            # One thread: what a damaged file decodes to then does not depend on timing.
            context.thread_count = 1
            # The decoder itself refuses larger pictures in mid-stream; twice, as it counts padded sides.
            context.options = {"max_pixels": str(min(2 * source.limits.max_pixels, 2**31 - 1))}
            self._closing = opened.pop_all()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()


def _choose_stream(source: Source, container: InputContainer) -> VideoStream:
    """The best video stream that moves: cover art of an audio file is none."""
    moving = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not moving:
        kinds = {"cover art" if stream.type == "video" else str(stream.type) for stream in container.streams}
        held = ", ".join(sorted(kinds)) or "nothing"
        raise VideoUnreadable(f"{source.path}: no moving pictures in it (only {held})")
    best = container.streams.best("video")
    stream = next((stream for stream in moving if best is not None and stream.index == best.index), moving[0])
    if stream.codec_context is None:
        raise VideoUnreadable(f"{source.path}: no decoder for its video codec is installed")
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def survey(source: Source) -> Survey:
    """Walk through the packets of the video stream and count.

    Raises:
        VideoUnreadable: not a video. VideoTooLarge: more frames or seconds than the limits allow.
    """
    limits = source.limits
    with source.open() as reader:
        stream = reader.stream
        unit = float(stream.time_base or 0)
        passed, packets, first, last, broken = 0, 0, None, None, None
        walk = reader.container.demux(stream)
        while True:
            try:
                packet = next(walk, None)
            except MemoryError:
                raise
            except BROKEN as error:
                broken = why(error)
                break
            if packet is None:
                break
            passed += bool(packet.size)
            if not packet.size or packet.is_discard:
                continue
            packets += 1
            source.refuse_above("max_frames", packets, limits.max_frames, "frames")
            if packet.pts is not None:
                start, end = packet.pts * unit, (packet.pts + (packet.duration or 0)) * unit
                first = start if first is None else min(first, start)
                last = end if last is None else max(last, end)
                source.refuse_above("max_seconds", last - first, limits.max_seconds, "seconds of video")
        seconds = last - first if first is not None and last is not None else None
        fps = _rate(stream.average_rate) or _rate(stream.guessed_rate)
        if fps is None and seconds:
            fps = packets / seconds
        if fps is not None and seconds is None:
            source.refuse_above("max_seconds", packets / fps, limits.max_seconds, "seconds of video")
        declared = stream.frames or _promised(reader, packets, last)
        if "mov" in reader.container.format.name:  # this family names every packet in an index
            indexed = len(stream.index_entries)
            declared = indexed - (passed - packets)  # what an edit list cuts away is not missing
            if passed < indexed and broken is None:
                broken = "its index names packets that are not there"
        return Survey(packets, min(declared, 10**9), fps, seconds, broken)


def _promised(reader: Reader, packets: int, last: float | None) -> int:
    """Frames by the header's duration, where that is of this stream alone and well after its last packet."""
    duration = (reader.container.duration or 0) / av.time_base
    if not last or len(reader.container.streams) > 1 or duration < max(1.1 * last, last + 0.25):
        return 0
    return int(packets * min(duration / last, 1e6))


def _rate(rate: Fraction | None) -> float | None:
    return float(rate) if rate and rate > 0 else None


def why(error: Exception) -> str:
    """The reason in an exception's own words, without the path that PyAV and the system add."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _address(path: Path) -> str:
    scheme = str(path).split(":")[0].lower()
    if scheme in ("http", "https", "s3", "gs", "hf") and ":/" in str(path):
        return " (an address: download the video and name the file)"
    return ""
