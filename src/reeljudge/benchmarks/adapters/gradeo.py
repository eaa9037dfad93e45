"""GRADEO's test protocol on a manifest of one's own: its test split was never published."""

from collections import Counter
from pathlib import Path

import numpy as np

from reeljudge.agreement.points import rater_majority
from reeljudge.benchmarks.release import Item, Release, Video
from reeljudge.clips import read_manifest


def read(files: list[Path]) -> Release:
    """A manifest with `human: {dimension: score or [scores]}`, 1-5.

    Several scores become their consensus as in the paper: what more than half of the raters gave, where the
    range is at most 2; without one the item is left out and counted in a note.
    """
    videos: dict[str, Video] = {}
    items: list[Item] = []
    failed: Counter[str] = Counter()
    for clip in read_manifest(files[0]):
        videos[clip.id] = Video(clip.id, (clip.video,), clip.prompt, clip.model, clip.theme)
        human: dict[str, float | None] = {}
        for dimension, given in clip.human.items():
            human[dimension] = consensus(given)
            failed[dimension] += human[dimension] is None
        items.append(Item(clip.id, human))
    notes = tuple(
        f"{dimension}: {count} items without a consensus of the raters are left out"
        for dimension, count in failed.items()
        if count
    )
    return Release(videos, items, notes=notes)


def consensus(given: float | list[float | None] | None) -> float | None:
    """The score that more than half of the raters gave, where max - min is at most 2."""
    if not isinstance(given, list):
        return None if given is None else float(given)
    scores = np.array([score for score in given if score is not None], dtype=float)
    if scores.size == 0 or np.ptp(scores) > 2:
        return None
    found = float(rater_majority(scores[None, :])[0])
    return None if np.isnan(found) else found
