"""The checkpoint's network, reduced to the few calls that judging needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache

from reeljudge.judges.local.cache import KeysValues, empty_cache, keys_values
from reeljudge.judges.local.vision import VideoInput

VIDEO_TYPE = 2
"""`mm_token_type_ids` of a video's tokens (0: text, 1: image)."""


@dataclass(frozen=True)
class Features:
    """What the vision tower makes of a clip: (visual tokens, hidden size), and for Qwen3-VL the same for
    each of the first layers of the language model."""

    tokens: torch.Tensor
    per_layer: tuple[torch.Tensor, ...] = ()


class Network:
    """A loaded Qwen-VL network on one device.

    Attributes:
        device: where it runs.
        dtype_name: of its weights, e.g. `bfloat16`.
    """

    def __init__(self, model: Any, device: torch.device, dtype: torch.dtype):
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._body = base.model
        self._language = base.model.language_model
        self._embedding = base.get_input_embeddings()
        self._head = base.get_output_embeddings()
        self._video_token: int = base.config.video_token_id
        self._layers: int = base.config.text_config.num_hidden_layers
        # Layers with a sliding window make their own mask, from the two-dimensional one.
        self._own_mask = not getattr(self._language, "has_sliding_layers", False)
        self._digit_rows: tuple[list[int], torch.Tensor] | None = None
        self.device = device
        self.dtype_name = str(dtype).removeprefix("torch.")

    def see(self, video: VideoInput) -> Features:
        """One pass of the vision tower over a clip."""
        seen = self._body.get_video_features(
            video.patches.to(self.device), video.grid.to(self.device), return_dict=True
        )
        layers = getattr(seen, "deepstack_features", None) or ()
        return Features(_joined(seen.pooler_output), tuple(_joined(layer) for layer in layers))

    def positions(self, ids: Sequence[int], video: VideoInput) -> tuple[torch.Tensor, int]:
        """Rotary positions (3: time, height, width; 1; tokens) of a whole question, and the next one.

        The time of a video's cells advances with `seconds_per_grid` where the family counts seconds.
        """
        tokens = torch.tensor([ids])
        positions, _ = self._body.get_rope_index(
            tokens,
            mm_token_type_ids=(tokens == self._video_token).int() * VIDEO_TYPE,
            video_grid_thw=video.grid,
            second_per_grid_ts=torch.tensor([video.seconds_per_grid]),
        )
        return positions, int(positions.max()) + 1

    def read_prefix(self, ids: Sequence[int], features: Features, positions: torch.Tensor) -> KeysValues:
        """Keys and values of the tokens up to the end of the video."""
        cache = empty_cache(self._layers)
        self._run(self._embed(ids, features), positions[:, :, : len(ids)], cache)
        return keys_values(cache)

    def forward(
        self,
        tokens: Sequence[Sequence[int]],
        positions: torch.Tensor,
        cache: Cache,
        visible: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Hidden states (rows, new tokens, size) of text that follows what the cache holds.

        Args:
            tokens: ids (rows, new tokens).
            positions: (3, rows, new tokens).
            visible: (rows, slots) False where a slot is padding; None where there is none.
        """
        embedded = self._embedding(torch.tensor(tokens, device=self.device))
        if visible is not None and embedded.shape[1] == 1 and self._own_mask:
            visible = visible[:, None, None]  # one query sees every slot that is not padding
        return self._run({"inputs_embeds": embedded}, positions, cache, visible)

    def read_all(self, ids: Sequence[int], features: Features, positions: torch.Tensor) -> torch.Tensor:
        """Hidden states (tokens, size) of a question and its reply, in one pass."""
        return self._run(self._embed(ids, features), positions, None)[0]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Raw logits over the vocabulary, in the network's own dtype."""
        return self._head(hidden)

    def digit_logits(self, hidden: torch.Tensor, logits: torch.Tensor | None, ids: list[int]) -> list[float]:
        """Raw logits of a few tokens at one place, in float32 wherever the head is a plain matrix.

        In bfloat16 the head's own output is rounded to steps of 1/8 near 20; these columns are not.
        """
        if type(self._head) is torch.nn.Linear and self._head.bias is None:
            if self._digit_rows is None or self._digit_rows[0] is not ids:
                self._digit_rows = ids, self._head.weight[ids].float()
            return (self._digit_rows[1] @ hidden.float()).tolist()
        row = self.logits(hidden) if logits is None else logits
        return row[ids].float().tolist()

    def _embed(self, ids: Sequence[int], features: Features) -> dict[str, Any]:
        tokens = torch.tensor([ids], device=self.device)
        embedded = self._embedding(tokens).clone()
        visual = tokens == self._video_token
        embedded[visual] = features.tokens.to(embedded)
        inputs: dict[str, Any] = {"inputs_embeds": embedded}
        if features.per_layer:
            inputs |= {"visual_pos_masks": visual, "deepstack_visual_embeds": list(features.per_layer)}
        return inputs

    def _run(
        self,
        inputs: dict[str, Any],
        positions: torch.Tensor,
        cache: Cache | None,
        visible: torch.Tensor | None = None,
    ) -> torch.Tensor:
        return self._language(
            **inputs,
            position_ids=positions.to(self.device),
            attention_mask=visible,
            past_key_values=cache,
            use_cache=cache is not None,
        ).last_hidden_state


def _joined(parts: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
    return parts if isinstance(parts, torch.Tensor) else torch.cat(list(parts), dim=0)
