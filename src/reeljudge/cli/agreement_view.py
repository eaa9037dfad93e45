"""Statistics as a table for people: value, interval, what it is; then the notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from reeljudge.cli.console import say, shown, shown_p, widen

MEANING: Mapping[str, str] = {
    "srcc": "Spearman: same order",
    "plcc": "Pearson: same line",
    "krcc_b": "Kendall tau-b",
    "krcc_c": "Kendall tau-c",
    "mae": "mean absolute error, in points",
    "rmse": "root mean squared error, in points",
    "qwk": "quadratic weighted kappa",
    "accuracy": "equal after rounding; unscored is wrong",
    "accuracy_scored": "the same among scored items",
    "relaxed_accuracy": "within 1 after rounding; unscored is wrong",
    "majority_accuracy": "the constant answer that does best",
    "rater_majority_accuracy": "equal to what most raters said",
    "accuracy_with_ties": "all pairs; unscored is wrong",
    "accuracy_with_ties_scored": "the same among scored pairs",
    "accuracy_without_ties": "pairs that people decided; a tie is wrong",
    "accuracy_without_ties_scored": "the same among scored pairs",
    "tie_calibrated_accuracy": "the margin chosen on other clusters",
    "same_items_accuracy": "the margin chosen on these very pairs",
    "rank_auc": "needs no tie rule; 0.5 is chance",
    "alpha_ordinal": "Krippendorff's alpha, ordered grades",
    "alpha_interval": "Krippendorff's alpha, distances",
    "fleiss_kappa": "Fleiss' kappa, exact agreement",
    "icc2_1": "one rater's score for another's",
    "icc2_k": "the mean of the raters",
    "exact_match": "all raters equal",
    "relaxed_match": "range at most 1",
    "mean_pairwise_srcc": "Spearman of two raters",
    "mean_pairwise_krcc_b": "Kendall tau-b of two raters",
    "mean_pairwise_krcc_c": "Kendall tau-c of two raters",
    "mean_pairwise_qwk": "quadratic weighted kappa of two",
}


def show_statistics(
    console: Console,
    heading: str,
    counts: Sequence[str],
    result: Mapping[str, Any],
    names: Iterable[str],
    remarks: Iterable[str] = (),
) -> None:
    """One result: a heading, counts, a row per named statistic, remarks, notes."""
    _head(console, heading, counts)
    table = _grid("statistic", "value", "95 % interval")
    table.add_column("", style="dim")
    for name in names:
        low_high = result["ci"].get(name)
        table.add_row(f"  {name}", shown(result[name]), _interval(low_high), MEANING.get(name, ""))
    console.print(table)
    for remark in remarks:
        say(console, f"  {remark}")
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
            f"  {name}",
            shown(result["first"][name]),
            shown(result["second"][name]),
            "-" if difference is None else f"{difference:+.3f}",
            _interval(result["ci"][name]),
            shown_p(p_value),
        )
    say(console, f"  first   {judges[0]}")
    say(console, f"  second  {judges[1]}")
    console.print(table)
    for test in dict.fromkeys(result["test"].values()):
        using = [name for name in result["test"] if result["test"][name] == test]
        say(console, f"  test of {', '.join(using)}: {test}", style="dim")
    _notes(console, result["notes"])


def show_all_pairs(console: Console, heading: str, result: Mapping[str, Any]) -> None:
    """Several judges: for each statistic a row per pair, with its corrected p-value; then the notes."""
    pairs = result["pairs"]
    sizes = sorted({pair["n_common"] for pair in pairs})
    scored = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    _head(console, heading, [f"items: {pairs[0]['n']}", f"scored by both of a pair: {scored}"])
    for number, name in enumerate(result["judges"], 1):
        say(console, f"  {number}  {name}")
    places = {name: number for number, name in enumerate(result["judges"], 1)}
    for statistic in pairs[0]["difference"]:
        table = _grid(statistic, "first", "second", "difference", "95 % interval", "p", "p corrected")
        for pair in pairs:
            first, second = pair["judges"]
            difference = pair["difference"][statistic]
            table.add_row(
                f"  {places[first]} - {places[second]}",
                shown(pair["first"][statistic]),
                shown(pair["second"][statistic]),
                "-" if difference is None else f"{difference:+.3f}",
                _interval(pair["ci"][statistic]),
                shown_p(pair["p_value"][statistic]),
                shown_p(pair["p_corrected"][statistic]),
            )
        console.print(table)
    say(console, f"  p corrected: {result['correction']}", style="dim")
    told = dict.fromkeys(note for pair in pairs for note in pair["notes"] if not note.startswith("too small"))
    _notes(console, [*result["notes"], *told])


def _head(console: Console, heading: str, counts: Sequence[str]) -> None:
    widen(console)
    say(console, heading, style="bold")
    say(console, f"  {', '.join(counts)}")


def _grid(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for place, title in enumerate(titles):
        table.add_column(f"  {title}" if place == 0 else title, justify="left" if place == 0 else "right")
    return table


def _notes(console: Console, notes: Iterable[str]) -> None:
    for note in notes:
        say(console, f"  note: {note}")


def _interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def clusters(result: Mapping[str, Any], field: str | None) -> str:
    """How the intervals were drawn."""
    what = f"by {field!r}" if field else "each row its own"
    return f"clusters: {result['clusters']} ({what})"
