"""The trainer's log-probabilities: an independent pass agrees, and the video matters."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForImageTextToText

from reeljudge.rubrics import load_rubric
from reeljudge.training.config import Lora, SftConfig, SynthSource
from reeljudge.training.encoding import Batch, Encoded, collate
from reeljudge.training.examples import SynthExamples
from reeljudge.training.grpo import reply_log_probabilities
from reeljudge.training.policy import VIDEO_TYPE, Policy, open_policy
from reeljudge.training.sft import encoder_for, vision_parameters


def config_for(checkpoint: Path, tmp_path: Path, **changes: object) -> SftConfig:
    values = {
        "model": str(checkpoint),
        "output": tmp_path / "out",
        "synth": SynthSource(seed=9, count=8),
        "lr": 1e-3,
        "bf16": False,
        **changes,
    }
    return SftConfig.model_validate(values)


def rows_of(policy: Policy, config: SftConfig, count: int = 3) -> list[Encoded]:
    rubric = load_rubric("videoscore2")
    encoder = encoder_for(config, policy, rubric)
    assert config.synth is not None
    examples = SynthExamples(config.synth, rubric, "{{ prompt }}")
    return [encoder.encode(examples[index]) for index in range(count)]


def test_log_probabilities_equal_an_independent_pass(checkpoint: Path, tmp_path: Path) -> None:
    config = config_for(checkpoint, tmp_path)
    policy = open_policy(config)
    rows = rows_of(policy, config)
    with torch.no_grad():
        ours, mask = reply_log_probabilities(policy, collate(rows, policy.pad))
    # transformers alone: one row at a time, its own attention, no padding, all logits.
    model = AutoModelForImageTextToText.from_pretrained(
        checkpoint, dtype=torch.float32, attn_implementation="eager"
    )
    for number, row in enumerate(rows):
        ids = torch.tensor([[*row.prompt, *row.reply]])
        with torch.no_grad():
            logits = model(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                pixel_values_videos=row.video.patches,
                video_grid_thw=row.video.grid,
                second_per_grid_ts=torch.tensor([row.video.seconds_per_grid]),
                mm_token_type_ids=(ids == model.config.video_token_id).int() * VIDEO_TYPE,
            ).logits[0]
        expected = logits[:-1].log_softmax(-1).gather(1, ids[0, 1:, None])[-len(row.reply) :, 0]
        assert mask[number].sum() == len(row.reply)
        assert torch.allclose(ours[number, : len(row.reply)], expected, atol=1e-4)


def test_log_probabilities_change_with_the_video(checkpoint: Path, tmp_path: Path) -> None:
    config = config_for(checkpoint, tmp_path)
    policy = open_policy(config)
    row = rows_of(policy, config, 1)[0]
    other = replace(row, video=replace(row.video, patches=-row.video.patches))
    with torch.no_grad():
        one, _ = reply_log_probabilities(policy, collate([row], policy.pad))
        two, _ = reply_log_probabilities(policy, collate([other], policy.pad))
    assert (one - two).abs().max() > 1e-4


def test_a_row_does_not_depend_on_its_batch(checkpoint: Path, tmp_path: Path) -> None:
    config = config_for(checkpoint, tmp_path)
    policy = open_policy(config)
    rows = rows_of(policy, config, 4)
    with torch.no_grad():
        together, mask = reply_log_probabilities(policy, collate(rows, policy.pad))
        alone, _ = reply_log_probabilities(policy, collate(rows[2:3], policy.pad))
    assert torch.allclose(together[2][mask[2] > 0], alone[0], atol=1e-4)


def test_visual_tokens_that_do_not_match_the_videos_stop_the_training(
    checkpoint: Path, tmp_path: Path
) -> None:
    config = config_for(checkpoint, tmp_path)
    policy = open_policy(config)
    batch = collate(rows_of(policy, config, 2), policy.pad)
    blind: Batch = replace(batch, ids=torch.where(batch.ids == policy.video_token, policy.pad, batch.ids))
    with pytest.raises(RuntimeError, match="0 visual tokens where its videos have 32"):
        policy.target_logits(blind)


def test_the_papers_freeze_the_vision_tower_and_projector(checkpoint: Path, tmp_path: Path) -> None:
    policy = open_policy(config_for(checkpoint, tmp_path))
    assert vision_parameters(policy) == []
    assert all("language_model" in name or "lm_head" in name for name in policy.trained())
    both = open_policy(config_for(checkpoint, tmp_path, train_vision=True))
    names = " ".join(both.trained())
    assert "visual.blocks" in names
    assert "visual.merger" not in names
    assert "visual.merger" in " ".join(
        open_policy(config_for(checkpoint, tmp_path, train_projector=True)).trained()
    )


def test_an_adapter_trains_the_language_model_alone(checkpoint: Path, tmp_path: Path) -> None:
    policy = open_policy(config_for(checkpoint, tmp_path, lora=Lora(rank=4)))
    assert policy.trained()
    assert all("lora_" in name and "language_model" in name for name in policy.trained())
