"""Raw VideoFeedback2 annotations become ratings; rows that are not accepted say why."""

import json
from pathlib import Path
from typing import Any

import pytest
from importing import CORPUS, needs_labels, reasons, saved

from reeljudge.ratings import RatingStore
from reeljudge.ratings.imports import import_file, parse_annotation

LABELS = (
    "视觉质量评分",
    "视觉质量描述",
    "文本符合度评分",
    "文本符合度描述",
    "物理符合度评分",
    "物理符合度描述",
)


def raw_row(name: str, *answers: Any, prompt: str | None = "A red ball rolls.") -> dict[str, Any]:
    """A row of a raw file: score, comment, score, comment, score, comment; `...` leaves a question out."""
    labels = [
        {"_id": f"{0x5F000000 + n:08x}" + "0" * 16, "data": {"id": n, "label": f"1_{label}", "value": value}}
        for n, (label, value) in enumerate(zip(LABELS, answers, strict=False), 1)
        if value is not ...
    ]
    data = [
        {"content": "prompt", "type": "TITLE"},
        {"content": f"English Prompt: {prompt} \n翻译为中文的Prompt:\n球", "type": "TEXT"},
        {"content": f"https://example.org/clips/0000_0499/gen-a/{name}.mp4", "type": "VIDEO"},
        {"content": "src_id: some id 12  src: story", "type": "TEXT"},
    ]
    if prompt is None:
        del data[1]
    return {"_id": "x", "info": {"data": data}, "labels": labels}


GOOD = ("4-Relatively Good", "sharp", "5-Very Good", "  ", 3, "fine")


def test_a_raw_row_is_read_under_the_names_of_the_release() -> None:
    found = parse_annotation(raw_row("000001_a", *GOOD))
    assert found.row() == {
        "video_name": "000001_a",
        "t2v_model": "gen-a",
        "video_url": "https://example.org/clips/0000_0499/gen-a/000001_a.mp4",
        "prompt": "A red ball rolls",
        "src": "story",
        "src_id": "some id 12",
        "v_score": 4,
        "v_comment_raw_as_written": "sharp",
        "t_score": 5,
        "t_comment_raw_as_written": "  ",
        "p_score": 3,
        "p_comment_raw_as_written": "fine",
        "accepted": True,
    }


@pytest.mark.parametrize(
    ("answers", "score", "reason"),
    [
        (("asdf", "a", 3, "b", 4, "c"), None, "visual score 'asdf' is no score"),
        (("3.5", "a", 3, "b", 4, "c"), None, "visual score '3.5' is no score"),
        (("3-4", "a", 3, "b", 4, "c"), None, "visual score '3-4' is no score"),
        (("-1", "a", 3, "b", 4, "c"), None, "visual score '-1' is no score"),
        ((7, "a", 3, "b", 4, "c"), None, "visual score 7 is not on the scale 1-5"),
        ((True, "a", 3, "b", 4, "c"), None, "visual score True is no number"),
        ((None, "a", 3, "b", 4, "c"), None, "has no visual scores"),
        ((..., "a", 3, "b", 4, "c"), None, "has no visual scores"),
        ((4, ..., 3, "b", 4, "c"), 4, "has no visual comments"),
        ((4, "a", 3, "b", 4), 4, "has no physical comments"),
        ((), None, "is not annotated"),
    ],
)
def test_a_raw_row_that_is_not_accepted_says_why(
    answers: tuple[Any, ...], score: int | None, reason: str
) -> None:
    found = parse_annotation(raw_row("000001_a", *answers))
    assert not found.accepted
    assert reason in "; ".join(found.problems)
    assert found.scores["visual_quality"] == score


@pytest.mark.parametrize("row", [{}, {"info": None, "labels": 3}, {"info": {"data": [1]}, "labels": [1, {}]}])
def test_rows_of_another_kind_are_refused_and_break_nothing(row: dict[str, Any]) -> None:
    assert {"names no video", "has no English prompt"} <= set(parse_annotation(row).problems)


def test_raw_files_become_ratings_and_bad_rows_are_listed(tmp_path: Path, store: RatingStore) -> None:
    rows = [
        raw_row("000001_a", *GOOD),
        raw_row("000002_b", "asdf", "x", 2, "y", 2, "z"),
        raw_row("000003_c"),
        raw_row("000004_d", *GOOD, prompt=None),
        raw_row("000001_a", *GOOD),
        raw_row("000001_a", 1, *GOOD[1:]),
    ]
    path = saved(tmp_path / "batch7.json", rows)
    done = import_file(store, path, "videofeedback2")
    assert (done.rows, done.ratings, done.clips) == (6, {"new": 3, "same": 3, "replaced": 0}, 1)
    assert reasons(done) == {
        2: "visual score 'asdf' is no score: it must start with one whole number",
        3: "is not annotated (no labels)",
        4: "has no English prompt",
        6: "second rating of clip '000001_a' on 'visual_quality' by 'batch7', who scored it 4 before, now 1; "
        "say that it replaces the first, or leave it out",
    }
    assert [refused.id for refused in done.refused] == ["000002_b", "000003_c", "000004_d", "000001_a"]
    found = {one.dimension: one for one in store.ratings()}
    assert {name: (one.score, one.rationale) for name, one in found.items()} == {
        "visual_quality": (4, "sharp"),
        "text_alignment": (5, "  "),
        "physical_consistency": (3, "fine"),
    }
    assert {one.rater for one in found.values()} == {"batch7"}
    assert {one.at for one in found.values()} == {"2020-07-04T04:05:21.000Z"}  # from the first answer's id
    assert next(store.clips()).extra == {"src": "story", "src_id": "some id 12"}


@pytest.mark.corpus
@needs_labels
def test_the_real_sample_gives_exactly_what_it_must(store: RatingStore) -> None:
    labels = Path(CORPUS or "") / "labels"
    raw = json.loads((labels / "vs2_anno_sample.json").read_text(encoding="utf-8"))
    expected = json.loads((labels / "vs2_anno_sample_expected.json").read_text(encoding="utf-8"))
    assert [parse_annotation(row).row() for row in raw] == expected
    done = import_file(store, labels / "vs2_anno_sample.json", "videofeedback2")
    refused = [row for row in expected if not row["accepted"]]
    assert [one.id for one in done.refused] == [row["video_name"] for row in refused]
    letters = {"v": "visual_quality", "t": "text_alignment", "p": "physical_consistency"}
    assert {(one.id, one.dimension): (one.score, one.rationale, one.prompt) for one in store.ratings()} == {
        (row["video_name"], name): (row[f"{x}_score"], row[f"{x}_comment_raw_as_written"], row["prompt"])
        for row in expected
        if row["accepted"]
        for x, name in letters.items()
    }
