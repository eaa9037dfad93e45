"""Clips: manifests, decoding with limits, frame sampling, resizing, hashing, writing."""

from reeljudge.clips.clip import Clip
from reeljudge.clips.frames import Frames, FrameSettings, Limits

__all__ = ["Clip", "FrameSettings", "Frames", "Limits"]
