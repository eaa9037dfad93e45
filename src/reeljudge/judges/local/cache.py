"""Keys and values: of a question while it is read, and of the replies that are being written."""

import torch
from transformers.cache_utils import Cache, DynamicLayer

ROOM = 128
"""Slots that are added at once when the longest sequence fills its own."""

KeysValues = list[tuple[torch.Tensor, torch.Tensor]]
"""Per layer, keys and values of shape (1, key-value heads, tokens, head size)."""


def length_of(held: KeysValues) -> int:
    """How many tokens."""
    return held[0][0].shape[-2]


def joined(first: KeysValues, second: KeysValues) -> KeysValues:
    """The keys and values of two stretches of one sequence as one (copies)."""
    return [
        (torch.cat([keys, more_keys], dim=2), torch.cat([values, more_values], dim=2))
        for (keys, values), (more_keys, more_values) in zip(first, second, strict=True)
    ]


class _ReadingLayer(DynamicLayer):
    """What a layer sees while a stretch of text is read: what came before, and the stretch itself."""

    def __init__(self, before: tuple[torch.Tensor, torch.Tensor] | None) -> None:
        super().__init__()
        self._before = before
        self.own: tuple[torch.Tensor, torch.Tensor] | None = None
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.own = key_states, value_states
        if self._before is None:
            return key_states, value_states
        keys, values = self._before
        return torch.cat([keys, key_states], dim=2), torch.cat([values, value_states], dim=2)

    def get_seq_length(self) -> int:
        before = 0 if self._before is None else self._before[0].shape[-2]
        return before + (0 if self.own is None else self.own[0].shape[-2])


class ReadingCache(Cache):
    """The cache of one pass over a stretch of text that follows `before`."""

    def __init__(self, layers: int, before: KeysValues | None = None) -> None:
        self._reading = [_ReadingLayer(None if before is None else before[n]) for n in range(layers)]
        super().__init__(layers=list(self._reading))

    def own(self) -> KeysValues:
        """Keys and values of the stretch alone."""
        return [
            (layer.own[0].contiguous(), layer.own[1].contiguous())
            for layer in self._reading
            if layer.own is not None
        ]


class _SlotLayer(DynamicLayer):
    """A layer's buffers, (rows, key-value heads, slots, head size)."""

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, like: torch.Tensor, rows: int, slots: int) -> None:
        super().__init__()
        _, heads, _, size = like.shape
        # Free slots must be finite: a masked slot counts with weight 0, and 0 x NaN is NaN.
        self.keys = like.new_zeros(rows, heads, slots, size)
        self.values = like.new_zeros(rows, heads, slots, size)
        self.is_initialized = True
        self.row_numbers = torch.empty(0)
        self.places = torch.empty(0)
        self.longest = 0

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put one token of each row behind its others."""
        self.keys[self.row_numbers, :, self.places] = key_states[:, :, 0]
        self.values[self.row_numbers, :, self.places] = value_states[:, :, 0]
        rows = len(key_states)
        return self.keys[:rows, :, : self.longest], self.values[:rows, :, : self.longest]

    def get_seq_length(self) -> int:
        return self.longest


class Slots(Cache):
    """Keys and values of sequences that are written together.

    Each row holds its own tokens from slot 0 on, so that rows of any length stand side by side, one that
    joins copies only itself, and one that leaves is replaced by the last.

    Args:
        like: keys and values of any sequence, for shapes, dtype and device.
        rows: how many sequences to have room for at first.
        slots: tokens per sequence to have room for at first.
    """

    def __init__(self, like: KeysValues, rows: int, slots: int) -> None:
        self._slots = [_SlotLayer(keys, rows, slots) for keys, _ in like]
        super().__init__(layers=list(self._slots))
        self._device = like[0][0].device
        self.lengths: list[int] = []

    def append(self, held: KeysValues) -> None:
        """A new row."""
        length, row = length_of(held), len(self.lengths)
        self._make_room(row + 1, length + 1)
        for layer, (keys, values) in zip(self._slots, held, strict=True):
            layer.keys[row, :, :length] = keys[0]
            layer.values[row, :, :length] = values[0]
        self.lengths.append(length)

    def remove(self, row: int) -> None:
        """Drop a row; the last one takes its number."""
        last = len(self.lengths) - 1
        length = self.lengths.pop()
        if row == last:
            return
        self.lengths[row] = length
        for layer in self._slots:
            layer.keys[row, :, :length] = layer.keys[last, :, :length]
            layer.values[row, :, :length] = layer.values[last, :, :length]

    def begin_step(self) -> torch.Tensor:
        """Have a free slot in every row. Returns the rows' lengths with the new token."""
        longest = max(self.lengths) + 1
        self._make_room(len(self.lengths), longest)
        places = torch.tensor(self.lengths, device=self._device)
        numbers = torch.arange(len(self.lengths), device=self._device)
        for layer in self._slots:
            layer.row_numbers, layer.places, layer.longest = numbers, places, longest
        self.lengths = [length + 1 for length in self.lengths]
        return places + 1

    def _make_room(self, rows: int, slots: int) -> None:
        have_rows, _, have_slots, _ = self._slots[0].keys.shape
        if rows <= have_rows and slots <= have_slots:
            return
        rows = have_rows if rows <= have_rows else max(rows, 2 * have_rows)
        slots = have_slots if slots <= have_slots else slots + ROOM
        for layer in self._slots:
            layer.keys = _enlarged(layer.keys, rows, slots)
            layer.values = _enlarged(layer.values, rows, slots)


def _enlarged(buffer: torch.Tensor, rows: int, slots: int) -> torch.Tensor:
    have_rows, heads, have_slots, size = buffer.shape
    larger = buffer.new_zeros(rows, heads, slots, size)
    larger[:have_rows, :, :have_slots] = buffer
    return larger
