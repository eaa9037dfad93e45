"""`reeljudge compare`: judges on the same items."""

from typing import TYPE_CHECKING, Annotated

import typer

from reeljudge.cli.agree_pairs import ProtocolName
from reeljudge.cli.agreement_options import Human, LabelledItems, TablePath, open_table
from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json, with_options

if TYPE_CHECKING:
    from reeljudge.agreement.pairs import Protocol


@examples(
    "reeljudge compare scores.jsonl --human human.alignment --judge ours.alignment --judge theirs.alignment",
    "reeljudge compare scores.jsonl --human human.alignment --judge a --judge b --judge c",
    "reeljudge compare votes.jsonl --human human_vote --judge model_vote.gpt4o --judge model_vote.llava",
)
@with_options("items", LabelledItems)
def compare(
    table: TablePath,
    human: Human,
    judge: Annotated[list[str], typer.Option(help="Field of a judge's score or vote; twice or more.")],
    *,
    protocol: Annotated[
        ProtocolName | None, typer.Option(help="For votes: how ties count, as in agree-pairs.")
    ] = None,
    items: LabelledItems,
    json: Json = False,
) -> None:
    """Judges on the same items: the difference of each statistic, its interval and its p-value.

    Of more than two judges every two are compared, and p-values are corrected for all of them (Holm).
    """
    from reeljudge.agreement import of_tables
    from reeljudge.cli.agreement_view import clusters, show_all_pairs, show_comparison
    from reeljudge.errors import UsageError

    if len(judge) < 2:
        raise UsageError("judges are compared with one another: give --judge twice or more")
    if len(set(judge)) < len(judge):
        raise UsageError(f"--judge names a field twice ({', '.join(judge)}); each is compared once")
    rows = open_table(table, items, (human, *judge))
    options = items.options
    rule: Protocol | None = None if protocol is None else protocol.value
    if len(judge) > 2:
        many = of_tables.compare_all(rows, human, judge, options, rule, *items.scales)
        if json:
            write_json(many.to_dict() | {"cluster_field": of_tables.cluster_field(rows, options)})
        else:
            show_all_pairs(results(), f"{len(judge)} judges against {human} in {rows.name}", many.to_dict())
        return
    judges = (judge[0], judge[1])
    found = of_tables.compare(rows, human, judges, options, rule, *items.scales)
    field = of_tables.cluster_field(rows, options)
    result = found.to_dict() | {"judges": list(judges), "cluster_field": field}
    if json:
        write_json(result)
        return
    counts = [f"items: {found.n}", f"scored by both: {found.n_common}", clusters(result, field)]
    heading = f"two judges against {human} in {rows.name}"
    show_comparison(results(), heading, counts, result, judges)
