"""What was published on a suite, beside a result."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from reeljudge.benchmarks.evaluate import Result
from reeljudge.benchmarks.suite import PublishedTable, Suite


@dataclass(frozen=True)
class Beside:
    """A published table with a row of one's own under it, in the table's own unit.

    Attributes:
        rows: published name -> printed values, errors included.
        yours: one value per column, None where this protocol has no such number; None without a result.
        marks: (row, column or None, what is wrong).
        comparable: whether the result was made under the protocol that the table follows.
    """

    title: str
    protocol: str
    columns: tuple[str, ...]
    rows: dict[str, tuple[float | None, ...]]
    yours: tuple[float | None, ...] | None
    marks: tuple[tuple[str, str | None, str], ...]
    notes: tuple[str, ...]
    comparable: bool

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def beside(suite: Suite, result: Result | None = None) -> Sequence[Beside]:
    """Every published table of a suite, with the result's numbers under it."""
    return [_beside(table, result) for table in suite.published]


def _beside(table: PublishedTable, result: Result | None) -> Beside:
    yours = None
    if result is not None:
        factor = 100 if table.unit == "percent" else 1
        values = [result.value(column) for column in table.columns]
        yours = tuple(None if value is None else factor * value for value in values)
    comparable = result is not None and result.protocol == table.protocol
    notes = table.notes
    if result is not None and not comparable:
        notes = (
            *notes,
            f"the table follows the protocol {table.protocol!r}, yours {result.protocol!r}: "
            "not the same number",
        )
    return Beside(
        table.title,
        table.protocol,
        table.columns,
        table.rows,
        yours,
        tuple((mark.row, mark.column, mark.note) for mark in table.marks),
        notes,
        comparable,
    )
