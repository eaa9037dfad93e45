"""Splits: no prompt and no near-duplicate crosses, whatever the rows; the proof searches by itself."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.cli.app import run_command
from reeljudge.datasets import SplitSettings, prove, split_rows
from reeljudge.errors import InputError, UsageError
from reeljudge.tables import read_rows, write_rows

sys.path.append(str(Path(__file__).parents[1] / "texts"))
from all_pairs import PROMPTS, similar


@settings(max_examples=20, deadline=None)
@given(prompts=st.lists(PROMPTS, min_size=8, max_size=60), seed=st.integers(0, 5))
def test_nothing_crosses(prompts: list[str], seed: int) -> None:
    rows = [{"id": str(n), "prompt": prompt, "video": f"{n // 2}.mp4"} for n, prompt in enumerate(prompts)]
    try:
        done, proof, _ = split_rows(rows, SplitSettings({"test": 0.2}, seed))
    except InputError:  # one group holds too much: test_one_pattern_of_prompts_cannot_be_split
        return
    assert proof.holds
    assert [{name: row[name] for name in ("id", "prompt", "video")} for row in done] == rows
    train = [row for row in done if row["split"] == "train"]
    test = [row for row in done if row["split"] == "test"]
    assert len(test) <= 0.2 * len(rows) + 0.5
    assert not {row["video"] for row in train} & {row["video"] for row in test}
    assert not any(similar(a["prompt"], b["prompt"], 0.8) for a in train for b in test)


def different(count: int) -> list[str]:
    """Prompts that share no words."""
    return [f"w{n}x w{n}y w{n}z w{n}u w{n}v" for n in range(count)]


def test_rows_of_one_prompt_stay_together_and_shares_are_met() -> None:
    rows = [
        {"id": f"{n}.{model}", "prompt": prompt, "video": f"{n}{model}.mp4"}
        for n, prompt in enumerate(different(100))
        for model in range(10)
    ]
    done, proof, notes = split_rows(rows, SplitSettings({"test": 0.1, "val": 0.05}, 1))
    assert proof.rows == {"test": 100, "train": 850, "val": 50}
    assert proof.prompts == {"test": 10, "train": 85, "val": 5}
    assert notes == []
    again, _, _ = split_rows(list(reversed(rows)), SplitSettings({"test": 0.1, "val": 0.05}, 1))
    assert {row["id"]: row["split"] for row in again} == {row["id"]: row["split"] for row in done}
    other, _, _ = split_rows(rows, SplitSettings({"test": 0.1, "val": 0.05}, 2))
    assert {row["id"]: row["split"] for row in other} != {row["id"]: row["split"] for row in done}


def test_a_proof_finds_what_was_planted() -> None:
    rows = [
        {"id": str(n), "split": "train" if n else "test", "prompt": p} for n, p in enumerate(different(9))
    ]
    assert prove(rows).holds
    copies: list[tuple[dict[str, Any], tuple[int, int, int]]] = [
        ({"prompt": rows[3]["prompt"].upper()}, (1, 0, 1)),
        ({"prompt": rows[3]["prompt"] + " zoom in"}, (0, 0, 1)),
        ({"prompt": "new words all over", "video": "v.mp4"}, (0, 1, 0)),
    ]
    for row, counts in copies:
        planted = [
            *rows,
            {"id": "x", "split": "test", **row},
            {**rows[5], "video": "v.mp4", "split": "train"},
        ]
        proof = prove(planted)
        assert (proof.shared_prompts, proof.shared_videos, proof.near_duplicates) == counts
        assert not proof.holds
    with pytest.raises(InputError, match="no split"):
        prove([{"id": "a", "prompt": "b"}])


def test_one_pattern_of_prompts_cannot_be_split() -> None:
    prompts = [f"a {a} {b} rolls to the left of the very old garden wall" for a in "rgb" for b in "xyz"]
    rows = [{"id": str(n), "prompt": prompt} for n, prompt in enumerate(prompts)]
    with pytest.raises(InputError, match=r"1 groups of near-duplicates.*100% of the rows"):
        split_rows(rows, SplitSettings({"test": 0.2}))
    with pytest.raises(UsageError, match="nothing is left"):
        SplitSettings({"test": 0.6, "val": 0.4})
    with pytest.raises(InputError, match="has no prompt"):
        split_rows([{"id": "a"}], SplitSettings({"test": 0.2}))


def test_the_command_writes_its_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": str(n), "prompt": prompt, "video": f"{n}.mp4"} for n, prompt in enumerate(different(20))]
    write_rows(tmp_path / "rows.jsonl", rows)
    command = ["dataset", "split", str(tmp_path / "rows.jsonl"), "-o", str(tmp_path / "split.jsonl")]
    assert run_command([*command, "--test", "0.2"]) == 0
    proof = json.loads((tmp_path / "split.split.json").read_text())
    assert proof["holds"]
    assert proof["rows"] == {"test": 4, "train": 16}
    assert "Jaccard" in proof["measure"]
    capsys.readouterr()
    assert run_command(["dataset", "prove", str(tmp_path / "split.jsonl"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"]
    leaky = [{**row, "split": ("train", "test")[n % 2]} for n, row in enumerate([*rows, *rows[:1]])]
    write_rows(tmp_path / "leaky.jsonl", [*leaky, {**leaky[0], "split": "test"}])
    assert run_command(["dataset", "prove", str(tmp_path / "leaky.jsonl")]) == 1
    assert len(list(read_rows(tmp_path / "split.jsonl"))) == 20
