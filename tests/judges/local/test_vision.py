"""Frames as patches: what plain transformers makes of them, never sampled or resized again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import make_frames
from plain_transformers import PlainQwen
from qwen_checkpoints import FAMILIES

from reeljudge.errors import JudgeError
from reeljudge.judges.local.judge import LocalJudge

OLD = ("qwen2_5_vl", "qwen2_vl")


@pytest.mark.parametrize("family", FAMILIES)
def test_patches_are_those_of_plain_transformers(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], family: str
) -> None:
    frames = (
        make_frames(3, count=6, height=128, width=96) if family == "qwen3_vl" else make_frames(3, count=6)
    )
    ours = judge(family)._videos.encode(frames)
    theirs = plain(family).inputs_of(frames, "q")
    assert torch.equal(ours.patches, theirs["pixel_values_videos"])
    assert torch.equal(ours.grid, theirs["video_grid_thw"])


def test_patches_are_the_normalised_pixels_in_their_place(judge: Callable[..., LocalJudge]) -> None:
    frames = make_frames(4)
    video = judge()._videos.encode(frames)
    # The first row of patches starts with the top left 14 x 14 of frames 0 and 1, channel first.
    first = video.patches[0].reshape(3, 2, 14, 14)
    pixels = frames.pixels[:2, :14, :14].astype(np.float64) / 255
    mean, std = np.array([0.48145466, 0.4578275, 0.40821073]), np.array([0.26862954, 0.26130258, 0.27577711])
    expected = ((pixels - mean) / std).transpose(3, 0, 1, 2)
    np.testing.assert_allclose(first.numpy(), expected, atol=1e-5)
    # The second is the patch to its right: the 2 x 2 patches of one visual token follow each other.
    second = video.patches[1].reshape(3, 2, 14, 14)
    expected = ((frames.pixels[:2, :14, 14:28] / 255 - mean) / std).transpose(3, 0, 1, 2)
    np.testing.assert_allclose(second.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "height", "width", "tokens"),
    # frames / 2 x height / factor x width / factor, by hand.
    [("qwen2_5_vl", 56, 84, 3 * 2 * 3), ("qwen2_vl", 28, 280, 3 * 1 * 10), ("qwen3_vl", 64, 96, 3 * 2 * 3)],
)
def test_token_counts_follow_from_the_frames(
    judge: Callable[..., LocalJudge], family: str, height: int, width: int, tokens: int
) -> None:
    video = judge(family)._videos.encode(make_frames(5, count=6, height=height, width=width))
    assert video.tokens == tokens


def test_large_and_small_frames_are_taken_as_they_are(judge: Callable[..., LocalJudge]) -> None:
    # Both would be resized by the checkpoint's own pixel limits (3,136 to 12,845,056 pixels).
    assert judge()._videos.encode(make_frames(6, count=2, height=28, width=28)).tokens == 1


@pytest.mark.parametrize("family", OLD)
@pytest.mark.parametrize("seconds", [1.0, 0.5, 2 / 3, 1.0309, 2.5])
def test_temporal_positions_are_those_of_plain_transformers(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], family: str, seconds: float
) -> None:
    frames = make_frames(7, count=12, seconds_per_grid=seconds)
    inputs = plain(family).inputs_of(frames, "How good?")
    video = judge(family)._videos.encode(frames)
    ids = inputs["input_ids"][0].tolist()
    ours, following = judge(family)._network.positions(ids, video)
    assert torch.equal(ours, plain(family).positions(inputs))
    assert following == int(ours.max()) + 1


def test_temporal_positions_advance_with_the_seconds(judge: Callable[..., LocalJudge]) -> None:
    """Qwen2.5-VL counts 2 positions per second: cell t lies at floor(2 x t x seconds per cell)."""

    def cells(seconds: float) -> list[int]:
        video = judge()._videos.encode(make_frames(8, count=10, seconds_per_grid=seconds))
        ids = (1, *video.ids, 2)
        positions, _ = judge()._network.positions(ids, video)
        visual = torch.tensor(ids) == judge()._videos._video_token
        times = positions[0, 0, visual].unique()
        return (times - times[0]).tolist()

    assert cells(1.0) == [0, 2, 4, 6, 8]
    assert cells(0.5) == [0, 1, 2, 3, 4]
    assert cells(1.25) == [0, 2, 5, 7, 10]


def test_qwen3_writes_the_times_of_the_cells_into_the_prompt(judge: Callable[..., LocalJudge]) -> None:
    # Frames 0, 4, 8, 12 of 8 per second: the two cells' mean times are 0.25 s and 1.25 s.
    video = judge("qwen3_vl")._videos.encode(make_frames(9, count=4, height=64, width=64))
    text = judge("qwen3_vl")._prompts._tokenizer.decode(video.ids)
    assert "<0.2 seconds>" in text
    assert "<1.2 seconds>" in text


@pytest.mark.parametrize(
    ("family", "factor", "min_pixels", "max_pixels", "total_pixels"),
    [
        ("qwen2_5_vl", 28, 100_352, 602_112, 90_316_800),
        ("qwen3_vl", 32, 131_072, 786_432, 117_964_800),
    ],
)
def test_frame_settings_are_the_checkpoints(
    judge: Callable[..., LocalJudge],
    family: str,
    factor: int,
    min_pixels: int,
    max_pixels: int,
    total_pixels: int,
) -> None:
    settings = judge(family).frame_settings
    assert (settings.factor, settings.temporal_factor) == (factor, 2)
    assert (settings.min_pixels, settings.max_pixels) == (min_pixels, max_pixels)
    assert settings.total_pixels == total_pixels


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixels": np.zeros((3, 56, 56, 3), np.uint8)}, "multiple of 2 frames"),
        ({"pixels": np.zeros((4, 56, 50, 3), np.uint8)}, "multiples of 28"),
        ({"pixels": np.zeros((4, 56, 56, 3), np.float32)}, "must be uint8"),
        ({"pixels": np.zeros((0, 56, 56, 3), np.uint8)}, "must be uint8"),
        ({"pixels": np.zeros((4, 56, 56), np.uint8)}, "must be uint8"),
        ({"seconds_per_grid": 0.0}, "must be positive"),
    ],
)
def test_frames_that_do_not_suit_are_refused(
    judge: Callable[..., LocalJudge], change: dict[str, object], message: str
) -> None:
    with pytest.raises(JudgeError, match=message):
        judge()._videos.encode(replace(make_frames(10), **change))


def test_a_processor_that_resizes_again_is_found_out(judge: Callable[..., LocalJudge], monkeypatch) -> None:
    videos = judge()._videos
    monkeypatch.setitem(videos._options, "do_resize", True)
    with pytest.raises(JudgeError, match="resized again"):
        videos.encode(make_frames(11, count=2, height=28, width=28))


def test_read_only_pixels_are_taken(judge: Callable[..., LocalJudge]) -> None:
    frames = make_frames(12)
    frames.pixels.flags.writeable = False
    assert judge()._videos.encode(frames).tokens == 12
