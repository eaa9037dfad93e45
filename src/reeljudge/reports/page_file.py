"""A page as a file: what it is made of, and how it gets to the disk."""

import base64
import hashlib
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from reeljudge.tables.writing import moved_into_place


def asset(name: str) -> str:
    """The text of a file of `reports/page/`."""
    return (resources.files("reeljudge.reports") / "page" / name).read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """What a content security policy calls a script or a style by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def render_page(template: str, values: Mapping[str, Any]) -> str:
    """A page without scripts, styled and closed to the network.

    Args:
        template: the name of a file of `reports/page/`.
        values: what it shows; texts are escaped.
    """
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(asset),
    )
    environment.filters["number"] = number
    environment.filters["span"] = _span
    style = asset("report.css") + asset("figures.css")
    policy = f"default-src 'none'; style-src '{content_hash(style)}'; base-uri 'none'; form-action 'none'"
    return environment.get_template(template).render(style=style, policy=policy, **values)


def write_page(output: str | os.PathLike[str], template: str, values: Mapping[str, Any]) -> Path:
    """Write `render_page` to a file, whole or not at all. Raises InputError where it cannot be written."""
    path = Path(output)
    page = render_page(template, values)
    with moved_into_place(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8", errors="backslashreplace", newline="\n")
    return path


def number(value: float | None, form: str = "{:.2f}") -> str:
    """A number in that form, or a dash for none."""
    return "–" if value is None else form.format(value)


def _span(bounds: tuple[float, float] | None, form: str = "{:.2f}") -> str:
    return "–" if bounds is None else f"{form.format(bounds[0])} to {form.format(bounds[1])}"
