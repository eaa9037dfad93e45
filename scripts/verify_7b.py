"""Run the true VideoScore2 weights on a few clips and compare with the rows that were published for them.

    python scripts/verify_7b.py clips.jsonl                       # a GPU with 24 GB or more, bfloat16
    python scripts/verify_7b.py clips.jsonl --template prompt.txt # with the checkpoint's own question

`clips.jsonl` is a manifest whose ids are those of the published rows: {"id": "004882_h", "video": ...,
"prompt": ...}. Where to get them, what the numbers mean and what to expect: docs/verify-7b.md.
Exits 0 when the judge agrees with the published rows, 1 when it does not, 2 on wrong usage.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from reeljudge.clips import read_manifest
from reeljudge.errors import ReeljudgeError, UsageError
from reeljudge.judging import load_judge
from reeljudge.rubrics import Scale, upstream_soft_score
from reeljudge.verdicts import Score, Verdict

DIMENSIONS = ("visual_quality", "text_alignment", "physical_consistency")

PUBLISHED: dict[str, tuple[float, float, float]] = {
    "004882_h": (3.99995, 2.99882, 2.99798),
    "001033_p": (3.0, 4.0, 3.0),
    "002314_j": (0.99998, 1.99957, 0.99998),
}
"""Stored scores of the released checkpoint, by the upstream formula (likeliest digit x its share)."""

PEOPLE: dict[str, tuple[int, int, int]] = {
    "004882_h": (4, 2, 1),
    "001033_p": (3, 2, 3),
    "002314_j": (1, 1, 1),
    "002706_d": (2, 1, 2),
    "001123_h": (3, 3, 1),
    "003002_a": (4, 3, 4),
    "004022_h": (3, 3, 3),
    "001562_d": (1, 3, 1),
    "000187_q": (3, 4, 4),
}
"""What people gave the same videos."""

EQUAL_SHARE = 6 / 9
"""Share of published scores that must be met exactly; every one must be met within 1."""


def compare(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Published and judged scores side by side, and whether they agree.

    They agree when every published score is met within 1 and two thirds of them exactly. A score that could
    not be read agrees with nothing.
    """
    rows: list[dict[str, Any]] = []
    for verdict in verdicts:
        if verdict.id not in PEOPLE:
            raise UsageError(f"no published row has the id {verdict.id!r}; known: {', '.join(PEOPLE)}")
        published: Sequence[float | None] = PUBLISHED.get(verdict.id, (None, None, None))
        for name, stored, people in zip(DIMENSIONS, published, PEOPLE[verdict.id], strict=True):
            score = verdict.scores[name]
            rows.append(
                {
                    "id": verdict.id,
                    "dimension": name,
                    "people": people,
                    "published": stored,
                    "value": score.value,
                    "expected": score.expected,
                    "upstream": upstream(score),
                    "reason": score.reason or verdict.message,
                }
            )
    distances = [
        None if row["value"] is None else abs(row["value"] - round(row["published"]))
        for row in rows
        if row["published"] is not None
    ]
    equal = sum(distance == 0 for distance in distances)
    near = sum(distance is not None and distance <= 1 for distance in distances)
    agrees = bool(distances) and near == len(distances) and equal >= EQUAL_SHARE * len(distances)
    return {"rows": rows, "compared": len(distances), "equal": equal, "within_1": near, "agrees": agrees}


def upstream(score: Score) -> float | None:
    """The score by the upstream formula, which the published rows were made with."""
    if score.probabilities is None:
        return None
    return upstream_soft_score(score.probabilities, Scale())


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the VideoScore2 weights with published rows.")
    parser.add_argument("manifest", type=Path, help="clips whose ids are those of published rows")
    parser.add_argument("--judge", default="videoscore2", help="default: %(default)s; hf:FOLDER for a copy")
    parser.add_argument("--template", type=Path, help="question text (jinja2) in place of the rubric's own")
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32", "float16"])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--max-tokens", type=int, default=4096, help="as upstream's evaluation (4096)")
    parser.add_argument("--output", type=Path, help="write everything as JSON, replies included")
    return parser.parse_args(arguments)


def show(result: dict[str, Any], identity: dict[str, Any], seconds: float, console: Console) -> None:
    table = Table("clip", "dimension", "people", "published", "judged", "upstream formula", "expected")
    for row in result["rows"]:
        judged = row["reason"] if row["value"] is None else row["value"]
        cells = [row["people"], row["published"], judged, row["upstream"], row["expected"]]
        table.add_row(row["id"], row["dimension"], *map(_cell, cells))
    console.print(table)
    console.print(json.dumps(identity))
    word = "agrees" if result["agrees"] else "does NOT agree"
    console.print(
        f"{word} with the published rows: {result['equal']} of {result['compared']} equal, "
        f"{result['within_1']} within 1; {seconds:.0f} s"
    )


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    console = Console(width=120)
    try:
        clips = list(read_manifest(options.manifest))
        judge = load_judge(
            options.judge,
            rubric="videoscore2",
            template=options.template,
            dtype=options.dtype,
            device=options.device,
            max_tokens=options.max_tokens,
            fps=2.0,
        )
        started = time.monotonic()
        verdicts = list(judge.judge_many(clips))
        result = compare(verdicts)
    except ReeljudgeError as error:
        console.print(f"error: {error}", markup=False)
        return 2 if isinstance(error, UsageError) else 1
    identity = judge.judge_itself.identity()
    show(result, identity, time.monotonic() - started, console)
    if options.output is not None:
        document = result | {"judge": identity, "verdicts": [v.model_dump(mode="json") for v in verdicts]}
        options.output.write_text(json.dumps(document, indent=1), encoding="utf-8")
    judge.close()
    return 0 if result["agrees"] else 1


if __name__ == "__main__":
    sys.exit(main())
