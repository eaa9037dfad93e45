"""`reeljudge agree-pairs`: a judge's preferences against people's."""

from enum import StrEnum
from typing import Annotated

import typer

from reeljudge.cli.agreement_options import Items, TablePath, open_table
from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json, with_options


class ProtocolName(StrEnum):
    DEFAULT = "default"
    GENAI_BENCH = "genai-bench"
    VIDEOSCORE_V1 = "videoscore-v1"


@examples(
    "reeljudge agree-pairs votes.jsonl --human human_vote --judge model_vote.gpt4o",
    "reeljudge agree-pairs votes.jsonl --human human_vote --judge model_vote.gpt4o --protocol genai-bench",
    "reeljudge agree-pairs pairs.csv --human Overall --score-a score_a --score-b score_b --tie-margin 0.5",
)
@with_options("items", Items)
def agree_pairs(
    table: TablePath,
    human: Annotated[str, typer.Option(help="Field of the human vote, in any of the usual wordings.")],
    *,
    judge: Annotated[str | None, typer.Option(help="Field of the judge's vote; or give two scores.")] = None,
    score_a: Annotated[str | None, typer.Option(help="Field of the first clip's score.")] = None,
    score_b: Annotated[str | None, typer.Option(help="Field of the second clip's score.")] = None,
    tie_margin: Annotated[
        float | None, typer.Option(min=0, help="Scores that differ by at most this are a tie; default: 0.")
    ] = None,
    protocol: Annotated[
        ProtocolName,
        typer.Option(
            help="genai-bench: that set's exact strings, ties by their kind. videoscore-v1: the margin "
            "counts only where people tied."
        ),
    ] = ProtocolName.DEFAULT,
    items: Items,
    json: Json = False,
) -> None:
    """How far a judge prefers the same clip of a pair as people do, from votes or from two scores.

    What cannot be read as a vote is unscored and wrong.
    """
    from reeljudge.agreement import of_tables
    from reeljudge.cli.agreement_view import clusters, show_statistics
    from reeljudge.errors import UsageError

    if judge is not None and (score_a is not None or score_b is not None):
        raise UsageError("give --judge (a vote), or --score-a and --score-b (two scores), not both")
    if judge is None and (score_a is None or score_b is None):
        raise UsageError("what did the judge prefer? give --judge (a vote), or --score-a and --score-b")
    if judge is not None and tie_margin is not None:
        raise UsageError("--tie-margin goes with --score-a and --score-b; votes say themselves what is a tie")
    scores = (score_a, score_b) if score_a is not None and score_b is not None else None
    rows = open_table(table, items)
    found = of_tables.agree_pairs(rows, human, judge, scores, items.options, protocol.value, tie_margin)
    field = of_tables.cluster_field(rows, items.options)
    result = found.to_dict() | {"cluster_field": field}
    if json:
        write_json(result)
        return
    counts = [f"pairs with a human vote: {found.n} (ties: {found.n_ties})", f"unscored: {found.unscored}"]
    names = ["accuracy_with_ties", "accuracy_without_ties"]
    if found.unscored:
        names += ["accuracy_with_ties_scored", "accuracy_without_ties_scored"]
    if scores is not None:
        names += ["tie_calibrated_accuracy", "same_items_accuracy"]
    names += ["rank_auc", "majority_accuracy"]
    whom = judge or f"{score_a} and {score_b}"
    heading = f"{whom} against {human} in {rows.name}"
    remarks = [f"tie rule ({found.protocol}): {found.tie_rule}"]
    if scores is not None and tie_margin is None and found.tie_margin is not None:
        remarks.append(f"margin that calibration finds on all pairs: {found.tie_margin:g}")
    show_statistics(results(), heading, [*counts, clusters(result, field)], result, names, remarks)
