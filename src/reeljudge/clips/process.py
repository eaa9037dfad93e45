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

from reeljudge.clips.frames import Frames, FrameSettings, Limits
from reeljudge.clips.worker import READY, TAKEN, task_line
from reeljudge.errors import ReeljudgeError, VideoTooLarge, VideoUnreadable

START = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from reeljudge.clips.worker import main
main()
"""

START_SECONDS = 60.0
"""How long a decoding process may take to start."""

PIPE_BYTES = 1 << 20
"""Size asked for the pipe that frames come through (Linux; 64 KiB unless asked)."""

LONGEST_LINE = 1 << 26
"""Bytes of a line from a process: past this it is taken to be broken."""

LARGEST_PICTURES = 1 << 34
"""Bytes of pixels from a process: past this it is taken to be broken."""


class DecoderFailed(ReeljudgeError):
    """No decoding process can be started: the machine or the installation is at fault, not a video."""


class DecodingProcess:
    """Runs one decode at a time in a process that starts on first use and is replaced when it dies.

    `decode` and `end` are for one thread; `close` may be called from any.
    """

    def __init__(self, settings: FrameSettings, limits: Limits):
        self.settings = settings
        self.limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._lock = threading.Lock()  # over starting, killing and dropping the process
        self._late = False
        self._closed = False

    def decode(self, path: Path) -> Frames:
        """Decode one video.

        Raises:
            ClipError: the video is at fault: as the message says, or it took too long or crashed the process.
            DecoderFailed: no process can be started.
            CancelledError: closed before or meanwhile.
        """
        for attempt in (1, 2):
            process = self._started()
            taken = False
            timer = self._kill_after(self.limits.decode_timeout)
            try:
                tasks, answers = _pipes(process)
                tasks.write(task_line(str(path), self.settings, self.limits))
                tasks.flush()
                taken = answers.readline(LONGEST_LINE) == TAKEN
                return _frames(_answer(answers), answers)
            except (OSError, EOFError, ValueError, LookupError, TypeError):  # gone, or it answers nonsense
                self._drop()
                if self._closed:
                    raise CancelledError from None
                if self._late:
                    raise self._too_slow(path) from None
                if taken or attempt == 2:
                    died = f"the decoding process died on it (exit status {process.returncode})"
                    raise VideoUnreadable(f"{path}: {died}") from None
                # It had died of something else before it saw this video: once more, with a new one.
            finally:
                timer.cancel()
        raise AssertionError("the second attempt returns or raises")

    def close(self) -> None:
        """Kill the process now. A decode that is under way ends in CancelledError."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def end(self) -> None:
        """Close, and collect what is left of the process."""
        self.close()
        self._drop()

    @property
    def pid(self) -> int | None:
        """The id of the process while there is one."""
        process = self._process
        return None if process is None else process.pid

    def _too_slow(self, path: Path) -> VideoTooLarge:
        return VideoTooLarge(
            f"{path}: not decoded after {self.limits.decode_timeout:g} seconds, the limit decode_timeout; "
            "raise it with --decode-timeout"
        )

    def _started(self) -> "subprocess.Popen[bytes]":
        """The process, alive and ready."""
        if self._process is not None and (self._late or self._process.poll() is not None):
            self._drop()
        if self._process is None:
            self._late = False
            with self._lock:
                if self._closed:
                    raise CancelledError
                self._process = self._launch()
            self._await_ready(self._process)
        return self._process

    def _launch(self) -> "subprocess.Popen[bytes]":
        arguments = [sys.executable, "-c", START, json.dumps([str(entry) for entry in sys.path])]
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=os.environ | one_thread,
                start_new_session=True,  # Ctrl-C is for the parent, which then closes the pool
            )
        except (OSError, ValueError) as error:
            raise DecoderFailed(f"cannot start a decoding process with {sys.executable}: {error}") from None
        with suppress(ImportError, AttributeError, OSError):  # larger pipes are a favour of Linux
            import fcntl

            fcntl.fcntl(_pipes(process)[1], fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return process

    def _await_ready(self, process: "subprocess.Popen[bytes]") -> None:
        answers, line = _pipes(process)[1], b"..."
        timer = self._kill_after(START_SECONDS)
        try:
            while line and line != READY:  # before it may come what start-up files print
                line = answers.readline(LONGEST_LINE)
        finally:
            timer.cancel()
        if line == READY and not self._closed:
            return
        process.wait()
        said = ""
        if self._log is not None:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().rpartition("\n")[2]
        self._drop()
        if self._closed:
            raise CancelledError
        reason = "it took too long" if self._late else said or f"exit status {process.returncode}"
        raise DecoderFailed(f"cannot start a decoding process with {sys.executable}: {reason}")

    def _kill_after(self, seconds: float) -> threading.Timer:
        process = self._process

        def kill() -> None:
            with self._lock:
                if process is not None and self._process is process:
                    self._late = True
                    process.kill()

        timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), kill)
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
                with suppress(OSError):  # the unsent rest of a task
                    pipe.close()


def _pipes(process: "subprocess.Popen[bytes]") -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("a process without pipes")
    return process.stdin, process.stdout


def _answer(pipe: IO[bytes]) -> dict[str, Any]:
    line = pipe.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise EOFError
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise TypeError("an answer is an object")
    return answer


def _frames(answer: dict[str, Any], pipe: IO[bytes]) -> Frames:
    if "error" in answer:
        raise (VideoTooLarge if answer["error"] == "VideoTooLarge" else VideoUnreadable)(answer["message"])
    shape = tuple(int(side) for side in answer.pop("shape"))
    if len(shape) != 4 or min(shape) < 1 or math.prod(shape) > LARGEST_PICTURES:
        raise ValueError(f"pictures of shape {shape}")
    pixels = np.empty(shape, np.uint8)
    rest = memoryview(pixels.data).cast("B")
    while rest:
        count = pipe.readinto(rest)  # type: ignore[attr-defined]  # a buffered reader has it
        if not count:
            raise EOFError
        rest = rest[count:]
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in answer.items()
    }
    return Frames(pixels=pixels, **plain)
