"""One writer per folder: a lock that the kernel drops when its holder dies, however it dies."""

import errno
import fcntl
import json
import os
import socket
import threading
from pathlib import Path
from types import TracebackType

from reeljudge.errors import InputError, UsageError

LOCK_NAME = ".lock"

# POSIX record locks belong to a process: a second lock within one process would be granted.
_held: set[str] = set()
_guard = threading.Lock()


class FolderLock:
    """Holds `FOLDER/.lock` from construction until `release`.

    A POSIX record lock, not `flock`: forked workers that outlive a killed run do not keep it.

    Raises:
        UsageError: another process (or this one) writes to the folder; the message names it.
        InputError: the folder cannot be locked.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._name = os.path.realpath(folder)
        self._file: int | None = None
        with _guard:
            if self._name in _held:
                raise UsageError(refusal(folder, f"this process ({os.getpid()})"))
            self._file = _lock(folder)
            _held.add(self._name)

    def release(self) -> None:
        """Let the next writer in. Safe to call twice."""
        with _guard:
            if self._file is None:
                return
            # The file stays: to unlink it would let two processes lock two files of one name.
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None
            _held.discard(self._name)

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def writer_of(folder: Path) -> str | None:
    """Who writes to `folder` just now ("process 12 on host a"), None for nobody."""
    with _guard:
        if os.path.realpath(folder) in _held:
            return f"this process ({os.getpid()})"
        try:
            descriptor = os.open(folder / LOCK_NAME, os.O_RDWR)
        except OSError:
            return None
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return _holder(descriptor)
        finally:
            os.close(descriptor)
        return None


def _lock(folder: Path) -> int:
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror}") from error
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(descriptor)
        os.close(descriptor)
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise UsageError(refusal(folder, holder)) from error
        raise InputError(f"{folder}: this file system cannot lock files ({error.strerror})") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
    return descriptor


def _holder(descriptor: int) -> str:
    try:
        told = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {told['pid']} on host {told['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def refusal(folder: Path, holder: str) -> str:
    """What to tell whoever wants to write where `holder` does."""
    return f"{folder}: {holder} is writing here; wait until it ends, or choose another folder"
