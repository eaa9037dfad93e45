"""`reeljudge leaderboard`: generators ranked."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reeljudge.cli.console import examples, results, shown, shown_p, widen, write_json
from reeljudge.cli.options import Json

if TYPE_CHECKING:
    from reeljudge.standings import Difference

_MATRIX = 28
"""Pairs (of eight generators) that a matrix in a terminal has room for."""


@examples("reeljudge leaderboard runs/first", "reeljudge leaderboard runs/shard-1 runs/shard-2 --json")
def leaderboard(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders of one configuration.")],
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples behind the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    json: Json = False,
) -> None:
    """Generators per dimension on 0-100, (mean - min) / (max - min) x 100, with 95 % intervals over groups.

    `p` is the two-sided p-value of the difference to the next generator; `keeps` the share of resamples in
    which a generator keeps its rank. With three generators or more, a matrix holds the p-values of all
    pairs, corrected for looking at them all (Holm).
    """
    from reeljudge.standings import leaderboard as rank
    from reeljudge.standings.leaderboard import CORRECTION
    from reeljudge.standings.reading import stream_runs

    items, rubric = stream_runs(runs)
    board = rank(items, (rubric.scale.min, rubric.scale.max), resamples, seed)
    if json:
        places = {name: [asdict(place) for place in found] for name, found in board.places.items()}
        differences = {name: [asdict(pair) for pair in found] for name, found in board.differences.items()}
        write_json(
            {
                "groups": board.groups,
                "dimensions": places,
                "differences": differences,
                "correction": CORRECTION,
                "notes": list(board.notes),
            }
        )
        return
    console = results()
    widen(console)
    for name, found in board.places.items():
        console.print(Text(f"{name}  ({board.groups} groups)", style="bold"))
        table = Table(box=None, padding=(0, 2), pad_edge=False)
        for title in ("rank", "generator", "points", "95 % interval", "ranks", "keeps", "scored", "p"):
            table.add_column(title, justify="left" if title == "generator" else "right")
        for place in found:
            table.add_row(
                shown(place.rank, ""),
                Text(place.model),
                shown(place.points, ".1f"),
                _or_dash(place.ci, "{0[0]:.1f} to {0[1]:.1f}"),
                _or_dash(place.rank_ci, "{0[0]}-{0[1]}"),
                shown(place.stability, ".0%"),
                f"{place.scored}/{place.n}",
                shown(place.p_next),
            )
        console.print(table)
        _show_differences(console, board.differences[name])
        console.print()
    for note in board.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def _show_differences(console: Console, differences: "list[Difference]") -> None:
    """All pairs: a matrix of corrected p-values, or for many generators how many pairs are told apart."""
    if len(differences) < 2:
        return
    apart = [pair for pair in differences if pair.p_corrected is not None and pair.p_corrected < 0.05]
    console.print(
        f"  {len(apart)} of {len(differences)} pairs told apart (p < 0.05, Holm over the pairs)"
        + (":" if len(differences) <= _MATRIX else "; --json holds them all")
    )
    if len(differences) > _MATRIX:
        return
    names = list(dict.fromkeys(name for pair in differences for name in (pair.first, pair.second)))
    cells = {(pair.first, pair.second): pair.p_corrected for pair in differences}
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("  p, row above column")
    for name in names[1:]:
        table.add_column(Text(name), justify="right", max_width=16, no_wrap=True, overflow="ellipsis")
    for place, name in enumerate(names[:-1]):
        known = [shown_p(cells[name, other]) for other in names[place + 1 :]]
        table.add_row(Text(f"  {name}"), *([""] * place), *known)
    console.print(table)


def _or_dash(value: object, form: str) -> str:
    return "-" if value is None else form.format(value)
