"""From a folder to a release: are the files there, and what do they hold?"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from reeljudge.benchmarks.release import Release
from reeljudge.benchmarks.suite import DataFile, Suite
from reeljudge.errors import InputError

Adapter = Callable[[list[Path]], Release]


def open_release(suite: Suite, folder: Path) -> Release:
    """Read a suite's labels from the files in `folder`.

    Raises:
        InputError: a file is missing (each is named, with where it is published), or a row of it cannot be
            read.
    """
    found = [find_file(folder, file) for file in suite.files]
    missing = [file for file, path in zip(suite.files, found, strict=True) if path is None]
    if missing:
        what = "; ".join(f"{' or '.join(file.names)} ({file.holds}){where(suite, file)}" for file in missing)
        state = "no such folder" if not folder.is_dir() else f"{len(missing)} of its files missing"
        raise InputError(
            f"{folder}: {state} for {suite.title}: {what}; published at {suite.published_at}; put them there"
            f"{', or add --download' if any(file.hub for file in missing) else ''}"
        )
    module, _, function = suite.adapter.partition(":")
    adapter: Adapter = getattr(import_module(module), function)
    return adapter([path for path in found if path is not None])


def find_file(folder: Path, file: DataFile) -> Path | None:
    """The file under any of the names that it was released by; None where it is not there."""
    return next((folder / name for name in file.names if (folder / name).is_file()), None)


def where(suite: Suite, file: DataFile) -> str:
    """Where a file is to be had, where that is not where the rest of the suite is."""
    return f" from {file.published}" if file.published and file.published != suite.published_at else ""
