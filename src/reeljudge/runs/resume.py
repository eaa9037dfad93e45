"""Which rows of a manifest are still to be judged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path

from reeljudge.clips import Clip, sha256_file
from reeljudge.judging import Plan, file_stamp
from reeljudge.judging.configuration import verdict_key
from reeljudge.runs.folder import VERDICTS_NAME
from reeljudge.runs.shards import Shard
from reeljudge.tables.log import Entry, LogIndex, read_line, split_key, stamp_of


@dataclass
class Todo:
    """What a run has to do.

    Attributes:
        rows: rows of the manifest that belong to this run (shard and limit applied).
        done: rows whose verdict stands.
        again: rows to judge once more: they ended in an error, or a question failed in the backend.
        changed: rows to judge once more, since the video, the prompt or the theme changed.
        restamp: offsets of verdicts whose file has another time or place but the same content.
        marks: one byte per row, 1 where it is to be judged.
    """

    rows: int
    done: int
    again: int
    changed: int
    restamp: list[tuple[int, int | None, float | None]]
    marks: bytearray

    @property
    def count(self) -> int:
        """Rows to judge."""
        return self.rows - self.done

    def clips(self, clips: Iterable[Clip]) -> Iterator[Clip]:
        """The clips to judge, of the same clips in the same order."""
        return compress(clips, self.marks)


def belonging(clips: Iterable[Clip], shard: Shard | None, limit: int | None) -> Iterator[Clip]:
    """The clips of a shard, at most `limit` of them."""
    chosen = iter(clips) if shard is None else (clip for clip in clips if clip.id in shard)
    return islice(chosen, limit)


def what_is_left(
    clips: Iterable[Clip], plan: Plan, index: LogIndex, folder: Path, needs_frames: bool
) -> Todo:
    """Compare clips with the verdicts that a folder holds.

    A verdict stands if it is about the same id, configuration, prompt and theme, is no error, no question
    of it failed in the backend, and its file has the size and time it had. With another size or time the
    content's hash decides. A judge that looks at nothing cannot be fooled by a changed file.

    Args:
        needs_frames: whether the judge looks at the files.
    """
    todo = Todo(0, 0, 0, 0, [], bytearray())
    for clip in clips:
        todo.rows += 1
        key = plan.key(clip)
        entry = index.find(key) if len(index) else None
        left = True
        if entry is not None:
            if entry.content != split_key(key)[1]:
                todo.changed += 1
            elif _unfinished(entry):
                todo.again += 1
            elif needs_frames and not _same_file(clip, entry, folder, todo):
                todo.changed += 1
            else:
                left = False
        todo.marks.append(left)
        todo.done += not left
    return todo


def is_finished(clip: Clip, index: LogIndex, rubric: str, config: str) -> bool:
    """Whether a verdict stands, by its key and its status alone: the file is not looked at."""
    key = verdict_key(clip.id, rubric, config, clip.prompt, clip.theme)
    entry = index.find(key)
    return entry is not None and entry.content == split_key(key)[1] and not _unfinished(entry)


def _unfinished(entry: Entry) -> bool:
    return entry.status == "error" or entry.reason == "backend_error"


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
