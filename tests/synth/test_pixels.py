"""The same seed gives the same pixels: in any process, at any count, whichever frames are drawn."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from reeljudge.errors import UsageError
from reeljudge.synth import FRAMES, SAMPLED, render, sample_clip
from reeljudge.synth.draw import Draw
from reeljudge.synth.grid import average, enlarge

DIGEST = """
import hashlib
from reeljudge.synth import render, sample_clip
total = hashlib.sha256()
for index in range(12):
    clip = sample_clip(3, index, "test")
    total.update(render(clip, 64).tobytes() + clip.prompt.encode())
print(total.hexdigest())
"""


def in_another_process() -> str:
    return subprocess.run(
        [sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_another_process_draws_the_same_pixels() -> None:
    total = hashlib.sha256()
    for index in reversed(range(12)):  # what was drawn before changes nothing
        render(sample_clip(3, index, "test"), 32)
    for index in range(12):
        clip = sample_clip(3, index, "test")
        total.update(render(clip, 64).tobytes() + clip.prompt.encode())
    assert in_another_process() == total.hexdigest()


def test_the_world_is_the_recorded_one() -> None:
    """If this fails on purpose, raise `draw.WORLD`: a seed then stands for other clips."""
    assert in_another_process() == RECORDED


RECORDED = "118e0f8a14be6550bb74d86b3771cfc8d7c73b49bbfa94fb07eda8caed2388de"


@pytest.mark.parametrize("index", range(20))
def test_a_frame_is_the_same_whichever_others_are_drawn(index: int) -> None:
    clip = sample_clip(11, index)
    every = render(clip, 48, None)
    assert every.shape == (FRAMES, 48, 48, 3)
    assert every.dtype == np.uint8
    assert np.array_equal(render(clip, 48, SAMPLED), every[list(SAMPLED)])
    assert np.array_equal(render(clip, 48, (31, 2)), every[[31, 2]])


def test_other_seeds_splits_and_indices_are_other_clips() -> None:
    frames = [render(sample_clip(*which), 32).tobytes() for which in ((1, 0), (2, 0), (1, 4), (1, 0, "test"))]
    assert len(set(frames)) == 4


def test_draws_are_those_that_python_promises() -> None:
    """Values of `random.Random('synth/1/a').random()`, which Python keeps from version to version."""
    draw = Draw("a")
    assert draw.name == "synth/1/a"
    assert [round(draw.unit(), 12) for _ in range(3)] == FIRST_DRAWS
    assert Draw("a").some(range(10), 10) == list(range(10))
    assert {Draw("b").weighted({"x": 0.0, "y": 1.0}) for _ in range(20)} == {"y"}


FIRST_DRAWS = [0.938915294733, 0.092832543631, 0.156124597014]


def test_what_cannot_be_drawn_is_refused() -> None:
    clip = sample_clip(0, 0)
    with pytest.raises(UsageError, match="frames 0 to 31"):
        render(clip, 64, (32,))
    with pytest.raises(UsageError, match="16 pixels or more"):
        render(clip, 8)
    with pytest.raises(UsageError, match="Did you mean 'test'"):
        sample_clip(0, 0, "tests")
    with pytest.raises(UsageError, match="0 or more"):
        sample_clip(0, -1)


def test_averaging_and_enlarging_keep_the_mean() -> None:
    values = np.arange(2 * 6 * 6, dtype=np.float32).reshape(2, 6, 6)
    assert average(values, 3)[0, 0, 0] == np.float32((0 + 1 + 6 + 7) / 4)
    assert average(values, 4).mean() == pytest.approx(values.mean(), rel=1e-6)  # edges fall inside cells
    assert np.array_equal(enlarge(values, 256 * 6)[:, ::256, ::256], values)
    assert enlarge(values, 96).mean() == pytest.approx(values.mean(), rel=1e-3)
    flat = np.full((1, 64, 64), 7, np.float32)
    assert np.allclose(enlarge(flat, 84), 7, rtol=1e-6)
