"""Rubric packs: the bundled ones by name, a user's own by path. Errors name file, line and field."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.rubrics.ask import check_questions, question_about, variables_of
from reeljudge.rubrics.model import Dimension, Level, Rubric, Scale, Stage
from reeljudge.rubrics.template import TemplateFault, render

Place = tuple[str | int, ...]
_MARK = "\ue000"

RUBRICS = ("videoscore2", "gradeo")
"""Names of the bundled packs."""

MOST_BYTES = 1_000_000
"""A rubric file is a page or two of text."""


class _Loader(yaml.SafeLoader):
    """Only `true` and `false` are truth values (YAML 1.2): a level may be called On, Off, Yes or No."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


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
        if path.is_dir():
            raise UsageError(f"rubric {str(name)!r} is a folder; give the YAML file in it")
        if path.suffix.lower() in (".yaml", ".yml") or len(path.parts) > 1:
            raise UsageError(f"rubric {str(name)!r}: there is no such file")
        raise UsageError(
            f"unknown rubric {str(name)!r}: neither a bundled rubric nor a YAML file."
            f"{did_you_mean(str(name), RUBRICS)}"
        )
    try:
        seen = path.stat()
        return _from_file(path, seen.st_mtime_ns, seen.st_size)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from error


@lru_cache(maxsize=32)
def _from_file(path: Path, modified: int, size: int) -> Rubric:
    """Read again only where the file has changed: one reply after the other may name it."""
    if size > MOST_BYTES:
        raise InputError(f"{path}: larger than {MOST_BYTES:,} bytes, so it is no rubric")
    return parse_rubric(path.read_text(encoding="utf-8-sig"), str(path))


@cache
def _bundled(name: str) -> Rubric:
    pack = resources.files("reeljudge.rubrics") / "packs" / f"{name}.yaml"
    return parse_rubric(pack.read_text(encoding="utf-8"), f"{name}.yaml")


def parse_rubric(text: str, where: str) -> Rubric:
    """Check the YAML `text` of a rubric, and that its questions can be asked; `where` names it in errors.

    Raises:
        InputError: it is no valid rubric.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
        _refuse_double_keys(node, where)
        data = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        context = f" {error.context}" if error.context else ""
        raise InputError(f"{where}:{line}: not valid YAML: {error.problem}{context}") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{where}:1: not valid YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(data, dict):
        raise InputError(f"{where}:1: a rubric is a mapping with name, replies, dimensions and template")
    try:
        rubric = Rubric.model_validate(data)
    except ValidationError as error:
        # An unknown field is most often a misspelt one: it explains the "missing" beside it.
        problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        first = problems[0]
        place = first.get("ctx", {}).get("place", first["loc"])
        line, field = _locate(node, place)
        more = f" ({len(problems) - 1} more after this one)" if len(problems) > 1 else ""
        raise InputError(f"{where}:{line}: {field}{_explain(first)}{more}") from error
    _check_template(rubric, node, where)
    return rubric


def _check_template(rubric: Rubric, node: yaml.Node | None, where: str) -> None:
    """Every question can be rendered, with a theme and without, and shows the prompt where it is judged."""
    fault = _first_fault(rubric)
    if fault is not None:
        field, problem = fault
        line = _line_in_block(node, field, problem.line)
        raise InputError(f"{where}:{line}: {_locate(node, field)[1]}{problem}") from problem
    for dimension in rubric.dimensions:
        about = None if rubric.replies == "joint" else dimension
        if "prompt" in dimension.inputs and _MARK not in question_about(rubric, about, _MARK, None).text:
            line, shown = _locate(node, ("template",))
            raise InputError(
                f"{where}:{line}: {shown}never shows {{{{ prompt }}}}, which dimension "
                f"{dimension.name!r} takes (inputs)"
            )


def _first_fault(rubric: Rubric) -> tuple[Place, TemplateFault] | None:
    for field, instruction, about in _instructions(rubric):
        try:
            for theme in (None, "Physical Laws"):
                render(instruction, variables_of(rubric, about, "A prompt", theme))
        except TemplateFault as fault:
            return field, fault
    try:
        check_questions(rubric)
    except TemplateFault as fault:
        return ("template",), fault
    return None


def _instructions(rubric: Rubric) -> Iterator[tuple[Place, str, Dimension | None]]:
    """(field, text, what it is about) of every stage's instruction."""
    for index, stage in enumerate(rubric.stages):
        place: Place = ("stages", index, "instruction")
        if rubric.replies == "joint":
            yield place, stage.instruction, None
        for dimension in rubric.dimensions:
            if dimension.stages is None and rubric.replies == "each":
                yield place, stage.instruction, dimension
    for number, dimension in enumerate(rubric.dimensions):
        for index, stage in enumerate(dimension.stages or ()):
            yield ("dimensions", number, "stages", index, "instruction"), stage.instruction, dimension


def _explain(problem: Any) -> str:
    """One clear sentence for a pydantic problem."""
    kind, found = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return "unknown field" + did_you_mean(str(problem["loc"][-1]), _fields_at(problem["loc"]))
    if kind == "missing":
        return "missing; add it"
    if kind == "rubric":
        return str(problem["ctx"]["problem"])
    if kind == "value_error":
        return str(problem["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return f"{found!r}: lower-case letters, digits and _ only, a letter first"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"a mapping is wanted here, like {{key: value}} (found {found!r})"
    if kind in ("tuple_type", "list_type"):
        return f"a list is wanted here, like [a, b] (found {found!r})"
    if kind == "string_type" and isinstance(found, bool | int | float):
        return f"text is wanted here; put it in quotes (found {found!r})"
    if kind == "too_short":
        return "at least one is needed"
    return f"{problem['msg']} (found {found!r})"


def _fields_at(path: Place) -> set[str]:
    """The fields that there are where `path` ends."""
    inner: dict[str, type[BaseModel]] = {
        "dimensions": Dimension,
        "stages": Stage,
        "levels": Level,
        "scale": Scale,
    }
    named = [inner[part] for part in path[:-1] if isinstance(part, str) and part in inner]
    model = named[-1] if named else Rubric
    return set(model.model_fields)


def _locate(node: yaml.Node | None, path: Place) -> tuple[int, str]:
    """The line (from 1) of the deepest node on `path` that exists, and the path as people write it."""
    shown = ""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in path:
        key, child = _child(node, part)
        shown += f"[{part}]" if isinstance(part, int) else f".{part}"
        if child is not None:
            node = child
            line = (key or child).start_mark.line + 1
    return line, f"{shown.lstrip('.')}: " if shown else ""


def _child(node: yaml.Node | None, part: int | str) -> tuple[yaml.Node | None, yaml.Node | None]:
    """(key, value) of one step into `node`."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    return None, None


def _line_in_block(node: yaml.Node | None, path: Place, line: int | None) -> int:
    """The file's line of the template's `line`: exact in a literal block (`template: |`)."""
    for part in path:
        node = _child(node, part)[1]
    if node is None:
        return 1
    start = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode) and node.style == "|" and line is not None:
        return start + line
    return start


def _refuse_double_keys(node: yaml.Node | None, where: str) -> None:
    """YAML keeps the last of two equal keys in silence; a rubric with two texts for a level is a mistake."""
    waiting, known = [node], set()
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in known:
            continue
        known.add(id(current))
        if isinstance(current, yaml.SequenceNode):
            waiting.extend(current.value)
        if not isinstance(current, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, value in current.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{where}:{key.start_mark.line + 1}: a key must be a plain word")
            if key.value in seen:
                raise InputError(
                    f"{where}:{key.start_mark.line + 1}: {key.value}: stands here for the second time"
                )
            seen.add(key.value)
            waiting.append(value)
