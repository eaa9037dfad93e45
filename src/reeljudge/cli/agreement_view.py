"""Statistics as a table for people: value, interval, what it is; then the notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

MEANING: Mapping[str, str] = {
    "srcc": "Spearman: same order",
    "plcc": "Pearson: same line",
    "krcc_b": "Kendall tau-b",
    "krcc_c": "Kendall tau-c",
    "mae": "mean absolute error, in points",
    "rmse": "root mean squared error, in points",
    "qwk": "quadratic weighted kappa, rounded scores",
    "accuracy": "same rounded score; unscored is wrong",
    "accuracy_scored": "the same among scored items",
    "relaxed_accuracy": "within 1 after rounding; unscored is wrong",
    "majority_accuracy": "always the most frequent human answer",
    "rater_majority_accuracy": "same as what most raters of the item said",
    "accuracy_with_ties": "all pairs; unscored is wrong",
    "accuracy_with_ties_scored": "the same among scored pairs",
    "accuracy_without_ties": "pairs with a human preference; unscored or tied is wrong",
    "accuracy_without_ties_scored": "the same among scored pairs",
    "tie_calibrated_accuracy": "all pairs, the margin chosen on other clusters",
    "same_items_accuracy": "all pairs, the margin chosen on these very pairs: an upper end",
    "rank_auc": "right order, whatever the tie rule; 0.5 is chance",
    "alpha_ordinal": "Krippendorff's alpha, ordered grades",
    "alpha_interval": "Krippendorff's alpha, distances",
    "fleiss_kappa": "Fleiss' kappa, exact agreement beyond chance",
    "icc2_1": "one rater for another, absolute agreement",
    "icc2_k": "the mean of the raters",
    "exact_match": "all raters equal",
    "relaxed_match": "range at most 1",
    "mean_pairwise_srcc": "Spearman, mean over rater pairs",
    "mean_pairwise_krcc_b": "Kendall tau-b, mean over rater pairs",
    "mean_pairwise_krcc_c": "Kendall tau-c, mean over rater pairs",
    "mean_pairwise_qwk": "quadratic weighted kappa, mean over rater pairs",
}


def show_statistics(
    console: Console,
    heading: str,
    counts: Sequence[str],
    result: Mapping[str, Any],
    names: Iterable[str],
) -> None:
    """One result: a heading, counts, a row per statistic that is defined or has a place, the notes."""
    _head(console, heading, counts)
    table = _grid("statistic", "value", "95 % interval")
    for name in names:
        low_high = result["ci"].get(name)
        table.add_row(name, _number(result[name]), _interval(low_high), MEANING.get(name, ""))
    console.print(table)
    _notes(console, result["notes"])


def show_comparison(
    console: Console,
    heading: str,
    counts: Sequence[str],
    result: Mapping[str, Any],
    judges: tuple[str, str],
) -> None:
    """Two judges side by side, and their difference with its interval and p-value."""
    _head(console, heading, counts)
    table = _grid("statistic", "first", "second", "difference", "95 % interval", "p")
    for name, difference in result["difference"].items():
        p_value = result["p_value"][name]
        table.add_row(
            name,
            _number(result["first"][name]),
            _number(result["second"][name]),
            "-" if difference is None else f"{difference:+.3f}",
            _interval(result["ci"][name]),
            "-" if p_value is None else "<0.001" if p_value < 0.001 else f"{p_value:.3f}",
            MEANING.get(name, "").partition(";")[0],
        )
    console.print(Text(f"  first   {judges[0]}\n  second  {judges[1]}"))
    console.print(table)
    for test in dict.fromkeys(result["test"].values()):
        using = [name for name in result["test"] if result["test"][name] == test]
        console.print(Text(f"  test ({', '.join(using)}): {test}", style="dim"))
    _notes(console, result["notes"])


def _head(console: Console, heading: str, counts: Sequence[str]) -> None:
    console.print(Text(heading, style="bold"))
    console.print(Text(f"  {', '.join(counts)}"))


def _grid(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for place, title in enumerate(titles):
        table.add_column(f"  {title}" if place == 0 else title, justify="left" if place == 0 else "right")
    table.add_column("", style="dim")
    return table


def _notes(console: Console, notes: Iterable[str]) -> None:
    for note in notes:
        console.print(Text(f"  note: {note}"))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def clusters(result: Mapping[str, Any], field: str | None) -> str:
    """How the intervals were drawn."""
    what = f"values of {field!r}" if field else "rows on their own"
    return f"intervals over {result['clusters']} {what}"
