"""`reeljudge leaderboard`: generators ranked."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json


@examples("reeljudge leaderboard runs/first", "reeljudge leaderboard runs/shard-1 runs/shard-2 --json")
def leaderboard(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders of one configuration.")],
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples behind the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    json: Json = False,
) -> None:
    """Generators per dimension on 0-100, (mean - min) / (max - min) x 100, with 95 % intervals over groups.

    `p` is the two-sided p-value of the difference to the next generator; `keeps` the share of resamples in
    which a generator keeps its rank.
    """
    from reeljudge.standings import leaderboard as rank
    from reeljudge.standings.reading import read_runs

    items, rubric = read_runs(runs)
    board = rank(items, (rubric.scale.min, rubric.scale.max), resamples, seed)
    if json:
        places = {name: [asdict(place) for place in found] for name, found in board.places.items()}
        write_json({"groups": board.groups, "dimensions": places, "notes": list(board.notes)})
        return
    console = results()
    if not console.is_terminal:
        console.width = max(console.width, 100)
    for name, found in board.places.items():
        console.print(Text(f"{name}  ({board.groups} groups)", style="bold"))
        table = Table(box=None, padding=(0, 2), pad_edge=False)
        for title in ("rank", "generator", "points", "95 % interval", "ranks", "keeps", "scored", "p"):
            table.add_column(title, justify="left" if title == "generator" else "right")
        for place in found:
            table.add_row(
                _or_dash(place.rank, "{}"),
                Text(place.model),
                _or_dash(place.points, "{:.1f}"),
                _or_dash(place.ci, "{0[0]:.1f} to {0[1]:.1f}"),
                _or_dash(place.rank_ci, "{0[0]}-{0[1]}"),
                _or_dash(place.stability, "{:.0%}"),
                f"{place.scored}/{place.n}",
                _or_dash(place.p_next, "{:.3f}"),
            )
        console.print(table)
        console.print()
    for note in board.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def _or_dash(value: object, form: str) -> str:
    return "-" if value is None else form.format(value)
