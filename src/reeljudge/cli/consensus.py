"""`reeljudge ratings consensus`: the label that raters agree on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.console import examples, results, tell, write_json
from reeljudge.cli.options import Json
from reeljudge.cli.ratings_options import Db, Dimension, Page, Rubric, Without, existing_store


@examples(
    "reeljudge ratings consensus --db ratings.db",
    "reeljudge ratings consensus --db ratings.db -o labels.jsonl --adjudicate differences.jsonl",
    "reeljudge ratings consensus --db ratings.db --rule dawid_skene --without random-1 --page consensus.html",
    "reeljudge ratings consensus --db ratings.db --truth clips/manifest.jsonl --json",
)
def consensus(
    db: Db,
    rule: Annotated[
        str, typer.Option(help="majority (GRADEO's), median, mean, or dawid_skene, which weighs raters.")
    ] = "majority",
    share: Annotated[
        float, typer.Option(help="majority: more than this share of a clip's raters agree.")
    ] = 0.5,
    max_range: Annotated[
        float | None,
        typer.Option(help="The most that a clip's ratings may span (2 for majority, else any)."),
    ] = None,
    min_raters: Annotated[int, typer.Option(min=1, help="Clips with fewer ratings get no label.")] = 2,
    min_probability: Annotated[
        float, typer.Option(help="dawid_skene: the label must be more probable than this.")
    ] = 0.5,
    rubric: Rubric = None,
    dimension: Dimension = None,
    without: Without = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a row per label: JSONL, CSV or Parquet."),
    ] = None,
    adjudicate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", help="Write what people must settle; `annotate --adjudicate` serves it."
        ),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(metavar="MANIFEST", help="Compare with the scores in this manifest's `human`."),
    ] = None,
    page: Page = None,
    json: Json = False,
) -> None:
    """One label per clip and dimension from several people's ratings, and a list of what people must settle.

    The default is GRADEO's rule: more than half of the raters agree and no two are more than 2 apart. What an
    adjudicator decided stands above any rule.
    """
    from reeljudge.ratings.consensus import ConsensusSettings, find_consensus
    from reeljudge.ratings.panels import read_panels
    from reeljudge.tables import write_rows

    settings = ConsensusSettings(rule, share, max_range, min_raters, min_probability)
    known = None if truth is None else _known_scores(truth)
    with existing_store(db) as store:
        found = [
            find_consensus(panel, settings) for panel in read_panels(store, rubric, dimension, without or ())
        ]
    truths = [None if known is None else one.against_truth(known) for one in found]
    if known is not None and not any(truths):
        tell(f"{truth}: knows no score of these clips and dimensions; nothing is compared")
    if output is not None:
        count = write_rows(output, (row for one in found for row in one.rows()))
        tell(f"{output}: {count} labels")
    if adjudicate is not None:
        count = write_rows(adjudicate, (row for one in found for row in one.adjudication()))
        tell(f"{adjudicate}: {count} to settle")
    if page is not None:
        from reeljudge.reports.ratings_page import write_consensus_page

        tell(f"{write_consensus_page(page, found, truths)}: written")
    summaries = [
        one.summary() | ({} if known is None else {"truth": beside})
        for one, beside in zip(found, truths, strict=True)
    ]
    if json:
        write_json({"settings": settings.to_dict(), "dimensions": summaries})
        return
    _show(summaries)


def _known_scores(manifest: Path) -> dict[str, dict[str, Any]]:
    from reeljudge.clips import read_manifest

    return {clip.id: clip.human for clip in read_manifest(manifest)}


def _show(summaries: list[dict[str, Any]]) -> None:
    from rich.table import Table

    console = results()
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("dimension")
    for title in ("clips", "raters", "labelled", "to settle", "adjudicated", "too few", "stable"):
        table.add_column(title, justify="right")
    for one in summaries:
        few = one["clips"] - one["labelled"] - one["unsettled"]
        stable = one["stability"]
        table.add_row(
            f"{one['rubric']}.{one['dimension']}",
            *map(str, (one["clips"], one["raters"], one["labelled"], one["unsettled"])),
            *map(str, (one["adjudicated"], few)),
            "-" if stable is None else f"{stable:.0%}",
        )
    console.print(f"rule: {summaries[0]['rule']}")
    console.print(table)
    for one in summaries:
        if one["converged"] is False:
            console.print(
                f"note: {one['dimension']}: the model had not settled after {one['iterations']} steps"
            )
        if one.get("truth"):
            _show_truth(console, one)


def _show_truth(console: Any, summary: dict[str, Any]) -> None:
    truth = summary["truth"]
    rows = [
        *((f"rule {name}", one) for name, one in truth["rules"].items()),
        *((f"rater {name}", one) for name, one in truth["raters"].items()),
    ]
    console.print(f"{summary['dimension']} beside the known scores (mean absolute error, clips):")
    for name, one in sorted(rows, key=lambda row: (row[1]["mae"] is None, row[1]["mae"] or 0)):
        error = "    -" if one["mae"] is None else f"{one['mae']:5.3f}"
        console.print(f"  {error}  {one['clips']:6}  {name}")
