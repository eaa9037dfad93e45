"""Writing frames as a video or a GIF."""

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from reeljudge.errors import UsageError

QUALITY = "18"
"""x264's constant rate factor: about the least at which loss is not seen."""


def write_video(
    path: str | os.PathLike[str], frames: NDArray[np.uint8], fps: float, lossless: bool = False
) -> None:
    """Write frames as a video. The same frames give the same bytes under the same version of PyAV.

    `.mp4`, `.mov` and `.mkv` are H.264 in yuv420p, which every player shows (colours at half the resolution);
    that format has even sides only, so an odd one gets its last row or column once more. With `lossless=True`
    they are H.264 in RGB: the very pixels, at any size, but few browsers play it. A `.gif` has 256 colours,
    and its frames last a whole number of hundredths of a second.

    Args:
        path: an existing file is replaced.
        frames: uint8 RGB of shape (T, H, W, 3), T at least 1.
        fps: frames per second, above 0.

    Raises:
        ValueError: frames of another shape or type, or fps not above 0.
        UsageError: a suffix that is not known, or a lossless GIF. OSError: the file cannot be written.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or not frames.size:
        raise ValueError(f"frames must be uint8 of shape (T, H, W, 3), not {frames.dtype} of {frames.shape}")
    if not 0 < fps < float("inf"):
        raise ValueError(f"fps is {fps}; it must be above 0")
    suffix = Path(path).suffix.lower()
    if suffix not in (".mp4", ".mov", ".mkv", ".gif"):
        raise UsageError(
            f"{path}: cannot write a video with the suffix {suffix!r}; use .mp4, .mov, .mkv or .gif"
        )
    if suffix == ".gif" and lossless:
        raise UsageError(f"{path}: a GIF has 256 colours and cannot be lossless; use .mp4")
    if not lossless and suffix != ".gif":
        _, height, width, _ = frames.shape
        frames = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    rate = Fraction(fps).limit_denominator(1001) or Fraction(1, 1001)
    with av.open(Path(path), "w", container_options={"fflags": "+bitexact"}) as container:
        if suffix == ".gif":
            stream = container.add_stream("gif", rate=rate)
            stream.pix_fmt = "pal8"
            pictures = _in_256_colours(frames, rate)
        else:
            stream = container.add_stream("libx264rgb" if lossless else "libx264", rate=rate)
            stream.pix_fmt = "rgb24" if lossless else "yuv420p"
            # Else x264's bytes depend on the processor, and on where buffers happen to lie in memory.
            fixed = {"x264-params": "cpu-independent=1"}
            stream.options = {**fixed, "qp": "0"} if lossless else {**fixed, "crf": QUALITY}
            stream.codec_context.thread_count = 1  # x264's bytes depend on its number of threads
            pictures = map(_picture, frames)
        stream.height, stream.width = frames.shape[1:3]
        for number, picture in enumerate(pictures):
            picture.pts, picture.time_base = number, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _picture(pixels: NDArray[np.uint8]) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")


def _in_256_colours(frames: NDArray[np.uint8], rate: Fraction) -> Iterator[av.VideoFrame]:
    """The frames with one palette that suits all of them."""
    _, height, width, _ = frames.shape
    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=1 / rate)
    split, palette, painted, sink = (
        graph.add(name) for name in ("split", "palettegen", "paletteuse", "buffersink")
    )
    source.link_to(split)
    split.link_to(painted, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(painted, 0, 1)
    painted.link_to(sink)
    graph.configure()
    for number, pixels in enumerate(frames):
        picture = _picture(pixels)
        picture.pts, picture.time_base = number, 1 / rate
        graph.push(picture)
    graph.push(None)
    for _ in frames:
        yield graph.vpull()
