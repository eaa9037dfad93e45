"""Clips: manifests, decoding with limits, frame sampling, resizing, hashing, writing."""

from typing import TYPE_CHECKING

from reeljudge.clips.clip import Clip
from reeljudge.clips.frames import Frames, FrameSettings, Limits
from reeljudge.clips.hashing import sha256_file
from reeljudge.clips.manifest import Manifest, read_manifest
from reeljudge.clips.resize import shown_size, smart_resize
from reeljudge.clips.sampling import choose_frames, sampled_fps, seconds_per_grid
from reeljudge.lazy import lazy

__all__ = [
    "Clip",
    "Decoder",
    "DecoderFailed",
    "FrameSettings",
    "Frames",
    "Limits",
    "Manifest",
    "choose_frames",
    "decode_here",
    "read_manifest",
    "resize_picture",
    "sampled_fps",
    "seconds_per_grid",
    "sha256_file",
    "shown_size",
    "smart_resize",
    "write_video",
]

if TYPE_CHECKING:
    from reeljudge.clips.decode import decode_here as decode_here
    from reeljudge.clips.decoder import Decoder as Decoder
    from reeljudge.clips.process import DecoderFailed as DecoderFailed
    from reeljudge.clips.resample import resize_picture as resize_picture
    from reeljudge.clips.writing import write_video as write_video

# What needs PyAV loads on first use.
__getattr__ = lazy(
    __name__,
    {
        "Decoder": "reeljudge.clips.decoder",
        "DecoderFailed": "reeljudge.clips.process",
        "decode_here": "reeljudge.clips.decode",
        "resize_picture": "reeljudge.clips.resample",
        "write_video": "reeljudge.clips.writing",
    },
)
