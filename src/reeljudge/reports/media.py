"""Small pictures of the clips: previews that play, strips of the judged frames, and a budget for both."""

import base64
import io
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reeljudge.clips import Decoder, Frames, FrameSettings, Limits, resize_picture, write_video
from reeljudge.errors import ClipError
from reeljudge.reports.gather import JudgedClip, Material

PREVIEW = FrameSettings(
    fps=8.0,
    min_frames=1,
    max_frames=64,
    min_pixels=32 * 32,
    max_pixels=208 * 208,
    factor=2,
    temporal_factor=1,
)
"""What a preview shows: at most 8 pictures a second and 64 in all, of about 208 x 208 pixels."""

PREVIEW_SHARE = 0.7
"""Of the budget; the rest is for strips, so that clips past the last preview still show something."""

STRIP_FRAMES, STRIP_HEIGHT = 6, 96
MANY_CLIPS, SMALL_STRIP_HEIGHT = 300, 64
JPEG_QUALITY = 68
AHEAD = 3
"""Clips that are decoded while one is written."""


@dataclass(frozen=True)
class Media:
    """What can be shown of one clip.

    Attributes:
        preview: an MP4 in base64; None where there is none.
        strip: a JPEG in base64: `times` pictures side by side.
        times: seconds of the pictures of the strip.
        judged: pictures that the judge saw, of which the strip shows some; None where the strip shows
            pictures of the clip that were not recorded as judged.
        trouble: why there is nothing, or what a careful reader should know of it.
    """

    preview: str | None = None
    strip: str | None = None
    times: tuple[float, ...] = ()
    judged: int | None = None
    trouble: str | None = None


def make_media(
    material: Material, budget: int, previews: bool = True, limits: Limits | None = None
) -> Iterator[Media]:
    """Media of the clips, in order, of together at most `budget` bytes of base64.

    Previews until they have used up their share, then strips alone until these have used up theirs. The same
    clips give the same media, whatever was decoded first.
    """
    height = STRIP_HEIGHT if len(material.clips) <= MANY_CLIPS else SMALL_STRIP_HEIGHT
    for_previews = int(budget * PREVIEW_SHARE) if previews else 0
    left = _Left(for_previews, budget - for_previews)
    with _Decoders(material, height, limits or Limits()) as decoders, tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "preview.mp4"
        todo = iter(material.clips)
        waiting: deque[tuple[JudgedClip, _Decoding | str]] = deque()
        while True:
            for clip in islice(todo, AHEAD - len(waiting)):
                waiting.append((clip, decoders.submit(clip, left.preview > 0, left.strip > 0)))
            if not waiting:
                return
            clip, decoding = waiting.popleft()
            if isinstance(decoding, str):
                yield Media(trouble=decoding)
            else:
                yield _one(clip, decoding, left, height, scratch)


@dataclass
class _Left:
    """Bytes of base64 that are left of the budget."""

    preview: int
    strip: int


@dataclass(frozen=True)
class _Decoding:
    whole: "Future[Frames] | None"
    seen: "Future[Frames] | None"
    recorded: tuple[int, ...] | None


class _Decoders(ExitStack):
    """A pool for previews, and one for each way in which the runs chose frames."""

    def __init__(self, material: Material, strip_height: int, limits: Limits):
        super().__init__()
        self._limits = limits
        self._whole = self.enter_context(Decoder(PREVIEW, limits, workers=1))
        self._settings = [
            _judged_frames(run.settings["configuration"].get("frames"), strip_height) for run in material.runs
        ]
        self._seen: dict[FrameSettings, Decoder] = {}

    def submit(self, clip: JudgedClip, preview: bool, strip: bool) -> "_Decoding | str":
        if clip.path is None:
            return (
                "where the video lies is not known: the run names no manifest that is there (--videos FOLDER)"
            )
        if not clip.path.is_file():
            return "the video is not where the manifest says"
        if not (preview or strip):
            return "past the embed budget"
        recorded, seen = None, None
        for row, settings in zip(clip.verdicts, self._settings, strict=True):
            if strip and settings is not None and row is not None and row.get("frames"):
                recorded = tuple(row["frames"]["indices"])
                if settings not in self._seen:
                    self._seen[settings] = self.enter_context(Decoder(settings, self._limits, workers=1))
                seen = self._seen[settings].submit(clip.path)
                break
        whole = self._whole.submit(clip.path) if preview or seen is None else None
        return _Decoding(whole, seen, recorded)


def _judged_frames(configuration: object, strip_height: int) -> FrameSettings | None:
    """Settings that choose the frames that were judged, but keep them small."""
    if not isinstance(configuration, dict):
        return None
    known = {field.name for field in fields(FrameSettings)}
    given = {name: value for name, value in configuration.items() if name in known}
    pixels = strip_height * strip_height * 2
    return FrameSettings(**{**given, "min_pixels": 32 * 32, "max_pixels": pixels, "factor": 2})


def _one(clip: JudgedClip, decoding: _Decoding, left: _Left, height: int, scratch: Path) -> Media:
    trouble: list[str] = []
    whole, seen = (_decoded(future, clip.path, trouble) for future in (decoding.whole, decoding.seen))
    if whole is None and seen is None:
        return Media(trouble="; ".join(dict.fromkeys(trouble)) or None)
    shown = whole or seen
    assert shown is not None
    hashes = {row["sha256"] for row in clip.verdicts if row is not None and row.get("sha256")}
    if hashes and shown.sha256 not in hashes:
        trouble.append("the file has changed since it was judged")
    preview = None
    if left.preview > 0 and whole is not None:
        preview = _preview(whole, scratch)
        if len(preview) > left.preview:
            preview, left.preview = None, 0  # from here on strips, so that the order says who has one
        else:
            left.preview -= len(preview)
    strip: str | None = None
    times: tuple[float, ...] = ()
    judged: int | None = None
    if left.strip > 0:
        as_judged = seen is not None and seen.indices == decoding.recorded
        if seen is not None and not as_judged:
            trouble.append("other frames are chosen now than were judged")
        frames = seen or whole
        assert frames is not None
        chosen = _spread(len(frames.pixels))
        strip = _strip(frames.pixels[chosen], height)
        times = tuple(round(frames.timestamps[index], 2) for index in chosen)
        judged = len(frames.pixels) if as_judged else None
        if len(strip) > left.strip:
            strip, times, judged, left.strip = None, (), None, 0
        else:
            left.strip -= len(strip)
    if preview is None and strip is None:
        trouble.append("past the embed budget")
    return Media(preview, strip, times, judged, "; ".join(dict.fromkeys(trouble)) or None)


def _decoded(future: "Future[Frames] | None", path: Path | None, trouble: list[str]) -> Frames | None:
    if future is None or path is None:
        return None
    try:
        return future.result()
    except ClipError as error:
        told = str(error).replace(str(path), path.name)  # where it lies is nobody's business elsewhere
        trouble.append(f"the video cannot be shown: {told}")
        return None


def _preview(frames: Frames, scratch: Path) -> str:
    """The frames as an MP4 that lasts as long as the clip does."""
    fps = max(len(frames.pixels) * frames.fps / frames.total_frames, 0.5)
    write_video(scratch, frames.pixels, min(fps, 60.0))
    return base64.b64encode(scratch.read_bytes()).decode("ascii")


def _spread(count: int) -> list[int]:
    """At most STRIP_FRAMES places, evenly from the first to the last."""
    if count <= STRIP_FRAMES:
        return list(range(count))
    return [round(place * (count - 1) / (STRIP_FRAMES - 1)) for place in range(STRIP_FRAMES)]


def _strip(pixels: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], height: int) -> str:
    tall, wide = pixels[0].shape[:2]
    if tall > height:
        wide, tall = max(1, round(wide * height / tall)), height
    row = np.concatenate([resize_picture(picture, tall, wide) for picture in pixels], axis=1)
    written = io.BytesIO()
    Image.fromarray(row).save(written, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return base64.b64encode(written.getvalue()).decode("ascii")
