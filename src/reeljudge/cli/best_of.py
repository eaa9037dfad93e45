"""`reeljudge best-of`: the best clip of each group, and what choosing is worth."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json
from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.tables.fields import ABSENT, field_names, find, numbers

_SHOWN = 1000
"""Groups that are shown: a terminal has no use for more, and laying them out takes long."""

_TOLD = ("group", "score", "candidates", "scored", "tied", "tie_broken_by")


@examples(
    "reeljudge best-of runs/first",
    "reeljudge best-of runs/first --weights visual_quality=2,text_alignment=1",
    "reeljudge best-of runs/first --curve --truth human.visual_quality",
)
def best_of(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    by: Annotated[str, typer.Option(help="Field whose equal values compete.")] = "group",
    weights: Annotated[
        str | None, typer.Option(help="dimension=weight,...; all dimensions alike by default.")
    ] = None,
    curve: Annotated[bool, typer.Option("--curve", help="The gain over random for N = 1, 2, 4, ...")] = False,
    truth: Annotated[
        str | None, typer.Option(help="Field of an outside measure (with --curve); a list is averaged.")
    ] = None,
    json: Json = False,
) -> None:
    """The best clip of each group by the weighted mean of its scores; ties go to the expected scores."""
    from reeljudge.standings import best_of as choose
    from reeljudge.standings import parse_weights
    from reeljudge.standings.reading import stream_runs

    if curve != (truth is not None):
        raise UsageError("--curve and --truth FIELD go together: the gain is measured on an outside field")
    known = _dimensions(run)
    fields = [by] if truth is None else [by, truth]
    items, _ = stream_runs([run], fields)
    chosen_weights = parse_weights(weights, known)
    if truth is not None:
        _curve(items, chosen_weights, by, truth, json)
        return
    choices = choose(items, chosen_weights, by=lambda entry: _field(entry.row, by))
    if json:
        rows = [
            {
                **{name: getattr(choice, name) for name in _TOLD},
                "best": choice.best and choice.best.id,
                "video": choice.best and choice.best.row["video"],
            }
            for choice in choices
        ]
        write_json({"weights": chosen_weights, "by": by, "choices": rows})
        return
    console = results()
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for title in ("group", "best", "video", "score", "of", "tie"):
        table.add_column(title, justify="right" if title in ("score", "of") else "left", max_width=44)
    for choice in choices[:_SHOWN]:
        table.add_row(
            Text(choice.group),
            Text(choice.best.id if choice.best else "-"),
            Text(str(choice.best.row["video"]) if choice.best else "no clip is scored"),
            "-" if choice.score is None else f"{choice.score:.2f}",
            f"{choice.scored}/{choice.candidates}",
            "" if choice.tie_broken_by == "none" else f"{len(choice.tied)} tied, by {choice.tie_broken_by}",
        )
    console.print(table)
    if len(choices) > _SHOWN:
        console.print(f"and {len(choices) - _SHOWN} more groups; --json holds them all")


def _dimensions(run: Path) -> list[str]:
    """The dimensions that a run judges, without reading its verdicts."""
    from reeljudge.runs import read_settings

    settings = read_settings(run)
    named = settings["configuration"].get("dimensions")
    return [str(name) for name in named or [one["name"] for one in settings["rubric"]["dimensions"]]]


def _curve(items: Iterable[Any], weights: dict[str, float], by: str, truth: str, json: bool) -> None:
    from reeljudge.standings import curve, weighted

    groups: dict[str, list[tuple[float, float]]] = {}
    count = left_out = 0
    row: Any = {}
    somewhere = False
    for entry in items:
        count, row = count + 1, entry.row
        somewhere = somewhere or find(row, truth) is not ABSENT
        score, value = weighted(entry.scores, weights), _truth(row, truth)
        if score is None or value is None:
            left_out += 1
            continue
        groups.setdefault(_field(entry.row, by), []).append((score, value))
    if count and not somewhere:
        raise UsageError(f"no clip of this run has {truth!r}.{did_you_mean(truth, field_names(row))}")
    points = curve(list(groups.values()))
    if json:
        write_json({"truth": truth, "left_out": left_out, "points": [asdict(point) for point in points]})
        return
    console = results()
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for title in (
        "N",
        "groups",
        "random",
        "chosen",
        "oracle",
        "gain",
        "95 % interval",
        "share of oracle's gain",
    ):
        table.add_column(title, justify="right")
    for point in points:
        table.add_row(
            str(point.n),
            str(point.groups),
            *(f"{value:.3f}" for value in (point.random, point.chosen, point.oracle)),
            _signed(point.gain),
            "-" if point.gain_ci is None else " to ".join(map(_signed, point.gain_ci)),
            "-" if point.share is None else f"{point.share:.0%}",
        )
    console.print(table)
    if left_out:
        console.print(f"note: {left_out} of {count} clips left out: no score, or no {truth}")


def _signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"  # nothing is +0.000, from whichever side


def _field(row: Any, path: str) -> str:
    value = find(row, path)
    if value is ABSENT or value is None:
        hint = did_you_mean(path, field_names(row))
        kind = UsageError if value is ABSENT else InputError
        raise kind(f"clip {row['id']!r} has no {path!r}, by which clips were to be grouped.{hint}")
    return str(value)


def _truth(row: Any, path: str) -> float | None:
    value = find(row, path)
    if value is ABSENT:
        return None
    try:
        known = [entry for entry in numbers(value) if entry is not None]
    except ValueError as error:
        raise InputError(f"clip {row['id']!r}: {path} {error}") from None
    return sum(known) / len(known) if known else None
