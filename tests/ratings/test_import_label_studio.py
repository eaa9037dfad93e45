"""Exports of Label Studio become ratings, whatever controls they were made with."""

from pathlib import Path
from typing import Any

import pytest
from importing import saved

from reeljudge.errors import InputError, UsageError
from reeljudge.ratings import RatingStore, open_store
from reeljudge.ratings.imports import Options, import_file


def annotation(who: Any, *results: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"completed_by": who, "result": list(results), "created_at": "2025-05-01T10:00:00Z"} | others


def result(name: str, kind: str, value: Any) -> dict[str, Any]:
    key = {"textarea": "text"}.get(kind, kind)
    return {"from_name": name, "to_name": "video", "type": kind, "value": {key: value}}


def test_label_studio_controls_of_every_kind(tmp_path: Path, store: RatingStore) -> None:
    data = {"video": "/data/upload/1/c1.mp4", "prompt": "a ball", "seed": 3}
    tasks = [
        {
            "id": 1,
            "data": data,
            "annotations": [
                annotation(
                    {"id": 3, "email": "ann@example.org"},
                    result("visual_quality", "rating", 4),
                    result("visual_quality_rationale", "textarea", ["sharp", "smooth"]),
                    result("text-to-video alignment", "choices", ["5-Very Good"]),
                    result("physical_consistency_score", "number", 2),
                    result("kind", "choices", ["indoor"]),
                    lead_time=30.0,
                ),
                annotation(
                    12,
                    result("visual_quality", "choices", ["2"]),
                    result("reason", "textarea", "blur"),
                    lead_time=8,
                ),
                annotation(13, was_cancelled=True),
                annotation(14, result("visual_quality", "rating", 9)),
                annotation(15, result("visual_quality", "choices", ["3", "4"])),
                annotation(16),
                annotation(None, result("visual_quality", "rating", 3)),
            ],
        },
        {"id": 2, "data": data, "annotations": []},
        {
            "id": 3,
            "data": {"prompt": "no video"},
            "annotations": [annotation(1, result("visual_quality", "rating", 3))],
        },
    ]
    done = import_file(store, saved(tmp_path / "export.json", tasks), "label-studio")
    assert [(one.dimension, one.rater, one.score, one.rationale, one.seconds) for one in store.ratings()] == [
        ("physical_consistency", "ann@example.org", 2, None, None),
        ("text_alignment", "ann@example.org", 5, None, None),
        ("visual_quality", "ann@example.org", 4, "sharp\nsmooth", None),
        ("visual_quality", "annotator-12", 2, "blur", 8.0),
    ]
    assert [(refused.place.row, refused.place.part, refused.reason) for refused in done.refused] == [
        (1, "annotation 4", "score 9 of 'visual_quality' is not on the scale 1-5 of rubric 'videoscore2'"),
        (1, "annotation 5", "visual_quality: 2 choices where one score is wanted"),
        (1, "annotation 6", "has no score"),
        (1, "annotation 7", "does not say who rated (no completed_by); --rater NAME does"),
        (
            3,
            None,
            "data: no 'video' field (nor 'file', 'path', 'video_path', 'videopath'); "
            "the row's fields: 'prompt'",
        ),
    ]
    assert any(note == "1 tasks have no annotation" for note in done.notes)
    assert any("1 annotations were skipped" in note for note in done.notes)
    assert any("time of 1 annotations on several dimensions" in note for note in done.notes)
    assert any("not read: 'kind'" in note for note in done.notes)
    assert next(store.clips()).extra == {"seed": 3}


def test_label_studio_controls_under_other_names(tmp_path: Path) -> None:
    task = {
        "data": {"video": "c1.mp4", "prompt": "p"},
        "annotations": [annotation(1, result("q1", "rating", 3), result("q1_comment", "textarea", ["dark"]))],
    }
    path = saved(tmp_path / "export.json", [task])
    with open_store(str(tmp_path / "r.db")) as store:
        with pytest.raises(InputError, match=r"no control is named like.*--scores visual_quality=q1"):
            import_file(store, path, "label-studio", Options(rubric="videoscore2"))
        with pytest.raises(UsageError, match=r"no control 'q2'.*Known: q1"):
            import_file(store, path, "label-studio", Options(scores=("visual_quality=q2",)))
        import_file(store, path, "label-studio", Options(rubric="videoscore2", scores=("visual_quality=q1",)))
        (found,) = store.ratings()
        assert (found.rubric, found.dimension, found.score, found.rationale) == (
            "videoscore2",
            "visual_quality",
            3,
            "dark",
        )


def test_another_export_of_label_studio_is_told_apart(tmp_path: Path, store: RatingStore) -> None:
    path = saved(tmp_path / "min.json", [{"video": "a.mp4", "visual_quality": 4, "annotator": 1}])
    with pytest.raises(InputError, match="JSON-MIN"):
        import_file(store, path, "label-studio")
