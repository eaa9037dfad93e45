"""A contact sheet: clips as rows of frames, each under its prompt and its truth, for people who check it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reeljudge.synth.clip import SynthClip
from reeljudge.synth.render import render
from reeljudge.synth.replies import LABELS
from reeljudge.synth.world import SAMPLED

if TYPE_CHECKING:
    from PIL.Image import Image

CAPTION = 24
"""Height of the two lines above a row, in pixels."""


def contact_sheet(clips: Sequence[SynthClip], size: int = 72, frames: Sequence[int] = SAMPLED) -> "Image":
    """Draw a picture with one row per clip: its prompt, its scores and flaws, and its frames side by side."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (size * len(frames), (size + CAPTION) * len(clips)), "white")
    pen = ImageDraw.Draw(picture)
    for number, clip in enumerate(clips):
        top = number * (size + CAPTION)
        pen.text((2, top), clip.prompt, fill="black")
        pen.text((2, top + CAPTION // 2), caption(clip), fill=(90, 90, 90))
        for place, frame in enumerate(render(clip, size, frames)):
            picture.paste(Image.fromarray(frame), (place * size, top + CAPTION))
    return picture


def caption(clip: SynthClip) -> str:
    """'4 2 5: blur 1; colour, object': the scores of `videoscore2`, then the flaws of each dimension."""
    scores = " ".join(str(clip.scores[name]) for name in LABELS)
    flaws = [
        f"{clip.visual.kind.replace('_', ' ')} {clip.visual.level}" if clip.visual else "-",
        ", ".join(flaw.kind for flaw in clip.alignment) or "-",
        f"{clip.physical.kind.replace('_', ' ')} {clip.physical.level}" if clip.physical else "-",
    ]
    return f"{scores}   {' | '.join(flaws)}"
