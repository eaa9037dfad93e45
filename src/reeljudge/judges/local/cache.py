"""Keys and values of sequences that are being written: left-padded, with room to grow."""

from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, DynamicLayer

ROOM = 256
"""Slots that are added at once when a buffer is full."""

KeysValues = list[tuple[torch.Tensor, torch.Tensor]]
"""Per layer, keys and values of shape (1, key-value heads, tokens, head size)."""


class GrowingLayer(DynamicLayer):
    """A layer whose buffer has free slots, so that a step writes one slot and copies nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._length = 0

    keys: torch.Tensor
    values: torch.Tensor

    def hold(self, keys: torch.Tensor, values: torch.Tensor, length: int) -> None:
        """Take over buffers of which the first `length` slots are filled."""
        self.lazy_initialization(keys, values)
        self.keys, self.values, self._length = keys, values, length

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.hold(key_states, value_states, key_states.shape[-2])
            return key_states, value_states
        end = self._length + key_states.shape[-2]
        if end > self.keys.shape[-2]:
            self.keys = _with_room(self.keys, self._length, end + ROOM)
            self.values = _with_room(self.values, self._length, end + ROOM)
        self.keys[:, :, self._length : end] = key_states
        self.values[:, :, self._length : end] = value_states
        self._length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        return self._length

    def row(self, index: int, start: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values of one sequence from slot `start` on (views)."""
        chosen = slice(index, index + 1), slice(None), slice(start, self._length)
        return self.keys[chosen], self.values[chosen]


def empty_cache(layers: int) -> Cache:
    return Cache(layers=[GrowingLayer() for _ in range(layers)])


def keys_values(cache: Cache, index: int = 0, start: int = 0) -> KeysValues:
    """What a cache holds for one sequence, without its padding (views)."""
    return [layer.row(index, start) for layer in cache.layers]  # type: ignore[union-attr]


def assemble(rows: Sequence[KeysValues], room: int = ROOM) -> Cache:
    """One cache of several sequences, padded on the left to the longest, with `room` free slots."""
    cache = empty_cache(len(rows[0]))
    longest = max(row[0][0].shape[-2] for row in rows)
    for index, layer in enumerate(cache.layers):
        layer.hold(  # type: ignore[union-attr]
            _side_by_side([row[index][0] for row in rows], longest, room),
            _side_by_side([row[index][1] for row in rows], longest, room),
            longest,
        )
    return cache


def _side_by_side(rows: Sequence[torch.Tensor], longest: int, room: int) -> torch.Tensor:
    _, heads, _, size = rows[0].shape
    # Padding must be finite: a masked slot counts with weight 0, and 0 x NaN is NaN.
    buffer = rows[0].new_zeros(len(rows), heads, longest + room, size)
    for index, row in enumerate(rows):
        buffer[index, :, longest - row.shape[-2] : longest] = row[0]
    return buffer


def _with_room(buffer: torch.Tensor, filled: int, slots: int) -> torch.Tensor:
    batch, heads, _, size = buffer.shape
    larger = buffer.new_zeros(batch, heads, slots, size)
    larger[:, :, :filled] = buffer[:, :, :filled]
    return larger
