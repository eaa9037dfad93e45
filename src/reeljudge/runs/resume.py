"""Which rows of a manifest are still to be judged."""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from reeljudge.clips import Clip, sha256_file
from reeljudge.errors import InputError
from reeljudge.judging import Keys, file_stamp
from reeljudge.runs.folder import VERDICTS_NAME, unfinished
from reeljudge.runs.shards import Shard
from reeljudge.tables.log import Entry, LogIndex, read_line, stamp_of

_CHUNK = 4096
_AGAIN = "nothing that was judged is lost, the same command goes on with the manifest as it is now"


@dataclass
class Todo:
    """What a run has to do.

    Attributes:
        rows: rows of the manifest that belong to this run (shard and limit applied).
        done: rows whose verdict stands.
        again: rows to judge once more: they ended in an error, or a question failed in the backend.
        changed: rows to judge once more, since the video, the prompt or the theme changed.
        restamp: (offset of the verdict, size, time) where a file has another time but the same content.
        marks: one byte per row, 1 where it is to be judged; None where all are.
        seen: ROW of every row's key, 8 bytes each, where there are marks.
    """

    rows: int = 0
    done: int = 0
    again: int = 0
    changed: int = 0
    restamp: list[tuple[int, int | None, float | None]] = field(default_factory=list)
    marks: bytearray | None = None
    seen: bytearray = field(default_factory=bytearray)

    @property
    def count(self) -> int:
        """Rows to judge."""
        return self.rows - self.done

    def clips(self, clips: Iterable[Clip], keys: Keys) -> Iterator[Clip]:
        """The clips to judge, of the same clips in the same order.

        Raises:
            InputError: the clips are others than before: the manifest was changed meanwhile.
        """
        if self.marks is None:
            yield from clips
            return
        # What comes after the last row to judge need not be read.
        wanted = bytes(self.marks).rstrip(b"\0")
        place = 0
        for place, (mark, clip) in enumerate(zip(wanted, clips, strict=False), 1):
            if keys.digests(clip)[0] != self.seen[8 * place - 8 : 8 * place]:
                raise InputError(f"the manifest was changed during the run (row {place}); {_AGAIN}")
            if mark:
                yield clip
        if place < len(wanted):
            raise InputError(f"the manifest became shorter during the run; {_AGAIN}")


def belonging(clips: Iterable[Clip], shard: Shard | None, limit: int | None) -> Iterator[Clip]:
    """The clips of a shard, at most `limit` of them."""
    chosen = iter(clips) if shard is None else (clip for clip in clips if clip.id in shard)
    return islice(chosen, limit)


def count_of(clips: Iterable[Clip], shard: Shard | None, limit: int | None) -> int:
    """How many clips belong to a shard and limit; without a shard a sized manifest is not read for it."""
    if shard is None and isinstance(clips, Sized):
        return len(clips) if limit is None else min(len(clips), limit)
    return sum(1 for _ in belonging(clips, shard, limit))


def what_is_left(
    clips: Iterable[Clip], keys: Keys, index: LogIndex, folder: Path, needs_frames: bool
) -> Todo:
    """Compare clips with the verdicts that a folder holds.

    A verdict stands if it is about the same id, configuration, prompt and theme, is no error, no question
    of it failed in the backend, and its file has the size and time it had. With another size or time the
    content's hash decides. A judge that looks at nothing cannot be fooled by a changed file.

    Args:
        needs_frames: whether the judge looks at the files.
    """
    todo, marks = Todo(), bytearray()
    source = iter(clips)
    while chunk := list(islice(source, _CHUNK)):
        marks += _left_of(chunk, keys, index, folder, needs_frames, todo)
    todo.rows, todo.done, todo.marks = len(marks), len(marks) - sum(marks), marks
    return todo


def _left_of(
    chunk: list[Clip], keys: Keys, index: LogIndex, folder: Path, needs_frames: bool, todo: Todo
) -> bytes:
    """One byte per clip, 1 where it is to be judged. Looked up together: a million rows take seconds."""
    digests = [keys.digests(clip) for clip in chunk]
    todo.seen += b"".join(row for row, _ in digests)
    rows, contents = (
        np.frombuffer(b"".join(part), ">u8").astype("u8") for part in zip(*digests, strict=True)
    )
    places = index.find_all(rows)
    there = places >= 0
    same = there & (index.contents[places] == contents)
    finished = np.array([not unfinished(status, reason) for status, reason in index.names])
    stands = same & finished[index.states[places]]
    todo.changed += int(np.count_nonzero(there & ~same))
    todo.again += int(np.count_nonzero(same & ~stands))
    if needs_frames:
        for number in np.flatnonzero(stands):
            if not _same_file(chunk[number], index.entry(int(places[number])), folder, todo):
                stands[number] = False
                todo.changed += 1
    return (~stands).astype(np.uint8).tobytes()


def _same_file(clip: Clip, entry: Entry, folder: Path, todo: Todo) -> bool:
    size, modified = file_stamp(clip.path)
    if size is None or stamp_of(size, modified) == entry.stamp:
        return True  # a file that is gone cannot be judged again: what was seen stands
    row = read_line(folder / VERDICTS_NAME, entry.offset)
    if row is None or row.get("sha256") != _content_hash(clip.path):
        return False
    todo.restamp.append((entry.offset, size, modified))
    return True


def _content_hash(path: Path) -> str | None:
    try:
        return sha256_file(path)
    except OSError:
        return None
