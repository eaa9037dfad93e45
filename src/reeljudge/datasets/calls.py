"""Asking a model, once: every answer is on the disk before it is used, and is never asked for again."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from reeljudge.clips import Clip, Decoder, Frames, FrameSettings
from reeljudge.errors import ClipError, InputError, JudgeError, UsageError
from reeljudge.judges import Judge, Request, Sampling
from reeljudge.ratings import RatedClip
from reeljudge.rubrics import Question, Rubric
from reeljudge.tables.lock import FolderLock
from reeljudge.tables.log import LogWriter, read_log

CALLS = "calls.jsonl"
SETTINGS = "settings.json"


@dataclass(frozen=True)
class Said:
    """What a model answered.

    Attributes:
        key: of the call, as it stands in the log.
        text: with its reasoning in the rubric's reasoning tags, where the model has some.
        finish: `length` where it was cut off.
        tokens: written; None where unknown.
        model: identity of what answered: name, revision, address, version.
    """

    key: str
    text: str
    finish: str | None
    tokens: int | None
    model: Mapping[str, Any]


@dataclass(frozen=True)
class AskSettings:
    """What decides an answer, besides the question.

    Attributes:
        judge: the judge string.
        frames: which frames are shown, as `FrameSettings`.
        temperature: 0 is greedy; asking again then gives the same answer.
        seed: of the samples.
        max_tokens: most tokens of one answer.
    """

    judge: str
    frames: FrameSettings
    temperature: float = 0.7
    seed: int = 0
    max_tokens: int = 2048

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class CallLog:
    """The answers of a folder `FILE.work`: append-only, one writer, keyed by everything that decides them.

    Raises:
        UsageError: another process writes there, or the folder belongs to other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made: {error.strerror}") from error
        self.folder = folder
        self._lock = FolderLock(folder)
        try:
            _keep_settings(folder / SETTINGS, settings)
            self._writer = LogWriter(folder / CALLS)
            self._known = {row["key"]: row for row in read_log(folder / CALLS) if row["status"] == "answered"}
        except BaseException:  # whatever ends it, the folder is free again
            self._lock.release()
            raise
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, key: str) -> Said | None:
        row = self._known.get(key)
        return None if row is None else _said(row)

    def tokens(self) -> list[int]:
        """Tokens of the answers so far, where known."""
        return [row["tokens"] for row in self._known.values() if row.get("tokens") is not None]

    def add(self, said: Said, about: Mapping[str, Any]) -> None:
        """On return, `kill -9` cannot lose it."""
        row = {"schema_version": 1, "key": said.key, "status": "answered", "reason": None}
        row |= {**about, "text": said.text, "finish": said.finish, "tokens": said.tokens, "model": said.model}
        with self._guard:
            self._writer.append(row)
            self._known[said.key] = row

    def close(self) -> None:
        self._writer.close()
        self._lock.release()

    def __enter__(self) -> "CallLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _said(row: Mapping[str, Any]) -> Said:
    return Said(row["key"], row["text"], row.get("finish"), row.get("tokens"), row.get("model") or {})


def _keep_settings(path: Path, settings: Mapping[str, Any]) -> None:
    text = json.dumps(settings, indent=1, sort_keys=True, ensure_ascii=False)
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); move {path.parent} away") from error
    changed = sorted(name for name in {*before, *settings} if before.get(name) != settings.get(name))
    if changed:
        name = changed[0]
        raise UsageError(
            f"{path.parent} was begun with other settings ({', '.join(changed)}; {name}: "
            f"{before.get(name)!r}, now {settings.get(name)!r}): give the same, or choose another -o"
        )


def read_calls(folder: Path) -> dict[str, Said]:
    """The answers in a folder, without writing there; none where there is no such folder."""
    return {row["key"]: _said(row) for row in read_log(folder / CALLS) if row["status"] == "answered"}


def call_key(settings: AskSettings, clip: RatedClip, size: int | None, question: str, attempt: int) -> str:
    """What a call is known by: model, frames, sampling, clip, file size and the question's text."""
    about = [settings.to_dict(), clip.id, clip.video, size, question, attempt]
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{digest[:16]}-{digest[16:]}"


class Asker:
    """Asks a judge about clips, from many threads; questions that were answered are not asked again.

    Args:
        judge: anything that follows the protocol of judges.
        log: where answers are kept.
        videos: folder that the clips' paths are relative to.
        workers: clips that are decoded at the same time.
        frames_kept: clips whose frames are held at the same time.

    Raises (of `ask`):
        JudgeError: no answer to this question. ClipError: the video cannot be shown.
        Stopped: the judge as a whole cannot go on.
    """

    def __init__(
        self,
        judge: Judge,
        rubric: Rubric,
        log: CallLog,
        settings: AskSettings,
        videos: Path,
        workers: int = 1,
        frames_kept: int = 8,
    ):
        self.log = log
        self.settings = settings
        self.asked = 0
        self._judge, self._rubric, self._videos = judge, rubric, videos
        self._decoder = Decoder(settings.frames, workers=workers)
        self._kept = frames_kept
        self._frames: OrderedDict[Path, Future[Frames]] = OrderedDict()
        self._flying: dict[str, Future[Said]] = {}
        self._guard = threading.Lock()
        self._over: str | None = None

    def close(self) -> None:
        self._decoder.close()

    def key(self, clip: RatedClip, question: str, attempt: int) -> str:
        return call_key(self.settings, clip, size_of(self._path(clip)), question, attempt)

    def ask(self, clip: RatedClip, question: str, step: str, dimension: str | None, attempt: int = 1) -> Said:
        """The answer to a question about a clip: from the log, from a call in flight, or from the judge."""
        key = self.key(clip, question, attempt)
        with self._guard:
            known = self.log.find(key)
            if known is not None:
                return known
            if self._over is not None:
                raise Stopped(self._over)
            flying = self._flying.get(key)
            mine = flying is None
            if flying is None:
                flying = self._flying[key] = Future()
        if not mine:
            return flying.result()
        try:
            said = self._answer(key, clip, question, step, dimension, attempt)
        except BaseException as error:  # whoever waits for the same answer must hear of it
            flying.set_exception(error)
            raise
        else:
            flying.set_result(said)
            return said
        finally:
            with self._guard:
                del self._flying[key]

    def stop(self, why: str) -> None:
        """Ask nothing more."""
        with self._guard:
            self._over = self._over or why

    def _answer(
        self, key: str, clip: RatedClip, question: str, step: str, dimension: str | None, attempt: int
    ) -> Said:
        path = self._path(clip)
        frames = self._decoded(path)
        request = Request(
            (Clip(clip.id, clip.video, path, clip.prompt, clip.model, clip.group, clip.theme),),
            (frames,),
            Question(dimension, question, prompt=clip.prompt),
            self._rubric,
            Sampling(
                temperature=self.settings.temperature,
                seed=_seed(self.settings.seed, step, attempt),
                max_tokens=self.settings.max_tokens,
                early_stop=False,
            ),
        )
        try:
            answer = self._judge.answer([request])[0]
        except JudgeError as error:
            # By the protocol of judges, raised: the judge as a whole cannot go on.
            self.stop(str(error))
            raise Stopped(str(error)) from error
        with self._guard:
            self.asked += 1
        if answer.error is not None:
            raise answer.error
        reply = answer.replies[0]
        said = Said(key, reply.text, reply.finish, reply.tokens, self._judge.identity())
        self.log.add(said, {"clip": clip.id, "dimension": dimension, "step": step, "attempt": attempt})
        return said

    def _path(self, clip: RatedClip) -> Path:
        return self._videos / clip.video

    def _decoded(self, path: Path) -> Frames:
        with self._guard:
            future = self._frames.pop(path, None)
            if future is None:
                future = self._decoder.submit(path)
            self._frames[path] = future
            while len(self._frames) > self._kept:
                self._frames.popitem(last=False)
        try:
            return future.result()
        except ClipError:
            with self._guard:
                self._frames.pop(path, None)
            raise


class Stopped(JudgeError):
    """The judge as a whole cannot go on."""


def size_of(path: Path) -> int | None:
    """Bytes of a video; None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _seed(seed: int, step: str, attempt: int) -> int:
    digest = hashlib.blake2b(f"{seed}\0{step}\0{attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") & 0x7FFFFFFF
