"""What the commands about agreement share: their options, and how a table or a run is opened."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reeljudge.agreement.of_tables import Options
    from reeljudge.agreement.scales import ValueRange
    from reeljudge.tables.table import Table

TablePath = Annotated[
    Path, typer.Argument(metavar="TABLE", help="JSONL, JSON, CSV or Parquet, or a run folder.")
]
Human = Annotated[
    str, typer.Option(help="Field of the human score (a dotted path; a list is averaged) or vote.")
]
Resamples = Annotated[int, typer.Option(min=100, help="Bootstrap resamples behind the intervals.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")]


@dataclass(frozen=True)
class Items:
    """Which rows of a table count, and how intervals are made."""

    cluster: Annotated[
        str | None,
        typer.Option(
            help="Field whose values are resampled as a whole; default: the first there is of group, prompt, "
            "text prompt, text, caption; else each row."
        ),
    ] = None
    missing: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE", help="A value that stands for no score here, for example -1. Repeatable."
        ),
    ] = None
    where: Annotated[
        list[str] | None, typer.Option(metavar="FIELD=VALUE", help="Use these rows only. Repeatable.")
    ] = None
    repeats: Annotated[
        bool, typer.Option("--repeats", help="Rows with the same id are items of their own.")
    ] = False
    resamples: Resamples = 1000
    seed: Seed = 0

    @property
    def options(self) -> "Options":
        from reeljudge.agreement.of_tables import Options

        missing = tuple(self.missing or ())
        return Options(self.cluster, missing, self.repeats, self.resamples, self.seed)


@dataclass(frozen=True)
class LabelledItems(Items):
    """The same where labels may lie in a table of their own, and scores on scales of their own."""

    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A table of labels, joined to the rows by `id`; its fields can then be named like theirs.",
        ),
    ] = None
    ignore_extra_labels: Annotated[
        bool,
        typer.Option("--ignore-extra-labels", help="Labels of clips that are not there are no error."),
    ] = False
    human_scale: Annotated[
        str | None,
        typer.Option(metavar="LOW-HIGH", help="Scale of the human field, if its values do not tell."),
    ] = None
    judge_scale: Annotated[
        str | None,
        typer.Option(metavar="LOW-HIGH", help="Scale of the judge's field, if its values do not tell."),
    ] = None

    @property
    def scales(self) -> "tuple[ValueRange | None, ValueRange | None]":
        from reeljudge.agreement.scales import ValueRange

        human, judge = self.human_scale, self.judge_scale
        return (
            None if human is None else ValueRange.parse(human),
            None if judge is None else ValueRange.parse(judge),
        )


def open_table(path: Path, items: Items, fields: "Iterable[str]" = ()) -> "Table":
    """The rows of a table, or of a run (the last line of a verdict counts), that meet the conditions.

    Args:
        fields: that will be looked at; what is long in a run's rows is dropped unless it is among them. None
            named: everything may be looked at.
    """
    from reeljudge.errors import InputError, UsageError
    from reeljudge.tables.table import Table

    # Also when named as a file, the verdicts of a run are read as the run's: a row may be there twice.
    if path.name == "verdicts.jsonl" and (path.parent / "run.json").exists():
        path = path.parent
    if path.is_dir():
        from reeljudge.runs import read_settings, read_verdicts
        from reeljudge.runs.short_rows import LONG, short_verdicts

        read_settings(path)
        looked_at = (*fields, items.cluster, *(items.where or ()))
        named = {field.partition(".")[0] for field in looked_at if field}
        whole = not fields or not named.isdisjoint(LONG)
        rows = list(read_verdicts(path) if whole else short_verdicts(path))
        table = Table(str(path), rows, place_word="verdict")
    else:
        table = Table.read(path)
    if not table.rows:
        raise InputError(f"{path}: no rows; there is nothing to compare")
    if isinstance(items, LabelledItems):
        if items.labels is not None:
            from reeljudge.agreement.labels import join_labels

            table = join_labels(table, Table.read(items.labels), items.ignore_extra_labels)
        elif items.ignore_extra_labels:
            raise UsageError("--ignore-extra-labels goes with --labels FILE")
    return table.keep(items.where or ())
