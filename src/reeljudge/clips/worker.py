"""A decoding process: takes tasks from one pipe, writes frames into another, and dies with its parent.

It is started with `python -c`: no import of the parent's main module, no inherited locks or GPU contexts. It
answers in JSON and raw pixels, never in pickles, so that a video that took it over would gain nothing.

A task is a line of JSON: {"path", "settings", "limits"}. It is answered by the line `TAKEN`, then a line of
JSON, which is {"error", "message"} or the fields of `Frames` with "shape" in place of the pixels, and then by
the pixels' bytes.
"""

import json
import os
import signal
import threading
import time
from dataclasses import asdict, fields
from typing import Any, BinaryIO

from reeljudge.errors import ClipError

READY = b"decoding process ready\n"
"""The first line that a worker writes."""

TAKEN = b"taken\n"
"""What a worker writes when it has read a task: from here on its death is the video's fault."""

GRACE = 10.0
"""Seconds after its time limit at which a worker that nobody has killed ends itself."""


def task_line(path: str, settings: Any, limits: Any) -> bytes:
    """A task as the parent sends it."""
    return json.dumps({"path": path, "settings": asdict(settings), "limits": asdict(limits)}).encode() + b"\n"


def main() -> None:
    """Serve until the task pipe closes or the parent is gone."""
    parent = os.getppid()
    tasks, answers = _private_pipes()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C reaches every process of a terminal; the parent decides
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # Imported only now, so that nothing that an import prints can get between the answers.
    from reeljudge.clips import decode
    from reeljudge.clips.frames import FrameSettings, Limits

    base = _memory_in_use()
    answers.write(READY)
    os.dup2(1, 2)  # the parent reads our complaints up to here only
    for line in tasks:
        answers.write(TAKEN)
        task = json.loads(line)
        path, settings, limits = task["path"], FrameSettings(**task["settings"]), Limits(**task["limits"])
        _end_self_after(limits.decode_timeout + GRACE)
        _limit_memory(base, limits.max_memory)
        try:
            frames = decode.decode_here(path, settings, limits)
        except ClipError as error:
            _write(answers, {"error": type(error).__name__, "message": str(error)})
        except Exception as error:  # noqa: BLE001 - the boundary of one video: what it causes is its own
            what = f"decoding failed unexpectedly ({type(error).__name__}: {error})"
            _write(answers, {"error": "VideoUnreadable", "message": f"{path}: {what}"})
        else:
            plain = {
                part.name: getattr(frames, part.name) for part in fields(frames) if part.name != "pixels"
            }
            _write(answers, plain | {"shape": frames.pixels.shape}, memoryview(frames.pixels.data).cast("B"))
            del frames
        _end_self_after(0)


def _write(answers: BinaryIO, answer: dict[str, Any], pixels: memoryview | None = None) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    while pixels:
        pixels = pixels[answers.write(pixels) :]


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two pipes under new numbers; what libraries print to standard output then goes nowhere."""
    tasks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return tasks, answers


def _end_with(parent: int) -> None:
    """End this process once its parent is gone, even in the middle of a decode."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _end_self_after(seconds: float) -> None:
    """Have the kernel end this process after `seconds` (0: never), even while C code holds everything up.
    The parent kills a late worker itself: this is for one whose parent is gone."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, min(seconds, 1e8))


def _memory_in_use() -> int | None:
    """Bytes of private memory that this process holds; None where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _limit_memory(base: int | None, most: int) -> None:
    """Let allocations beyond `base + most` fail, so that a decode ends in MemoryError and not the machine."""
    if base is None:
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = min(base + most, 2**62)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
