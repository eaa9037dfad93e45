"""Tables of any shape become ratings: scores by list, by column, by rater, by row."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from importing import CORPUS, Call, needs_labels, reasons, saved, scores_of

from reeljudge.errors import InputError, UsageError
from reeljudge.ratings import RatingStore, open_store
from reeljudge.ratings.imports import Options, import_file


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
