"""T2VQA-DB: a text file, one line `file|prompt|MOS`."""

from pathlib import Path

from reeljudge.benchmarks.adapters.reading import score
from reeljudge.benchmarks.release import Item, Release, Video, distinct_names
from reeljudge.errors import InputError


def read(files: list[Path]) -> Release:
    """MOS is on 0-100. A prompt may hold `|` itself: the first and the last one of a line divide it."""
    try:
        lines = files[0].read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{files[0]}: cannot be read as UTF-8 text ({error})") from None
    found: list[tuple[str, str, float, str]] = []
    for place, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{files[0]}, line {place}"
        file, _, rest = line.strip().partition("|")
        prompt, bar, label = rest.rpartition("|")
        mos = score(label, where, 0, 100) if bar else None
        if mos is None or not file.strip() or not prompt.strip():
            raise InputError(f"{where}: must be FILE|PROMPT|MOS, not {line.strip()[:60]!r}")
        found.append((file.strip(), prompt.strip(), mos, where))
    names = distinct_names([file for file, *_ in found])
    videos: dict[str, Video] = {}
    items: list[Item] = []
    for file, prompt, mos, where in found:
        name = names[file]
        if name in videos:
            raise InputError(f"{where}: {file!r} stands here for the second time")
        videos[name] = Video(name, (f"videos/{file}", file, f"T2VQA-DB/{file}"), prompt)
        items.append(Item(name, {"mos": mos}))
    if not items:
        raise InputError(f"{files[0]}: holds no line FILE|PROMPT|MOS")
    return Release(videos, items)
