"""What the commands about agreement share: their options, and how a table or a run is opened."""

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
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Field whose values are resampled as a whole; default: the first there is of group, prompt, "
        "text prompt, text, caption; else each row."
    ),
]
Missing = Annotated[
    list[str] | None,
    typer.Option(metavar="VALUE", help="A value that stands for no score here, for example -1. Repeatable."),
]
Where = Annotated[
    list[str] | None, typer.Option(metavar="FIELD=VALUE", help="Use these rows only. Repeatable.")
]
Repeats = Annotated[bool, typer.Option("--repeats", help="Rows with the same id are items of their own.")]
Resamples = Annotated[int, typer.Option(min=100, help="Bootstrap resamples behind the intervals.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")]
Labels = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A table of labels, joined to the rows by `id`; its fields can then be named like theirs.",
    ),
]
IgnoreExtraLabels = Annotated[
    bool,
    typer.Option("--ignore-extra-labels", help="Labels of clips that are not there are no error."),
]
HumanScale = Annotated[
    str | None,
    typer.Option(metavar="LOW-HIGH", help="Scale of the human field, if its values do not tell."),
]
JudgeScale = Annotated[
    str | None,
    typer.Option(metavar="LOW-HIGH", help="Scale of the judge's field, if its values do not tell."),
]


def open_table(
    path: Path,
    where: list[str] | None,
    labels: Path | None = None,
    ignore_extra: bool = False,
    fields: "Iterable[str | None]" = (),
) -> "Table":
    """The rows of a table, or of a run (the last line of a verdict counts), that meet the conditions.

    Args:
        labels: a table of labels to join by `id`. ignore_extra: those of other clips are no error.
        fields: that will be looked at; what is long in a run's rows is dropped unless it is among them.
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
        named = {str(field).partition(".")[0] for field in (*fields, *(where or ())) if field}
        whole = not fields or not named.isdisjoint(LONG)
        rows = list(read_verdicts(path) if whole else short_verdicts(path))
        table = Table(str(path), rows, place_word="verdict")
    else:
        table = Table.read(path)
    if not table.rows:
        raise InputError(f"{path}: no rows; there is nothing to compare")
    if labels is not None:
        from reeljudge.agreement.labels import join_labels

        table = join_labels(table, Table.read(labels), ignore_extra)
    elif ignore_extra:
        raise UsageError("--ignore-extra-labels goes with --labels FILE")
    return table.keep(where or ())


def table_options(
    cluster: str | None, missing: list[str] | None, repeats: bool, resamples: int, seed: int
) -> "Options":
    from reeljudge.agreement.of_tables import Options

    return Options(cluster, tuple(missing or ()), repeats, resamples, seed)


def parse_scale(text: str | None) -> "ValueRange | None":
    from reeljudge.agreement.scales import ValueRange

    return None if text is None else ValueRange.parse(text)
