"""Files of four formats become ratings; what cannot be stored is listed with its reason, never dropped."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reeljudge.errors import InputError, UsageError
from reeljudge.ratings import Rating, RatingStore, open_store
from reeljudge.ratings.imports import Imported, Options, import_file, import_ratings, parse_annotation
from reeljudge.tables import write_rows

Ran = tuple[int, str, str]
Call = Callable[..., Ran]

CORPUS = os.environ.get("REELJUDGE_CORPUS")
needs_labels = pytest.mark.skipif(
    CORPUS is None, reason="needs real labels: set REELJUDGE_CORPUS to a folder that holds labels/"
)


def saved(path: Path, rows: list[Any]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    else:
        write_rows(path, rows)
    return path


def scores_of(store: RatingStore) -> dict[tuple[str, str, str], int]:
    return {(one.id, one.dimension, one.rater): one.score for one in store.ratings()}


def reasons(done: Imported) -> dict[int, str]:
    return {refused.place.row: refused.reason for refused in done.refused}


# VideoFeedback2

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


# Tables


def wide(n: int, **human: Any) -> dict[str, Any]:
    return {"id": f"g/{n}", "model": "gen-a", "prompt": f"a ball {n}", "human": human, "auto": {"CLIP": 0.3}}


def test_a_table_of_lists_has_raters_by_position(tmp_path: Path, store: RatingStore) -> None:
    rows = [
        wide(1, static=[3, 4, 3], alignment=[2, None, 5], fine={"camera view": [1, 1, 2]}),
        wide(2, static=[5, 5, 5], alignment=[1, 1, 1]),
    ]
    done = import_file(store, saved(tmp_path / "fetv.jsonl", rows), "table")
    assert done.refused == []
    assert scores_of(store) == {
        **{("g/1", "static", f"rater-{n}"): score for n, score in ((1, 3), (2, 4), (3, 3))},
        **{("g/1", "alignment", f"rater-{n}"): score for n, score in ((1, 2), (3, 5))},
        **{("g/1", "fine.camera view", f"rater-{n}"): score for n, score in ((1, 1), (2, 1), (3, 2))},
        **{("g/2", "static", f"rater-{n}"): 5 for n in (1, 2, 3)},
        **{("g/2", "alignment", f"rater-{n}"): 1 for n in (1, 2, 3)},
    }
    assert store.rubric("fetv").dimensions == ("static", "alignment", "fine.camera view")
    assert "rubric 'fetv' is new here: scale 1-5" in done.notes[0]
    assert "2 rows name no video" in done.notes[1]
    assert next(store.clips()).extra == {"auto": {"CLIP": 0.3}}


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "tsv", "parquet"])
def test_every_kind_of_table_gives_the_same(tmp_path: Path, suffix: str) -> None:
    rows = [
        {"video": f"c{n}.mp4", "prompt": "p", "visual_quality": n, "text_alignment": [n, 5], "Who": "ann"}
        for n in (1, 2)
    ]
    path = saved(tmp_path / f"sheet.{suffix}", rows)
    with open_store(str(tmp_path / "ratings.db")) as store:
        options = Options(
            scores=("visual_quality", "text_alignment"), fields={"rater": "Who"}, rubric="videoscore2"
        )
        done = import_file(store, path, "table", options)
        assert (done.rows, len(done.refused)) == (2, 0)
        assert scores_of(store) == {
            **{(f"c{n}", "visual_quality", "ann"): n for n in (1, 2)},
            **{(f"c{n}", "text_alignment", "rater-1"): n for n in (1, 2)},
            **{(f"c{n}", "text_alignment", "rater-2"): 5 for n in (1, 2)},
        }


def test_a_row_per_rating_whose_columns_have_our_names(tmp_path: Path, call: Call) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["video", "prompt", "rater", "dimension", "score", "rationale", "seconds", "at"])
        writer.writerow(
            ["a.mp4", "p", "ann", "safety", 5, 'nothing, "bad"', 3.5, "2025-01-02T03:04:05+01:00"]
        )
        writer.writerow(["a.mp4", "p", "bob", "safety", 1, "", "", ""])
        writer.writerow(["a.mp4", "p", "bob", "saftey", 1, "", "", ""])
        writer.writerow(["a.mp4", "p", "", "safety", 1, "", "", ""])
        writer.writerow(["a.mp4", "p", "eve", "safety", "", "", "", ""])
        writer.writerow(["a.mp4", "p", "eve", "safety", "x", "", "", ""])
    status, out, _ = call(
        "import", path, "--from", "table", "--rubric", "gradeo", "--db", tmp_path / "r.db", "--json"
    )
    found = json.loads(out)
    assert (status, found["rows"], found["accepted"], found["ratings"]["new"]) == (0, 6, 2, 2)
    assert [(row["row"], row["line"], row["id"], row["reason"]) for row in found["rejected"]] == [
        (3, 4, "a", "rubric 'gradeo' has no dimension 'saftey'. Did you mean 'safety'?"),
        (4, 5, "a", "does not say who rated ('rater' is empty)"),
        (5, 6, "a", "has no score"),
        (6, 7, "a", "score: 'x' is no number"),
    ]
    with open_store(str(tmp_path / "r.db")) as store:
        ann, bob = store.ratings()
    assert (ann.rationale, ann.seconds, ann.at) == ('nothing, "bad"', 3.5, "2025-01-02T02:04:05.000Z")
    assert (bob.rationale, bob.seconds) == (None, None)


def test_reasons_stand_beside_scores_in_every_shape(tmp_path: Path) -> None:
    rows = [
        {
            "video": "a.mp4",
            "prompt": "p",
            "human": {"safety": [4, 5], "quality": 3},
            "why": {"safety": ["x", "y"]},
        },
        {"video": "b.mp4", "prompt": "p", "human": {"quality": 2}, "why": "blurred"},
        {"video": "c.mp4", "prompt": "p", "human": {"safety": 2, "quality": 2}, "why": "which of them?"},
    ]
    path = saved(tmp_path / "t.jsonl", [row | {"prompt": "p"} for row in rows])
    with open_store(str(tmp_path / "r.db")) as store:
        done = import_file(store, path, "table", Options(fields={"rationale": "why"}))
        assert store.rubrics() == ["gradeo"]  # the bundled rubric that has these dimensions
        assert [(one.id, one.dimension, one.rater, one.rationale) for one in store.ratings()] == [
            ("a", "quality", "rater-1", None),
            ("a", "safety", "rater-1", "x"),
            ("a", "safety", "rater-2", "y"),
            ("b", "quality", "rater-1", "blurred"),
        ]
        assert list(reasons(done)) == [3]
        assert "one rationale for several ratings" in reasons(done)[3]


def test_scores_by_rater_name_and_values_that_mean_nothing(tmp_path: Path) -> None:
    rows = [
        {"video": "a.mp4", "prompt": "p", "votes": {"ann": 4, "bob": -1}},
        {"video": "b.mp4", "prompt": "p", "votes": {"ann": "n/a", "bob": "skip"}},
        {"video": "c.mp4", "prompt": "p", "votes": {"ann": 4.5, "bob": 2}},
    ]
    path = saved(tmp_path / "t.jsonl", rows)
    with open_store(str(tmp_path / "r.db")) as store:
        options = Options(scores=("safety=votes",), missing=("-1", "skip"))
        done = import_file(store, path, "table", options)
        assert scores_of(store) == {("a", "safety", "ann"): 4}
        assert reasons(done) == {
            2: "has no score",
            3: "votes: 4.5 is no whole number, and no score is rounded",
        }


def test_scores_off_the_scale_are_refused_with_a_hint_at_the_scale(tmp_path: Path) -> None:
    rows = [{"video": f"{n}.mp4", "prompt": "p", "human": {"looks": n * 20}} for n in range(6)]
    path = saved(tmp_path / "t.jsonl", rows)
    with open_store(str(tmp_path / "r.db")) as store:
        done = import_file(store, path, "table")
        assert len(done.refused) == 6
        assert reasons(done)[2] == "score 20 of 'looks' is not on the scale 1-5 of rubric 't'"
        assert any("scores run from 0 to 100 here" in note and "--scale" in note for note in done.notes)
        # Nothing of the failed attempt stays in the way of the next.
        assert (done.stored, store.rubrics()) == (False, [])
        done = import_file(store, path, "table", Options(scale=(0, 100)))
        assert (done.stored, len(done.refused), done.ratings["new"]) == (True, 0, 6)
        with pytest.raises(InputError, match=r"scale 0-100 .*not 1-5"):
            import_file(store, path, "table", Options(scale=(1, 5)))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (Options(scores=("humen",)), UsageError, "no row has the field 'humen'.*Did you mean"),
        (Options(rubric="videoscor2"), UsageError, "Did you mean 'videoscore2'"),
        (Options(rubric="videoscore2"), InputError, "no dimension 'looks'.*--scores visual_quality=FIELD"),
        (Options(rubric="gradeo", scale=(0, 4)), UsageError, "has the scale 1-5"),
        (Options(rubric="nowhere.yaml"), UsageError, "no such file"),
        (Options(fields={"ratr": "x"}), UsageError, "no field 'ratr'.*Did you mean 'rater'"),
    ],
)
def test_options_that_do_not_fit_the_table(
    tmp_path: Path, options: Options, error: type[Exception], words: str
) -> None:
    path = saved(
        tmp_path / "t.jsonl", [{"video": "a.mp4", "prompt": "p", "human.looks": 3, "human": {"looks": 3}}]
    )
    with open_store(str(tmp_path / "r.db")) as store:
        with pytest.raises(error, match=words):
            import_file(store, path, "table", options)
        assert list(store.clips()) == []


def test_a_table_without_known_fields_asks_which_they_are(tmp_path: Path) -> None:
    path = saved(tmp_path / "t.jsonl", [{"clip": "a.mp4", "stars": 3}])
    with open_store(str(tmp_path / "r.db")) as store:
        with pytest.raises(UsageError, match=r"--scores FIELD.*Its fields: clip, stars"):
            import_file(store, path, "table")
        done = import_file(store, path, "table", Options(scores=("stars",)))
        assert reasons(done) == {1: "names neither a video nor an id"}
        options = Options(scores=("stars",), fields={"video": "clip", "prompt": "clip"})
        assert import_file(store, path, "table", options).ratings["new"] == 1


@pytest.mark.corpus
@needs_labels
def test_every_rating_of_fetv_arrives(store: RatingStore) -> None:
    path = Path(CORPUS or "") / "labels" / "fetv_ratings.jsonl"
    done = import_file(store, path, "table")
    wanted = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for dimension, scores in row["human"].items():
            nested = scores if isinstance(scores, dict) else {None: scores}
            for aspect, values in nested.items():
                name = dimension if aspect is None else f"{dimension}.{aspect}"
                wanted |= {(row["id"], name, f"rater-{n}"): value for n, value in enumerate(values, 1)}
    assert (done.rows, done.refused, done.ratings["new"]) == (1453, [], len(wanted))
    assert scores_of(store) == wanted


# Label Studio


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


# This project's rows, and what all formats share


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
