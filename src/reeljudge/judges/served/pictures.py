"""Frames as a server takes them: data URLs, made once per `Frames` object."""

import io
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reeljudge.clips import Frames

SendAs = Literal["images", "video"]

JPEG_QUALITY = 98
PNG_BYTES = 15_000_000
"""Most bytes of base64 that a clip's frames may take as PNG; above it they are sent as JPEG. Hosted
servers refuse requests from about 20 MB on."""

ENCODING = {
    "images": f"png; jpeg {JPEG_QUALITY} 4:4:4 above {PNG_BYTES} bytes of base64",
    "video": f"video/jpeg list, jpeg {JPEG_QUALITY} 4:4:4",
}
"""How frames are encoded, as it stands in a judge's identity: it decides the pixels that a server sees."""


@dataclass(frozen=True)
class EncodedFrames:
    """The frames of one clip, ready to stand in messages.

    Attributes:
        parts: content parts that take the place of the video in a message.
        fields: extension fields that tell the server what the frames are.
        notes: what a user should know about the encoding.
        pictures: how many pictures the parts hold.
    """

    parts: tuple[dict[str, Any], ...]
    fields: dict[str, Any]
    notes: tuple[str, ...]
    pictures: int


def encode_frames(frames: Frames, send_as: SendAs, temporal_factor: int) -> EncodedFrames:
    """Encode every picture of `frames`, in order.

    `images`: a line of text that says what they are and when each was taken, then one `image_url` each.
    The line stands before the pictures, so that all questions about a clip share one prefix.

    `video`: one `video_url` whose data URL is the list of JPEG files that vLLM and LMDeploy take
    (`data:video/jpeg;base64,A,B,...`): exactly these frames, nothing to sample again. Their place in
    the source goes along in vLLM's `media_io_kwargs`, their rate in `mm_processor_kwargs`.

    Args:
        temporal_factor: frames per cell of the temporal grid.
    """
    if send_as == "video":
        listed = ",".join(_jpeg(picture) for picture in frames.pixels)
        part = {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{listed}"}}
        return EncodedFrames((part,), video_fields(frames, temporal_factor), (), len(frames.pixels))
    notes: tuple[str, ...] = ()
    kind, files = "png", [_png(picture) for picture in frames.pixels]
    size = sum(map(len, files))
    if size > PNG_BYTES:
        kind, files = "jpeg", [_jpeg(picture) for picture in frames.pixels]
        notes = (f"frames sent as JPEG of quality {JPEG_QUALITY}: as PNG they take {size / 1e6:.0f} MB",)
    pictures: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{file}"}} for file in files
    ]
    parts = ({"type": "text", "text": introduction(frames)}, *pictures)
    return EncodedFrames(parts, {}, notes, len(files))


def introduction(frames: Frames) -> str:
    """The line before the pictures: without it a model sees loose images and no time."""
    if len(frames.timestamps) == 1:
        return f"This image is a frame of one video, at {frames.timestamps[0]:.2f} seconds.\n"
    times = ", ".join(f"{seconds:.2f}" for seconds in frames.timestamps)
    return f"These {len(frames.timestamps)} images are frames of one video, in order, at {times} seconds.\n"


def video_fields(frames: Frames, temporal_factor: int) -> dict[str, Any]:
    """What vLLM takes about a list of frames: indices into the source at the source's rate, and the
    rate at which they were sampled. With the count it cannot cut the list to its default of 32 unseen."""
    count = len(frames.pixels)
    # One frame shown twice has more pictures than its source: vLLM refuses a smaller total.
    total = max(frames.total_frames, count)
    about = {
        "num_frames": count,
        "fps": frames.fps,
        "frames_indices": list(frames.indices),
        "total_num_frames": total,
        "duration": total / frames.fps if frames.fps > 0 else 0.0,
        "do_sample_frames": False,
    }
    sampled = temporal_factor / frames.seconds_per_grid if frames.seconds_per_grid > 0 else frames.fps
    return {"media_io_kwargs": {"video": about}, "mm_processor_kwargs": {"fps": sampled}}


def _png(picture: NDArray[np.uint8]) -> str:
    # Run-length matching suits filtered rows: a fifth smaller than level 1 alone, and no slower.
    return _base64(picture, format="PNG", compress_level=1, compress_type=zlib.Z_RLE)


def _jpeg(picture: NDArray[np.uint8]) -> str:
    return _base64(picture, format="JPEG", quality=JPEG_QUALITY, subsampling=0)


def _base64(picture: NDArray[np.uint8], **settings: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, **settings)
    return b64encode(file.getvalue()).decode()
