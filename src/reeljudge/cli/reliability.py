"""`reeljudge ratings reliability`: how far the raters can be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reeljudge.cli.agreement_options import Resamples, Seed
from reeljudge.cli.console import examples, results, shown, tell, write_json
from reeljudge.cli.options import Json
from reeljudge.cli.ratings_options import Db, Dimension, Page, Rubric, Without, existing_store

if TYPE_CHECKING:
    from reeljudge.ratings.reliability import PanelReliability

_SHOWN = (
    *("alpha_ordinal", "alpha_interval", "fleiss_kappa", "icc2_1", "icc2_k", "exact_match", "relaxed_match"),
    *("mean_pairwise_srcc", "mean_pairwise_krcc_b", "mean_pairwise_krcc_c", "mean_pairwise_qwk"),
)


@examples(
    "reeljudge ratings reliability --db ratings.db",
    "reeljudge ratings reliability --db ratings.db --dimension quality --page reliability.html",
    "reeljudge ratings reliability --db ratings.db --pool experts=anna,ben --pool 'crowd=crowd-*' --json",
)
def reliability(
    db: Db,
    rubric: Rubric = None,
    dimension: Dimension = None,
    without: Without = None,
    pool: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=RATER,...",
            help="Given twice: does the protocol carry over from the first pool to the second?",
        ),
    ] = None,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write a row per rater and dimension."),
    ] = None,
    page: Page = None,
    json: Json = False,
) -> None:
    """How far raters agree, who is severe, lenient or careless, and whether two pools agree.

    Intervals are 95 %, by a bootstrap over the clips of one prompt. Adjudicators are no raters here: they
    saw the others' ratings.
    """
    from reeljudge.ratings.panels import read_panels
    from reeljudge.ratings.reliability import reliability as measure
    from reeljudge.ratings.reliability import resolve_pools

    with existing_store(db) as store:
        panels = read_panels(store, rubric, dimension, without or ())
        everybody = sorted({name for panel in panels for name in panel.raters})
    pools = resolve_pools(pool, everybody) if pool else None
    found = []
    for panel in panels:
        tell(f"{panel.name}: {int(panel.counts.sum())} ratings by {len(panel.raters)} raters")
        found.append(measure(panel, pools, resamples=resamples, seed=seed))
    if output is not None:
        from reeljudge.tables import write_rows

        count = write_rows(output, _rater_rows(found))
        tell(f"{output}: {count} rows")
    if page is not None:
        from reeljudge.reports.ratings_page import write_reliability_page

        tell(f"{write_reliability_page(page, found, tuple(pools or ()))}: written")
    if json:
        write_json({"pools": pools, "dimensions": [one.to_dict() for one in found]})
        return
    for one in found:
        _show(one, tuple(pools or ()))


def _rater_rows(found: "list[PanelReliability]") -> list[dict[str, Any]]:
    return [
        {"rubric": result["rubric"], "dimension": result["dimension"], **row}
        for result in (one.to_dict() for one in found)
        for row in result["profiles"]
    ]


def _show(found: "PanelReliability", pool_names: tuple[str, ...]) -> None:
    from rich.table import Table

    from reeljudge.cli.agreement_view import show_statistics

    console = results()
    result = found.to_dict()
    counts = [f"clips: {result['items']}", f"raters: {result['raters']}", f"ratings: {result['ratings']}"]
    remarks = [f"alpha_ordinal is {result['reading']}"] if result["reading"] else []
    if found.careless:
        again = result["alpha_ordinal_without_careless"]
        told = "" if again is None else f"; without, alpha_ordinal is {again:.3f}"
        remarks.append(f"careless by their ratings: {', '.join(found.careless)}{told}")
    if found.hasty:
        remarks.append(f"far faster than the others: {', '.join(found.hasty)}")
    show_statistics(console, found.panel.name, counts, result, _SHOWN, remarks)
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("  rater")
    for title in ("ratings", "severity", "95 % interval", "follows the clips", "bits", "seconds"):
        table.add_column(title, justify="right")
    table.add_column("remarks")
    for row in result["profiles"]:
        flags = [*row["flags"], *(["hasty"] if row["rater"] in found.hasty else [])]
        bounds = row["ci"]["severity"]
        table.add_row(
            f"  {row['rater']}",
            str(row["ratings"]),
            shown(row["severity"], "+.2f"),
            "-" if bounds is None else f"{bounds[0]:+.2f} to {bounds[1]:+.2f}",
            shown(row["correlation"], ".2f"),
            shown(row["information"], ".2f"),
            shown(row["seconds"], ".1f"),
            ", ".join(flags),
        )
    console.print(table)
    if found.pools is not None:
        _show_pools(console, found, pool_names)


def _show_pools(console: Any, found: "PanelReliability", names: tuple[str, ...]) -> None:
    pools = found.pools
    assert pools is not None
    console.print(
        f"  {names[1]} beside {names[0]}, on {pools.items} clips: carries over: {pools.carries_over} "
        f"(as reliable: {pools.as_reliable}, same order: {pools.same_order}, same level: {pools.same_level})"
    )
    for name in ("alpha_difference", "mean_difference", "srcc", "srcc_corrected", "across_srcc"):
        bounds = pools.ci[name]
        span = "-" if bounds is None else f"{bounds[0]:+.3f} to {bounds[1]:+.3f}"
        console.print(f"    {name:18} {shown(getattr(pools, name), '+.3f'):>7}   {span}")
    for note in pools.notes:
        console.print(f"    note: {note}", soft_wrap=True)
