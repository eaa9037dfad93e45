"""Benchmarks for people: a result with how it came about, published tables, the list of suites."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reeljudge.benchmarks import MeasureResult, Result, Suite
from reeljudge.benchmarks.published import Beside
from reeljudge.cli.agreement_view import MEANING


def show_result(console: Console, result: Result) -> None:
    """Heading, a table per measure, averages, deviations, notes."""
    _widen(console)
    _say(console, f"{result.title}, protocol {result.protocol} v{result.protocol_version}", style="bold")
    _say(console, f"  {result.protocol_title} ({result.source})")
    _say(console, f"  judge: {result.judge or '-'}   scores: {result.scores}")
    _say(console, f"  unscored items are {_counted(result.unscored_are)}")
    for measure in result.measures:
        _show_measure(console, measure, result.unscored_are)
    if result.average:
        found = ", ".join(f"{name} {_number(value)}" for name, value in result.average.items())
        _say(console, f"  average: {found}")
    if result.all_dimensions_exact is not None:
        _say(console, f"  right in all dimensions at once: {_number(result.all_dimensions_exact)}")
    for text in result.deviations:
        _say(console, f"  deviation: {text}")
    for note in result.notes:
        _say(console, f"  note: {note}")


def _show_measure(console: Console, measure: MeasureResult, unscored_are: str) -> None:
    console.print()
    by = f" by {measure.judged_by}" if measure.judged_by else " by votes"
    _say(console, f"{measure.name}: {measure.human}{by}", style="bold")
    unit = "pairs" if measure.kind == "pairs" else "items"
    _say(console, f"  {measure.used} of {measure.total} {unit} used, {measure.unscored} unscored")
    if measure.tie_rule:
        _say(console, f"  ties: {measure.tie_rule}")
    if measure.margin_chosen:
        margin = "-" if measure.margin is None else f"{measure.margin:g}"
        _say(console, f"  margin: {margin} ({measure.margin_chosen})")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("  statistic")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    if measure.other:
        table.add_column(f"unscored {'removed' if unscored_are == 'wrong' else 'wrong'}", justify="right")
    table.add_column("", style="dim")
    for name, value in measure.statistics.items():
        bounds = measure.ci.get(name)
        cells = [
            f"  {name}",
            _number(value),
            "-" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}",
        ]
        if measure.other:
            cells.append(_number(measure.other.get(name)))
        table.add_row(*cells, MEANING.get(name, "").partition(";")[0])
    console.print(table)
    for note in measure.notes:
        _say(console, f"  note: {note}")


def show_published(console: Console, beside: Beside) -> None:
    """A published table, a block per statistic, marks as footnotes, yours below."""
    _widen(console, 120)
    console.print()
    _say(console, f"published: {beside.title} (protocol {beside.protocol})", style="bold")
    for statistic in dict.fromkeys(column.rpartition(".")[2] for column in beside.columns):
        places = [i for i, column in enumerate(beside.columns) if column.endswith(f".{statistic}")]
        _say(console, f"  {statistic}")
        console.print(_block(beside, places))
    for number, (row, column, note) in enumerate(beside.marks, 1):
        where = f"{row}, {column}" if column else row
        _say(console, f"  [{number}] {where}: {note}")
    for note in beside.notes:
        _say(console, f"  note: {note}")


def _block(beside: Beside, places: Sequence[int]) -> Table:
    marks = {(row, column): number for number, (row, column, _) in enumerate(beside.marks, 1)}
    values = [row[i] for row in beside.rows.values() for i in places]
    digits = 2 if any(value is not None and abs(value) > 5 for value in values) else 3
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("")
    for i in places:
        table.add_column(
            beside.columns[i].rpartition(".")[0].replace("_", "\n"), justify="right", no_wrap=True
        )
    for row, printed in beside.rows.items():
        cells = [
            _printed(printed[i], digits) + _footnote(marks.get((row, beside.columns[i]))) for i in places
        ]
        table.add_row(Text(f"  {row}{_footnote(marks.get((row, None)))}"), *map(Text, cells))
    if beside.yours is not None:
        table.add_row(
            Text("  yours"), *(Text(_printed(beside.yours[i], digits)) for i in places), style="bold"
        )
    return table


def show_suites(console: Console, suites: Sequence[Suite]) -> None:
    """What there is, and which files each suite needs."""
    _widen(console)
    for suite in suites:
        _say(console, suite.name, style="bold")
        _say(console, f"  {suite.title}: {suite.about}")
        _say(console, f"  published at {suite.published_at}")
        for file in suite.files:
            _say(console, f"  needs {' or '.join(file.names)}: {file.holds}")
        if suite.videos:
            _say(console, f"  videos (to judge): {suite.videos}")
        for name, protocol in suite.protocols.items():
            default = ", the default" if name == suite.default_protocol else ""
            _say(console, f"  protocol {name} (v{protocol.version}{default}): {protocol.title}")
        console.print()


def _counted(unscored: str) -> str:
    return "wrong in the accuracies" if unscored == "wrong" else "removed, as the protocol says"


def _footnote(place: int | None) -> str:
    return "" if place is None else f"[{place}]"


def _printed(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _widen(console: Console, least: int = 100) -> None:
    if not console.is_terminal:
        console.width = max(console.width, least)
