"""`reeljudge agree`: a judge's scores against people's."""

from typing import Annotated

import typer

from reeljudge.cli.agreement_options import Human, LabelledItems, TablePath, open_table
from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json, with_options

_SHOWN = (
    *("srcc", "plcc", "krcc_b", "krcc_c", "mae", "rmse", "qwk"),
    *("accuracy", "accuracy_scored", "relaxed_accuracy", "majority_accuracy"),
)


@examples(
    "reeljudge agree scores.jsonl --human human.alignment --judge judge.alignment",
    "reeljudge agree runs/first --human human.visual_quality --judge scores.visual_quality.score",
    "reeljudge agree runs/first --labels people.csv --human mos --judge scores.visual_quality.score",
    'reeljudge agree scores.csv --human mos --judge metric --cluster "text prompt" --missing -1 --json',
)
@with_options("items", LabelledItems)
def agree(
    table: TablePath,
    human: Human,
    judge: Annotated[str, typer.Option(help="Field of the judge's score (a list is averaged).")],
    items: LabelledItems,
    json: Json = False,
) -> None:
    """How far a judge's scores agree with people's: correlations, errors, accuracies, with 95 % intervals.

    An item that the judge left unscored is wrong in the accuracies.
    """
    from reeljudge.agreement import of_tables
    from reeljudge.cli.agreement_view import clusters, show_statistics

    rows = open_table(table, items, (human, judge))
    found = of_tables.agree(rows, human, judge, items.options, *items.scales)
    field = of_tables.cluster_field(rows, items.options)
    result = found.to_dict() | {"cluster_field": field}
    if json:
        write_json(result)
        return
    counts = [f"items with a human score: {found.n}", f"scored: {found.n_scored}", clusters(result, field)]
    names = list(_SHOWN)
    if found.rater_majority_accuracy is not None:
        names.append("rater_majority_accuracy")
        counts.append(f"with a majority among their raters: {found.n_rater_majority}")
    show_statistics(results(), f"{judge} against {human} in {rows.name}", counts, result, names)
