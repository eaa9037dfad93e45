"""The recorded judge: replies from a file instead of a model."""

import json
import threading
from array import array
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np

from reeljudge.clips import FrameSettings
from reeljudge.errors import InputError, JudgeError, did_you_mean
from reeljudge.judges.characters import valid_text
from reeljudge.judges.options import JudgeOptions
from reeljudge.judges.protocol import Answer, Request
from reeljudge.verdicts import Finish, Reply

BATCH = 64
VERDICTS = "verdicts.jsonl"

_BOM = b"\xef\xbb\xbf"


_FINISHES = get_args(Finish)
_decode = json.JSONDecoder().decode


class _Key(NamedTuple):
    """What a reply is found by. `rubric` is None in a plain row; a verdict's replies belong to its rubric."""

    id: str
    rubric: str | None
    dimension: str | None
    sample: int


class _Recording(NamedTuple):
    """One reply as it stands in a row."""

    key: _Key
    text: str
    finish: Finish | None
    tokens: int | None


class Recordings:
    """The replies of a file, found by id, rubric, dimension and sample.

    The file is read through once; kept are a hash and an offset per reply (16 bytes each), not the texts.
    A reply is read from its place when it is asked for, and compared with what was asked, so that equal
    hashes and a file that changes meanwhile cannot hand out a foreign reply.

    Rows are `{"id", "reply", "dimension"?, "sample"?, "finish"?, "tokens"?}` or verdicts of a run, whose
    `replies` are taken; there a later line replaces an earlier one about the same clip and rubric.

    Raises:
        InputError: the file is missing or empty, a row is broken, or two rows hold the same reply.
    """

    def __init__(self, path: Path):
        self.path = path / VERDICTS if path.is_dir() else path
        self._lock = threading.Lock()
        self._last: tuple[int, tuple[_Recording, ...]] = (-1, ())
        try:
            self._file = self.path.open("rb")
        except OSError as error:
            why = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
            raise InputError(f"{self.path}: {why}; a file of 'id' and 'reply' is needed") from None
        try:
            self._scan()
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, id: str, rubric: str | None, dimension: str | None, sample: int) -> _Recording | None:
        """The reply of exactly that key; `rubric` None for plain rows.

        Raises:
            JudgeError: the file has changed since it was opened.
        """
        key = _Key(id, rubric, dimension, sample)
        wanted = hash(key)
        place = int(np.searchsorted(self._hashes, wanted))
        while place < len(self._hashes) and self._hashes[place] == wanted:
            alike = [one for one in self._at(int(self._offsets[place])) if hash(one.key) == wanted]
            if not alike:
                raise JudgeError(f"{self.path} has changed while it was read: start again")
            for one in alike:
                if one.key == key:
                    return one
            place += 1  # another key with the same hash
        return None

    def close(self) -> None:
        self._file.close()

    def _scan(self) -> None:
        hashes, offsets = array("q"), array("q")
        digest = sha256()
        abouts: set[tuple[str | None, str | None]] = set()
        offset = 0
        for number, line in enumerate(self._file, 1):
            digest.update(line)
            if line.strip():
                for one in self._parse(line, number):
                    hashes.append(hash(one.key))
                    offsets.append(offset)
                    abouts.add(one.key[1:3])
            offset += len(line)
        if offset == 0:
            raise InputError(f"{self.path}: the file is empty; it must hold at least one reply")
        self.rubrics = {rubric for rubric, _ in abouts}
        self.dimensions = {dimension for _, dimension in abouts}
        self.digest = digest.hexdigest()
        self._hashes = np.frombuffer(hashes, dtype=np.int64) if hashes else np.empty(0, np.int64)
        self._offsets = np.frombuffer(offsets, dtype=np.int64) if offsets else np.empty(0, np.int64)
        order = np.argsort(self._hashes, kind="stable")  # equal ones stay in the file's order
        self._hashes, self._offsets = self._hashes[order], self._offsets[order]
        self._resolve_doubles()

    def _resolve_doubles(self) -> None:
        """Refuse two rows with the same reply; of a run's verdicts, keep the last."""
        superseded = np.zeros(len(self._hashes), dtype=bool)
        for place in np.flatnonzero(self._hashes[1:] == self._hashes[:-1]).tolist():
            first, second = int(self._offsets[place]), int(self._offsets[place + 1])
            wanted = int(self._hashes[place])
            keys = {one.key for one in self._at(first) if hash(one.key) == wanted}
            double = next((one for one in self._at(second) if one.key in keys), None)
            if double is None:
                continue  # two keys with one hash
            if first == second or double.key.rubric is None:
                raise InputError(
                    f"{self.path}: lines {self._line(first)} and {self._line(second)} both hold "
                    f"{_about(double.key.id, double.key.dimension, double.key.sample)}: keep one of them"
                )
            superseded[place] = True
        self._hashes, self._offsets = self._hashes[~superseded], self._offsets[~superseded]

    def _at(self, offset: int) -> tuple[_Recording, ...]:
        with self._lock:
            if self._last[0] != offset:
                self._file.seek(offset)
                line = self._file.readline()
                try:
                    self._last = (offset, tuple(self._parse(line, None)))
                except InputError:
                    raise JudgeError(f"{self.path} has changed while it was read: start again") from None
            return self._last[1]

    def _line(self, offset: int) -> int:
        """Number of the line at `offset`, counted only when a message needs it."""
        with self.path.open("rb") as file:
            line, seen = 1, 0
            for text in file:
                if seen >= offset:
                    break
                seen += len(text)
                line += 1
        return line

    def _parse(self, line: bytes, number: int | None) -> Iterator[_Recording]:
        where = f"{self.path}, line {number}" if number else f"{self.path}"
        try:
            row = _decode((line.removeprefix(_BOM) if number in (1, None) else line).decode())
        except (ValueError, RecursionError):
            if number is not None and not line.endswith(b"\n") and line.startswith(b'{"schema_version"'):
                return  # the last line of a run that was stopped while it wrote
            raise InputError(f"{where}: not valid JSON; every line must be one object") from None
        if not isinstance(row, dict):
            raise InputError(f"{where}: every line must be one object {{...}}")
        id = row.get("id")
        if isinstance(id, int) and not isinstance(id, bool):
            id = str(id)
        if not isinstance(id, str) or not id:
            raise InputError(f"{where}: no 'id' that names a clip of the manifest")
        if "reply" in row:
            yield _recording(row, "reply", valid_text(id), None, where)
            return
        replies, rubric = row.get("replies"), row.get("rubric")
        if not isinstance(replies, list) or not isinstance(rubric, str):
            meant = did_you_mean("reply", [name for name in row if name not in ("id", "dimension")])
            hint = meant if meant.startswith(" Did") else ""
            raise InputError(f"{where}: no 'reply' (the judge's text) in the row of id {id!r}.{hint}")
        for reply in replies:
            if not isinstance(reply, Mapping):
                raise InputError(f"{where}: 'replies' must hold objects with 'text'")
            yield _recording(reply, "text", valid_text(id), rubric, where)


def _recording(
    fields: Mapping[str, Any], text_field: str, id: str, rubric: str | None, where: str
) -> _Recording:
    text, finish, tokens = fields.get(text_field), fields.get("finish"), fields.get("tokens")
    dimension, sample = fields.get("dimension") or None, fields.get("sample")
    if not isinstance(text, str):
        raise InputError(f"{where}: {text_field!r} must be a text; leave the row out where there is no reply")
    if finish is not None and finish not in _FINISHES:
        raise InputError(f"{where}: 'finish' must be stop, length or score, got {finish!r}")
    if dimension is not None and not isinstance(dimension, str):
        raise InputError(f"{where}: 'dimension' must be a name, got {dimension!r}")
    if sample is None:
        sample = 0
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise InputError(f"{where}: 'sample' must be an integer from 0, got {sample!r}")
    known = tokens if isinstance(tokens, int) and not isinstance(tokens, bool) else None
    return _Recording(_Key(id, rubric, dimension, sample), valid_text(text), finish, known)


class RecordedJudge:
    """Replays a file's replies (`judges.protocol.Judge`).

    Which reply answers a request:

    - a verdict's reply answers only for its own rubric, and comes before plain rows;
    - a question for all dimensions takes the row without a dimension;
    - a question for one dimension takes the row with that dimension. A row without one says nothing
      about which question it answered, so it is taken only where no other reading is possible: the
      rubric has a single dimension, and no row of that id names one;
    - sample `n` takes the row with `"sample": n`; rows without it are sample 0.

    Anything else is an `Answer.error`, never another reply.
    """

    def __init__(self, target: str, recordings: Recordings, decode: bool, batch_size: int):
        self.name = f"recorded:{target}"
        self.needs_frames = decode
        self.frame_settings = FrameSettings()
        self.batch_size = batch_size
        self.templates: Mapping[str, str] = {}
        self._recordings = recordings

    def identity(self) -> dict[str, Any]:
        """The file by its content: a renamed file is the same judge, a changed one is not."""
        return {"kind": "recorded", "sha256": self._recordings.digest, "revision": None}

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """One answer per request, in order; see `judges.protocol.Judge.answer`."""
        return [self._answer(request) for request in requests]

    def close(self) -> None:
        self._recordings.close()

    def _answer(self, request: Request) -> Answer:
        replies = []
        dimension = request.question.dimension
        for sample in range(request.sampling.samples):
            try:
                found = self._find(request, dimension, sample)
                if found is None:
                    return Answer(error=JudgeError(self._missing(request, dimension, sample)))
            except JudgeError as error:
                return Answer(error=error)
            replies.append(
                Reply(
                    dimension=dimension,
                    sample=sample,
                    text=found.text,
                    finish=found.finish,
                    tokens=found.tokens,
                )
            )
        return Answer(tuple(replies))

    def _find(self, request: Request, dimension: str | None, sample: int) -> _Recording | None:
        id, rubric = valid_text(request.clips[0].id), request.rubric
        for scope in (rubric.name, None):
            found = self._recordings.find(id, scope, dimension, sample)
            if found is not None:
                return found
        if dimension is not None and len(rubric.dimensions) == 1 and not self._named(id):
            return self._recordings.find(id, None, None, sample)
        return None

    def _named(self, id: str) -> bool:
        """Whether a plain row of `id` names a dimension."""
        names = self._recordings.dimensions - {None}
        return any(self._recordings.find(id, None, name, 0) is not None for name in names)

    def _missing(self, request: Request, dimension: str | None, sample: int) -> str:
        id, rubric, path = valid_text(request.clips[0].id), request.rubric, self._recordings.path
        text = f"no recorded reply for {_about(id, dimension, sample)} in {path}"
        others = self._recordings.rubrics - {None, rubric.name}
        if dimension is not None and self._recordings.find(id, None, None, sample) is not None:
            text += f': its row says no dimension; add "dimension": "{dimension}" if it is about that'
        elif dimension is None and self._named(id):
            text += f": its rows are about single dimensions, and {rubric.name!r} asks for all in one reply"
        elif sample and self._find(request, dimension, 0) is not None:
            text += ": fewer samples were recorded than are asked for"
        elif others and not self._recordings.rubrics & {None, rubric.name}:
            text += f": it holds verdicts on {', '.join(sorted(str(name) for name in others))}"
        return text


def _about(id: str, dimension: str | None, sample: int) -> str:
    about = f"id {id!r}"
    if dimension is not None:
        about += f", dimension {dimension!r}"
    return f"{about}, sample {sample}" if sample else about


def open_recorded(target: str, options: JudgeOptions) -> RecordedJudge:
    """The judge behind `recorded:FILE`, a file of replies or of verdicts, or a run folder.

    Args:
        target: the file's path.
        options: `decode` (decode the videos although no reply depends on them) and `batch_size`.

    Raises:
        InputError: the file cannot be used.
    """
    recordings = Recordings(Path(target).expanduser())
    return RecordedJudge(target, recordings, bool(options.decode), options.batch_size or BATCH)
