"""Templates: jinja2 in a sandbox, with errors that name the line and what was meant."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reeljudge.errors import did_you_mean
from reeljudge.rubrics.views import FIELDS

VARIABLES = ("prompt", "theme", "dimension", "dimensions", "levels", "rubric", "stages")
"""What a template may use."""

MOST_CHARACTERS = 200_000
"""A question longer than this is a template gone wrong."""


@dataclass
class TemplateFault(Exception):
    """A template that cannot be used: what is wrong, and in which of its lines (None where unknown)."""

    problem: str
    line: int | None = None

    def __str__(self) -> str:
        return self.problem


class _Sandbox(ImmutableSandboxedEnvironment):
    """A template file may come from anybody: no private attributes, no changes, no runaway repetition."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"'{operator}' is for small numbers alone")
        return super().call_binop(context, operator, left, right)


# Strict: a misspelt variable is an error, not "". Nothing is escaped: a question is plain text.
_ENVIRONMENT = _Sandbox(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
# Ways to read or to blow up what is not in the template.
for _name in ("format", "center", "indent", "xmlattr", "pprint", "random"):
    _ENVIRONMENT.filters.pop(_name, None)
for _name in ("lipsum", "cycler", "joiner"):
    _ENVIRONMENT.globals.pop(_name, None)


def render(source: str, variables: Mapping[str, Any]) -> str:
    """The text of a template, without space around it.

    Raises:
        TemplateFault: it does not compile or does not render.
    """
    try:
        text = _compiled(source).render(variables)
    except TemplateSyntaxError as error:
        raise TemplateFault(f"{error.message}", error.lineno) from error
    except UndefinedError as error:
        raise TemplateFault(_undefined(str(error)), _line_of(error)) from error
    except SecurityError as error:
        raise TemplateFault(f"not allowed in a template: {error}", _line_of(error)) from error
    except TemplateNotFound as error:
        raise TemplateFault("a template cannot include other files", _line_of(error)) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateFault(str(error) or type(error).__name__, _line_of(error)) from error
    except (RecursionError, MemoryError) as error:
        raise TemplateFault("it never ends, or grows without bounds", _line_of(error)) from error
    if len(text) > MOST_CHARACTERS:
        raise TemplateFault(
            f"it renders to {len(text):,} characters; a question has at most {MOST_CHARACTERS:,}"
        )
    return text.strip()


@lru_cache(maxsize=256)
def _compiled(source: str) -> Template:
    # Names that no template has are found before anything is rendered, even in a branch not taken.
    known = {*VARIABLES, *_ENVIRONMENT.globals}
    tree = _ENVIRONMENT.parse(source)
    for node in tree.find_all((nodes.Import, nodes.FromImport, nodes.Include, nodes.Extends)):
        raise TemplateSyntaxError("a template cannot include other files", node.lineno)
    stored = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    stored |= {macro.name for macro in tree.find_all(nodes.Macro)}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known | stored | {"loop", "caller", "varargs", "kwargs"}:
            raise TemplateSyntaxError(
                f"there is no variable {name.name!r}.{did_you_mean(name.name, VARIABLES)}", name.lineno
            )
    return _ENVIRONMENT.from_string(source)


def _undefined(message: str) -> str:
    if message.startswith("'None' has no"):
        return "theme is absent for most clips: write {% if theme %} ... {% endif %} around it"
    attribute = re.search(r"has no attribute '(\w+)'", message)
    if attribute is not None:
        return f"there is nothing called {attribute[1]!r} there.{did_you_mean(attribute[1], FIELDS)}"
    element = re.search(r"has no element (.+)$", message)
    return f"there is no element {element[1]} there" if element is not None else message


def _line_of(error: BaseException) -> int | None:
    """The template's line in which the error was raised."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
