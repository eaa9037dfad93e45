"""What a rater's browser gets to see: never a generator, a clip's id or a file name."""

import hashlib
from typing import Any

from sqlalchemy import Connection, RowMapping

from reeljudge.annotate.answers import (
    LONGEST_NOTE,
    LONGEST_RATIONALE,
    LONGEST_TEXT,
    SKIP_REASONS,
    Answers,
    feedback,
)
from reeljudge.annotate.assignment import DONE, OPEN, TRAINING, Claimed, Place, page_of
from reeljudge.annotate.order import ALL
from reeljudge.annotate.playable import Videos
from reeljudge.annotate.task import Task
from reeljudge.errors import ClipError
from reeljudge.rubrics import Dimension

_WHY = {
    "finished": "You have rated everything that needs you. Thank you!",
    "quota": "You have reached the number of clips agreed with you. Thank you!",
    "waiting": "Nothing is left for you right now. More may come free later; look in again.",
    "pilot_failed": "Thank you for practising. The people who run this will get in touch before you go on.",
}


def rater_key(rater: str) -> str:
    """A short name of the rater for the browser's own storage."""
    return hashlib.sha256(rater.encode()).hexdigest()[:12]


def task_view(task: Task, place: Place, total: int, pages: list[RowMapping]) -> dict[str, Any]:
    """What the page needs once: the rubric, the rules, and the rater's list."""
    return {
        "task": task.key,
        "kind": task.kind,
        "title": task.rubric.title or task.rubric.name,
        "me": {"name": place.rater, "key": rater_key(place.rater)},
        "joint": task.joint,
        "scale": list(task.rubric.scale.values),
        "dimensions": [dimension_view(dimension) for dimension in task.rubric.dimensions],
        "rationale": task.settings.rationale,
        "skip_reasons": SKIP_REASONS,
        "limits": {"rationale": LONGEST_RATIONALE, "note": LONGEST_NOTE, "text": LONGEST_TEXT},
        **list_view(place, total, pages),
    }


def list_view(place: Place, total: int, pages: list[RowMapping]) -> dict[str, Any]:
    """The rater's pages in order, and how many there may be in all."""
    shown = [row for row in pages if place.pilot != TRAINING or row["use"] == "pilot"]
    return {
        "pages": [
            {
                "unit": row["unit"],
                "dimension": None if row["dimension"] == ALL else row["dimension"],
                "state": row["state"],
                "version": row["version"],
                "pilot": row["use"] == "pilot",
            }
            for row in shown
        ],
        "total": len(shown) + total,
        "pilot": place.pilot,
    }


def claimed_view(place: Place, total: int, claimed: Claimed) -> dict[str, Any]:
    """The list after more was asked for, and why nothing came where nothing did."""
    left = any(row["state"] == OPEN for row in claimed.pages)
    why = claimed.why if claimed.why != "more" and not left else None
    return {
        **list_view(place, total, claimed.pages),
        "new": claimed.new,
        "why": why,
        "message": None if why is None else _WHY[why],
    }


def dimension_view(dimension: Dimension) -> dict[str, Any]:
    """A dimension as the page explains it: definition, aspects and levels."""
    return {
        "name": dimension.name,
        "title": dimension.title,
        "definition": dimension.definition,
        "aspects": [{"name": name, "text": text} for name, text in dimension.aspects.items()],
        "levels": {
            str(value): {"name": one.name, "text": one.text} for value, one in dimension.levels.items()
        },
        "inputs": list(dimension.inputs),
    }


def page_view(
    task: Task, answers: Answers, videos: Videos, connection: Connection, row: RowMapping
) -> dict[str, Any]:
    """One page: the clip, what is asked, and what is stored. Prompt and theme only where they are needed."""
    page = page_of(row)
    clip = task.clips[page.clip]
    asked = task.dimensions_of(page)
    inputs = {name for dimension in asked for name in dimension.inputs}
    try:
        video = videos.of(clip)
        media: dict[str, Any] = {"fps": video.fps, "frames": video.frames, "tag": video.etag[:8]}
        problem = None
    except ClipError:
        # The text names the file, which may name the generator.
        media, problem = (
            {},
            "This clip's file cannot be opened. Please skip it; the people who run this will see it.",
        )
    gold = task.gold.get(page)
    view: dict[str, Any] = {
        "unit": row["unit"],
        "state": row["state"],
        "version": row["version"],
        "saved_at": row["saved_at"],
        "media": media,
        "problem": problem,
        "prompt": clip.prompt if "prompt" in inputs or task.kind == "check" else None,
        "theme": clip.theme if "theme" in inputs else None,
        "dimensions": [dimension.name for dimension in asked],
        "answer": answers.current(connection, row),
        "pilot": row["use"] == "pilot",
        "instruction": gold.instruction if gold and gold.use == "attention" else None,
    }
    if row["use"] == "pilot" and row["state"] == DONE and gold is not None:
        given = (row["answer"] or {}).get("scores", {})
        view["feedback"] = feedback(task, gold, page, given)
    if task.kind == "adjudicate":
        difference = task.differences[page]
        view["reason"] = difference.reason
        if task.show_opinions:
            view["opinions"] = [
                {"score": one.score, "rationale": one.rationale} for one in difference.opinions
            ]
    if task.kind == "check":
        chain = task.chains[page]
        view["parts"] = [list(part) for part in chain.parts]
        view["scores"] = dict(chain.scores)
        view["reasons"] = list(chain.reasons)
        view["why"] = list(dict.fromkeys(chain.why))
    return view
