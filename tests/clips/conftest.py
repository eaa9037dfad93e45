"""Small videos whose frames tell their own number, in every codec that PyAV can write here."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from reeljudge.clips import FrameSettings

EVERY_FRAME = FrameSettings(rule="uniform:100", factor=1, min_pixels=1, temporal_factor=1)
"""All frames of a short clip, at the size that they have."""


def level(index: int) -> int:
    """The grey level of frame `index` of `counting_frames`."""
    return 24 + 8 * index


def counting_frames(count: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """Frame t is plain grey of `level(t)`: which frame a picture is can be read from it after any codec."""
    return np.stack([np.full((height, width, 3), level(index), np.uint8) for index in range(count)])


def numbers(pixels: NDArray[np.uint8]) -> list[int]:
    """Which of the `counting_frames` pictures are, by their mean level."""
    return [round((float(picture.mean()) - level(0)) / 8) for picture in pixels]


def drawn_frames(count: int, height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """Pictures with edges, colours and motion."""
    rows, columns = np.mgrid[:height, :width]
    frames = []
    for t in range(count):
        frame = np.stack([columns * 2 + 3 * t, rows * 3 + t, rows + columns + 5 * t], -1) % 256
        top, left = 3 * t % max(1, height - 8), 4 * t % max(1, width - 8)
        frame[top : top + 8, left : left + 8] = (255, 20, 60)
        frames.append(frame.astype(np.uint8))
    return np.stack(frames)


def encode(
    path: Path,
    frames: NDArray[np.uint8],
    codec: str = "libx264",
    pixels: str = "yuv420p",
    fps: int = 12,
    options: dict[str, str] | None = None,
    rotation: int | None = None,
    milliseconds: list[int] | None = None,
    container: dict[str, str] | None = None,
) -> Path:
    """Write a video with a given codec; skip the test where PyAV has no such encoder."""
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV has no encoder {codec} here")
    unit = Fraction(1, 1000) if milliseconds else Fraction(1, fps)
    with av.open(path, "w", options=container or {}) as out:
        stream: Any = out.add_stream(codec, rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        stream.options = options or {}
        if milliseconds:
            stream.codec_context.time_base = unit
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = milliseconds[index] if milliseconds else index
            frame.time_base = unit
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


CODECS = {
    "h264.mp4": ("libx264", "yuv420p"),
    "h264.mkv": ("libx264", "yuv420p"),
    "h264.ts": ("libx264", "yuv420p"),
    "hevc.mp4": ("libx265", "yuv420p"),
    "vp8.webm": ("libvpx", "yuv420p"),
    "vp9.webm": ("libvpx-vp9", "yuv420p"),
    "av1.mp4": ("libsvtav1", "yuv420p"),
    "mpeg4.avi": ("mpeg4", "yuv420p"),
    "mjpeg.avi": ("mjpeg", "yuvj420p"),
    "ffv1.mkv": ("ffv1", "yuv420p"),
    "prores.mov": ("prores_ks", "yuv422p10le"),
    "ten_bit.mp4": ("libx265", "yuv420p10le"),
    "yuv444.mp4": ("libx264", "yuv444p"),
    "rgb.mp4": ("libx264rgb", "rgb24"),
    "alpha.webm": ("libvpx-vp9", "yuva420p"),
    "alpha.mov": ("qtrle", "argb"),
    "animated.png.apng": ("apng", "rgba"),
}
"""File name -> encoder and pixel format."""


@contextmanager
def _scheduled_as_before() -> Iterator[None]:
    """SVT-AV1, run by root, gives its caller real-time priority for good: a test that then keeps a core busy
    would starve everything else on the machine."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, priority)


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`videos(name)`: 24 counting frames at 12 fps in the codec that `CODECS` gives, written once."""
    folder = tmp_path_factory.mktemp("codecs")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists():
            codec, pixels = CODECS[name]
            with _scheduled_as_before():
                encode(path, counting_frames(24, 64, 64), codec, pixels)
        return path

    return make


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 drawn frames in H.264 at 12 fps, the index at the front, so that a cut leaves a file that opens."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    frames = drawn_frames(24, 64, 64)
    frames = np.concatenate([frames, frames, frames])[:60]
    return encode(path, frames, options={"g": "12"}, container={"movflags": "+faststart"})


@pytest.fixture(scope="session")
def corpus_videos() -> list[Path]:
    """The real clips named by REELJUDGE_CORPUS."""
    folder = os.environ.get("REELJUDGE_CORPUS")
    if not folder:
        pytest.skip("REELJUDGE_CORPUS does not name a folder with videos/")
    found = sorted(path for path in Path(folder, "videos").iterdir() if path.suffix in (".mp4", ".gif"))
    assert found, f"no videos in {folder}/videos"
    return found
