"""A decoding process: reads tasks from a pipe, writes frames to another, and dies with its parent.

It is started as a plain `python -c` (no import of the parent's main module, no inherited locks or GPU contexts)
and answers with JSON and raw pixels only, so that a video that takes a worker over gains nothing in the parent.

A message is a line of JSON. Task: {"path", "settings", "limits"}. Answer: {"error", "message"} or the fields of
`Frames` with "shape", followed by the pixels' bytes.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any, BinaryIO

from reeljudge.errors import ClipError

READY = b"decoding process ready\n"
"""The first line that a worker writes."""

GRACE = 10.0
"""Seconds past its deadline after which a worker that nobody has killed ends itself."""


def main() -> None:
    """Serve until the task pipe closes."""
    parent = os.getppid()
    tasks, answers = _private_pipes()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C goes to all of a terminal's processes: the parent decides
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True).start()
    # Heavy imports come after the pipes, so that nothing they print can get between the answers.
    from reeljudge.clips.decode import decode_here
    from reeljudge.clips.frames import FrameSettings, Limits

    answers.write(READY)
    os.dup2(1, 2)  # the parent reads our complaints up to here only
    base = _memory_in_use()
    for line in tasks:
        task = json.loads(line)
        limits = Limits(**task["limits"])
        _end_self_after(limits.decode_timeout + GRACE)
        _limit_memory(base, limits.max_memory)
        settings = FrameSettings(**task["settings"])
        _answer(answers, task["path"], lambda: decode_here(task["path"], settings, limits))
        _end_self_after(0)


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Our two pipes under new numbers; what libraries print to standard output then goes nowhere."""
    tasks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return tasks, answers


def _watch_parent(parent: int) -> None:
    """End this process when the parent is gone, even in the middle of a decode."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _end_self_after(seconds: float) -> None:
    """Ask the kernel to end this process after `seconds`; it does so even while C code holds everything up."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _memory_in_use() -> int | None:
    """Bytes of private memory that this process maps; None where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _limit_memory(base: int | None, most: int) -> None:
    """Let allocations beyond `base + most` fail, so that a decode ends with MemoryError and not the machine."""
    if base is None:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = base + most
    resource.setrlimit(
        resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _answer(answers: BinaryIO, path: str, decode: Callable[[], Any]) -> None:
    pixels = None
    try:
        frames = decode()
    except ClipError as error:
        reply: dict[str, Any] = {"error": type(error).__name__, "message": str(error)}
    except Exception as error:  # noqa: BLE001 - the boundary of one clip: whatever a mangled file causes is its own
        what = f"{type(error).__name__}: {error}"
        reply = {"error": "VideoUnreadable", "message": f"{path}: decoding failed unexpectedly ({what})"}
    else:
        pixels = frames.pixels
        reply = {part.name: getattr(frames, part.name) for part in fields(frames) if part.name != "pixels"}
        reply["shape"] = pixels.shape
    answers.write(json.dumps(reply).encode() + b"\n")
    if pixels is not None:
        view = memoryview(pixels).cast("B")
        while view:
            view = view[answers.write(view) :]


def task_line(path: str, settings: Any, limits: Any) -> bytes:
    """The task as a line of JSON, for the parent."""
    return json.dumps({"path": path, "settings": asdict(settings), "limits": asdict(limits)}).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
