"""Plots as inline SVG: small, readable without colours, and with their values as text for screen readers."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin

from markupsafe import Markup, escape

from reeljudge.reports.figures import svg

HUES = 7
"""Colours, safe for the colour-blind; every plot also carries its generator's name."""


def histogram(counts: Mapping[str, int], unscored: int, title: str) -> Markup:
    """Bars of how often each score was given, and one of what is unscored, with its count above each."""
    columns = [*counts.items(), ("none", unscored)]
    wide, base, high = 34, 92, 66
    most = max((count for _, count in columns), default=0) or 1
    parts = []
    for place, (label, count) in enumerate(columns):
        left, tall = place * wide + 4, round(high * count / most, 1)
        kind = "bar none" if label == "none" else "bar"
        parts.append(
            f'<rect class="{kind}" x="{left}" y="{base - tall:g}" width="{wide - 8}" height="{tall:g}"/>'
            f'<text class="{"count" if count else "count zero"}" x="{left + wide / 2 - 4:g}" '
            f'y="{base - tall - 5:g}">{count}</text>'
            f'<text class="tick" x="{left + wide / 2 - 4:g}" y="{base + 15}">{escape(label)}</text>'
        )
    spoken = ", ".join(f"{label}: {count}" for label, count in columns)
    return svg(
        len(columns) * wide,
        112,
        f"{title}: how often each score was given. {spoken}",
        f'<line class="axis" x1="0" x2="{len(columns) * wide}" y1="{base}" y2="{base}"/>{"".join(parts)}',
        "histogram",
    )


def radar(
    values: Sequence[tuple[str, float | None]], mean: Sequence[float | None], title: str, hue: int
) -> Markup:
    """One generator's points (0-100) per dimension, over the dashed outline of all clips' mean.

    Args:
        values: (dimension's short name, points), at least three.
        hue: number of the colour.
    """
    count, middle, across, radius = len(values), (150.0, 118.0 if len(values) == 3 else 108.0), 300, 72.0

    def at(place: int, share: float) -> tuple[float, float]:
        angle = 2 * pi * place / count - pi / 2
        return middle[0] + radius * share * cos(angle), middle[1] + radius * share * sin(angle)

    def outline(points: Sequence[float | None]) -> str:
        """Through the points that there are: what is not scored has no corner, least of all at 0."""
        known = [(place, point) for place, point in enumerate(points) if point is not None]
        return " ".join("{:.1f},{:.1f}".format(*at(place, point / 100)) for place, point in known)

    parts = [
        f'<polygon class="grid" points="{outline([share] * count)}"/>' for share in (25.0, 50.0, 75.0, 100.0)
    ]
    for place, (name, point) in enumerate(values):
        x, y = at(place, 1.0)
        parts.append(f'<line class="grid" x1="{middle[0]:g}" y1="{middle[1]:g}" x2="{x:.1f}" y2="{y:.1f}"/>')
        x, y = at(place, 1.17)
        anchor = "middle" if abs(x - middle[0]) < 12 else "start" if x > middle[0] else "end"
        first, second = _two_lines(name)
        value = "none" if point is None else f"{point:.0f}"
        lift = -10 if y < middle[1] - radius else 0
        lines = [line for line in (first, second) if line]
        parts.append(
            f'<text class="spoke" text-anchor="{anchor}" x="{x:.1f}" y="{y + lift:.1f}">'
            + "".join(
                f'<tspan x="{x:.1f}" dy="{0 if n == 0 else 11}">{escape(line)}</tspan>'
                for n, line in enumerate(lines)
            )
            + f'<tspan class="value" x="{x:.1f}" dy="12">{value}</tspan></text>'
        )
    if any(point is not None for point in mean):
        parts.append(f'<polygon class="mean" points="{outline(mean)}"/>')
    points = [point for _, point in values]
    parts.append(f'<polygon class="shape g{hue % HUES}" points="{outline(points)}"/>')
    for place, point in enumerate(points):
        if point is not None:
            x, y = at(place, point / 100)
            parts.append(f'<circle class="dot g{hue % HUES}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    spoken = ", ".join(
        f"{name} {'not scored' if point is None else f'{point:.0f}'}" for name, point in values
    )
    return svg(
        across, 200 if count == 3 else 218, f"{title}, points of 100: {spoken}", "".join(parts), "radar"
    )


def spans(values: Sequence[tuple[str, float | None]], title: str, hue: int) -> Markup:
    """What a radar would say of one or two dimensions: a bar each."""
    parts = []
    for place, (name, point) in enumerate(values):
        top = 16 + place * 40
        parts.append(
            f'<text class="spoke" x="0" y="{top}">{escape(name)} '
            f'<tspan class="value">{"none" if point is None else f"{point:.0f}"}</tspan></text>'
            f'<rect class="track" x="0" y="{top + 7}" width="240" height="9" rx="4"/>'
            f'<rect class="fill g{hue % HUES}" x="0" y="{top + 7}" width="{2.4 * (point or 0.0):.1f}" '
            'height="9" rx="4"/>'
        )
    spoken = ", ".join(
        f"{name} {'not scored' if point is None else f'{point:.0f}'}" for name, point in values
    )
    return svg(240, 16 + 40 * len(values), f"{title}, points of 100: {spoken}", "".join(parts), "spans")


def interval_bar(points: float | None, ci: tuple[float, float] | None, hue: int) -> Markup:
    """A point on 0-100 with its interval; decoration of a table row whose cells hold the numbers."""
    if points is None:
        return Markup("")
    line = ""
    if ci is not None:
        low, high = (bound * 1.6 + 5 for bound in ci)
        line = f'<line class="whisker g{hue % HUES}" x1="{low:.1f}" x2="{high:.1f}" y1="9" y2="9"/>'
    return Markup(
        '<svg class="interval" viewBox="0 0 170 18" width="170" height="18" aria-hidden="true">'
        '<line class="axis" x1="5" x2="165" y1="9" y2="9"/>'
        '<line class="axis" x1="5" x2="5" y1="5" y2="13"/><line class="axis" x1="85" x2="85" y1="5" y2="13"/>'
        '<line class="axis" x1="165" x2="165" y1="5" y2="13"/>'
        f'{line}<circle class="dot g{hue % HUES}" cx="{points * 1.6 + 5:.1f}" cy="9" r="4.5"/></svg>'
    )


def _two_lines(name: str) -> tuple[str, str]:
    words = name.split()
    if len(words) < 2 or len(name) <= 12:
        return name, ""
    return words[0], " ".join(words[1:])
