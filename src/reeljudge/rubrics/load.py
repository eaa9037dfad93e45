"""Rubric packs: the bundled ones by name, a user's own by path. Errors name file, line and field."""

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.rubrics.model import Rubric

RUBRICS = ("videoscore2", "gradeo")
"""Names of the bundled packs."""


def load_rubric(name: str | Path | Rubric) -> Rubric:
    """The rubric of that name, or of the YAML file at that path.

    Raises:
        UsageError: neither a bundled pack nor a file.
        InputError: the file is no valid rubric; the message names the line.
    """
    if isinstance(name, Rubric):
        return name
    if str(name) in RUBRICS:
        return _bundled(str(name))
    path = Path(name)
    if not path.is_file():
        raise UsageError(
            f"unknown rubric {str(name)!r}: neither a bundled rubric nor a YAML file."
            f"{did_you_mean(str(name), RUBRICS)}"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    return parse_rubric(text, str(path))


@cache
def _bundled(name: str) -> Rubric:
    pack = resources.files("reeljudge.rubrics") / "packs" / f"{name}.yaml"
    return parse_rubric(pack.read_text(encoding="utf-8"), f"{name}.yaml")


def parse_rubric(text: str, where: str) -> Rubric:
    """Check the YAML `text` of a rubric; `where` names it in errors."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise InputError(f"{where}:{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{where}: not valid YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(data, dict):
        raise InputError(f"{where}:1: a rubric is a mapping with name, replies, dimensions and template")
    _refuse_double_keys(node, where)
    try:
        return Rubric.model_validate(data)
    except ValidationError as error:
        # An unknown field is most often a misspelt one: it explains the "missing" beside it.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        line, field = _locate(node, first["loc"])
        raise InputError(f"{where}:{line}: {field}{_explain(first)}") from error


def _explain(problem: Any) -> str:
    """One clear sentence for a pydantic problem."""
    if problem["type"] == "extra_forbidden":
        return "unknown field" + did_you_mean(str(problem["loc"][-1]), _FIELDS)
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return "missing; add it"
    return f"{message} (found {problem['input']!r})" if problem["type"] != "value_error" else message


_FIELDS = {
    *Rubric.model_fields,
    "min",
    "max",
    "label",
    "aliases",
    "definition",
    "aspects",
    "levels",
    "inputs",
    "tag",
    "instruction",
    "text",
}


def _locate(node: yaml.Node | None, path: tuple[int | str, ...]) -> tuple[int, str]:
    """The line (from 1) of the deepest node on `path` that exists, and the path as people write it."""
    shown = ""
    for part in path:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    child = value if not isinstance(value, yaml.ScalarNode) else key
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            child = node.value[part]
        shown += f"[{part}]" if isinstance(part, int) else f".{part}"
        node = child or node
    line = node.start_mark.line + 1 if node is not None else 1
    return line, f"{shown.lstrip('.')}: " if shown else ""


def _refuse_double_keys(node: yaml.Node | None, where: str) -> None:
    """YAML keeps the last of two equal keys in silence; a rubric with two texts for a level is a mistake."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, yaml.SequenceNode):
            waiting.extend(current.value)
        if not isinstance(current, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, value in current.value:
            if key.value in seen:
                raise InputError(
                    f"{where}:{key.start_mark.line + 1}: {key.value}: stands here for the second time"
                )
            seen.add(key.value)
            waiting.append(value)
