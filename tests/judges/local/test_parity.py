"""Parity with plain transformers and qwen-vl-utils on real clips, from the file to the reply.

The oracle decodes, samples and resizes by itself (qwen-vl-utils with decord), takes the processor's defaults
and runs generate() on one clip at a time. The one thing it is told is the seconds per grid cell that the
frames imply: left to itself, the processor gets them wrong or gives every cell the same position.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import make_request
from plain_transformers import PlainQwen
from qwen_checkpoints import hub_folder

from reeljudge.clips import Limits, decode_here
from reeljudge.judges.local.judge import LocalJudge
from reeljudge.rubrics import Rubric

MIN_PIXELS, MAX_PIXELS = 16 * 28 * 28, 48 * 28 * 28
TOKENS = 24
QUESTIONS = ("How good is this video?", "Does the video follow its prompt: {}? " * 3, "Is it {}?")


def clips(count: int | None) -> list[Path]:
    corpus = os.environ.get("REELJUDGE_CORPUS")
    if not corpus:
        pytest.skip("needs real clips: set REELJUDGE_CORPUS to a folder with videos/ and labels/")
    found = sorted((Path(corpus) / "videos").glob("*.mp4"))
    return found if count is None else found[:: max(1, len(found) // count)][:count]


def published_way(path: Path) -> tuple[torch.Tensor, dict[str, Any]]:
    """Frames (T, 3, H, W) and metadata as qwen-vl-utils gives them."""
    vision = pytest.importorskip("qwen_vl_utils.vision_process")
    pytest.importorskip("decord")
    vision.FORCE_QWENVL_VIDEO_READER = "decord"
    vision.get_video_reader_backend.cache_clear()
    element = {
        "type": "video",
        "video": str(path),
        "fps": 2.0,
        "min_pixels": MIN_PIXELS,
        "max_pixels": MAX_PIXELS,
    }
    messages = [{"role": "user", "content": [element]}]
    _, videos, _ = vision.process_vision_info(messages, return_video_kwargs=True, return_video_metadata=True)
    return videos[0]


def compare(judge: LocalJudge, plain: PlainQwen, rubric: Rubric, paths: list[Path]) -> set[str]:
    """Compare every stage on every clip; the replies, to see that they differ."""
    settings = judge.frame_settings.with_(min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS)
    requests, expected = [], []
    for number, path in enumerate(paths):
        frames = decode_here(path, settings, Limits())
        question = QUESTIONS[number % len(QUESTIONS)].replace("{}", path.stem)
        video, metadata = published_way(path)
        assert list(frames.indices) == list(metadata["frames_indices"]), path.name
        shown_per_second = len(frames.indices) / metadata["total_num_frames"] * metadata["fps"]
        assert frames.seconds_per_grid == pytest.approx(2 / shown_per_second), path.name
        inputs = plain.inputs(video, metadata, question, 2 / shown_per_second)

        ours = judge._videos.encode(frames)
        assert torch.equal(ours.patches, inputs["pixel_values_videos"]), path.name
        assert torch.equal(ours.grid, inputs["video_grid_thw"]), path.name
        request = make_request(rubric, frames, question, clip=path.stem, max_tokens=TOKENS)
        prompt = judge._prompts.encode(request.question.messages, ours.ids)
        assert list(prompt.ids) == inputs["input_ids"][0].tolist(), path.name
        positions, _ = judge._network.positions(prompt.ids, ours)
        assert torch.equal(positions, plain.positions(inputs)), path.name
        times = positions[0, 0, inputs["input_ids"][0] == judge._videos._video_token].unique()
        assert len(times) == int(ours.grid[0, 0]), f"{path.name}: time does not advance"

        requests.append(request)
        expected.append(plain.decode(plain.greedy(inputs, TOKENS)))
    together = [answer.replies[0].text for answer in judge.answer(requests)]
    assert together == expected
    alone = [judge.answer([request])[0].replies[0].text for request in requests[::4]]
    assert alone == expected[::4]
    return set(expected)


@pytest.mark.corpus
@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen2_vl"])
def test_a_few_clips(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], rubric: Rubric, family: str
) -> None:
    assert len(compare(judge(family), plain(family), rubric, clips(4))) == 4


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen2_vl"])
def test_every_clip_with_the_published_tokenizer(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], rubric: Rubric, family: str
) -> None:
    options = {"real_tokenizer": True} if hub_folder() is not None else {}
    paths = clips(None)
    assert len(paths) >= 20
    replies = compare(judge(family, **options), plain(family, **options), rubric, paths)
    assert len(replies) == len(paths)
