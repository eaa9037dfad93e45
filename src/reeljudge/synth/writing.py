"""Writing a set: a manifest with true scores, and its videos. Safe to stop and to give again."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reeljudge.cores import usable_cores
from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.synth.draw import WORLD
from reeljudge.synth.generators import GENERATORS
from reeljudge.synth.prompts import SPLITS
from reeljudge.synth.sample import sample_clip
from reeljudge.synth.world import FPS, SIZE
from reeljudge.tables import read_rows, write_rows
from reeljudge.tables.lock import LOCK_NAME, FolderLock

SETTINGS = "set.json"
MANIFEST = "manifest.jsonl"
SIZES = range(64, 1025)
FEW = 8
"""So many videos or fewer are drawn in this process: to start workers would take longer."""


@dataclass(frozen=True)
class SetSettings:
    """What decides every pixel and word of a set, but for how many clips it holds.

    Attributes:
        seed: a whole number, 0 or more.
        split: `train` or `test`.
        size: side of the videos in pixels, even, 64 to 1024.
        generators: the generators whose clips it holds, in their own order.
    """

    seed: int
    split: str = "train"
    size: int = SIZE
    generators: tuple[str, ...] = tuple(generator.name for generator in GENERATORS)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"a seed is 0 or more, got {self.seed}")
        if self.split not in SPLITS:
            raise UsageError(f"unknown split {self.split!r}.{did_you_mean(self.split, SPLITS)}")
        if self.size not in SIZES or self.size % 2:
            raise UsageError(
                f"size {self.size}: videos are {SIZES[0]} to {SIZES[-1]} pixels wide, an even number"
            )
        known = [generator.name for generator in GENERATORS]
        for name in self.generators:
            if name not in known:
                raise UsageError(f"unknown generator {name!r}.{did_you_mean(name, known)}")
        if not self.generators:
            raise UsageError(f"a set needs a generator: {', '.join(known)}")
        # The order in which they were named decides nothing.
        object.__setattr__(self, "generators", tuple(name for name in known if name in self.generators))

    def to_dict(self) -> dict[str, Any]:
        return {
            "world": WORLD,
            "seed": self.seed,
            "split": self.split,
            "size": self.size,
            "generators": list(self.generators),
        }

    def indices(self) -> Iterator[int]:
        """Indices of the set's clips, without end."""
        index = 0
        while True:
            if GENERATORS[index % len(GENERATORS)].name in self.generators:
                yield index
            index += 1


@dataclass(frozen=True)
class Written:
    """What `write_set` did: the manifest, clips it lists, videos that are new, and that were there."""

    manifest: Path
    clips: int
    written: int
    kept: int


def write_set(
    out: str | os.PathLike[str],
    count: int,
    settings: SetSettings,
    *,
    workers: int | None = 1,
    on_video: Callable[[int, int], None] | None = None,
) -> Written:
    """Write the first `count` clips of a set: `OUT/manifest.jsonl`, `OUT/videos/` and `OUT/set.json`.

    A folder that holds the same set is gone on with: videos that are there are kept, and a greater count
    adds clips, for a clip does not depend on how many there are. Videos appear whole or not at all, and
    the manifest comes last.

    Args:
        out: a folder; made where it is missing.
        count: how many clips, at least 1.
        settings: which set.
        workers: processes that draw; 1 draws in this process, None takes one per processor. A script that
            asks for several must start from under `if __name__ == "__main__":`.
        on_video: called with (videos done, videos to write) after each.

    Raises:
        UsageError: the folder holds another set, or more clips of this one, or another process writes to it.
        InputError: the folder holds other files, or cannot be written.
    """
    if count < 1:
        raise UsageError(f"a set has at least 1 clip, got {count}")
    if workers is not None and workers < 1:
        raise UsageError(f"at least 1 worker is needed, got {workers}")
    folder = Path(out)
    _refuse_other_files(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    with FolderLock(folder):
        _claim(folder, settings, count)
        (folder / "videos").mkdir(exist_ok=True)
        places = settings.indices()
        chosen = [next(places) for _ in range(count)]
        missing = [index for index in chosen if not _video(folder, settings, index).exists()]
        for done, _ in enumerate(_write_videos(folder, settings, missing, workers), 1):
            if on_video is not None:
                on_video(done, len(missing))
        rows = (sample_clip(settings.seed, index, settings.split).row() for index in chosen)
        write_rows(folder / MANIFEST, rows)
    return Written(folder / MANIFEST, count, len(missing), count - len(missing))


def _refuse_other_files(folder: Path) -> None:
    """A folder with files but without a set is somebody's: nothing is written into it."""
    if folder.is_dir():
        own = {LOCK_NAME, Path(SETTINGS).with_suffix(".part").name}
        if not (folder / SETTINGS).exists() and any(path.name not in own for path in folder.iterdir()):
            raise InputError(
                f"{folder}: holds files that are no synthetic set; name an empty or a new folder"
            )
    elif folder.exists():
        raise InputError(f"{folder}: is no folder; name a new one")


def _claim(folder: Path, settings: SetSettings, count: int) -> None:
    """Write the settings, or compare them with those that are there."""
    path = folder / SETTINGS
    if not path.exists():
        part = path.with_suffix(".part")
        part.write_text(json.dumps(settings.to_dict(), indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); name a new folder") from None
    wanted = settings.to_dict()
    if found != wanted:
        other = [
            f"{name} {found.get(name)!r}, not {wanted[name]!r}"
            for name in wanted
            if found.get(name) != wanted[name]
        ]
        raise UsageError(f"{folder}: holds another set ({'; '.join(other)}); name a new folder")
    manifest = folder / MANIFEST
    if manifest.exists():
        there = sum(1 for _ in read_rows(manifest))
        if there > count:
            raise UsageError(
                f"{folder}: holds {there} clips of this set; ask for as many or more, or name a new folder"
            )


def _video(folder: Path, settings: SetSettings, index: int) -> Path:
    return folder / "videos" / f"{sample_id(settings, index)}.mp4"


def sample_id(settings: SetSettings, index: int) -> str:
    """The id of a clip, without drawing it."""
    return f"{settings.split}-{settings.seed}-{index:06d}"


def _write_videos(
    folder: Path, settings: SetSettings, indices: Sequence[int], workers: int | None
) -> Iterator[None]:
    """Write the videos of these indices; yields after each, in whatever order they are done."""
    jobs = [(str(_video(folder, settings, index)), settings, index) for index in indices]
    workers = min(workers or usable_cores(), len(jobs))
    if workers <= 1 or len(jobs) <= FEW:
        for job in jobs:
            write_one(*job)
            yield
        return
    # Spawned, not forked: a fork of a process with threads (torch, PyAV) may hang.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(write_one, *job) for job in jobs}
        try:
            for future in as_completed(running):
                future.result()
                yield
        except BrokenProcessPool:
            raise InputError(
                "a drawing process was killed, perhaps for want of memory; "
                "give the same command again to go on, with fewer workers"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def write_one(video: str, settings: SetSettings, index: int) -> None:
    """Draw one clip and write its video: whole, or not at all."""
    from reeljudge.clips import write_video
    from reeljudge.synth.render import render

    clip = sample_clip(settings.seed, index, settings.split)
    path = Path(video)
    part = path.with_name(f".{path.stem}.part.mp4")
    try:
        write_video(part, render(clip, settings.size, None), FPS)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
