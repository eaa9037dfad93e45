"""`reeljudge raters`: how far raters agree with one another."""

from typing import Annotated

import typer

from reeljudge.cli.agreement_options import Items, TablePath, open_table
from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json, with_options

_SHOWN = (
    *("alpha_ordinal", "alpha_interval", "fleiss_kappa", "icc2_1", "icc2_k", "exact_match", "relaxed_match"),
    *("mean_pairwise_srcc", "mean_pairwise_krcc_b", "mean_pairwise_krcc_c", "mean_pairwise_qwk"),
)


@examples(
    "reeljudge raters ratings.jsonl --ratings human.alignment",
    "reeljudge raters ratings.jsonl --ratings 'human.*.0' --cluster uid --json",
    "reeljudge raters runs/sampled --ratings scores.visual_quality.samples.values",
)
@with_options("items", Items)
def raters(
    table: TablePath,
    ratings: Annotated[
        str,
        typer.Option(help="Field of each item's ratings: a list (one place per rater) or {rater: score}."),
    ],
    items: Items,
    json: Json = False,
) -> None:
    """How far raters (or the reruns of a judge) agree with one another, with 95 % intervals over items."""
    from reeljudge.agreement import of_tables
    from reeljudge.cli.agreement_view import clusters, show_statistics

    rows = open_table(table, items)
    found = of_tables.raters(rows, ratings, items.options)
    field = of_tables.cluster_field(rows, items.options)
    result = found.to_dict() | {"cluster_field": field}
    if json:
        write_json(result)
        return
    counts = [f"items: {found.items}", f"raters: {found.raters}", clusters(result, field)]
    show_statistics(results(), f"{ratings} in {rows.name}", counts, result, _SHOWN)
