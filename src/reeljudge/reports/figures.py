"""Figures for pages about ratings and measures, as inline SVG: readable without colours, spoken in words."""

from collections.abc import Mapping, Sequence
from math import floor, log10

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import ArrayLike

Bounds = tuple[float, float] | None


def columns(counts: Mapping[str, int], title: str, other: Mapping[str, int] | None = None) -> Markup:
    """A column per name with its count above; `other`, drawn as outlines, on its own scale beside it."""
    wide, base, high = 40, 92, 66
    most = max(counts.values(), default=0) or 1
    beside = max(other.values(), default=0) or 1 if other else 1
    parts = []
    for place, (label, count) in enumerate(counts.items()):
        left, tall, outline = place * wide + 4, high * count / most, 0.0
        if other:
            outline = high * other.get(label, 0) / beside
            parts.append(
                f'<rect class="outline" x="{left - 2}" y="{base - outline:.1f}" width="{wide - 4}" '
                f'height="{outline:.1f}"/>'
            )
        parts.append(
            f'<rect class="bar" x="{left + 3}" y="{base - tall:.1f}" width="{wide - 14}" '
            f'height="{tall:.1f}"/>'
            f'<text class="{"count" if count else "count zero"}" x="{left + wide / 2 - 4:g}" '
            f'y="{base - max(tall, outline) - 5:.1f}">{count}</text>'
            f'<text class="tick" x="{left + wide / 2 - 4:g}" y="{base + 15}">{escape(label)}</text>'
        )
    spoken = ", ".join(f"{label}: {count}" for label, count in counts.items())
    width = max(1, len(counts)) * wide
    axis = f'<line class="axis" x1="0" x2="{width}" y1="{base}" y2="{base}"/>'
    return svg(width, 112, f"{title}. {spoken}", axis + "".join(parts), "columns")


def share_bar(value: float, most: float, hue: int = 0) -> Markup:
    """A bar in a table's cell, whose neighbour holds the number."""
    wide = 0.0 if most <= 0 else 158 * min(1.0, value / most)
    return _decoration(
        f'<rect class="track" x="0" y="4" width="158" height="8" rx="4"/>'
        f'<rect class="fill g{hue}" x="0" y="4" width="{wide:.1f}" height="8" rx="4"/>',
        160,
        16,
    )


def dot(value: float | None, bounds: Bounds, low: float, high: float, hue: int = 0) -> Markup:
    """A value with its interval on an axis from `low` to `high`, with a mark at 0 where that is inside."""
    if value is None:
        return Markup("")

    def at(number: float) -> float:
        return 6 + 148 * (min(high, max(low, number)) - low) / (high - low)

    parts = ['<line class="axis" x1="6" x2="154" y1="9" y2="9"/>']
    for mark in (low, high, *([0.0] if low < 0 < high else [])):
        parts.append(f'<line class="axis" x1="{at(mark):.1f}" x2="{at(mark):.1f}" y1="4" y2="14"/>')
    if bounds is not None:
        parts.append(
            f'<line class="whisker g{hue}" x1="{at(bounds[0]):.1f}" x2="{at(bounds[1]):.1f}" y1="9" y2="9"/>'
        )
    parts.append(f'<circle class="dot g{hue}" cx="{at(value):.1f}" cy="9" r="4.5"/>')
    return _decoration("".join(parts), 160, 18)


def stacked(parts: Sequence[tuple[str, int]], title: str) -> Markup:
    """Shares of a whole, one after another; the legend beside it names them by their patterns of shade."""
    total = sum(count for _, count in parts) or 1
    left, drawn = 0.0, []
    for place, (_, count) in enumerate(parts):
        wide = 300 * count / total
        if count:
            drawn.append(
                f'<rect class="part p{place}" x="{left:.1f}" y="2" width="{max(wide - 1, 1):.1f}" '
                'height="20" rx="3"/>'
            )
        left += wide
    spoken = ", ".join(f"{name}: {count}" for name, count in parts)
    return svg(300, 24, f"{title}. {spoken}", "".join(drawn), "stacked")


def scatter(
    x: ArrayLike, y: ArrayLike, names: tuple[str, str], title: str, limits: tuple[float, float]
) -> Markup:
    """Points on one scale for both axes; equal ones are one larger dot. The diagonal is agreement."""
    low, high = limits
    size, edge = 240, 34

    def at(number: float) -> float:
        return (size - edge - 8) * (number - low) / (high - low)

    found, counts = np.unique(
        np.round(np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)]), 3),
        axis=0,
        return_counts=True,
    )
    parts = [
        f'<line class="diagonal" x1="{edge}" y1="{size - edge}" x2="{size - 8}" y2="8"/>',
        f'<line class="axis" x1="{edge}" x2="{size - 8}" y1="{size - edge}" y2="{size - edge}"/>',
        f'<line class="axis" x1="{edge}" x2="{edge}" y1="8" y2="{size - edge}"/>',
    ]
    for mark in range(round(low), round(high) + 1):
        parts.append(
            f'<text class="tick" x="{edge + at(mark):.1f}" y="{size - edge + 14}">{mark}</text>'
            f'<text class="tick" x="{edge - 10}" y="{size - edge - at(mark) + 4:.1f}">{mark}</text>'
        )
    for (across, up), count in zip(found, counts, strict=True):
        radius = min(9.0, 2.2 + 1.2 * float(np.sqrt(count)))
        parts.append(
            f'<circle class="point" cx="{edge + at(across):.1f}" cy="{size - edge - at(up):.1f}" '
            f'r="{radius:.1f}"/>'
        )
    parts.append(
        f'<text class="tick" x="{(size + edge) / 2:g}" y="{size - 4}">{escape(names[0])}</text>'
        f'<text class="tick" transform="translate(10 {(size - edge) / 2:g}) rotate(-90)">'
        f"{escape(names[1])}</text>"
    )
    spoken = f"{title}. {int(counts.sum())} points; across {names[0]}, up {names[1]}"
    return svg(size, size, spoken, "".join(parts), "scatter")


def distribution(
    values: ArrayLike,
    title: str,
    limits: tuple[float | None, float | None] = (None, None),
    log: bool = False,
    bins: int = 30,
) -> Markup:
    """A histogram of a measure, with lines at the limits; what lies outside them is drawn hollow.

    Args:
        log: on a logarithmic axis; zeros stand in a column of their own at the left.
    """
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    wide, high, base, left = 560, 110, 130, 8
    zeros = int((numbers <= 0).sum()) if log else 0
    shown = np.log10(numbers[numbers > 0]) if log else numbers
    if not numbers.size:
        return svg(wide, 40, f"{title}: no values", '<text x="8" y="24">no values</text>', "distribution")
    low, top = (float(shown.min()), float(shown.max())) if shown.size else (-3.0, 0.0)
    for bound in limits:
        if bound is not None and (bound > 0 or not log):
            placed = log10(bound) if log else bound
            low, top = min(low, placed), max(top, placed)
    pad = (top - low) * 0.04 or 0.5
    low, top = low - pad, top + pad
    first = left + (40 if zeros else 0)
    counts, edges = np.histogram(shown, bins=bins, range=(low, top))
    most = max(int(counts.max()) if counts.size else 0, zeros) or 1

    def at(number: float) -> float:
        return first + (wide - first - 12) * (number - low) / (top - low)

    def inside(number: float) -> bool:
        value = 10**number if log else number
        return (limits[0] is None or value >= limits[0]) and (limits[1] is None or value <= limits[1])

    parts = [f'<line class="axis" x1="{left}" x2="{wide - 8}" y1="{base}" y2="{base}"/>']
    if zeros:
        tall, hollow = high * zeros / most, "" if limits[0] is None else " hollow"
        parts.append(
            f'<rect class="bar{hollow}" x="{left}" y="{base - tall:.1f}" width="26" height="{tall:.1f}"/>'
            f'<text class="tick" x="{left + 13}" y="{base + 14}">0</text>'
            f'<text class="count" x="{left + 13}" y="{base - tall - 4:.1f}">{zeros}</text>'
        )
    for count, start, end in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            tall, hollow = high * count / most, "" if inside((start + end) / 2) else " hollow"
            parts.append(
                f'<rect class="bar{hollow}" x="{at(start) + 0.5:.1f}" y="{base - tall:.1f}" '
                f'width="{at(end) - at(start) - 1:.1f}" height="{tall:.1f}"/>'
            )
    for mark in _marks(low, top, log):
        shown_at = at(log10(mark) if log else mark)
        parts.append(f'<text class="tick" x="{shown_at:.1f}" y="{base + 14}">{mark:g}</text>')
    for word, bound in zip(("at least", "at most"), limits, strict=True):
        if bound is not None and (bound > 0 or not log):
            x = at(log10(bound) if log else bound)
            anchor = "start" if x < wide / 2 else "end"
            beside = x + (4 if anchor == "start" else -4)
            parts.append(
                f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="6" y2="{base}"/>'
                f'<text class="limit-name" text-anchor="{anchor}" x="{beside:.1f}" y="14">'
                f"{word} {bound:.3g}</text>"
            )
    fifth, half, most_of = np.quantile(numbers, (0.05, 0.5, 0.95))
    spoken = (
        f"{title}: distribution of {numbers.size} values; 5 % are below {fifth:.3g}, half below {half:.3g}, "
        f"95 % below {most_of:.3g}"
    )
    return svg(wide, base + 20, spoken, "".join(parts), "distribution")


def _marks(low: float, top: float, log: bool) -> list[float]:
    """Round numbers for an axis."""
    if log:
        steps = (1.0,) if top - low > 2 else (1.0, 3.0)
        found = [step * 10.0**power for power in range(floor(low), floor(top) + 1) for step in steps]
        return [mark for mark in found if low <= log10(mark) <= top]
    width = (top - low) / 5
    size = 10.0 ** floor(log10(width))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= width)
    first = np.ceil(low / step)
    return [round(float(step * (first + n)), 10) for n in range(7) if step * (first + n) <= top]


def svg(width: float, height: float, spoken: str, inside: str, kind: str) -> Markup:
    """A figure of that size in pixels; `spoken` is what a screen reader says, `inside` markup of ours."""
    return Markup(
        f'<svg class="plot {kind}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'role="img" aria-label="{escape(spoken)}">{inside}</svg>'
    )


def _decoration(inside: str, width: int, height: int) -> Markup:
    return Markup(
        f'<svg class="inline" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-hidden="true">{inside}</svg>'
    )
