"""Benchmarks for people: a result with how it came about, published tables, the list of suites."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reeljudge.benchmarks import MeasureResult, Result, Suite
from reeljudge.benchmarks.published import Beside
from reeljudge.cli.agreement_view import MEANING
from reeljudge.cli.console import say, shown, widen


def show_result(console: Console, result: Result) -> None:
    """Heading, a table per measure, averages, deviations, notes."""
    widen(console)
    say(console, f"{result.title}, protocol {result.protocol} v{result.protocol_version}", style="bold")
    say(console, f"  {result.protocol_title} ({result.source})")
    say(console, f"  judge: {result.judge or '-'}   scores: {result.scores}")
    say(console, f"  unscored items are {_counted(result.unscored_are)}")
    for measure in result.measures:
        _show_measure(console, measure, result.unscored_are)
    if result.average:
        found = ", ".join(f"{name} {shown(value)}" for name, value in result.average.items())
        say(console, f"  average: {found}")
    if result.all_dimensions_exact is not None:
        say(console, f"  right in all dimensions at once: {shown(result.all_dimensions_exact)}")
    for text in result.deviations:
        say(console, f"  deviation: {text}")
    for note in result.notes:
        say(console, f"  note: {note}")


def _show_measure(console: Console, measure: MeasureResult, unscored_are: str) -> None:
    console.print()
    by = f" by {measure.judged_by}" if measure.judged_by else " by votes"
    say(console, f"{measure.name}: {measure.human}{by}", style="bold")
    unit = "pairs" if measure.kind == "pairs" else "items"
    say(console, f"  {measure.used} of {measure.total} {unit} used, {measure.unscored} unscored")
    if measure.tie_rule:
        say(console, f"  ties: {measure.tie_rule}")
    if measure.margin_chosen:
        margin = "-" if measure.margin is None else f"{measure.margin:g}"
        say(console, f"  margin: {margin} ({measure.margin_chosen})")
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
            shown(value),
            "-" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}",
        ]
        if measure.other:
            cells.append(shown(measure.other.get(name)))
        table.add_row(*cells, MEANING.get(name, "").partition(";")[0])
    console.print(table)
    for note in measure.notes:
        say(console, f"  note: {note}")


def show_published(console: Console, beside: Beside) -> None:
    """A published table, a block per statistic, marks as footnotes, yours below."""
    widen(console, 120)
    console.print()
    say(console, f"published: {beside.title} (protocol {beside.protocol})", style="bold")
    for statistic in dict.fromkeys(column.rpartition(".")[2] for column in beside.columns):
        places = [i for i, column in enumerate(beside.columns) if column.endswith(f".{statistic}")]
        say(console, f"  {statistic}")
        console.print(_block(beside, places))
    for number, (row, column, note) in enumerate(beside.marks, 1):
        where = f"{row}, {column}" if column else row
        say(console, f"  [{number}] {where}: {note}")
    for note in beside.notes:
        say(console, f"  note: {note}")


def _block(beside: Beside, places: Sequence[int]) -> Table:
    marks = {(row, column): number for number, (row, column, _) in enumerate(beside.marks, 1)}
    values = [row[i] for row in beside.rows.values() for i in places]
    form = ".2f" if any(value is not None and abs(value) > 5 for value in values) else ".3f"
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("")
    for i in places:
        table.add_column(
            beside.columns[i].rpartition(".")[0].replace("_", "\n"), justify="right", no_wrap=True
        )
    for row, printed in beside.rows.items():
        cells = [shown(printed[i], form) + _footnote(marks.get((row, beside.columns[i]))) for i in places]
        table.add_row(Text(f"  {row}{_footnote(marks.get((row, None)))}"), *map(Text, cells))
    if beside.yours is not None:
        table.add_row(Text("  yours"), *(Text(shown(beside.yours[i], form)) for i in places), style="bold")
    return table


def show_suites(console: Console, suites: Sequence[Suite]) -> None:
    """What there is, and which files each suite needs."""
    widen(console)
    for suite in suites:
        say(console, suite.name, style="bold")
        say(console, f"  {suite.title}: {suite.about}")
        say(console, f"  published at {suite.published_at}")
        for file in suite.files:
            say(console, f"  needs {' or '.join(file.names)}: {file.holds}")
        if suite.videos:
            say(console, f"  videos (to judge): {suite.videos}")
        for name, protocol in suite.protocols.items():
            default = ", the default" if name == suite.default_protocol else ""
            say(console, f"  protocol {name} (v{protocol.version}{default}): {protocol.title}")
        console.print()


def _counted(unscored: str) -> str:
    return "wrong in the accuracies" if unscored == "wrong" else "removed, as the protocol says"


def _footnote(place: int | None) -> str:
    return "" if place is None else f"[{place}]"
