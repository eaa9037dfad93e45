"""Single cells of synthetic clips (two neighbouring frames) with what there is to see in them."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Philox
from numpy.typing import NDArray

from reeljudge.synth import SAMPLED, SynthClip, render, sample_clip
from reeljudge.synth.degrade import dark_beats
from reeljudge.synth.world import BACKGROUNDS, COLOURS, OBJECTS, SIZES, TINTS, VISUAL_FLAWS, beat_of

CELLS = len(SAMPLED) // 2
PLACES = 16
"""Bins of a position along one side of the frame."""
UNKNOWN = -100
"""A label that cannot be told from this cell; the loss leaves it out."""

FRAME_HEADS = {
    "object": len(OBJECTS) + 1,
    "colour": len(COLOURS) + 1,
    "count": 4,
    "x": PLACES,
    "y": PLACES,
    "dark": 2,
}
"""What is asked of each of a cell's two frames -> the number of answers."""
CELL_HEADS = {"size": len(SIZES), "background": 6, "tint": 4, "light": 2, "signs": 5, "flaw": 21}
"""What is asked of a cell as a whole -> the number of answers. `flaw`: none, or kind and level."""

_OBJECTS, _COLOURS, _SIZES = list(OBJECTS), list(COLOURS), list(SIZES)


@dataclass(frozen=True)
class CellBatch:
    """Cells of as many clips.

    Attributes:
        frames: uint8 (cells, 2, side, side, 3).
        by_frame: int64 (cells, 2, frame heads).
        by_cell: int64 (cells, cell heads).
    """

    frames: NDArray[np.uint8]
    by_frame: NDArray[np.int64]
    by_cell: NDArray[np.int64]


def cell_batch(seed: int, start: int, count: int, side: int, split: str = "train") -> CellBatch:
    """One cell of each of the clips `start` to `start + count`; which one is drawn from seed and index."""
    chosen = Philox(key=seed, counter=[0, 0, 7, start]).random_raw(count) % np.uint64(CELLS)
    clips = [sample_clip(seed, start + number, split) for number in range(count)]
    frames, by_frame, by_cell = [], [], []
    for clip, cell in zip(clips, chosen.tolist(), strict=True):
        moments = SAMPLED[2 * cell : 2 * cell + 2]
        frames.append(render(clip, side, moments))
        labels = [_frame_labels(clip, moment) for moment in moments]
        by_frame.append(labels)
        by_cell.append(_cell_labels(clip, dark=any(label[-1] for label in labels)))
    return CellBatch(np.stack(frames), np.array(by_frame), np.array(by_cell))


def _frame_labels(clip: SynthClip, moment: int) -> list[int]:
    shown, flaw, beat = clip.shown, clip.physical, beat_of(moment)
    thing, colour, count, shift = shown.object, shown.colour, shown.count, (0.0, 0.0)
    if flaw is not None and beat in flaw.beats:
        value = flaw.values[flaw.beats.index(beat)] if flaw.values else None
        if flaw.kind == "vanish":
            thing = None
        elif flaw.kind == "recolour":
            colour = value
        elif flaw.kind == "morph":
            thing = value
        elif flaw.kind == "teleport":
            assert value is not None  # a teleport always says where to
            shift = value
    flicker = clip.visual is not None and clip.visual.kind == "flicker"
    dark = int(flicker and beat in dark_beats(clip.stage.noise))
    if thing is None or colour is None:
        return [len(OBJECTS), len(COLOURS), 0, UNKNOWN, UNKNOWN, dark]
    path = clip.stage.path[moment]
    places = [sum(point[axis] for point in path) / len(path) + shift[axis] for axis in (0, 1)]
    bins = [min(PLACES - 1, max(0, int(place * PLACES))) for place in places]
    return [_OBJECTS.index(thing), _COLOURS.index(colour), count, *bins, dark]


def _cell_labels(clip: SynthClip, *, dark: bool) -> list[int]:
    shown, flaw = clip.shown, clip.visual
    if flaw is None:
        seen = 0
    elif flaw.kind == "flicker" and not dark:
        seen = UNKNOWN
    else:
        seen = 1 + 4 * VISUAL_FLAWS.index(flaw.kind) + flaw.level - 1
    return [
        UNKNOWN if shown.size is None else _SIZES.index(shown.size),
        BACKGROUNDS.index(shown.background),
        list(TINTS).index(shown.tint),
        int(shown.light == "soft"),
        shown.signs,
        seen,
    ]
