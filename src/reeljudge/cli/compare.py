"""`reeljudge compare`: two judges on the same items."""

from typing import Annotated

import typer

from reeljudge.cli.agree_pairs import ProtocolName
from reeljudge.cli.agreement_options import (
    Cluster,
    Human,
    HumanScale,
    JudgeScale,
    Missing,
    Repeats,
    Resamples,
    Seed,
    TablePath,
    Where,
    open_table,
    parse_scale,
    table_options,
)
from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json


@examples(
    "reeljudge compare scores.jsonl --human human.alignment --judge ours.alignment --judge theirs.alignment",
    "reeljudge compare votes.jsonl --human human_vote --judge model_vote.gpt4o --judge model_vote.llava",
)
def compare(
    table: TablePath,
    human: Human,
    judge: Annotated[list[str], typer.Option(help="Field of a judge's score or vote; give it twice.")],
    protocol: Annotated[
        ProtocolName | None, typer.Option(help="For votes: how ties count, as in agree-pairs.")
    ] = None,
    cluster: Cluster = None,
    missing: Missing = None,
    where: Where = None,
    human_scale: HumanScale = None,
    judge_scale: JudgeScale = None,
    repeats: Repeats = False,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Two judges on the same items: the difference of each statistic, its interval and its p-value."""
    from reeljudge.agreement import of_tables
    from reeljudge.cli.agreement_view import clusters, show_comparison
    from reeljudge.errors import UsageError

    if len(judge) != 2:
        raise UsageError(f"two judges are compared: give --judge twice (it is there {len(judge)} times)")
    rows = open_table(table, where)
    options = table_options(cluster, missing, repeats, resamples, seed)
    judges = (judge[0], judge[1])
    found = of_tables.compare(
        rows,
        human,
        judges,
        options,
        None if protocol is None else protocol.value,
        parse_scale(human_scale),
        parse_scale(judge_scale),
    )
    field = of_tables.cluster_field(rows, options)
    result = found.to_dict() | {"judges": list(judges), "cluster_field": field}
    if json:
        write_json(result)
        return
    counts = [f"items: {found.n}", f"scored by both: {found.n_common}", clusters(result, field)]
    heading = f"two judges against {human} in {rows.name}"
    show_comparison(results(), heading, counts, result, judges)
