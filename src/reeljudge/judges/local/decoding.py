"""Writing replies: many sequences together, each as it would be written alone.

Every question is read by itself (nothing is padded, so a reply cannot depend on its neighbours there); then
the sequences are written together, one token of each per step. A sequence leaves when its reply is complete
and the next one in line takes its place.
"""

import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from reeljudge.errors import JudgeError
from reeljudge.judges.local.cache import KeysValues, assemble, keys_values
from reeljudge.judges.local.memory import is_out_of_memory, release_memory
from reeljudge.judges.local.network import Network
from reeljudge.judges.local.reading import Read, Reader
from reeljudge.judges.local.vocabulary import Vocabulary
from reeljudge.judges.local.writing import Writing

logger = logging.getLogger(__name__)

ROOM_SLOTS = 256
"""Slots by which a mask is made longer than it must be."""


class Decoder:
    """Writes replies with a network.

    Attributes:
        limit: most sequences at once; halved for good where memory runs out, unless it turns out that one
            question alone was too large.
    """

    def __init__(self, network: Network, vocabulary: Vocabulary, end_tokens: frozenset[int], limit: int):
        self._network = network
        self._vocabulary = vocabulary
        self._end_tokens = end_tokens
        self._reader = Reader(network)
        self.limit = limit

    def write(self, writings: Iterable[Writing]) -> None:
        """Write every reply to its end, or set its question's `error`.

        Replies to questions about one clip should follow each other: they share its frames and prefix.
        """
        waiting = deque(writings)
        before = self.limit
        while waiting:
            batch = _Batch(self._network, self._vocabulary, self._end_tokens)
            full = False
            try:
                self._go_on(batch, waiting)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                full = True
            if full:
                # Outside of the handler, where nothing refers to the failed step's tensors any more.
                self._make_room(batch, waiting, before)

    def _go_on(self, batch: "_Batch", waiting: deque[Writing]) -> None:
        while waiting or batch.rows:
            while waiting and len(batch.rows) < self.limit:
                batch.joining = writing = waiting.popleft()
                if writing.question.error is None:
                    batch.join(writing, self._reader.read(writing.question))
                batch.joining = None
                self._reader.keep(writing.question, (other.question for other in waiting))
            if batch.rows:
                batch.step()

    def _make_room(self, batch: "_Batch", waiting: deque[Writing], before: int) -> None:
        """After memory ran out: begin the unfinished replies again, half as many at once."""
        in_flight = [*batch.rows, *([batch.joining] if batch.joining is not None else [])]
        unfinished = [writing for writing in in_flight if writing.finish is None]
        batch.clear()
        self._reader = Reader(self._network)
        release_memory()
        if len(in_flight) == 1:
            for writing in unfinished:
                question = writing.question
                question.error = JudgeError(
                    f"out of memory with this question alone ({len(question.prompt.ids)} tokens, "
                    f"{question.video.tokens} of them visual): lower --max-frames, --max-pixels or --fps, "
                    "or take a smaller --dtype or --load-in"
                )
            self.limit = before
            return
        self.limit = len(in_flight) // 2
        note = f"out of memory with {len(in_flight)} replies at once: went on with {self.limit}"
        logger.warning("%s", note)
        for writing in reversed(unfinished):
            if note not in writing.question.notes:
                writing.question.notes.append(note)
            writing.begin()
            waiting.appendleft(writing)


class _Batch:
    """Sequences that are written together, left-padded, one token of each per step."""

    def __init__(self, network: Network, vocabulary: Vocabulary, end_tokens: frozenset[int]):
        self._network = network
        self._digit_ids = vocabulary.digit_ids
        self._end_tokens = end_tokens
        self.rows: list[Writing] = []
        self.joining: Writing | None = None
        self.clear()

    def clear(self) -> None:
        self.rows = []
        self._cache: Any = None
        self._starts: list[int] = []
        self._positions: list[int] = []
        self._mask: torch.Tensor | None = None

    def join(self, writing: Writing, read: Read) -> None:
        """Choose the first token of a reply, and take it in unless that was all."""
        self._choose([writing], read.hidden.unsqueeze(0))
        if writing.finish is None and writing.question.error is None:
            self._regroup([*self._held(), read.keys_values])
            self.rows.append(writing)
            self._positions.append(read.next_position)

    def step(self) -> None:
        """Write one more token of every sequence; let go of those that are complete."""
        tokens = [[writing.tokens[-1]] for writing in self.rows]
        positions = torch.tensor(self._positions).reshape(1, -1, 1).expand(3, -1, -1)
        hidden = self._network.forward(tokens, positions, self._cache, self._visible())[:, -1]
        self._positions = [position + 1 for position in self._positions]
        self._choose(self.rows, hidden)
        staying = [
            index
            for index, writing in enumerate(self.rows)
            if writing.finish is None and writing.question.error is None
        ]
        if len(staying) < len(self.rows):
            held = self._held()
            self._regroup([held[index] for index in staying])
            self.rows = [self.rows[index] for index in staying]
            self._positions = [self._positions[index] for index in staying]

    def _held(self) -> list[KeysValues]:
        return [keys_values(self._cache, index, start) for index, start in enumerate(self._starts)]

    def _regroup(self, rows: list[KeysValues]) -> None:
        """Lay the sequences side by side anew, aligned at their ends."""
        if not rows:
            self._cache, self._starts, self._mask = None, [], None
            return
        self._cache = assemble(rows)
        lengths = [row[0][0].shape[-2] for row in rows]
        self._starts = [max(lengths) - length for length in lengths]
        self._mask = None

    def _visible(self) -> torch.Tensor | None:
        """Which slots each sequence sees in this step, (rows, slots); None: all."""
        if not any(self._starts):
            return None
        slots = self._cache.get_seq_length() + 1
        if self._mask is None or self._mask.shape[1] < slots:
            starts = torch.tensor(self._starts).unsqueeze(1)
            self._mask = (torch.arange(slots + ROOM_SLOTS).unsqueeze(0) >= starts).to(self._network.device)
        return self._mask[:, :slots]

    def _choose(self, writings: Sequence[Writing], hidden: torch.Tensor) -> None:
        """The next token of each sequence from the hidden states (rows, size) at its last one."""
        logits = self._network.logits(hidden)
        highest, likeliest = logits.max(dim=-1)
        tokens = likeliest.tolist()
        for index, (writing, broken) in enumerate(zip(writings, highest.isnan().tolist(), strict=True)):
            if broken:
                writing.question.error = JudgeError(
                    f"the model's numbers overflowed in {self._network.dtype_name}: "
                    "use --dtype bfloat16 or float32"
                )
                continue
            token = tokens[index]
            if writing.choose is not None:
                token = writing.choose(logits[index], writing.history())

            def digit_logits(index: int = index) -> list[float]:
                return self._network.digit_logits(hidden[index], logits[index], self._digit_ids)

            writing.add(token, self._end_tokens, digit_logits)
