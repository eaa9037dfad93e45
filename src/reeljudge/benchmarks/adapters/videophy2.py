"""VideoPhy-2: a CSV of videos with semantic adherence and physical commonsense, 1-5."""

from pathlib import Path

from reeljudge.benchmarks.adapters.reading import label_rows
from reeljudge.benchmarks.release import Item, Release, Video, distinct_names


def read(files: list[Path]) -> Release:
    """Columns `caption, video_url, sa, pc` (and `model_name`). `joint` is 1 where both are at least 4."""
    rows = list(label_rows(files[0]))
    urls = [row.text("video_url", "videopath", "video_path") for row in rows]
    names = distinct_names(urls)
    videos: dict[str, Video] = {}
    items: list[Item] = []
    for row, url in zip(rows, urls, strict=True):
        name, file = names[url], url.replace("\\", "/").rsplit("/", 1)[-1]
        folders = url.replace("\\", "/").split("/")[-2:-1]
        paths = (f"videos/{file}", *(f"videos/{folder}/{file}" for folder in folders), file)
        if "/" in name:  # two videos share a file name: the folder must tell them apart
            paths = paths[1:-1]
        videos.setdefault(name, Video(name, paths, row.text("caption"), model=row.get("model_name")))
        sa, pc = row.score("sa", 1, 5), row.score("pc", 1, 5)
        joint = None if sa is None or pc is None else float(sa >= 4 and pc >= 4)
        items.append(Item(name, {"sa": sa, "pc": pc, "joint": joint}))
    return Release(videos, items)
