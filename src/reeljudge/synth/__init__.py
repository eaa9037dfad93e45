"""Synthetic clips: a small world of moving shapes in which every flaw is placed on purpose and known exactly.

- `sample_clip(seed, index, split) -> SynthClip`: what is asked for and shown, true scores and rationales
- `render(clip, size, frames) -> uint8 (T, H, W, 3)`: its pixels, the same on every machine
- `write_set(out, count, SetSettings(seed, split))`: a manifest and its videos
- `reply_for(row, rubric, dimension)`: what a judge is to write about it
- `check_rationale(text, facts, dimension) -> Truthfulness`: how much of a rationale is true
"""

from reeljudge.synth.clip import SynthClip
from reeljudge.synth.facts import Truthfulness, check_rationale, pooled
from reeljudge.synth.generators import GENERATORS
from reeljudge.synth.phrases import vocabulary
from reeljudge.synth.render import render
from reeljudge.synth.replies import reply_for, training_rows
from reeljudge.synth.sample import sample_clip, without
from reeljudge.synth.world import FPS, FRAMES, SAMPLED, SIZE
from reeljudge.synth.writing import SetSettings, Written, write_set

__all__ = [
    "FPS",
    "FRAMES",
    "GENERATORS",
    "SAMPLED",
    "SIZE",
    "SetSettings",
    "SynthClip",
    "Truthfulness",
    "Written",
    "check_rationale",
    "pooled",
    "render",
    "reply_for",
    "sample_clip",
    "training_rows",
    "vocabulary",
    "without",
    "write_set",
]
