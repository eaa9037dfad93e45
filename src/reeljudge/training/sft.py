"""Recipe: supervised fine-tuning. Learn to write reasoned replies, token by token.

Loss: negative log-likelihood of the reply given video and question (GRADEO, Eq. 1; the same for VideoScore2),
mean over all reply tokens of a batch.

Launch: reeljudge train sft configs/videoscore2-sft.yaml
        torchrun --nproc-per-node 8 -m reeljudge train sft configs/videoscore2-sft.yaml
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from reeljudge.errors import UsageError
from reeljudge.judges.local.vision import VideoEncoder
from reeljudge.rubrics import load_rubric
from reeljudge.training.attention import attention_for
from reeljudge.training.config import RecipeConfig, SftConfig
from reeljudge.training.encoding import Batch, Encoder, collate
from reeljudge.training.examples import Example, SynthExamples, read_examples
from reeljudge.training.journal import Journal
from reeljudge.training.optimizer import Optimizer, rate
from reeljudge.training.order import indices_of_step, total_steps
from reeljudge.training.parallel import Team, join_team
from reeljudge.training.policy import Policy, open_policy
from reeljudge.training.states import load_state, save_state
from reeljudge.training.validation import validate


class Material:
    """What a recipe trains and validates on, checked before any training time is spent."""

    def __init__(self, config: RecipeConfig, *, need_reply: bool):
        self.rubric = load_rubric(config.rubric)
        template = None if config.template is None else config.template.read_text(encoding="utf-8")
        self.template = template
        self.examples: Sequence[Example] = self._read(config, config.data, config.synth, need_reply)
        held: Sequence[Example] = []
        if config.validation or config.validation_synth:
            held = self._read(config, config.validation, config.validation_synth, need_reply)
        self.validation = [held[number] for number in range(min(len(held), config.validation_rows))]

    def _read(
        self, config: RecipeConfig, files: Sequence[str], synth: Any, need_reply: bool
    ) -> Sequence[Example]:
        if synth is not None:
            return SynthExamples(synth, self.rubric, self.template)
        return read_examples(
            files, self.rubric, template=self.template, videos=config.videos, need_reply=need_reply
        )


class Steps(Dataset):
    """The micro-batches of each step, made ahead by loader processes."""

    def __init__(
        self,
        config: RecipeConfig,
        examples: Sequence[Example],
        encoder: Encoder,
        pad: int,
        team: Team,
        first: int,
    ):
        self._config, self._examples, self._encoder = config, examples, encoder
        self._pad, self._team, self._first = pad, team, first
        self._steps = total_steps(config, len(examples))

    def __len__(self) -> int:
        return self._steps - self._first

    def __getitem__(self, number: int) -> list[Batch]:
        indices = indices_of_step(self._config, len(self._examples), self._first + number, self._team)
        rows = [self._encoder.encode(self._examples[index]) for index in indices]
        rows.sort(key=lambda row: len(row.prompt) + len(row.reply))  # less padding in each micro-batch
        size = self._config.micro_batch
        return [collate(rows[at : at + size], self._pad) for at in range(0, len(rows), size)]


def encoder_for(config: RecipeConfig, policy: Policy, rubric: Any, **options: Any) -> Encoder:
    """An encoder for the checkpoint with the config's frames."""
    own = VideoEncoder(policy.processor, policy.video_token).frame_settings
    return Encoder(
        policy.processor,
        policy.video_token,
        rubric,
        config.frames.applied(own),
        max_length=config.max_length,
        seed=config.seed,
        **options,
    )


def check_batch(config: RecipeConfig, team: Team) -> None:
    """A batch must fall evenly on the processes."""
    if config.batch % team.size:
        raise UsageError(f"batch is {config.batch}, which {team.size} processes cannot share evenly")


def reply_loss(policy: Policy, batch: Batch) -> tuple[torch.Tensor, float, float]:
    """Summed weighted loss of the targets, the sum of their weights, and the share guessed right."""
    logits, targets, _ = policy.target_logits(batch)
    weights = batch.weights[:, 1:][batch.labels[:, 1:] >= 0]
    losses = cross_entropy(logits, targets, reduction="none")
    right = float((logits.detach().argmax(-1) == targets).float().mean())
    return (losses * weights).sum(), float(weights.sum()), right


def seed_everything(seed: int) -> None:
    """Seed what is drawn outside our own streams: dropout and new adapters."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def train_sft(config: SftConfig, on_step: Callable[[int], None] | None = None) -> Path:
    """Run the recipe; returns the folder of the checkpoint (or adapter).

    Raises:
        InputError, UsageError: before any training time is spent, where something cannot be used.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    team = join_team()
    check_batch(config, team)
    material = Material(config, need_reply=True)
    seed_everything(config.seed + team.rank)
    policy = open_policy(config)
    encoder = encoder_for(config, policy, material.rubric, score_weight=config.score_weight)
    steps = total_steps(config, len(material.examples))
    trained = policy.trained()
    optimizer = Optimizer(
        trained,
        config.optimizer,
        lr=config.lr,
        weight_decay=config.weight_decay,
        betas=config.betas,
        eps=config.eps,
    )
    state = config.output / "state.pt"
    first = load_state(state, policy.model, optimizer)
    journal = Journal(config.output, steps, first, show=team.leads)
    if team.leads:
        (config.output / "recipe.json").write_text(config.model_dump_json(indent=1), encoding="utf-8")
    loader = DataLoader(
        Steps(config, material.examples, encoder, policy.pad, team, first),
        batch_size=None,
        num_workers=config.workers,
        prefetch_factor=4 if config.workers else None,
    )
    late = vision_parameters(policy)
    for step, batches in enumerate(loader, first):
        joined = step >= config.vision_from * steps
        for parameter in late:
            parameter.requires_grad_(joined)
        values = _update(policy, optimizer, batches, config, step, steps, team, trained)
        journal.step(step, values)
        last = step + 1 == steps
        if team.leads and config.validation_rows and ((step + 1) % config.validate_every == 0 or last):
            validate_now(policy, material, encoder, config, journal, step + 1)
        if (step + 1) % config.save_every == 0 or last:
            for parameter in late:
                parameter.requires_grad_(True)
            if team.leads:
                save_state(state, policy.model, optimizer, step + 1)
                policy.save(config.output)
        if on_step is not None:
            on_step(step)
    return config.output


def vision_parameters(policy: Policy) -> list[nn.Parameter]:
    """What of the vision tower and projector is trained."""
    return [p for name, p in policy.trained().items() if "visual" in name]


def _update(
    policy: Policy,
    optimizer: Optimizer,
    batches: Sequence[Batch],
    config: SftConfig,
    step: int,
    steps: int,
    team: Team,
    trained: dict[str, nn.Parameter],
) -> dict[str, float]:
    """One update from the micro-batches of a step."""
    total = sum(float(batch.weights[:, 1:].sum()) for batch in batches)
    shared = team.mean(total)
    loss_sum, right = 0.0, []
    for batch in batches:
        with attention_for(policy.device):
            loss, _, share = reply_loss(policy, batch.to(policy.device))
            (loss / shared).backward()
        loss_sum += float(loss.detach())
        right.append(share)
    team.average_gradients(trained.values())
    norm = nn.utils.clip_grad_norm_([p for p in trained.values() if p.grad is not None], config.max_grad_norm)
    lr = rate(step, steps, config.lr, config.warmup, config.schedule, config.floor)
    optimizer.step(lr)
    return {
        "loss": loss_sum / total,
        "tokens_right": sum(right) / len(right),
        "grad_norm": float(norm),
        "lr": lr,
        "visual_tokens": float(sum(batch.visual_tokens for batch in batches)),
    }


def validate_now(
    policy: Policy, material: Material, encoder: Encoder, config: RecipeConfig, journal: Journal, step: int
) -> None:
    """Judge the validation rows, and keep figures and samples in the journal."""
    found = validate(policy, material.validation, encoder, material.rubric, max_reply=config.max_reply)
    journal.note("validation", step, found.metrics)
    journal.note("samples", step, {}, samples=found.samples)
    journal.say(f"validation at step {step}: " + " ".join(f"{k} {v:.3f}" for k, v in found.metrics.items()))
