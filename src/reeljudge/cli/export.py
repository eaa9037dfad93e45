"""`reeljudge export`: a run as a flat table."""

from pathlib import Path
from typing import Annotated

import typer

from reeljudge.cli.console import examples, tell, write_json
from reeljudge.cli.options import Json


@examples("reeljudge export runs/first -o scores.csv", "reeljudge export runs/first -o scores.parquet")
def export(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="FILE.csv or FILE.parquet.")],
    json: Json = False,
) -> None:
    """Write a run as a flat table: a row per verdict, a column per score.

    Columns have the names of the fields in verdicts.jsonl, for example scores.visual_quality.score.
    """
    from reeljudge.runs import export_run

    rows = export_run(run, output)
    if json:
        write_json({"run": str(run), "file": str(output), "rows": rows})
    else:
        tell(f"{output}: {rows} rows")
