"""VideoScore2's rule, by hand and by its published code's own arithmetic; and rows brought to it."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from conftest import label_of
from dataset_server import WritingServer, serving
from dataset_writer import well_behaved

from reeljudge.cli.app import run_command
from reeljudge.datasets import Rule, compose_reply, reconcile_entry, reconcile_scores
from reeljudge.datasets.reconcile import CODE, PAPER, ROUNDINGS
from reeljudge.errors import UsageError
from reeljudge.ratings import RatingStore
from reeljudge.rubrics import load_rubric, read_reply
from reeljudge.tables import read_rows, write_rows

NAMES = ("visual_quality", "text_alignment", "physical_consistency")


@pytest.mark.parametrize(
    ("human", "model", "action", "score"),
    [
        (3, 3, "keep", 3),
        (3, 4, "keep", 3),
        (5, 4, "keep", 5),
        (2, 4, "mean", 3),
        (5, 3, "mean", 4),
        (1, 3, "mean", 2),
        (1, 4, "again", None),
        (5, 1, "again", None),
    ],
)
def test_the_published_rule(human: int, model: int, action: str, score: int | None) -> None:
    agreed = reconcile_scores(human, model)
    assert (agreed.action, agreed.score) == (action, score)


def test_the_published_codes_rule_on_all_scores() -> None:
    """Equal: keep; 1: the human's, except text alignment's 4 and 5: 4; 2: int((h+m)/2); else rejected."""
    for name, human, model in product(NAMES, range(1, 6), range(1, 6)):
        gap = abs(human - model)
        if gap >= 3:
            wanted = None
        elif gap == 2:
            wanted = int((human + model) / 2)
        elif gap == 1 and name == "text_alignment" and {human, model} == {4, 5}:
            wanted = 4
        else:
            wanted = human
        assert reconcile_scores(human, model, CODE, name).score == wanted


def test_rounding_never_matters_at_the_published_settings() -> None:
    for rounding in ROUNDINGS:
        for human, model in product(range(1, 6), repeat=2):
            published = reconcile_scores(human, model, PAPER)
            assert reconcile_scores(human, model, Rule(rounding=rounding)) == published


@pytest.mark.parametrize(
    ("rounding", "up", "down"),
    [("down", 2, 2), ("up", 3, 3), ("half-up", 3, 3), ("half-even", 2, 2), ("to-human", 3, 2)],
)
def test_rounding_where_means_reach_odd_differences(rounding: Any, up: int, down: int) -> None:
    """The mean of 1 and 4 is 2.5."""
    rule = Rule(mean_to=3, rounding=rounding)
    assert reconcile_scores(4, 1, rule).score == up
    assert reconcile_scores(1, 4, rule).score == down


def test_settings_that_contradict_themselves() -> None:
    assert reconcile_scores(2, 4, Rule(keep_to=1, mean_to=1)).action == "again"
    with pytest.raises(UsageError, match="at least"):
        Rule(keep_to=2, mean_to=1)
    with pytest.raises(UsageError, match="Did you mean 'half-up'"):
        Rule(rounding="half_up")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="human scores"):
        reconcile_entry({"a": 1}, {"b": 1})


def test_table_4_of_the_paper() -> None:
    """4,951 entries: the shares that it reports follow from its counts."""
    counts = {0: 4710, 1: 7698, 2: 2062, 3: 383}
    assert sum(counts.values()) == 14_853 == 3 * 4951
    kept = sum(count for gap, count in counts.items() if reconcile_scores(5, 5 - gap).action == "keep")
    assert round(100 * kept / 14_853, 1) == 83.5


def rows_of(store: RatingStore, videos: Path, output: Path, score: Any) -> list[dict[str, Any]]:
    with serving(WritingServer(well_behaved(score))) as server:
        command = [
            "rationales",
            "elicit",
            "--db",
            str(store.engine.url),
            "--judge",
            "served:m",
            "--limit",
            "4",
        ]
        command += ["--base-url", server.url, "--videos", str(videos), "--rubric", "videoscore2"]
        assert run_command([*command, "-o", str(output)]) == 0
    return list(read_rows(output))


def a_row(number: int, labels: dict[str, int], model: dict[str, int]) -> dict[str, Any]:
    rationale = f"Scene {number} shows a kite above the wall, steady and plain to see from start to end."
    return {
        "id": f"c{number}",
        "video": f"c{number}.mp4",
        "prompt": f"A {('crimson', 'teal', 'amber', 'violet')[number]} kite number {number * 11} drifts",
        "rubric": "videoscore2",
        "dimension": None,
        "scores": model,
        "model_scores": model,
        "labels": labels,
        "comments": {name: [f"remark {name} of {number}"] for name in labels},
        "rationale": rationale,
        "reply": compose_reply(load_rubric("videoscore2"), None, model, rationale=rationale),
        "status": "unreconciled",
        "source": "elicited",
    }


def scores(*values: int) -> dict[str, int]:
    return dict(zip(NAMES, values, strict=True))


def test_without_a_model_the_rule_says_what_is_left_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        a_row(0, scores(3, 3, 3), scores(3, 3, 3)),  # equal
        a_row(1, scores(3, 3, 3), scores(3, 4, 3)),  # the human's stands: the rationale must follow
        a_row(2, scores(5, 3, 3), scores(3, 3, 3)),  # the mean
        a_row(3, scores(5, 3, 3), scores(2, 3, 3)),  # too far apart
    ]
    file = tmp_path / "rows.jsonl"
    write_rows(file, rows)
    assert run_command(["rationales", "reconcile", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["gaps"] == {"0": 9, "1": 1, "2": 1, "3": 1}
    assert told["needs"] == {"rewrite": 2, "again": 1}
    assert told["settled"] == 1
    done = list(read_rows(tmp_path / "rows.reconciled.jsonl"))
    assert [row["status"] for row in done] == ["done", *["unreconciled"] * 3]
    # What is not settled is not exported.
    export = ["dataset", "export", str(tmp_path / "rows.reconciled.jsonl"), "-o", str(tmp_path / "set")]
    assert run_command([*export, "--min-words", "5", "--allow", "formulaic", "--allow", "duplicate"]) == 1
    assert "3 unreconciled" in capsys.readouterr().err


def test_elicited_again_and_rewritten(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 3 comes near at the second new round; rows 1 and 2 are rewritten; row 0 never comes near."""
    rows = [
        a_row(0, scores(5, 5, 5), scores(1, 1, 1)),
        a_row(1, scores(3, 3, 3), scores(3, 4, 3)),
        a_row(2, scores(5, 3, 3), scores(3, 3, 3)),
        a_row(3, scores(5, 3, 3), scores(2, 3, 3)),
    ]
    file, output = tmp_path / "rows.jsonl", tmp_path / "settled.jsonl"
    write_rows(file, rows)

    def score(number: int, name: str, before: int) -> int:
        return 1 if number == 0 or (number == 3 and before == 0) else 4

    with serving(WritingServer(well_behaved(score))) as server:
        command = ["rationales", "reconcile", str(file), "-o", str(output), "--judge", "served:m", "--json"]
        command += ["--base-url", server.url, "--videos", str(videos), "--attempts", "1"]
        assert run_command(command) == 0
        told = json.loads(capsys.readouterr().out)
        asked = len(server.asked)
        assert run_command(command) == 0
        assert json.loads(capsys.readouterr().out) == told
        assert len(server.asked) == asked  # nothing is asked twice
        rewriting = [question for question, _ in server.asked if question.startswith("Here is")]
    assert told["settled"] == 3
    assert told["elicited_again"] == 2
    assert told["rewritten"] == 3
    done = {row["id"]: row for row in read_rows(output)}
    assert done["c1"]["scores"] == scores(3, 3, 3)
    assert done["c2"]["scores"] == scores(4, 3, 3)
    assert done["c3"]["scores"] == scores(5, 3, 3)  # the model's new 4 is one off: the human's stands
    assert done["c3"]["model_scores"] == scores(4, 4, 4)
    assert done["c3"]["provenance"]["reconciled"]["rounds"] == 2
    for row in done.values():
        reading = read_reply(row["reply"], "videoscore2")
        assert {name: read.value for name, read in reading.scores.items()} == row["scores"]
        assert "second look" in row["rationale"]
        assert row["provenance"]["reconciled"]["prompt"]
    (row,) = list(read_rows(tmp_path / "settled.manual.jsonl"))
    assert row["id"] == "c0"
    assert row["scores"] == row["labels"]
    assert "too far apart after 3 more rounds" in row["why"][-1]
    assert row["reasons"] == [f"remark {name} of 0" for name in NAMES]
    assert all("be milder" in question or "be stricter" in question for question in rewriting)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<think>\nToo short.\n</think>\n\n{}", "shortened"),
        (
            "<think>\nThe ground truth is that this kite above its wall is fine from start to end of it."
            "\n</think>\n\n{}",
            "leaks",
        ),
    ],
)
def test_unsound_rewritings_go_to_people(videos: Path, tmp_path: Path, text: str, why: str) -> None:
    answer = compose_reply(load_rubric("videoscore2"), None, scores(3, 3, 3), rationale="-").split(
        "</think>"
    )[1]
    file, output = tmp_path / "rows.jsonl", tmp_path / "settled.jsonl"
    write_rows(file, [a_row(1, scores(3, 3, 3), scores(3, 4, 3))])
    with serving(WritingServer(lambda *asked: text.format(answer))) as server:
        command = ["rationales", "reconcile", str(file), "-o", str(output), "--judge", "served:m"]
        command += ["--base-url", server.url, "--videos", str(videos), "--rewrites", "2"]
        assert run_command(command) == 0
        assert len(server.asked) == 2
    (row,) = list(read_rows(tmp_path / "settled.manual.jsonl"))
    assert len(row["why"]) == 2
    assert all(why in line for line in row["why"])


def test_elicited_rows_reconcile(store: RatingStore, videos: Path, tmp_path: Path) -> None:
    """The two commands fit together: labels of 2 to 4 against a model that says 3 each time."""
    rows_of(store, videos, tmp_path / "rows.jsonl", lambda number, name, before: 3)
    assert run_command(["rationales", "reconcile", str(tmp_path / "rows.jsonl"), "--keep-to", "0"]) == 0
    done = list(read_rows(tmp_path / "rows.reconciled.jsonl"))
    for row in done:
        # Where every difference is averaged and rounded down, 3 and 4 make 3, which the model said.
        assert (row["status"] == "done") == (set(row["labels"].values()) <= {3, 4})
        assert row["labels"]["visual_quality"] == label_of(int(row["id"][1:]), "visual_quality")
