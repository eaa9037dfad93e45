"""VideoScore-Bench-v2: a JSON list of annotated videos."""

from pathlib import Path

from reeljudge.benchmarks.adapters.reading import label_rows
from reeljudge.benchmarks.release import Item, Release, Video
from reeljudge.errors import InputError

LABELS = {
    "visual_quality": "visual_score",
    "text_alignment": "t2v_score",
    "physical_consistency": "phy_score",
}


def read(files: list[Path]) -> Release:
    """Rows `video_name, video_url, prompt, visual_score, t2v_score, phy_score`; scores are 1-5."""
    videos: dict[str, Video] = {}
    items: list[Item] = []
    for row in label_rows(files[0]):
        name = row.text("video_name")
        if name in videos:
            raise InputError(f"{row.where}: {name!r} stands here for the second time")
        url = str(row.get("video_url") or "").split("/")
        videos[name] = Video(
            name,
            tuple(f"{folder}{name}.mp4" for folder in ("videos/", "vs2_videos/", "")),
            row.text("prompt"),
            model=url[-2] if len(url) > 1 else None,
        )
        items.append(Item(name, {label: row.score(field, 1, 5) for label, field in LABELS.items()}))
    return Release(videos, items)
