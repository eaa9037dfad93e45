"""Manifests: which clips there are. Tables or folders, checked as a whole at once, then streamed."""

import os
from array import array
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np

from reeljudge.clips.clip import Clip
from reeljudge.clips.fields import clip_of
from reeljudge.clips.folder import folder_rows
from reeljudge.errors import InputError
from reeljudge.tables.rows import numbered_rows, place_word


class Manifest:
    """The clips of a manifest: sized, and iterable as often as one likes. Made by `read_manifest`.

    Iterating reads the file again and keeps one row in memory; all the object itself holds is, for every row
    whose id stands twice, one number.

    Attributes:
        path: the table or the folder.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self._length = 0
        given, derived = array("Q"), array("Q")
        for clip, has_id, _ in self._rows():
            (given if has_id else derived).append(_digest(clip.id))
            self._length += 1
        if not self._length:
            raise InputError(f"{self.path}: holds no rows; a manifest needs at least one clip")
        # 64-bit digests, sorted, stand for the ids: 8 bytes a row. What looks repeated is then read again.
        self._given = np.sort(np.frombuffer(given, np.uint64))
        twice = self._given[1:][self._given[1:] == self._given[:-1]]
        if len(twice):
            self._refuse_repeated(set(twice.tolist()))
        stems, counts = np.unique(np.frombuffer(derived, np.uint64), return_counts=True)
        self._stems = stems
        # A stem needs a number after it where it is another row's stem too, or another row's given id.
        self._contested = set(stems[(counts > 1) | _in(stems, self._given)].tolist())

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Clip]:
        next_number: dict[int, int] = {}
        for clip, has_id, _ in self._rows():
            digest = 0 if has_id else _digest(clip.id)
            if has_id or digest not in self._contested:
                yield clip
            else:
                yield self._numbered(clip, digest, next_number)

    def __repr__(self) -> str:
        return f"Manifest({str(self.path)!r}, {self._length} clips)"

    def _numbered(self, clip: Clip, digest: int, next_number: dict[int, int]) -> Clip:
        """The clip under its stem if it is the first that has it, else under stem-2, stem-3, ..."""
        from dataclasses import replace

        number = next_number.get(digest, 1)
        if number == 1 and not _in(np.array([digest], np.uint64), self._given)[0]:
            next_number[digest] = 2
            return clip
        number = max(number, 2)
        while self._is_taken(f"{clip.id}-{number}"):
            number += 1
        next_number[digest] = number + 1
        return replace(clip, id=f"{clip.id}-{number}")

    def _is_taken(self, name: str) -> bool:
        digest = np.array([_digest(name)], np.uint64)
        return bool(_in(digest, self._given)[0] or _in(digest, self._stems)[0])

    def _rows(self) -> Iterator[tuple[Clip, bool, str]]:
        """(clip, whether its id is given, where it stands)."""
        if self.path.is_dir():
            for where, row in folder_rows(self.path):
                yield *clip_of(row, self.path, where), where
            return
        word = place_word(self.path)
        for number, row in numbered_rows(self.path):
            where = f"{self.path}, {word} {number}"
            yield *clip_of(row, self.path.parent, where), where

    def _refuse_repeated(self, digests: set[int]) -> None:
        first: dict[str, str] = {}
        for clip, has_id, where in self._rows():
            if has_id and _digest(clip.id) in digests:
                if clip.id in first:
                    place = where.removeprefix(f"{self.path}, ")
                    raise InputError(
                        f"{first[clip.id]} and {place}: both have the id {clip.id!r}; ids must be unique"
                    )
                first[clip.id] = where


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Read and check a manifest: JSONL, a JSON list, CSV, Parquet, or a folder of videos with a `.txt` beside each.

    Every row is checked now, so that a mistake in the last one is known before the first is judged. Whether the
    videos exist is not: a missing one concerns its own row alone.

    Fields: `video` (relative to the manifest; also `file`, `path`, `video_path`, `videopath`), `prompt` (also
    `text`, `caption`, `text prompt`), and optionally `id` (default: the video's stem; where several rows share a
    stem, the first keeps it and the others become stem-2, stem-3, ...), `model`, `group` (default: the prompt),
    `theme`, `human` ({dimension: score or [scores]}, also as JSON text or as `human.NAME` columns). Any other
    field is kept in `Clip.extra`.

    Raises:
        InputError: the manifest cannot be used; file, row and mend are named. MissingExtra: Parquet without pyarrow.
    """
    return Manifest(path)


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _in(values: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Which of `values` occur in the sorted array."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    return ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
