"""The network that is trained: how it is opened, what of it is trained, and the probabilities it gives."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from reeljudge.errors import InputError
from reeljudge.judges.local.checkpoint import find_adapter, find_checkpoint
from reeljudge.judges.local.judge import end_tokens
from reeljudge.judges.local.loading import BROKEN, first_line
from reeljudge.training.attention import use_windowed_attention
from reeljudge.training.config import RecipeConfig
from reeljudge.training.encoding import IGNORED, Batch

VIDEO_TYPE = 2
"""`mm_token_type_ids` of a video's tokens."""


@dataclass
class Policy:
    """A network under training.

    Attributes:
        model: the network, or its PEFT wrapper.
        processor: the checkpoint's.
        device: where it runs.
        bf16: compute in bfloat16.
    """

    model: Any
    processor: Any
    device: torch.device
    bf16: bool = True

    @property
    def base(self) -> Any:
        """The network without its wrapper."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    @property
    def video_token(self) -> int:
        return int(self.base.config.video_token_id)

    @property
    def picture_tokens(self) -> list[int]:
        """The placeholders of videos and images, which no reply may hold."""
        return sorted({self.video_token, int(self.base.config.image_token_id)})

    @property
    def pad(self) -> int:
        return int(self.processor.tokenizer.pad_token_id)

    @property
    def end_tokens(self) -> frozenset[int]:
        """The tokens that end a reply."""
        return end_tokens(self.base.generation_config, self.processor.tokenizer)

    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that are trained, by name."""
        return {name: p for name, p in self.model.named_parameters() if p.requires_grad}

    def autocast(self) -> Any:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def target_logits(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits of every target token, from one pass over the batch.

        Only targets go through the head, so that a full vocabulary is never held for whole sequences.

        Returns:
            logits float32 (targets, vocabulary), the target ids (targets,), and the row of each (targets,).
        """
        body = self.base.model
        is_video = batch.ids == self.video_token
        found = int(is_video.sum())
        if found != batch.visual_tokens or not found:
            raise RuntimeError(
                f"the batch holds {found} visual tokens where its videos have {batch.visual_tokens}"
            )
        positions, _ = body.get_rope_index(
            batch.ids.cpu(),
            mm_token_type_ids=is_video.cpu().int() * VIDEO_TYPE,
            video_grid_thw=batch.grids,
            second_per_grid_ts=batch.seconds,
        )
        with self.autocast():
            hidden = body(
                input_ids=batch.ids,
                position_ids=positions.to(self.device),
                pixel_values_videos=batch.patches,
                video_grid_thw=batch.grids.to(self.device),
                use_cache=False,
            ).last_hidden_state
            targets = batch.labels[:, 1:] != IGNORED
            logits = self.base.get_output_embeddings()(hidden[:, :-1][targets])
        rows = targets.nonzero()[:, 0]
        return logits.float(), batch.labels[:, 1:][targets], rows

    def save(self, folder: Path, dtype: torch.dtype | None = None) -> None:
        """Write the checkpoint (or the adapter alone), readable by the local judge."""
        folder.mkdir(parents=True, exist_ok=True)
        model = self.model if dtype is None else copy.deepcopy(self.model).to(dtype)
        model.save_pretrained(folder, safe_serialization=True)
        if self.model is self.base:
            self.processor.save_pretrained(folder)


def open_policy(config: RecipeConfig, device: torch.device | None = None) -> Policy:
    """Open the checkpoint and mark what is trained.

    Raises:
        InputError: no such checkpoint, one of another class, or files that cannot be used.
    """
    from transformers import AutoModelForImageTextToText, AutoProcessor

    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    checkpoint = find_checkpoint(config.model, config.revision)
    # Trained weights stay float32 where memory allows; a GPU holds a 7B network in bfloat16.
    dtype = torch.bfloat16 if device.type == "cuda" and config.bf16 else torch.float32
    try:
        processor = AutoProcessor.from_pretrained(checkpoint.folder, trust_remote_code=False)
        model = AutoModelForImageTextToText.from_pretrained(
            checkpoint.folder,
            dtype=dtype,
            device_map={"": device},
            attn_implementation="sdpa",
            use_safetensors=True,
            trust_remote_code=False,
        )
    except BROKEN as error:
        raise InputError(f"{config.model} cannot be loaded: {first_line(error)}") from error
    if not hasattr(model.model, "visual"):
        raise InputError(f"{config.model} has no vision tower: a Qwen-VL checkpoint is needed")
    use_windowed_attention(model)
    if config.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.requires_grad_(False)
    if config.lora is not None or config.adapter is not None:
        model = _with_lora(model, config)
    else:
        train_parts(model, language=True, vision=config.train_vision, projector=config.train_projector)
    return Policy(model.train(), processor, device, config.bf16)


def train_parts(model: Any, *, language: bool, vision: bool, projector: bool) -> None:
    """Say which parts of a network are trained."""
    tower = model.model.visual
    model.model.language_model.requires_grad_(language)
    model.get_output_embeddings().requires_grad_(language)
    tower.requires_grad_(vision)
    tower.merger.requires_grad_(projector)


def _with_lora(model: Any, config: RecipeConfig) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model

    if config.adapter is not None:
        adapter = find_adapter(config.adapter)
        return PeftModel.from_pretrained(model, adapter.folder, is_trainable=True)
    assert config.lora is not None
    torch.manual_seed(config.seed)
    tokens = {"embed_tokens": list(range(model.get_input_embeddings().num_embeddings))}
    # The vision tower has layers of the same names; only the language model's are meant.
    names = "|".join(config.lora.targets)
    return get_peft_model(
        model,
        LoraConfig(
            r=config.lora.rank,
            lora_alpha=config.lora.alpha,  # type: ignore[arg-type]  # peft divides it; 0.5 is as good as 1
            lora_dropout=config.lora.dropout,
            target_modules=rf".*language_model.*\.({names})",
            trainable_token_indices=tokens if config.lora.embeddings else None,
            task_type="CAUSAL_LM",
        ),
    )


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Without dropout for a while."""
    was = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was)
