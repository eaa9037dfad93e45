"""Gold clips, lists of differences, and texts to check: what is read, and what is refused with its line."""

import json
from pathlib import Path
from typing import Any

import pytest
from annotate_server import REPLY, MakeTask

from reeljudge.annotate import Settings
from reeljudge.annotate.lists import checked_rows
from reeljudge.annotate.order import Page
from reeljudge.errors import InputError, ReeljudgeError, UsageError


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


BAD_GOLD: list[tuple[dict[str, Any], str]] = [
    ({"id": "nope", "scores": {"quality": 4}}, "line 1: the manifest has no clip 'nope'"),
    ({"id": "p0-gen0"}, "line 1: no scores"),
    ({"id": "p0-gen0", "scores": {"qualty": 4}}, "Did you mean 'quality'"),
    ({"id": "p0-gen0", "scores": {"quality": 6}}, "a whole number from 1 to 5"),
    ({"id": "p0-gen0", "scores": {"quality": True}}, "a whole number from 1 to 5"),
    ({"id": "p0-gen0", "scores": {"quality": 4}, "use": "pilots"}, "Did you mean 'pilot'"),
    ({"scores": {"quality": 4}}, "line 1: no id"),
    ({"id": "p0-gen0", "scores": {"quality": 4}, "rationale": 3}, "rationale is a text"),
]


def test_gold_that_cannot_be_used(make_task: MakeTask, tmp_path: Path) -> None:
    for row, told in BAD_GOLD:
        with pytest.raises(InputError) as caught:
            make_task("gradeo", gold=write(tmp_path / "gold.jsonl", row))
        assert told in str(caught.value), row
        assert "gold.jsonl" in str(caught.value)


def test_gold_twice(make_task: MakeTask, tmp_path: Path) -> None:
    row = {"id": "p0-gen0", "scores": {"quality": 4}}
    with pytest.raises(InputError, match="line 2: clip 'p0-gen0' stands here for the second time"):
        make_task("gradeo", gold=write(tmp_path / "gold.jsonl", row, row))


def test_gold_with_videos_of_its_own(make_task: MakeTask, tmp_path: Path) -> None:
    row = {"id": "g1", "video": "clips/videos/gen0/p0.mp4", "prompt": "p", "scores": {"quality": 4.0}}
    task = make_task("gradeo", gold=write(tmp_path / "gold.jsonl", row))
    assert task.gold[Page("g1", "quality")].scores == {"quality": 4}
    assert task.clips["g1"].path == tmp_path / "clips/videos/gen0/p0.mp4"
    assert len({page.clip for page in task.plan.pages()}) == 6


def test_differences(make_task: MakeTask, tmp_path: Path) -> None:
    rows = [
        {
            "id": "p0-gen0",
            "rubric": "gradeo",
            "dimension": "quality",
            "reason": "no majority",
            "ratings": [{"rater": "ann", "score": 2, "rationale": "blurred"}, {"rater": "bob", "score": 5}],
        },
        {"id": "p0-gen0", "rubric": "videoscore2", "dimension": "visual_quality", "ratings": []},
    ]
    task = make_task(None, adjudicate=write(tmp_path / "list.jsonl", *rows), raters=["carla"])
    assert (task.kind, task.rubric.name, task.settings.overlap) == ("adjudicate", "gradeo", 1)
    (difference,) = task.differences.values()
    assert [(one.score, one.rationale) for one in difference.opinions] == [(2, "blurred"), (5, None)]
    assert "1 rows are about other rubrics" in task.notes[0]
    assert not any("ann" in repr(one) for one in difference.opinions)


def test_texts_to_check_and_what_became_of_them(make_task: MakeTask, tmp_path: Path) -> None:
    rows = [
        {
            "id": "p0-gen0",
            "rubric": "gradeo",
            "dimension": "quality",
            "scores": {"quality": 4},
            "reply": REPLY,
        },
        {
            "id": "p0-gen1",
            "rubric": "gradeo",
            "dimension": "quality",
            "scores": {"quality": 4},
            "stages": {"overview": "a", "assessment": "Rating Score: 4"},
            "reply": "<OVERVIEW>a</OVERVIEW>\n<ASSESSMENT>Rating Score: 4</ASSESSMENT>",
            "reasons": ["sharp"],
            "why": ["the score was 3", {"attempt": 2}],
            "attempts": 3,
        },
    ]
    path = write(tmp_path / "chains.jsonl", *rows)
    task = make_task(None, check=path)
    pages = {page.clip: page for page in task.chains}
    assert task.chains[pages["p0-gen1"]].parts == (("overview", "a"), ("assessment", "Rating Score: 4"))
    decisions = {
        ("p0-gen1", "quality", pages["p0-gen1"].variant): {
            "decision": "edit",
            "rater": "ann",
            "parts": [["overview", "b"], ["assessment", "Rating Score: 4"]],
        },
        ("p0-gen0", "quality", "anothertext"): {"decision": "accept", "rater": "ann", "parts": []},
    }
    first, second = checked_rows(path, decisions, task.rubric)
    assert first == rows[0]  # that decision was about another text
    assert second["stages"] == {"overview": "b", "assessment": "Rating Score: 4"}
    assert second["check"] == {"decision": "edit", "rater": "ann"}
    assert second["attempts"] == 3
    # Where a row holds the same text twice, both are the edited one.
    assert second["reply"] == "<OVERVIEW>b</OVERVIEW>\n\n<ASSESSMENT>Rating Score: 4</ASSESSMENT>"
    assert task.chains[pages["p0-gen1"]].why == ("the score was 3",)


def test_two_lists_at_once(make_task: MakeTask, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one at a time"):
        make_task("gradeo", adjudicate=tmp_path / "a", check=tmp_path / "b", raters=["ann"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"overlap": 0}, "--overlap is 0"),
        ({"pages": "eech"}, "Did you mean 'each'"),
        ({"pilot_pass": 1.5}, "a share from 0 to 1"),
        ({"lease": float("nan")}, "--lease is nan"),
        ({"quota": 0}, "--quota is 0"),
    ],
)
def test_settings_are_checked(options: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings(**options)
    assert told in str(caught.value)


def test_nothing_to_do(make_task: MakeTask, tmp_path: Path) -> None:
    rows = [
        {"id": f"p{p}-gen{g}", "use": "pilot", "scores": {"quality": 4}} for p in range(3) for g in range(2)
    ]
    with pytest.raises(ReeljudgeError, match="nothing in it is left to be done"):
        make_task("gradeo", dimensions=["quality"], gold=write(tmp_path / "gold.jsonl", *rows))
