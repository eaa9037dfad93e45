"""Attention for judging, in place of transformers': nothing is repeated, and what is shared is read once.

transformers copies keys and values of grouped heads, once per query head, at every step that has a mask; on a
CPU that copy is most of a step. Here the query heads of a group stand as several queries of one head. Rows
that share a stretch of keys and values (the questions about one clip share its frames) attend to it in one
product, and to their own tokens in another; the two are joined by their log-sum-exps, which is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from reeljudge.judges.local.cache import KeysValues

NAME = "reeljudge"
WINDOWS = "reeljudge_judging_flash_attention"
"""transformers hands over all windows at once, with their lengths, to what it takes for flash attention."""

_with_sums: Any = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
"""The kernel behind scaled_dot_product_attention on CPUs, which also gives log-sum-exps."""


def can_share(device: torch.device) -> bool:
    """Whether rows can attend to shared keys and values on this device."""
    return device.type == "cpu" and _with_sums is not None


@dataclass
class Layout:
    """Who sees what in a step that adds one token to every row.

    Attributes:
        lengths: (rows,) tokens in each row's own slots, the new one included.
        shared: (numbers of the rows, keys and values) of each shared stretch; it precedes the own tokens.
    """

    lengths: torch.Tensor
    shared: Sequence[tuple[torch.Tensor, KeysValues]] = ()
    _bias: dict[tuple[int, int | None, torch.dtype], torch.Tensor] = field(default_factory=dict)

    def bias(self, slots: int, window: int | None, dtype: torch.dtype) -> torch.Tensor:
        """(rows, 1, 1, slots): 0 where a slot is seen, minus infinity where it is not."""
        key = slots, window, dtype
        if key not in self._bias:
            places, ends = torch.arange(slots, device=self.lengths.device), self.lengths.unsqueeze(1)
            seen = places < ends
            if window is not None:
                seen &= places >= ends - window
            bias = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
            self._bias[key] = bias.masked_fill_(~seen, -torch.inf)[:, None, None]
        return self._bias[key]


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    layout: Layout | None = None,
    ends_at: int | None = None,
    sliding_window: int | None = None,
    **unused: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of a language model's layer, as transformers calls it: causal, masks made here.

    Args:
        query: (rows, heads, new tokens, size). key, value: (rows, key-value heads, tokens, size).
        layout: of a step with one new token per row; None: the new tokens are the last of one sequence.
        ends_at: number of the layer of which only the last token is looked at: the others get its result.

    Returns:
        (rows, new tokens, heads, size) and None.
    """
    rows, heads, new, size = query.shape
    groups = heads // key.shape[1]
    if layout is None:
        keys, values = (one.repeat_interleave(groups, dim=1) if groups > 1 else one for one in (key, value))
        total, asked = key.shape[2], 1 if module.layer_idx == ends_at else new
        query = query[:, :, -asked:]
        if asked == total and sliding_window is None:
            out = scaled_dot_product_attention(query, keys, values, is_causal=True, scale=scaling)
        else:
            bias = causal(asked, total, sliding_window, query.dtype, query.device)
            out = scaled_dot_product_attention(query, keys, values, attn_mask=bias, scale=scaling)
        return out.transpose(1, 2).expand(-1, new, -1, -1), None
    # A group's query heads follow each other: they are so many queries to one head of keys and values.
    folded = query.reshape(rows, -1, groups, size)
    bias = layout.bias(key.shape[2], sliding_window, query.dtype)
    if layout.shared:
        out = _attend_to_both(module.layer_idx, folded, key, value, bias, layout, scaling)
    else:
        bias = bias.expand(-1, -1, groups, -1)
        out = scaled_dot_product_attention(folded, key, value, attn_mask=bias, scale=scaling)
    return out.reshape(rows, 1, heads, size), None


def _attend_to_both(
    layer: int,
    folded: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    bias: torch.Tensor,
    layout: Layout,
    scaling: float,
) -> torch.Tensor:
    """Softmax over shared and own keys together, from its two parts."""
    _, kv_heads, groups, size = folded.shape
    own, own_sums = _with_sums(folded, key, value, 0.0, False, attn_mask=bias, scale=scaling)
    common, common_sums = torch.zeros_like(own), torch.full_like(own_sums, -torch.inf)
    for numbers, held in layout.shared:
        together = folded[numbers].transpose(0, 1).reshape(1, kv_heads, -1, size)
        keys, values = held[layer]
        out, sums = _with_sums(together, keys, values, 0.0, False, scale=scaling)
        common[numbers] = out.reshape(kv_heads, -1, groups, size).transpose(0, 1)
        common_sums[numbers] = sums.reshape(kv_heads, -1, groups).transpose(0, 1)
    weight = torch.sigmoid(common_sums - own_sums).unsqueeze(-1)
    return torch.lerp(own.float(), common.float(), weight.float()).to(folded.dtype)


@lru_cache(maxsize=8)
def causal(
    new: int, total: int, window: int | None, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """(new, total): 0 where one of the last `new` tokens sees a token, itself and those before it; else minus
    infinity."""
    with torch.inference_mode(False):
        places = torch.arange(total, device=device)
        own = places[total - new :].unsqueeze(1)
        seen = places <= own
        if window is not None:
            seen &= places > own - window
        return torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill_(~seen, -torch.inf)


def attend_in_windows(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    cu_seq_lens_q: torch.Tensor,
    **unused: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of a vision tower's layer inside each window, (1, heads, all patches, head size).

    transformers goes through the windows one by one; here those of one length are one product.
    """
    bounds = cu_seq_lens_q.tolist()
    lengths = [end - start for start, end in pairwise(bounds)]
    out = torch.empty_like(query)
    for length in dict.fromkeys(lengths):
        starts = [start for start, size in zip(bounds, lengths, strict=False) if size == length]
        whole = len(starts) == len(lengths)
        places = (torch.tensor(starts).unsqueeze(1) + torch.arange(length)).to(query.device)
        q, k, v = (_windows(one, places, whole) for one in (query, key, value))
        seen = scaled_dot_product_attention(q, k, v, scale=scaling).transpose(0, 1).flatten(1, 2)
        if whole:
            return seen.unsqueeze(0).transpose(1, 2), None
        out[0, :, places.flatten()] = seen
    return out.transpose(1, 2), None


def _windows(one: torch.Tensor, places: torch.Tensor, whole: bool) -> torch.Tensor:
    """(1, heads, patches, size) as (windows, heads, patches per window, size)."""
    chosen = one[0] if whole else one[0][:, places.flatten()]
    return chosen.unflatten(1, tuple(places.shape)).transpose(0, 1)


ALL_ATTENTION_FUNCTIONS.register(NAME, attend)
ALL_ATTENTION_FUNCTIONS.register(WINDOWS, attend_in_windows)
