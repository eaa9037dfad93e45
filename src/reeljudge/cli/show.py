"""`reeljudge show`: what a run holds."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json

_BLOCKS = " ▁▂▃▄▅▆▇█"


@examples("reeljudge show runs/first", "reeljudge show runs/first --json")
def show(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    json: Json = False,
) -> None:
    """What a run holds: counts, failures by reason, a histogram per dimension, and what looks odd."""
    from reeljudge.runs import summarize

    found = summarize(run)
    if json:
        write_json(found)
    else:
        _show(results(), found)


def _show(console: Console, found: dict[str, Any]) -> None:
    console.print(Text(str(found["run"]), style="bold"))
    console.print(
        f"  judge     {found['judge']}, rubric {found['rubric']}, config {found['config']}", soft_wrap=True
    )
    if found["manifest"]:
        console.print(f"  manifest  {found['manifest']}")
    expected = found["rows_expected"]
    of = f" of {expected}" if expected is not None and expected != found["rows"] else ""
    counts = ", ".join(f"{count} {status}" for status, count in sorted(found["statuses"].items()))
    console.print(f"  rows      {found['rows']}{of}" + (f": {counts}" if counts else ""))
    if found["seconds_per_clip"] is not None:
        console.print(f"  time      {found['seconds_per_clip']:.2f} s per clip")
    for title, name in (("reasons", "reasons"), ("flags", "flags")):
        if found[name]:
            parts = sorted(found[name].items(), key=lambda item: -item[1])
            console.print(f"  {title:<9} {', '.join(f'{count} {what}' for what, count in parts)}")
    if found["rows"]:
        console.print()
        console.print(_table(found["dimensions"]), crop=False, no_wrap=True)
        for name, counts in found["dimensions"].items():
            if counts["reasons"]:
                reasons = ", ".join(f"{count} {reason}" for reason, count in counts["reasons"].items())
                console.print(f"  {name}: no score: {reasons}", soft_wrap=True)
        overall = found["overall"]
        if overall["mean"] is not None and len(found["dimensions"]) > 1:
            console.print(
                f"  overall: mean {overall['mean']:.2f} over {overall['rows']} rows with every score"
            )
    for note in found["notes"]:
        console.print(Text(f"  note: {note}"), soft_wrap=True)
    for warning in found["warnings"]:
        console.print(Text(f"  warning: {warning}", style="yellow"), soft_wrap=True)


def _table(dimensions: dict[str, Any]) -> Table:
    values = next(iter(dimensions.values()))["histogram"]
    table = Table(box=None, padding=(0, 0, 0, 2), pad_edge=True)
    table.add_column("dimension", no_wrap=True)
    for title in ("scored", "mean", "std", *values):
        table.add_column(title, justify="right")
    table.add_column("")
    for name, counts in dimensions.items():
        shown = counts["histogram"].values()
        top = max(shown, default=0) or 1
        bars = "".join(_BLOCKS[-(-(len(_BLOCKS) - 1) * count // top)] for count in shown)
        table.add_row(
            name,
            f"{counts['scored']}/{counts['rows']}",
            *("-" if counts[what] is None else f"{counts[what]:.2f}" for what in ("mean", "std")),
            *(str(count) for count in shown),
            bars,
        )
    return table
