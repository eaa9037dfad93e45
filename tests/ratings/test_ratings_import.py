"""This project's rows become ratings, and what all formats share: nothing is dropped without a reason."""

import json
from pathlib import Path
from typing import Any

import pytest
from importing import Call, reasons, saved

from reeljudge.ratings import Rating, RatingStore, open_store
from reeljudge.ratings.imports import Options, import_file, import_ratings


def rating_row(n: int, **others: Any) -> dict[str, Any]:
    row = {
        "id": f"c{n}",
        "video": f"c{n}.mp4",
        "prompt": "p",
        "rubric": "videoscore2",
        "dimension": "visual_quality",
        "rater": "ann",
        "score": 3,
        "at": "2025-01-01T00:00:00Z",
    }
    return {name: value for name, value in (row | others).items() if value is not ...}


def test_rows_that_cannot_be_stored_are_listed_each_with_its_line(tmp_path: Path, call: Call) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        (rating_row(1, score=6), "score 6 of 'visual_quality' is not on the scale 1-5"),
        (rating_row(1, score=3.5), "'score' must be a whole number, not 3.5"),
        (rating_row(1, score=...), "no 'score'"),
        (rating_row(1, rater=...), "no 'rater'"),
        (rating_row(1, rater=" "), "'rater' is empty"),
        (rating_row(1, dimension="visual_qualty"), "Did you mean 'visual_quality'?"),
        (rating_row(1, rubric="videoscore"), "Did you mean 'videoscore2'?"),
        (rating_row(0, score=4), "second rating of clip 'c0'"),
        (rating_row(0, rater="bob", video="other.mp4"), "clip 'c0' is known with another video"),
        (rating_row(1, at="soon"), "no time in ISO 8601"),
        (rating_row(1, seconds=-2), "'seconds' input should be greater than or equal to 0"),
    ]
    path = saved(tmp_path / "rows.jsonl", [rating_row(0), *(row for row, _ in bad), rating_row(9)])
    db = tmp_path / "r.db"
    status, out, _ = call("import", path, "--from", "reeljudge", "--db", db, "--json")
    found = json.loads(out)
    assert (status, found["rows"], found["accepted"]) == (0, len(bad) + 2, 2)
    assert [row["line"] for row in found["rejected"]] == list(range(2, len(bad) + 2))
    for row, (_, words) in zip(found["rejected"], bad, strict=True):
        assert words in row["reason"]
    status, _, err = call("import", path, "--from", "reeljudge", "--db", tmp_path / "strict.db", "--strict")
    assert status == 1
    assert "nothing was stored, since rows were refused (--strict)" in err
    with open_store(str(tmp_path / "strict.db")) as store:
        assert (list(store.ratings()), list(store.clips())) == ([], [])
    only_bad = saved(tmp_path / "bad.jsonl", [row for row, _ in bad[:3]])
    assert call("import", only_bad, "--from", "reeljudge", "--db", db)[0] == 1


def test_a_second_import_changes_nothing_and_replace_keeps_old(tmp_path: Path, store: RatingStore) -> None:
    path = saved(tmp_path / "rows.jsonl", [rating_row(n) for n in range(3)])
    assert import_file(store, path, "reeljudge").ratings == {"new": 3, "same": 0, "replaced": 0}
    assert import_file(store, path, "reeljudge").ratings == {"new": 0, "same": 3, "replaced": 0}
    changed = saved(tmp_path / "rows2.jsonl", [rating_row(0, score=5), rating_row(1)])
    done = import_file(store, changed, "reeljudge", replace=True)
    assert done.ratings == {"new": 0, "same": 1, "replaced": 1}
    assert [row["score"] for row in store.history()] == [3]


def test_a_later_row_may_say_more_about_a_clip_but_nothing_else(tmp_path: Path, store: RatingStore) -> None:
    rows = [rating_row(0), rating_row(0, rater="bob", model="g"), rating_row(0, rater="eve", theme="Physics")]
    rows += [rating_row(0, rater="zoe", model="other"), rating_row(0, rater="zoe")]
    done = import_file(store, saved(tmp_path / "rows.jsonl", rows[:2]), "reeljudge")
    again = import_file(store, saved(tmp_path / "rows2.jsonl", rows[2:]), "reeljudge")
    assert (done.refused, reasons(again)) == (
        [],
        {2: "clip 'c0' is known with another model: 'g', where this has 'other'"},
    )
    (clip,) = store.clips()
    assert (clip.model, clip.theme) == ("g", "Physics")
    assert {(one.rater, one.model) for one in store.ratings()} == {
        (rater, "g") for rater in ("ann", "bob", "eve", "zoe")
    }


@pytest.mark.parametrize("form", ["table", "reeljudge", "label-studio", "videofeedback2"])
@pytest.mark.parametrize(
    "rows", [[], [{}], [{"data": {}, "annotations": [{}]}, {"labels": [[]], "human": {"": [{}]}}]]
)
def test_files_with_nothing_in_them_store_nothing(
    tmp_path: Path, call: Call, form: str, rows: list[dict[str, Any]]
) -> None:
    path = saved(tmp_path / "rows.json", rows)
    status, out, err = call("import", path, "--from", form, "--db", tmp_path / "r.db")
    assert status in (1, 2)
    assert (out, "Traceback" in err) == ("", False)
    with open_store(str(tmp_path / "r.db")) as store:
        assert (list(store.clips()), store.rubrics()) == ([], [])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"id": "c1", "video": "a.mp4"', "line 3: not valid JSON"),
        (b"\xff\xfe", "line 3: not UTF-8"),
        (b"[1, 2]", "line 3: a JSON list"),
    ],
)
def test_a_broken_file_stores_nothing_and_names_its_line(
    tmp_path: Path, call: Call, content: bytes, words: str
) -> None:
    good = saved(tmp_path / "good.jsonl", [rating_row(7)])
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"\n".join(json.dumps(rating_row(n)).encode() for n in range(2)) + b"\n" + content)
    db = tmp_path / "r.db"
    status, _, err = call("import", good, path, "--from", "reeljudge", "--db", db)
    assert status == 1
    assert words in err
    assert f"stored before it: {good}" in err
    with open_store(str(db)) as store:
        assert [one.id for one in store.ratings()] == ["c7"]


def test_a_manifest_says_which_clips_there_are(tmp_path: Path, store: RatingStore) -> None:
    manifest = saved(
        tmp_path / "clips.jsonl",
        [
            {"id": f"c{n}", "video": f"local/c{n}.mp4", "prompt": "A ball  rolls.", "group": "g"}
            for n in range(2)
        ],
    )
    rows = [
        rating_row(0, prompt="a ball rolls"),
        rating_row(1, prompt="A cube rolls."),
        rating_row(2, prompt="A ball rolls."),
    ]
    (done,) = import_ratings(store, [saved(tmp_path / "r.jsonl", rows)], "reeljudge", manifest=manifest)
    assert reasons(done) == {
        2: "clip 'c1' has another prompt in the manifest: 'A ball  rolls.', not 'A cube rolls.'",
        3: "clip 'c2' is not in the manifest",
    }
    (found,) = store.ratings()
    assert (found.video, found.prompt) == ("local/c0.mp4", "A ball  rolls.")
    assert [clip.group for clip in store.clips()] == ["g", "g"]


def test_a_manifest_may_know_the_ids_of_the_rows_by_another_field(tmp_path: Path, call: Call) -> None:
    clips = [{"video": f"local{n}.mp4", "prompt": "p", "labels": {"key": f"c{n}"}} for n in range(2)]
    manifest = saved(tmp_path / "clips.jsonl", [*clips, {"video": "other.mp4", "prompt": "p"}])
    path = saved(tmp_path / "r.jsonl", [rating_row(0), rating_row(1), rating_row(2)])
    shared = (path, "--from", "reeljudge", "--db", tmp_path / "r.db", "--clips", manifest)
    assert call("import", *shared, "--clips-by", "labels.key")[0] == 0
    with open_store(str(tmp_path / "r.db")) as store:
        assert [(one.id, one.video) for one in store.ratings()] == [
            ("local0", "local0.mp4"),
            ("local1", "local1.mp4"),
        ]
    status, _, err = call("import", *shared, "--clips-by", "label")
    assert (status, "Did you mean 'labels'?" in err) == (2, True)
    assert call("import", *shared[:-2], "--clips-by", "labels.key")[0] == 2
    saved(manifest, [*clips, clips[0] | {"video": "again.mp4"}])
    status, _, err = call("import", *shared, "--clips-by", "labels.key")
    reason = "clips 'local0' and 'again' of the manifest have the same 'labels.key'"
    assert (status, err.count(reason), err.count("is not in the manifest")) == (0, 1, 1)


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("videofeedback2", ("--rubric", "gradeo")),
        ("videofeedback2", ("--scores", "x")),
        ("reeljudge", ("--rater", "x")),
        ("label-studio", ("--missing", "-1")),
        ("tabel", ()),
        ("table", ("--scale", "5-1")),
        ("table", ("--field", "rater")),
    ],
)
def test_an_option_that_says_nothing_about_a_format_is_refused(
    tmp_path: Path, call: Call, form: str, options: tuple[str, ...]
) -> None:
    path = saved(tmp_path / "rows.jsonl", [rating_row(0)])
    status, out, err = call("import", path, "--from", form, "--db", tmp_path / "r.db", *options)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_a_rubric_of_ones_own_by_file(tmp_path: Path) -> None:
    rubric = tmp_path / "motion.yaml"
    rubric.write_text(
        "name: motion\nreplies: joint\nscale: {min: 0, max: 3}\ntemplate: Rate it.\n"
        "dimensions:\n  - {name: speed, title: Speed, label: speed, definition: How fast.}\n",
        encoding="utf-8",
    )
    rows = [rating_row(n, rubric="motion", dimension="speed", score=n) for n in range(5)]
    with open_store(str(tmp_path / "r.db")) as store:
        done = import_file(store, saved(tmp_path / "r.jsonl", rows), "reeljudge", Options(rubric=str(rubric)))
        assert reasons(done) == {5: "score 4 of 'speed' is not on the scale 0-3 of rubric 'motion'"}
        assert (store.rubric("motion").low, store.rubric("motion").high) == (0, 3)


def test_unicode_from_file_to_store(tmp_path: Path, store: RatingStore) -> None:
    odd = "‮视频 🎬 é é"
    rows = [rating_row(0, rater=odd, rationale=odd, prompt=odd, id=odd, video=f"{odd}.mp4")]
    rows += [rating_row(1, rationale="\ud800"), rating_row(2, rater="a\0b")]
    done = import_file(store, saved(tmp_path / f"{odd[1:3]}.jsonl", rows), "reeljudge")
    assert reasons(done) == {
        2: "'rationale' holds half of a surrogate pair, which is no character",
        3: "'rater' holds a null character",
    }
    found: Rating = next(store.ratings())
    assert {found.id, found.rater, found.rationale, found.prompt} == {odd}
