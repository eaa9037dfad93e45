"""The hand-labelled replies: what stands in tests/rubrics/replies, ready to be read."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reeljudge.rubrics import Question, Rubric, ask, load_rubric
from reeljudge.verdicts import Finish

HERE = Path(__file__).parent
REASONS = ("missing_score", "out_of_range", "refusal", "truncated", "ambiguous")


@dataclass(frozen=True)
class Labelled:
    """A reply and what a careful person makes of it.

    `expect`: dimension -> value, reason, or `unscored` where either reason is fair.
    `flags`, `rationale`, `stages`: None where the label says nothing.
    """

    name: str
    text: str
    rubric: Rubric
    dimension: str | None
    finish: Finish | None
    question: Question | None
    expect: dict[str, int | str]
    flags: frozenset[str] | None
    rationale: bool | None
    stages: frozenset[str] | None
    note: str


@cache
def rubric_named(name: str) -> Rubric:
    own = HERE / "packs" / f"{name}.yaml"
    return load_rubric(own if own.is_file() else name)


@cache
def labelled_replies() -> tuple[Labelled, ...]:
    chains = yaml.safe_load((HERE / "replies" / "chains.yaml").read_text(encoding="utf-8"))
    found = []
    for file in sorted((HERE / "replies").glob("*.yaml")):
        if file.stem != "chains":
            data = yaml.safe_load(file.read_text(encoding="utf-8"))
            found += [_labelled(file.stem, data, row, chains) for row in data["replies"]]
    return tuple(found)


def _labelled(stem: str, data: dict[str, Any], row: dict[str, Any], chains: dict[str, str]) -> Labelled:
    rubric = rubric_named(row.get("rubric") or data["rubric"])
    dimension = row.get("dimension", data.get("dimension"))
    question = None
    if "prompt" in row or "template" in row:
        asked = None if dimension is None or rubric.replies == "joint" else [dimension]
        question = ask(rubric, row.get("prompt", ""), row.get("theme"), asked, row.get("template"))[0]
    text = row["text"]
    for name, chain in chains.items():
        text = text.replace(f"@@{name}@@", chain)
    if "@@QUESTION@@" in text:
        assert question is not None, row["id"]
        text = text.replace("@@QUESTION@@", question.text)
    assert "@@" not in text, row["id"]
    expect = row["expect"]
    if isinstance(expect, list):
        assert len(expect) == len(rubric.names), row["id"]
        expect = dict(zip(rubric.names, expect, strict=True))
    elif not isinstance(expect, dict):
        expect = {dimension: expect}
    assert all(isinstance(value, int) or value in (*REASONS, "unscored") for value in expect.values()), row[
        "id"
    ]
    flags, stages = row.get("flags", []), row.get("stages")
    return Labelled(
        name=f"{stem}/{row['id']}",
        text=text,
        rubric=rubric,
        dimension=dimension,
        finish=row.get("finish", "stop"),
        question=question,
        expect=expect,
        flags=None if flags is None else frozenset(flags),
        rationale=row.get("rationale"),
        stages=None if stages is None else frozenset(stages),
        note=row["note"],
    )
