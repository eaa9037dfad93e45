"""MJ-Bench-Video: a JSON list of pairs with grades 0, 1, 2 of each video and an overall preference."""

from pathlib import Path

from reeljudge.benchmarks.adapters.reading import label_rows, score
from reeljudge.benchmarks.release import Item, Pair, Release, Video, distinct_names
from reeljudge.errors import InputError
from reeljudge.tables.votes import read_vote

ASPECTS = ("Fineness", "Alignment", "Consistency", "Safety", "Bias")


def read(files: list[Path]) -> Release:
    """Fields `caption, video_{0,1}_path, video_{0,1}_overall_score, video_{0,1}_total_score,
    overall_preference`. "Hard to judge" stays an undecided vote.
    """
    rows = list(label_rows(files[0]))
    names = distinct_names([row.text(f"video_{side}_path") for row in rows for side in (0, 1)])
    videos: dict[str, Video] = {}
    items: list[Item] = []
    pairs: list[Pair] = []
    discarded = 0
    for place, row in enumerate(rows):
        prompt = row.text("caption")
        sides = []
        for side in (0, 1):
            path = row.text(f"video_{side}_path")
            name = names[path]
            sides.append(name)
            videos.setdefault(name, Video(name, (path, f"videos/{path}", f"test/{path}"), prompt))
            grades = row.get(f"video_{side}_overall_score")
            if not isinstance(grades, dict):
                raise InputError(f"{row.where}: 'video_{side}_overall_score' must be an object of grades")
            where = f"{row.where}: video_{side}"
            human = {
                aspect.lower(): score(grades.get(aspect), f"{where} {aspect}", 0, 2) for aspect in ASPECTS
            }
            human["total"] = score(row.get(f"video_{side}_total_score"), f"{where} total score", 0, 2)
            items.append(Item(name, human))
        preference = row.get("overall_preference")
        vote = read_vote(preference)
        if vote is None and preference not in (None, ""):
            raise InputError(f"{row.where}: 'overall_preference' holds {preference!r}, which is no vote")
        pairs.append(Pair(str(place), sides[0], sides[1], {"overall_preference": vote}, prompt))
        discarded += row.get("discard") in (True, "true", "True", 1)
    notes = (f"{discarded} pairs are marked `discard` by the release and kept",) if discarded else ()
    return Release(videos, items, pairs, notes)
