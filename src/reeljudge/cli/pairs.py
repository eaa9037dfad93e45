"""`reeljudge pairs`: chosen and rejected clips for preference optimisation."""

from pathlib import Path
from typing import Annotated

import typer

from reeljudge.cli.console import examples, tell, write_json
from reeljudge.errors import UsageError


@examples(
    "reeljudge pairs runs/first --min-gap 1 > pairs.jsonl",
    "reeljudge pairs runs/first --min-gap 0.5 --veto physical_consistency=0 -o pairs.jsonl",
)
def pairs(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    min_gap: Annotated[
        float, typer.Option(min=0.0, help="Least difference of the weighted scores, in points.")
    ],
    weights: Annotated[
        str | None, typer.Option(help="dimension=weight,...; all dimensions alike by default.")
    ] = None,
    veto: Annotated[
        str | None,
        typer.Option(
            help="dimension=allowance,...: how much worse the chosen clip may be on it (0: not at all)."
        ),
    ] = None,
    per_group: Annotated[int, typer.Option(min=0, help="Most pairs of one group; 0 for all.")] = 4,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A JSONL file; default: stdout.")
    ] = None,
) -> None:
    """Pairs within each group as rows of `prompt`, `chosen`, `rejected` (videos) for DPO-style training."""
    from reeljudge.standings import dimensions_of, parse_weights, preference_pairs
    from reeljudge.standings.reading import read_runs
    from reeljudge.tables import write_rows

    items, _ = read_runs([run])
    known = dimensions_of(items)
    rows = [
        {
            "prompt": pair.chosen.row["prompt"],
            "group": pair.chosen.group,
            "chosen": pair.chosen.row["video"],
            "rejected": pair.rejected.row["video"],
            "chosen_id": pair.chosen.id,
            "rejected_id": pair.rejected.id,
            "gap": round(pair.gap, 6),
            "chosen_scores": pair.chosen.scores,
            "rejected_scores": pair.rejected.scores,
        }
        for pair in preference_pairs(
            items, parse_weights(weights, known), min_gap, _allowances(veto, known), per_group or None
        )
    ]
    if output is None:
        for row in rows:
            write_json(row)
    else:
        write_rows(output, rows)
    groups = len({row["group"] for row in rows})
    tell(f"{len(rows)} pairs from {groups} of {len({item.group for item in items})} groups")


def _allowances(text: str | None, known: list[str]) -> dict[str, float]:
    from reeljudge.errors import did_you_mean

    found = {}
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"--veto: no dimension {name!r} here.{did_you_mean(name, known)}")
        try:
            found[name] = float(value or 0)
        except ValueError:
            raise UsageError(f"--veto: {part!r} is not of the form dimension=allowance") from None
    return found
