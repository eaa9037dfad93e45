"""One decoding process as its parent sees it: started, asked, killed when it takes too long, replaced."""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from reeljudge.clips.frames import Frames, FrameSettings, Limits
from reeljudge.clips.worker import READY, task_line
from reeljudge.errors import ReeljudgeError, VideoTooLarge, VideoUnreadable

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from reeljudge.clips.worker import main; main()"
)
START_SECONDS = 60.0
"""How long a decoding process may take to start."""

PIPE_BYTES = 1 << 20
"""Size of the pipe that frames come through (Linux; the default of 64 KiB costs a third more time)."""

LARGEST_ANSWER = 1 << 26
"""Bytes of an answer's line of JSON."""

LARGEST_PICTURES = 1 << 34
"""Bytes of an answer's pixels: past this a process is taken to be broken."""


class DecoderFailed(ReeljudgeError):
    """No decoding process can be started: the machine or the installation is at fault, not a video."""


class DecodingProcess:
    """Runs decodes one at a time in a process of its own, which is started on first use.

    `decode` is for one thread; `close` may be called from any.
    """

    def __init__(self, settings: FrameSettings, limits: Limits):
        self.settings = settings
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._lock = threading.Lock()  # over starting and killing
        self._late = False
        self._closed = False

    def decode(self, path: Path) -> Frames:
        """Decode one video.

        Raises:
            ClipError: the video is at fault: it crashed the process, or took too long, or is as the message says.
            DecoderFailed: no process can be started. CancelledError: closed meanwhile.
        """
        pipes = self._started()
        if pipes is None or pipes.stdin is None or pipes.stdout is None:
            raise CancelledError
        timer = self._kill_after(self.limits.decode_timeout)
        try:
            pipes.stdin.write(task_line(str(path), self.settings, self.limits))
            pipes.stdin.flush()
            answer = _line(pipes.stdout)
            if "error" in answer:
                kind = VideoTooLarge if answer["error"] == "VideoTooLarge" else VideoUnreadable
                raise kind(answer["message"])
            return _frames(answer, pipes.stdout)
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            self._drop()
            raise self._why_gone(path, pipes) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """Kill the process now; a decode under way ends with CancelledError."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    @property
    def pid(self) -> int | None:
        """The process's id while there is one."""
        return self._process.pid if self._process is not None else None

    def _why_gone(self, path: Path, process: "subprocess.Popen[bytes]") -> Exception:
        if self._closed:
            return CancelledError()
        if self._late:
            limit = self.limits.decode_timeout
            return VideoTooLarge(
                f"{path}: still decoding after {limit:g} seconds, the limit decode_timeout; "
                "raise it with --decode-timeout"
            )
        return VideoUnreadable(f"{path}: the decoding process died on it (exit status {process.returncode})")

    def _started(self) -> "subprocess.Popen[bytes] | None":
        """A live process that is ready; None once closed."""
        if self._process is not None and (self._late or self._process.poll() is not None):
            self._drop()
        if self._process is None:
            self._late = False
            with self._lock:
                if self._closed:
                    return None
                self._launch()
            self._await_ready()
        return None if self._closed else self._process

    def _launch(self) -> None:
        path = json.dumps([str(entry) for entry in sys.path])
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._log = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", START, path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=os.environ | one_thread,
                start_new_session=True,  # Ctrl-C in the terminal is for the parent, which then closes the pool
            )
        except OSError as error:
            raise DecoderFailed(
                f"cannot start a decoding process ({sys.executable}): {error.strerror}"
            ) from None
        if self._process.stdout is not None:
            with suppress(ImportError, AttributeError, OSError):  # larger pipes are a Linux favour
                import fcntl

                fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    def _await_ready(self) -> None:
        process = self._process
        if process is None or process.stdout is None or self._log is None:
            return
        timer = self._kill_after(START_SECONDS)
        try:
            while (
                line := process.stdout.readline(LARGEST_ANSWER)
            ) != READY:  # skip what start-up files print
                if not line:
                    break
        finally:
            timer.cancel()
        if line != READY and not self._closed:
            process.wait()
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().splitlines()
            reason = (
                "it took too long"
                if self._late
                else said[-1]
                if said
                else f"exit status {process.returncode}"
            )
            self._drop()
            raise DecoderFailed(f"cannot start a decoding process ({sys.executable}): {reason}")

    def _kill_after(self, seconds: float) -> threading.Timer:
        process = self._process

        def kill() -> None:
            with self._lock:
                if self._process is process and process is not None:
                    self._late = True
                    process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        return timer

    def _drop(self) -> None:
        """Kill what is left of the process and collect it."""
        with self._lock:
            process, self._process = self._process, None
            if process is None:
                return
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, self._log):
            if pipe is not None:
                with suppress(OSError):  # unsent bytes of a task
                    pipe.close()

    def end(self) -> None:
        """Release everything; for the thread that decodes, once it is done."""
        self.close()
        self._drop()


def _line(pipe: IO[bytes]) -> dict[str, Any]:
    line = pipe.readline(LARGEST_ANSWER)
    if not line.endswith(b"\n"):
        raise EOFError
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise TypeError("an answer is an object")
    return answer


def _frames(answer: dict[str, Any], pipe: IO[bytes]) -> Frames:
    shape = tuple(int(side) for side in answer.pop("shape"))
    if min(shape) < 1 or len(shape) != 4 or math.prod(shape) > LARGEST_PICTURES:
        raise ValueError(f"pictures of shape {shape}")
    pixels: NDArray[np.uint8] = np.empty(shape, np.uint8)
    view = memoryview(pixels).cast("B")
    while view:
        count = pipe.readinto(view)  # type: ignore[attr-defined]  # a BufferedReader has it
        if not count:
            raise EOFError
        view = view[count:]
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in answer.items()}
    return Frames(pixels=pixels, **plain)
