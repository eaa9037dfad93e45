"""Benchmarks for people: a result with how it came about, published tables, the list of suites."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reeljudge.benchmarks import MeasureResult, Result, Suite
from reeljudge.benchmarks.published import Beside
from reeljudge.cli.agreement_view import MEANING

_SHORT = {
    "accuracy": "acc",
    "relaxed_accuracy": "relaxed",
    "accuracy_with_ties": "w/ ties",
    "accuracy_without_ties": "w/o ties",
}


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
    """A published table, marks as footnotes, yours below."""
    _widen(console, 24 + 11 * len(beside.columns))
    console.print()
    _say(console, f"published: {beside.title} (protocol {beside.protocol})", style="bold")
    marks = {(row, column): place for place, (row, column, _) in enumerate(beside.marks, 1)}
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("")
    for column in beside.columns:
        name, _, statistic = column.rpartition(".")
        table.add_column(f"{name}\n{_SHORT.get(statistic, statistic)}", justify="right", no_wrap=True)
    digits = 2 if any(abs(v) > 1.5 for row in beside.rows.values() for v in row if v is not None) else 3
    for row, values in beside.rows.items():
        cells = [
            _printed(value, digits) + _footnote(marks.get((row, column)))
            for column, value in zip(beside.columns, values, strict=True)
        ]
        table.add_row(Text(row + _footnote(marks.get((row, None)))), *map(Text, cells))
    if beside.yours is not None:
        ours = [Text(_printed(value, digits)) for value in beside.yours]
        table.add_row(Text("yours"), *ours, style="bold")
    console.print(table)
    for place, (_, _, note) in enumerate(beside.marks, 1):
        _say(console, f"  [{place}] {note}")
    for note in beside.notes:
        _say(console, f"  note: {note}")


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
