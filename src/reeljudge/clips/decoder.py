"""A pool of decoding processes that can be killed: one broken or endless video costs only itself."""

import os
import queue
import threading
import weakref
from concurrent.futures import Future
from pathlib import Path

from reeljudge.clips.frames import Frames, FrameSettings, Limits
from reeljudge.clips.process import DecodingProcess
from reeljudge.errors import UsageError

Task = tuple[Path, "Future[Frames]"]


class Decoder:
    """Decodes videos in worker processes, which start on first use and are replaced when they die.

        with Decoder(settings, limits) as decoder:
            frames = decoder.decode("clip.mp4")

    A worker that exceeds `limits.decode_timeout` is killed, and one that crashes fails only its own video.
    The workers end with the pool and with this process, however it ends. Frames wait in their futures until
    they are fetched, so a caller bounds memory by how many videos it submits ahead. Safe to use from many
    threads.

    Args:
        settings: which frames to take, at which size.
        limits: what a video may cost.
        workers: processes at most, each on one core.

    Raises:
        UsageError: `workers` below 1.
    """

    def __init__(self, settings: FrameSettings | None = None, limits: Limits | None = None, workers: int = 2):
        if workers < 1:
            raise UsageError(f"workers is {workers}; decoding needs at least 1")
        self.settings = settings or FrameSettings()
        self.limits = limits or Limits()
        self.workers = workers
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._processes: list[DecodingProcess] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        # Threads and finalizer know the parts, never the Decoder, so that one that is dropped is closed.
        self._close = weakref.finalize(self, _close, os.getpid(), self._tasks, self._processes)

    def submit(self, path: str | os.PathLike[str]) -> "Future[Frames]":
        """Decode in the background.

        The future's exception is a `ClipError` where the video is at fault, and `DecoderFailed` where no
        process can be started at all. Raises RuntimeError once closed.
        """
        future: Future[Frames] = Future()
        with self._lock:
            if not self._close.alive:
                raise RuntimeError("the decoder is closed")
            self._tasks.put((Path(path), future))
            if not self._idle.acquire(blocking=False) and len(self._processes) < self.workers:
                process = DecodingProcess(self.settings, self.limits)
                thread = threading.Thread(
                    target=_serve,
                    args=(self._tasks, self._idle, process),
                    name="reeljudge-decoder",
                    daemon=True,
                )
                self._processes.append(process)
                self._threads.append(thread)
                thread.start()
        return future

    def decode(self, path: str | os.PathLike[str]) -> Frames:
        """Decode one video and wait for it. Raises `ClipError` where the video is at fault."""
        return self.submit(path).result()

    def close(self) -> None:
        """Cancel what waits, kill what runs. Safe to call twice."""
        with self._lock:
            self._close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(
    tasks: "queue.SimpleQueue[Task | None]", idle: threading.Semaphore, process: DecodingProcess
) -> None:
    """What each thread does: one video after another through its own process."""
    while (task := tasks.get()) is not None:
        path, future = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(process.decode(path))
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever holds the future
                future.set_exception(error)
        del task, path, future  # else these frames would live until the next video
        idle.release()
    process.end()


def _close(owner: int, tasks: "queue.SimpleQueue[Task | None]", processes: list[DecodingProcess]) -> None:
    if os.getpid() != owner:  # a forked copy of this process: the workers are not its own
        return
    while True:
        try:
            task = tasks.get_nowait()
        except queue.Empty:
            break
        if task is not None:
            task[1].cancel()
    for process in processes:
        tasks.put(None)
        process.close()
