"""What is trained on is what is judged on: the same tokens, the same patches, every video in the batch."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoProcessor

from reeljudge.clips import write_video
from reeljudge.errors import InputError
from reeljudge.judges.local.vision import VideoEncoder
from reeljudge.rubrics import load_rubric
from reeljudge.synth import SAMPLED, render, sample_clip
from reeljudge.training.config import SynthSource
from reeljudge.training.encoding import IGNORED, Encoder, collate, synth_frames
from reeljudge.training.examples import Example, SynthExamples
from reeljudge.training.patches import patches_of

SOURCE = SynthSource(seed=9, count=8, camera=0.0)


@pytest.fixture(scope="module")
def processor(checkpoint: Path) -> Any:
    return AutoProcessor.from_pretrained(checkpoint)


@pytest.fixture(scope="module")
def encoder(processor: Any) -> Encoder:
    token = processor.tokenizer.convert_tokens_to_ids("<|video_pad|>")
    settings = VideoEncoder(processor, token).frame_settings.with_(
        rule="uniform:8", max_frames=8, min_pixels=4096, max_pixels=4096
    )
    return Encoder(processor, token, load_rubric("videoscore2"), settings, max_length=256, score_weight=3.0)


def examples() -> SynthExamples:
    return SynthExamples(SOURCE, load_rubric("videoscore2"), "{{ prompt }}")


def test_patches_are_the_processors_own(processor: Any) -> None:
    clips = np.stack([render(sample_clip(1, index)) for index in range(3)])
    ours = patches_of(clips, patch=8, merge=4)
    theirs = torch.cat(
        [
            processor.video_processor(
                videos=[torch.from_numpy(clip).permute(0, 3, 1, 2)],
                do_resize=False,
                do_sample_frames=False,
                return_tensors="pt",
            )["pixel_values_videos"]
            for clip in clips
        ]
    )
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_drawn_clip_is_encoded_as_the_judge_would(encoder: Encoder) -> None:
    frames = synth_frames(SOURCE, 0)
    quick, judged = encoder._synth_video(frames), encoder._videos.encode(frames)
    assert quick.ids == judged.ids
    assert torch.equal(quick.grid, judged.grid)
    assert torch.allclose(quick.patches, judged.patches, atol=1e-6)
    assert quick.tokens == judged.tokens == 16
    assert quick.seconds_per_grid == 1.0


def test_a_file_of_the_clip_gives_nearly_the_drawn_frames(encoder: Encoder, tmp_path: Path) -> None:
    clip = sample_clip(9, 0)
    write_video(tmp_path / "c.mp4", render(clip, 256, None), fps=8)
    example = replace(examples()[0], video=tmp_path / "c.mp4", synth=None)
    decoded = encoder.frames(example)
    assert decoded.indices == SAMPLED
    assert decoded.seconds_per_grid == 1.0
    difference = decoded.pixels.astype(float) - synth_frames(SOURCE, 0).pixels
    assert abs(difference).mean() < 6.0


def test_only_the_reply_is_learned_and_scores_carry_their_weight(encoder: Encoder, processor: Any) -> None:
    rows = [encoder.encode(examples()[index]) for index in range(3)]
    batch = collate(rows, pad=0)
    for number, row in enumerate(rows):
        targets = batch.labels[number][batch.labels[number] != IGNORED].tolist()
        assert processor.tokenizer.decode(targets[:-1]) == row.example.reply
        assert processor.tokenizer.decode(targets[-1:]) == "<|im_end|>"
        heavy = [
            processor.tokenizer.decode([token])
            for token, weight in zip(row.reply, row.weights, strict=True)
            if weight == 3.0
        ]
        assert heavy == [str(score) for score in row.example.scores.values()]


def test_a_batch_without_visual_tokens_is_refused(encoder: Encoder) -> None:
    row = encoder.encode(examples()[0])
    with pytest.raises(InputError, match="its video does not reach the model"):
        collate([row, replace(row, video=replace(row.video, tokens=0))], pad=0)


def test_a_sequence_that_is_too_long_is_named(encoder: Encoder) -> None:
    example: Example = examples()[0]
    with pytest.raises(InputError, match=r"example train-9-000000: \d+ tokens, and max_length is 256"):
        encoder.encode(replace(example, reply="red " * 300))


def test_the_small_losses_of_a_file_change_little_and_depend_on_the_clip_alone() -> None:
    always = SOURCE.model_copy(update={"camera": 1.0})
    plain, once, again = synth_frames(SOURCE, 3), synth_frames(always, 3), synth_frames(always, 3)
    assert np.array_equal(once.pixels, again.pixels)
    difference = abs(once.pixels.astype(float) - plain.pixels)
    assert 0.1 < difference.mean() < 8.0
