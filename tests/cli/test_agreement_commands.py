"""`agree`, `agree-pairs`, `compare`, `raters` as they are typed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reeljudge.cli import main


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def points(tmp_path: Path) -> str:
    return write(
        tmp_path / "points.jsonl",
        [
            {
                "id": f"c{i}",
                "prompt": f"p{i // 2}",
                "human": {"alignment": [i % 5 + 1, min(i % 5 + 2, 5)]},
                "judge": {"x": None if i == 3 else i % 5 + 1, "y": 6 - (i % 5 + 1)},
                "metric": 0.1 * (i % 5) + 0.2,
                "split": "odd" if i % 2 else "even",
            }
            for i in range(60)
        ],
    )


@pytest.fixture
def votes(tmp_path: Path) -> str:
    human = ["leftvote", "rightvote", "tievote", "bothbad_vote"]
    judge = ["[[A>B]]", "[[B>A]]", "[[A=B=Bad]]", None]
    rows = [
        {
            "prompt": f"p{i // 4}",
            "human": human[i % 4],
            "x": judge[i % 4],
            "y": "[[A>B]]",
            "a": (i * 7) % 5,
            "b": 2,
        }
        for i in range(80)
    ]
    return write(tmp_path / "votes.jsonl", rows)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "NaN" not in out
    return json.loads(out)


AGREE_KEYS = {
    *("n", "n_scored", "srcc", "plcc", "krcc_b", "krcc_c", "mae", "rmse", "accuracy", "accuracy_scored"),
    *("relaxed_accuracy", "majority_accuracy", "ci", "notes"),
}
PAIR_KEYS = {
    *("n", "n_ties", "accuracy_with_ties", "accuracy_without_ties", "tie_calibrated_accuracy", "tie_margin"),
    *("unscored", "ci"),
}
RATER_KEYS = {
    *("items", "raters", "alpha_ordinal", "alpha_interval", "fleiss_kappa", "icc2_1", "icc2_k"),
    *("exact_match", "relaxed_match", "mean_pairwise_srcc", "mean_pairwise_krcc_b", "mean_pairwise_krcc_c"),
    "ci",
}


def test_agree_json(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "agree", points, "--human", "human.alignment", "--judge", "judge.x")
    assert set(found) >= AGREE_KEYS
    assert (found["n"], found["n_scored"], found["clusters"]) == (60, 59, 30)
    assert found["cluster_field"] == "prompt"
    assert found["ci"]["accuracy"][0] < found["accuracy"] < found["ci"]["accuracy"][1]
    assert found["accuracy"] < found["accuracy_scored"]


def test_agree_on_another_scale(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "agree", points, "--human", "human.alignment", "--judge", "metric")
    assert found["accuracy"] is found["mae"] is found["ci"]["accuracy"] is None
    assert found["srcc"] == pytest.approx(1, abs=0.05)
    assert any("1-5" in note and "0-1" in note for note in found["notes"])


def test_agree_for_people(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agree", points, "--human", "human.alignment", "--judge", "judge.x"]) == 0
    captured = capsys.readouterr()
    assert "srcc" in captured.out
    assert "95 % interval" in captured.out
    assert "1 of 60 items are unscored" in captured.out
    assert captured.err == ""


def test_rows_can_be_chosen(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("--human", "human.alignment.0", "--judge", "judge.x", "--where", "split=even")
    assert printed(capsys, "agree", points, *chosen)["n"] == 30
    assert (
        main(["agree", points, "--human", "human.alignment", "--judge", "judge.x", "--where", "split=no"])
        == 2
    )
    assert "split holds: even, odd" in capsys.readouterr().err


def test_agree_pairs_json(votes: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "agree-pairs", votes, "--human", "human", "--judge", "x")
    assert set(found) >= PAIR_KEYS
    assert (found["n"], found["n_ties"], found["unscored"]) == (80, 40, 20)
    assert found["accuracy_with_ties"] == 0.75
    assert found["accuracy_without_ties"] == 1
    exact = printed(
        capsys, "agree-pairs", votes, "--human", "human", "--judge", "x", "--protocol", "genai-bench"
    )
    assert exact["accuracy_with_ties"] == 0.5


def test_agree_pairs_of_scores(votes: str, capsys: pytest.CaptureFixture[str]) -> None:
    scores = ("agree-pairs", votes, "--human", "human", "--score-a", "a", "--score-b", "b")
    found = printed(capsys, *scores)
    assert found["tie_calibrated_accuracy"] is not None
    assert found["tie_margin"] in (0, 1, 2)
    assert found["same_items_accuracy"] >= found["accuracy_with_ties"]
    stated = printed(capsys, *scores, "--tie-margin", "1")
    assert stated["tie_margin"] == 1
    assert "at most 1" in stated["tie_rule"]
    assert main(list(scores)) == 0
    assert "tie rule" in capsys.readouterr().out


def test_compare_json(points: str, votes: str, capsys: pytest.CaptureFixture[str]) -> None:
    judges = ("--judge", "judge.x", "--judge", "judge.y")
    found = printed(capsys, "compare", points, "--human", "human.alignment", *judges)
    assert found["judges"] == ["judge.x", "judge.y"]
    assert found["difference"]["srcc"] == pytest.approx(found["first"]["srcc"] - found["second"]["srcc"])
    assert found["p_value"]["accuracy"] < 0.01
    assert "sign-flip" in found["test"]["accuracy"]
    pairs = printed(capsys, "compare", votes, "--human", "human", "--judge", "x", "--judge", "y")
    assert pairs["difference"]["accuracy_with_ties"] == pytest.approx(0.5)
    assert main(["compare", points, "--human", "human.alignment", *judges]) == 0
    assert "difference" in capsys.readouterr().out


def test_raters_json(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = printed(capsys, "raters", points, "--ratings", "human.alignment")
    assert set(found) >= RATER_KEYS
    assert (found["items"], found["raters"]) == (60, 2)
    assert found["relaxed_match"] == 1
    assert main(["raters", points, "--ratings", "human.alignment"]) == 0
    assert "alpha_ordinal" in capsys.readouterr().out


def test_the_same_seed_gives_the_same_numbers(points: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = ("agree", points, "--human", "human.alignment", "--judge", "judge.x")
    one, same, other = (printed(capsys, *call, "--seed", seed) for seed in ("1", "1", "2"))
    assert one == same
    assert one["ci"] != other["ci"]
    assert one["srcc"] == other["srcc"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (
            ["agree", "POINTS", "--human", "human.aligment", "--judge", "judge.x"],
            2,
            "Did you mean 'human.alignment'",
        ),
        (["agree", "POINTS", "--human", "human.alignment", "--judge", "prompt"], 1, "line 1 (id 'c0')"),
        (["agree", "POINTS", "--human", "human", "--judge", "judge.x"], 2, ""),
        (["agree", "none.jsonl", "--human", "h", "--judge", "j"], 1, "none.jsonl"),
        (
            ["agree", "POINTS", "--human", "human.alignment", "--judge", "judge.x", "--human-scale", "5"],
            2,
            "LOW-HIGH",
        ),
        (["agree-pairs", "VOTES", "--human", "human"], 2, "--judge"),
        (["agree-pairs", "VOTES", "--human", "human", "--judge", "x", "--score-a", "a"], 2, "not both"),
        (
            ["agree-pairs", "VOTES", "--human", "human", "--judge", "x", "--tie-margin", "1"],
            2,
            "--tie-margin",
        ),
        (["agree-pairs", "VOTES", "--human", "human", "--score-a", "a"], 2, "--score-b"),
        (["agree-pairs", "VOTES", "--human", "prompt", "--judge", "x"], 1, "no vote"),
        (
            ["agree-pairs", "VOTES", "--human", "human", "--judge", "x", "--protocol", "videoscore-v1"],
            2,
            "scores",
        ),
        (["compare", "VOTES", "--human", "human", "--judge", "x"], 2, "twice"),
        (["raters", "POINTS", "--ratings", "human.alignmnt"], 2, "Did you mean"),
    ],
)
def test_errors_are_one_line(
    points: str, votes: str, arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"POINTS": points, "VOTES": votes}
    found = main([names.get(argument, argument) for argument in arguments])
    captured = capsys.readouterr()
    if said:
        assert found == status
        assert said in captured.err
    else:  # a field of fields: refused by name of the row
        assert found == 1
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_a_run_is_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text(json.dumps({"configuration": {}}))

    def line(i: int, score: float | None, status: str = "scored") -> str:
        dimension = {"status": "scored" if score else "unscored", "value": score, "score": score}
        scores = {"visual_quality": dimension} if status != "error" else {}
        row = {"schema_version": 1, "key": f"k{i}", "id": f"c{i}", "video": f"c{i}.mp4", "prompt": f"p{i}"}
        row |= {"rubric": "videoscore2", "status": status, "reason": None, "scores": scores}
        return json.dumps(row | {"human": {"visual_quality": i % 5 + 1}}) + "\n"

    lines = [line(i, i % 5 + 1) for i in range(10)]
    lines[3] = line(3, None, "error")
    (run / "verdicts.jsonl").write_text("".join([line(0, 5), *lines]))  # the first row was judged again
    fields = ("--human", "human.visual_quality", "--judge", "scores.visual_quality.score")
    for table in (run, run / "verdicts.jsonl"):
        found = printed(capsys, "agree", str(table), *fields)
        assert (found["n"], found["n_scored"]) == (10, 9)
        assert found["accuracy"] == 0.9
        assert found["srcc"] == 1


def test_tables_of_other_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = tmp_path / "t.csv"
    csv.write_text("text prompt,MOS,my.metric\n" + "".join(f"p{i},{20 + i},{i % 7}\n" for i in range(40)))
    call = ("--human", "MOS", "--judge", "my.metric")
    from_csv = printed(capsys, "agree", str(csv), *call)
    assert from_csv["n"] == 40
    assert from_csv["cluster_field"] == "text prompt"
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"text prompt": f"p{i}", "MOS": float(20 + i), "my.metric": i % 7} for i in range(40)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert printed(capsys, "agree", str(tmp_path / "t.parquet"), *call) == from_csv


@pytest.mark.corpus
def test_on_real_labels(capsys: pytest.CaptureFixture[str]) -> None:
    folder = os.environ.get("REELJUDGE_CORPUS")
    if not folder:
        pytest.skip("needs real labels: set REELJUDGE_CORPUS to a folder that holds labels/")
    votes = str(Path(folder) / "labels" / "genai_bench_video_votes.jsonl")
    call = ("agree-pairs", votes, "--human", "human_vote", "--judge", "model_vote.gemini-1.5-pro")
    assert printed(capsys, *call, "--protocol", "genai-bench")["accuracy_with_ties"] == pytest.approx(0.448)
    fetv = str(Path(folder) / "labels" / "fetv_ratings.jsonl")
    found = printed(capsys, "agree", fetv, "--human", "human.alignment", "--judge", "auto.CLIPScore-ft")
    assert (found["n"], found["clusters"]) == (1453, 299)
    assert found["accuracy"] is None
