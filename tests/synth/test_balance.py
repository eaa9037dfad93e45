"""Over many clips: every score occurs, no dimension tells about another, generators keep their rank."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from reeljudge.synth import GENERATORS, SynthClip, sample_clip
from reeljudge.synth.generators import JUDGED
from reeljudge.synth.replies import RUBRICS

COUNT = 4000


@cache
def clips() -> tuple[SynthClip, ...]:
    return tuple(sample_clip(4, index) for index in range(COUNT))


@pytest.mark.parametrize("dimension", RUBRICS["videoscore2"])
def test_the_five_scores_are_equally_frequent(dimension: str) -> None:
    found = Counter(clip.scores[dimension] for clip in clips())
    assert set(found) == {1, 2, 3, 4, 5}
    # Five standard deviations of a share of 0.2 in 4000 draws.
    assert all(abs(number / COUNT - 0.2) < 5 * (0.2 * 0.8 / COUNT) ** 0.5 for number in found.values())


@pytest.mark.parametrize("dimension", RUBRICS["gradeo"])
def test_every_score_of_gradeo_is_well_covered(dimension: str) -> None:
    found = Counter(clip.scores[dimension] for clip in clips())
    assert min(found[score] for score in range(1, 6)) > 0.05 * COUNT
    assert max(found.values()) < 0.5 * COUNT


def test_the_dimensions_are_independent() -> None:
    scores = np.asarray([[clip.scores[name] for name in JUDGED] for clip in clips()], float)
    between = np.corrcoef(scores.T)
    assert np.abs(between[np.triu_indices(3, 1)]).max() < 0.15


@pytest.mark.parametrize("dimension", JUDGED)
def test_the_generators_keep_their_documented_means(dimension: str) -> None:
    for number, generator in enumerate(GENERATORS):
        own = [clip for clip in clips() if clip.model == generator.name]
        assert {clip.index % len(GENERATORS) for clip in own} == {number}
        mean = np.mean([clip.scores[dimension] for clip in own])
        assert mean == pytest.approx(generator.mean(dimension), abs=5 * (2 / len(own)) ** 0.5)


def test_a_group_is_one_prompt_by_every_generator() -> None:
    group = [clip for clip in clips() if clip.group == clips()[0].group]
    assert len({clip.prompt for clip in group}) == 1
    assert [clip.model for clip in group] == [generator.name for generator in GENERATORS]
    assert len({clip.group for clip in clips()}) == COUNT // 4
    assert len({clip.id for clip in clips()}) == COUNT
