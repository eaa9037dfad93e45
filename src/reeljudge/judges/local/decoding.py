"""Writing replies: many sequences together, each as it would be written alone.

Every question is read by itself (nothing is padded, so a reply cannot depend on its neighbours there); then
the sequences are written together, one token of each per step. A sequence leaves when its reply is complete
and the next one in line takes its place.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch

from reeljudge.errors import JudgeError
from reeljudge.judges.local.cache import KeysValues, Slots, length_of
from reeljudge.judges.local.memory import is_out_of_memory, release_memory
from reeljudge.judges.local.network import Network
from reeljudge.judges.local.reading import Read, Reader, prefix_key
from reeljudge.judges.local.writing import PreparedQuestion, Writing

logger = logging.getLogger(__name__)

Shared = Literal["question", "video"]
"""What replies have in common: all of the question (samples), or all up to the end of the video."""


class Decoder:
    """Writes replies with a network.

    Attributes:
        limit: most sequences at once; halved for good where memory runs out, unless it turns out that one
            question alone was too large.
        most_tokens: most tokens, question and longest reply together, that sequences may hold at once; one
            sequence is always let through.
    """

    def __init__(
        self,
        network: Network,
        end_tokens: frozenset[int],
        limit: int,
        most_tokens: int | None = None,
    ):
        self._network = network
        self._end_tokens = end_tokens
        self._reader = Reader(network)
        self.limit = limit
        self.most_tokens = most_tokens

    def write(self, writings: Iterable[Writing]) -> None:
        """Write every reply to its end, or set its question's `error`.

        Replies to questions about one clip should follow each other: they share its frames and prefix.
        """
        waiting = deque(writings)
        sharing = _sharing(waiting) if self._network.shares else {}
        before = self.limit
        while waiting:
            batch = _Batch(self._network, self._end_tokens)
            full = False
            try:
                self._go_on(batch, waiting, sharing)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                full = True
            if full:
                # Outside of the handler, where nothing refers to the failed step's tensors any more.
                self._make_room(batch, waiting, before)

    def _go_on(self, batch: "_Batch", waiting: deque[Writing], sharing: dict[int, Shared]) -> None:
        while waiting or batch.rows:
            latest: PreparedQuestion | None = None
            while waiting and len(batch.rows) < self.limit and self._fits(batch, waiting[0], sharing):
                batch.joining = writing = waiting.popleft()
                latest = writing.question
                if latest.error is None:
                    batch.join(writing, self._reader.read(latest), sharing.get(id(latest)))
                batch.joining = None
            if latest is not None:
                self._reader.keep(latest, (other.question for other in waiting))
            batch.begin()
            if batch.rows:
                batch.step()

    def _fits(self, batch: "_Batch", writing: Writing, sharing: dict[int, Shared]) -> bool:
        """Whether the batch can hold one more, each as long as the longest may become."""
        if self.most_tokens is None or not batch.rows:
            return True
        longest = max(batch.longest, own_tokens(writing.question, sharing.get(id(writing.question))))
        return longest * (len(batch.rows) + 1) <= self.most_tokens

    def _make_room(self, batch: "_Batch", waiting: deque[Writing], before: int) -> None:
        """After memory ran out: begin the unfinished replies again, half as many at once."""
        in_flight = [*batch.rows, *([batch.joining] if batch.joining is not None else [])]
        unfinished = [writing for writing in in_flight if writing.finish is None]
        batch.clear()
        self._reader = Reader(self._network)
        release_memory()
        if len(in_flight) == 1:
            for writing in unfinished:
                writing.question.error = writing.question.too_large()
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


def own_tokens(question: PreparedQuestion, shared: Shared | None) -> int:
    """Most tokens that a reply's own slots will hold, beside what it shares."""
    read = {"question": 0, "video": len(question.prompt.ids) - question.prompt.shared}
    return question.max_tokens + (len(question.prompt.ids) if shared is None else read[shared])


def _sharing(writings: Iterable[Writing]) -> dict[int, Shared]:
    """Question -> what several replies have in common with it, where there are several."""
    samples: Counter[int] = Counter()
    questions: dict[int, PreparedQuestion] = {}
    for writing in writings:
        samples[id(writing.question)] += 1
        questions[id(writing.question)] = writing.question
    clips = Counter(map(prefix_key, questions.values()))
    found: dict[int, Shared] = {}
    for key, question in questions.items():
        if samples[key] > 1:
            found[key] = "question"
        elif clips[prefix_key(question)] > 1:
            found[key] = "video"
    return found


class _Batch:
    """Sequences that are written together, one token of each per step.

    Attributes:
        rows: the replies. A row whose first token is not chosen yet stands behind the others.
        joining: the reply whose question is being read.
        longest: most tokens that any row's own slots will hold.
    """

    def __init__(self, network: Network, end_tokens: frozenset[int]):
        self._network = network
        self._end_tokens = end_tokens
        self.joining: Writing | None = None
        self.clear()

    def clear(self) -> None:
        self.rows: list[Writing] = []
        self._reads: list[Read] = []
        self._before: list[KeysValues | None] = []
        self._positions: list[int] = []
        self._slots: Slots | None = None
        self._shared: list[tuple[torch.Tensor, KeysValues]] | None = None
        self._longest: list[int] = []

    @property
    def longest(self) -> int:
        return max(self._longest, default=0)

    def join(self, writing: Writing, read: Read, shared: Shared | None) -> None:
        """Take in a reply whose question was read; `begin` chooses its first token."""
        own = read.rest if shared == "video" else read.whole
        before = {"video": read.video, "question": own}.get(shared) if shared is not None else None
        if shared == "question":
            own = [(keys[:, :, :0], values[:, :, :0]) for keys, values in own]
        if self._slots is None:
            self._slots = Slots(own, rows=1, slots=length_of(own) + 1)
        self._slots.append(own)
        self.rows.append(writing)
        self._reads.append(read)
        self._before.append(before)
        self._positions.append(read.next_position)
        self._longest.append(own_tokens(writing.question, shared))
        self._shared = None

    def begin(self) -> None:
        """Choose the first token of every reply that joined."""
        joined = len(self._reads)
        if joined:
            hidden = torch.stack([read.hidden for read in self._reads])
            self._reads = []
            self._choose(self.rows[-joined:], hidden)
            self._let_go()

    def step(self) -> None:
        """Write one more token of every sequence; let go of those that are complete."""
        assert self._slots is not None
        tokens = [[writing.tokens[-1]] for writing in self.rows]
        positions = torch.tensor(self._positions).reshape(1, -1, 1).expand(3, -1, -1)
        if self._shared is None:
            self._shared = self._groups()
        hidden = self._network.forward(tokens, positions, self._slots, self._shared)[:, -1]
        self._positions = [position + 1 for position in self._positions]
        self._choose(self.rows, hidden)
        self._let_go()

    def _groups(self) -> list[tuple[torch.Tensor, KeysValues]]:
        """Which rows share which keys and values."""
        groups: dict[int, tuple[list[int], KeysValues]] = {}
        for row, before in enumerate(self._before):
            if before is not None:
                groups.setdefault(id(before), ([], before))[0].append(row)
        return [(torch.tensor(rows, device=self._network.device), held) for rows, held in groups.values()]

    def _let_go(self) -> None:
        """Drop the rows that are done; the last row takes a dropped one's number."""
        for row in reversed(range(len(self.rows))):
            writing = self.rows[row]
            if writing.finish is None and writing.question.error is None:
                continue
            assert self._slots is not None
            self._slots.remove(row)
            columns: tuple[list[Any], ...] = (self.rows, self._before, self._positions, self._longest)
            for held in columns:
                last = held.pop()
                if row < len(held):
                    held[row] = last
            self._shared = None
        if not self.rows:
            self._slots = None

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
                return self._network.digit_logits(hidden[index], logits[index])

            writing.add(token, self._end_tokens, digit_logits)
