"""`reeljudge pairs`: chosen and rejected clips for preference optimisation."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.console import examples, tell, write_json
from reeljudge.cli.options import Json
from reeljudge.errors import UsageError


@examples(
    "reeljudge pairs runs/first --min-gap 1 > pairs.jsonl",
    "reeljudge pairs runs/first --min-gap 0.5 --veto physical_consistency=0 -o pairs.jsonl",
    "reeljudge pairs runs/first --min-gap 0.5 --format dpo -o pairs.parquet",
    "reeljudge pairs runs/first --min-gap 0.5 --format videodpo -o preference_data",
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
    form: Annotated[
        str, typer.Option("--format", help="jsonl, dpo, diffusion-dpo or videodpo (see docs/standings.md).")
    ] = "jsonl",
    videos: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where the videos are (not jsonl); default: beside the run's manifest."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A table, or a folder for videodpo; default: JSONL on stdout."),
    ] = None,
    json: Json = False,
) -> None:
    """Pairs within each group as rows of `prompt`, `chosen`, `rejected` (videos) for DPO-style training."""
    from reeljudge.errors import did_you_mean
    from reeljudge.runs import read_settings
    from reeljudge.standings import dimensions_of, parse_weights, preference_pairs
    from reeljudge.standings.pair_formats import FOLDERS, FORMATS, ROWS, video_folder, write_pairs
    from reeljudge.standings.reading import read_runs

    if form not in FORMATS:
        raise UsageError(f"--format: {form!r} is unknown.{did_you_mean(form, FORMATS)}")
    if form in FOLDERS and output is None:
        raise UsageError(f"--format {form} writes a folder: name it with -o")
    items, _ = read_runs([run], ["frames"] if form in FOLDERS else ())
    known = dimensions_of(items)
    folder = videos or video_folder(read_settings(run), run)

    def locate(name: str) -> str:
        return name if folder is None else os.path.abspath(folder / name)

    found = list(
        preference_pairs(
            items, parse_weights(weights, known), min_gap, _allowances(veto, known), per_group or None
        )
    )
    groups, of = len({pair.chosen.group for pair in found}), len({item.group for item in items})
    told: dict[str, Any] = {"pairs": len(found), "groups": groups, "of_groups": of, "format": form}
    if output is not None:
        write_pairs(found, form, output, locate)
        told["output"] = str(output)
    elif json:
        told["rows"] = [ROWS[form](pair, locate) for pair in found]
    else:
        for pair in found:
            write_json(ROWS[form](pair, locate))
    if json:
        write_json(told)
    tell(f"{len(found)} pairs from {groups} of {of} groups")
    if form != "jsonl" and folder is None and found:
        tell("the run's manifest is not found: videos are named as it names them; --videos FOLDER says where")


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
