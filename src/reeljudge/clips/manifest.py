"""Manifests: which clips there are. Tables or folders, checked as a whole at once, then streamed."""

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import numpy as np

from reeljudge.clips.clip import Clip
from reeljudge.clips.fields import clip_of
from reeljudge.clips.folder import VIDEO_SUFFIXES, folder_rows
from reeljudge.errors import InputError
from reeljudge.tables.rows import numbered_rows, place_word


class Manifest:
    """The clips of a manifest: sized, and iterable as often as one likes. Made by `read_manifest`.

    Iterating reads the file again with one row in memory; the object itself holds at most 20 bytes per row.

    Attributes:
        path: the table or the folder.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        if self.path.suffix.lower() in VIDEO_SUFFIXES and self.path.is_file():
            raise InputError(f"{self.path}: a video, not a manifest; judge it with `reeljudge score`")
        # 64-bit digests stand for the ids; where two rows look alike, the rows themselves are read again.
        given, stems = array("Q"), array("Q")
        for clip, has_id, _ in self._rows():
            (given if has_id else stems).append(_digest(clip.id))
        self._length = len(given) + len(stems)
        if not self._length:
            raise InputError(f"{self.path}: holds no rows; a manifest needs at least one clip")
        self._given, repeated = _distinct(given)
        if repeated:
            self._refuse_repeated(repeated)
        self._stems, self._shared = _distinct(stems)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Clip]:
        last_number = array("L", bytes(len(self._shared) * array("L").itemsize))
        for clip, has_id, _ in self._rows():
            yield clip if has_id else self._named(clip, last_number)

    def __repr__(self) -> str:
        return f"Manifest({str(self.path)!r}, {self._length} clips)"

    def _named(self, clip: Clip, last_number: array) -> Clip:
        """The clip under its stem where no other row has that id before it, else under stem-2, stem-3, ..."""
        digest = _digest(clip.id)
        place = _place(self._shared, digest)
        number = 0 if place is None else last_number[place]
        if number == 0 and _place(self._given, digest) is None:
            name, number = clip.id, 1
        else:
            number = max(number + 1, 2)
            while self._is_taken(name := f"{clip.id}-{number}"):
                number += 1
        if place is not None:
            last_number[place] = number
        return clip if name == clip.id else replace(clip, id=name)

    def _is_taken(self, name: str) -> bool:
        digest = _digest(name)
        return _place(self._given, digest) is not None or _place(self._stems, digest) is not None

    def _rows(self) -> Iterator[tuple[Clip, bool, str]]:
        """(clip, whether its row gives the id, where the row stands)."""
        if self.path.is_dir():
            for where, row in folder_rows(self.path):
                yield *clip_of(row, self.path, where), where
            return
        folder, word = self.path.parent, place_word(self.path)
        prefix = f"{self.path}, {word} "
        for number, row in numbered_rows(self.path):
            where = prefix + str(number)
            yield *clip_of(row, folder, where), where

    def _refuse_repeated(self, digests: array) -> None:
        first: dict[str, str] = {}
        for clip, has_id, where in self._rows():
            if has_id and _place(digests, _digest(clip.id)) is not None:
                if clip.id in first:
                    place = where.removeprefix(f"{self.path}, ")
                    raise InputError(
                        f"{first[clip.id]} and {place}: both rows have the id {clip.id!r}; ids must be unique"
                    )
                first[clip.id] = where


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Read and check a manifest: a table (JSONL, JSON list, CSV, Parquet), or a folder of videos with a
    `.txt` beside each.

    Every row is checked now, so that a mistake in the last one is known before the first is judged. Whether
    the videos are there is not checked: a missing one concerns its own row alone.

    Fields: `video` (relative to the manifest; also `file`, `path`, `video_path`, `videopath`), `prompt` (also
    `text`, `caption`, `text prompt`), and optionally `id` (default: the video's stem; where rows share a
    stem, the first keeps it and the others become stem-2, stem-3, ...), `model`, `group` (default: the
    prompt), `theme`, `human` ({dimension: score or [scores]}, also as JSON text or as `human.NAME` columns).
    Any other field is kept in `Clip.extra`.

    Raises:
        InputError: the manifest cannot be used; file, row and mend are named.
        MissingExtra: a Parquet file without pyarrow.
    """
    return Manifest(path)


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _distinct(digests: array) -> tuple[array, array]:
    """The distinct values in order, and those of them that occur more than once."""
    values, counts = np.unique(np.frombuffer(digests, np.uint64), return_counts=True)
    return array("Q", values.tobytes()), array("Q", values[counts > 1].tobytes())


def _place(ordered: array, value: int) -> int | None:
    """Where a value stands in a sorted array; None where it does not occur."""
    place = bisect_left(ordered, value)
    return place if place < len(ordered) and ordered[place] == value else None
