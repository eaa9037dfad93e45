"""A run folder: `run.json`, which says how the verdicts came about, and `verdicts.jsonl`."""

import json
import os
import platform
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from reeljudge import __version__
from reeljudge.errors import InputError, UsageError
from reeljudge.judging import Plan
from reeljudge.tables.lock import FolderLock, refusal, writer_of
from reeljudge.tables.log import LogIndex, LogWriter, read_log, scan_log

SETTINGS_NAME = "run.json"
VERDICTS_NAME = "verdicts.jsonl"
SCHEMA_VERSION = 1

_PACKAGES = ("av", "numpy", "pydantic", "torch", "transformers", "peft", "bitsandbytes")
_MOST_NOTES = 50
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s'\"]+@")
_SECRET_VALUE = re.compile(
    r"(?i)(?P<name>(?:api[-_]?key|key|token|secret|password|authorization|signature)[=: ]\s*)[^\s&'\"]+"
)


def read_settings(folder: Path) -> dict[str, Any]:
    """`run.json` of a run folder.

    Raises:
        InputError: the folder is no run folder, or its `run.json` cannot be read.
    """
    path = folder / SETTINGS_NAME
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        what = "no such run folder"
        if folder.exists():
            what = f"no run folder (it {'has no run.json' if folder.is_dir() else 'is a file'})"
        raise InputError(f"{folder}: {what}; `reeljudge run MANIFEST -o {folder}` makes one") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not isinstance(settings, dict) or not isinstance(settings.get("configuration"), dict):
        raise InputError(f"{path}: not a run's settings: no `configuration` in it")
    return settings


def read_verdicts(folder: Path, index: LogIndex | None = None) -> Iterator[dict[str, Any]]:
    """The verdict rows of a run, the last line of each row, in the order in which they first appeared."""
    return read_log(folder / VERDICTS_NAME, index)


def unfinished(status: str, reason: str | None) -> bool:
    """Whether a row is to be tried again: the judge, and not the clip, is why it has no scores."""
    return status == "error" or reason == "backend_error"


def index_verdicts(folder: Path) -> LogIndex:
    """Where the run's verdicts stand, and how they ended."""
    return scan_log(folder / VERDICTS_NAME)


def describe_run(plan: Plan, settings: Mapping[str, Any], command: Sequence[str]) -> dict[str, Any]:
    """What `run.json` says about a new run.

    Args:
        plan: rubric and configuration.
        settings: what does not change a score: manifest, shard, batch size, limits, ...
        command: the command line; credentials in it are struck out.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "config": plan.config,
        "configuration": _map_text(plan.configuration, _strike_credentials),
        "rubric": plan.rubric.model_dump(mode="json"),
        "settings": _map_text(dict(settings), _strike_secrets),
        "versions": package_versions(),
        "command": _strike_secrets(shlex.join(command)),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notes": [],
    }


def package_versions() -> dict[str, str]:
    """Of reeljudge, Python, the platform, and the packages that take part in a score."""
    found = {"reeljudge": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _strike_credentials(text: str) -> str:
    return _CREDENTIALS.sub("***@", text)


def _strike_secrets(text: str) -> str:
    return _SECRET_VALUE.sub(r"\g<name>***", _strike_credentials(text))


def _map_text(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _map_text(inner, change) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_map_text(inner, change) for inner in value]
    return value


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Field by field what differs: `frames.fps: 2.0 -> 4.0`."""
    found: list[str] = []
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if isinstance(before, dict) and isinstance(after, dict):
            found.extend(differences(before, after, f"{prefix}{name}."))
        elif before != after:
            found.append(f"{prefix}{name}: {_short(before)} -> {_short(after)}")
    return found


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write `run.json` so that there is always a whole one, also after a power cut."""
    text = json.dumps(settings, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    part = folder / f".{SETTINGS_NAME}.part"  # one writer per folder: a fixed name leaves no litter behind
    try:
        with open(part, "wb") as file:
            file.write(text + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, folder / SETTINGS_NAME)
    except OSError as error:
        raise InputError(f"{folder / SETTINGS_NAME}: cannot be written: {error.strerror}") from error


class RunWriter:
    """A run folder that this process writes to. A context manager, or `close` it.

    Opening makes the folder, takes its lock, checks that it holds the same configuration, mends a
    half-written last line and indexes what is there.

    Attributes:
        settings: what `run.json` says.
        index: the verdicts that were there at opening.
        mended: whether a half-written last line was mended.

    Raises:
        UsageError: another process writes here, or the folder holds verdicts of another configuration.
        InputError: the folder cannot be used.
    """

    def __init__(self, folder: Path, described: Mapping[str, Any]):
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made: {error.strerror}") from error
        self._lock = FolderLock(folder)
        try:
            self.settings = self._settle(described)
            self._log = LogWriter(folder / VERDICTS_NAME)
            self.mended = self._log.mended
            self.index = index_verdicts(folder)
        except BaseException:
            self._lock.release()
            raise

    def _settle(self, described: Mapping[str, Any]) -> dict[str, Any]:
        if not (self.folder / SETTINGS_NAME).exists():
            if (self.folder / VERDICTS_NAME).exists():
                raise InputError(
                    f"{self.folder}: verdicts.jsonl without a run.json; put it back, or choose another folder"
                )
            write_settings(self.folder, described)
            return dict(described)
        there = read_settings(self.folder)
        refuse_difference(self.folder, there, described)
        return there

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one verdict row; when this returns, `kill -9` cannot lose it."""
        self._log.append(row)

    def remember(self, **settings: Any) -> None:
        """Keep how the run was last called in `run.json`: nothing that changes a score."""
        kept = {**self.settings.get("settings", {}), **_map_text(settings, _strike_secrets)}
        if kept != self.settings.get("settings"):
            self.settings["settings"] = kept
            write_settings(self.folder, self.settings)

    def note(self, text: str) -> None:
        """Keep what a judge wants users to know in `run.json`."""
        notes = self.settings.setdefault("notes", [])
        text = _strike_secrets(text)
        if text not in notes and len(notes) < _MOST_NOTES:
            notes.append(text)
            write_settings(self.folder, self.settings)

    def close(self) -> None:
        """Sync, close, and let the next writer in. Safe to call twice."""
        try:
            self._log.close()
        finally:
            self._lock.release()

    def __enter__(self) -> "RunWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def refuse_busy(folder: Path) -> None:
    """Refuse (`UsageError`) a folder that another process writes to, before a judge is loaded for it."""
    holder = writer_of(folder)
    if holder is not None:
        raise UsageError(refusal(folder, holder))


def refuse_difference(folder: Path, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse to mix configurations in one folder; the message names every field that differs."""
    changed = differences(there["configuration"], wanted["configuration"])
    if changed:
        raise UsageError(
            f"{folder} holds verdicts of another configuration ({'; '.join(changed)}); "
            "use the same settings, or choose another folder"
        )
