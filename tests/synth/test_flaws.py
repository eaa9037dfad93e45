"""Every flaw shows in the frames that a judge is given, as strongly as its level says, and nowhere else."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from reeljudge.clips import FrameSettings, choose_frames
from reeljudge.synth import FPS, FRAMES, SAMPLED, SynthClip, render, sample_clip, without
from reeljudge.synth.clip import VisualFlaw
from reeljudge.synth.draw import Draw
from reeljudge.synth.impossible import pick_beats
from reeljudge.synth.world import BEATS, EDGED, MAX_LEVEL, PHYSICAL_FLAWS, VISUAL_FLAWS, beat_of

RULES = ("qwen", "uniform:8", "uniform:16")


@cache
def clips() -> tuple[SynthClip, ...]:
    return tuple(sample_clip(21, index, split) for index in range(200) for split in ("train", "test"))


def changes(clip: SynthClip, other: SynthClip, frames: tuple[int, ...]) -> np.ndarray:
    """Mean absolute difference of each frame, in steps of 255."""
    a, b = (render(which, 64, frames).astype(int) for which in (clip, other))
    return np.abs(a - b).mean(axis=(1, 2, 3))


def test_the_rules_take_each_beat() -> None:
    for rule in RULES:
        frames = choose_frames(FRAMES, FPS, FrameSettings(rule=rule))
        assert {beat_of(frame) for frame in frames} == set(range(BEATS))
    assert choose_frames(FRAMES, FPS, FrameSettings(rule="qwen")) == SAMPLED
    assert choose_frames(FRAMES, FPS, FrameSettings(rule="uniform:8")) == SAMPLED


@pytest.mark.parametrize("kind", PHYSICAL_FLAWS)
def test_a_physical_flaw_shows_in_its_beats(kind: str) -> None:
    flawed = [clip for clip in clips() if clip.physical is not None and clip.physical.kind == kind]
    levels = {clip.physical.level for clip in flawed if clip.physical}
    assert levels == set(range(1, MAX_LEVEL[kind] + 1))
    for clip in flawed:
        assert clip.physical is not None
        # The picture's own flaws apart, so that only the impossible differs.
        clear, right = without(clip, visual=True), without(clip, visual=True, physical=True)
        for rule in RULES[:2]:
            frames = choose_frames(FRAMES, FPS, FrameSettings(rule=rule))
            changed = changes(clear, right, frames)
            seen = {beat_of(frame) for frame, change in zip(frames, changed, strict=True) if change > 0.2}
            if kind in ("hang", "turn_back"):
                assert seen >= set(clip.physical.beats[1:])
            else:
                assert seen == set(clip.physical.beats)


@pytest.mark.parametrize("kind", VISUAL_FLAWS)
def test_a_visual_flaw_shows_and_grows_with_its_level(kind: str) -> None:
    some = [clip for clip in clips() if clip.shown.object is not None or clip.shown.background in EDGED]
    rows = []
    for clip in some[:20]:
        clean = replace(clip, visual=None)
        rows.append(
            [
                changes(replace(clip, visual=VisualFlaw(kind, level)), clean, SAMPLED).mean()
                for level in range(1, 5)
            ]
        )
    strength = np.asarray(rows)
    assert strength.min() > 0.1
    assert np.all(np.diff(strength.mean(axis=0)) > 0.25 * strength.mean(axis=0)[:-1])
    assert np.all(strength[:, 1:] > 1.05 * strength[:, :-1])


def test_every_flaw_of_every_sampled_clip_shows() -> None:
    for clip in clips()[:80]:
        if clip.visual is not None:
            assert changes(clip, without(clip, visual=True), SAMPLED).mean() > 0.1
        if clip.physical is not None:
            assert changes(clip, without(clip, physical=True), SAMPLED).max() > 0.2


def test_without_flaws_nothing_but_the_flaws_changes() -> None:
    clip = next(clip for clip in clips() if clip.visual is None and clip.physical is None)
    assert without(clip, visual=True, physical=True) == clip


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_what_happens_so_often_can_be_counted(level: int) -> None:
    found = {pick_beats("vanish", level, Draw("beats", level, number)) for number in range(300)}
    for beats in found:
        assert len(beats) == level
        assert beats[0] >= 1
        assert beats[-1] < BEATS
        assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(beats))
    # Places for `level` beats among seven with a free one between each two: C(8 - level, level).
    assert len(found) == {1: 7, 2: 15, 3: 10, 4: 1}[level]


def test_what_lasts_is_as_long_as_its_level_says() -> None:
    draw = Draw("any")
    assert pick_beats("hang", 3, draw) == (2, 3, 4, 5)
    assert pick_beats("turn_back", 1, draw) == (6, 7)
    assert pick_beats("turn_back", 2, draw) == (5, 6, 7)


def test_the_true_thing_is_shown_more_often_than_any_other() -> None:
    for clip in clips():
        flaw = clip.physical
        if flaw is not None and flaw.kind in ("recolour", "morph"):
            right = BEATS - len(flaw.beats)
            assert all(right > flaw.values.count(value) for value in flaw.values)
            assert not {clip.shown.colour, clip.asked.colour, clip.shown.object, clip.asked.object} & set(
                flaw.values
            )


def test_everything_stays_in_the_frame() -> None:
    for clip in clips():
        offsets = (
            clip.physical.values if clip.physical and clip.physical.kind == "teleport" else ((0.0, 0.0),)
        )
        beats = clip.physical.beats if clip.physical and clip.physical.kind == "teleport" else ()
        for frame, places in enumerate(clip.stage.path):
            dx, dy = offsets[beats.index(beat_of(frame))] if beat_of(frame) in beats else (0.0, 0.0)
            for x, y in places:
                assert 0.1 < x + dx < 0.9
                assert 0.1 < y + dy < 0.9


def test_objects_of_a_group_do_not_hide_each_other() -> None:
    for clip in clips():
        if clip.shown.count > 1:
            for places in clip.stage.path:
                for number, (x, y) in enumerate(places):
                    assert all((x - a) ** 2 + (y - b) ** 2 > 0.2**2 for a, b in places[:number])
