"""The checkpoint's network, reduced to the few calls that judging needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers.cache_utils import Cache

from reeljudge.judges.local.attention import NAME, WINDOWS, Layout, can_share
from reeljudge.judges.local.cache import KeysValues, ReadingCache, Slots
from reeljudge.judges.local.clock import Clock
from reeljudge.judges.local.packing import PackedLinear, can_pack, pack
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
        shares: whether rows may attend to shared keys and values (`forward`).
        packed: whether its weights lie in the CPU's own layout.
        clock: what its passes took.
    """

    def __init__(
        self,
        model: Any,
        device: torch.device,
        dtype: torch.dtype,
        digit_ids: Sequence[int] = (),
        own: bool = False,
    ):
        """Args:
        digit_ids: tokens whose logits `digit_logits` gives.
        own: the model is nobody else's, so its weights may be laid out anew.
        """
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._digit_ids = list(digit_ids)
        self._digit_rows: torch.Tensor | None = None
        self.packed = own and can_pack(device, dtype)
        if self.packed:
            pack(base, base.get_output_embeddings(), self._digit_ids)
        if own:
            base.model.visual.config._attn_implementation = WINDOWS
        self._body = base.model
        self._language = base.model.language_model
        self._embedding = base.get_input_embeddings()
        self._head = base.get_output_embeddings()
        self._video_token: int = base.config.video_token_id
        self._layers: int = base.config.text_config.num_hidden_layers
        self._ends_at: int | None = None
        if own:
            self._ends_at = self._layers - 1
            self._language.layers[-1].mlp.register_forward_pre_hook(self._keep_end)
        self._reading = False
        sliding = bool(getattr(self._language, "has_sliding_layers", False))
        self.shares = can_share(device) and not sliding
        self.device = device
        self.clock = Clock(device)
        self.dtype_name = str(dtype).removeprefix("torch.")

    def see(self, video: VideoInput) -> Features:
        """One pass of the vision tower over a clip."""
        with self.clock("vision"):
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
        cache = ReadingCache(self._layers)
        with self.clock("prefill"):
            self._run(self._embed(ids, features), positions[:, :, : len(ids)], cache)
            return cache.own()

    def read_rest(
        self, tokens: Sequence[int], positions: torch.Tensor, before: KeysValues
    ) -> tuple[KeysValues, torch.Tensor]:
        """Text that follows what was read `before`: its keys and values, and the state (size) at its end."""
        cache = ReadingCache(self._layers, before)
        hidden = self.forward([tokens], positions, cache)
        return cache.own(), hidden[0, -1]

    def forward(
        self,
        tokens: Sequence[Sequence[int]],
        positions: torch.Tensor,
        cache: Cache,
        shared: Sequence[tuple[torch.Tensor, KeysValues]] = (),
    ) -> torch.Tensor:
        """Hidden states (rows, new tokens, size) of text that follows what the cache holds.

        Args:
            tokens: ids (rows, new tokens): one for each row of `Slots`, any number where one text is read.
            positions: (3, rows, new tokens).
            shared: keys and values that precede those of some rows, with the rows' numbers (`Layout`).
        """
        steps = isinstance(cache, Slots)
        with self.clock("generation" if steps else "prefill"):
            embedded = self._embedding(torch.tensor(tokens, device=self.device))
            layout = Layout(cache.begin_step(), shared) if isinstance(cache, Slots) else None
            return self._run({"inputs_embeds": embedded}, positions, cache, layout)

    def read_all(self, ids: Sequence[int], features: Features, positions: torch.Tensor) -> torch.Tensor:
        """Hidden states (tokens, size) of a question and its reply, in one pass."""
        return self._run(self._embed(ids, features), positions, None)[0]

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Raw logits over the vocabulary, in the network's own dtype."""
        with self.clock("generation"):
            return self._head(hidden)

    def digit_logits(self, hidden: torch.Tensor, logits: torch.Tensor | None = None) -> list[float]:
        """Raw logits of the digit tokens at one place, in float32 wherever the head is a plain matrix.

        In bfloat16 the head's own output is rounded to steps of 1/8 near 20; these columns are not.
        """
        if self._digit_rows is None:
            if isinstance(self._head, PackedLinear):
                self._digit_rows = self._head.kept
            elif type(self._head) is torch.nn.Linear and self._head.bias is None:
                self._digit_rows = self._head.weight[self._digit_ids].float()
        if self._digit_rows is not None:
            return (self._digit_rows @ hidden.float()).tolist()
        row = self.logits(hidden) if logits is None else logits
        return row[self._digit_ids].float().tolist()

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
        layout: Layout | None = None,
    ) -> torch.Tensor:
        # While text is read, the last layer is there for its keys and values, and for the last token.
        self._reading = self._ends_at is not None and isinstance(cache, ReadingCache)
        # Set for the call alone: a network that is being trained goes on with its own attention.
        config = self._language.config
        before = config._attn_implementation
        config._attn_implementation = NAME
        try:
            return self._language(
                **inputs,
                position_ids=positions.to(self.device),
                past_key_values=cache,
                use_cache=cache is not None,
                layout=layout,
                ends_at=self._ends_at if self._reading else None,
            ).last_hidden_state
        finally:
            config._attn_implementation = before
            self._reading = False

    def _keep_end(self, layer: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """What the last layer's wide part sees: the last token alone, since nobody looks at the others."""
        return (given[0][:, -1:], *given[1:]) if self._reading else None


def _joined(parts: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
    return parts if isinstance(parts, torch.Tensor) else torch.cat(list(parts), dim=0)
