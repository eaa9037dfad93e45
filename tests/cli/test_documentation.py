"""What README and docs/ show exists: commands and their options, links, pictures, modules, files, extras."""

import ast
import contextlib
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from reeljudge.cli.app import app

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "reeljudge"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")

FOREIGN_OPTIONS = {
    # of servers
    *("--context-length", "--gpu-memory-utilization", "--limit-mm-data-per-request", "--limit-mm-per-prompt"),
    *("--max-logprobs", "--max-num-seqs", "--max-running-requests", "--max-model-len", "--media-io-kwargs"),
    *("--mem-fraction-static", "--mm-processor-cache-gb", "--mm-processor-kwargs", "--chunked-prefill-size"),
    # of trainers
    "--dataset",
    # of scripts of this project that are no commands of `reeljudge`
    *("--only", "--rows"),
}
"""Options on the pages that are no option of `reeljudge`."""


class Shown(NamedTuple):
    """A command line on a page; `whole` if it could be typed as it stands."""

    page: str
    line: str
    whole: bool


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _spans(page: Path) -> Iterator[str]:
    """What stands between backticks in the running text, on one line."""
    for found in _SPAN.finditer(_FENCE.sub("", _text(page))):
        yield " ".join(found[1].replace("\\|", "|").split())


def _commands_of(page: Path) -> Iterator[Shown]:
    for kind, block in _FENCE.findall(_text(page)):
        if kind in ("", "bash", "console", "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if line.startswith("reeljudge ") or " -m reeljudge " in line:
                    yield Shown(page.name, line, True)
    for span in _spans(page):
        if re.match(r"(\.venv/bin/)?reeljudge [a-z]", span):
            yield Shown(page.name, span.removeprefix(".venv/bin/"), False)


def _examples_of(command: Any, path: str) -> Iterator[Shown]:
    for line in (getattr(command, "epilog", None) or "").split("\n\n"):
        if line.startswith(("reeljudge ", "torchrun ")):
            yield Shown(f"{path} --help", line, True)
    for name, below in getattr(command, "commands", {}).items():
        yield from _examples_of(below, f"{path} {name}")


def _loaded() -> Any:
    """All commands, none of which does anything when it is called."""
    root = typer.main.get_command(app)

    def load(command: Any) -> None:
        if not hasattr(command, "list_commands"):
            command.callback = lambda **_: None
            return
        context = command.context_class(command)
        for name in command.list_commands(context):
            command.commands[name] = command.get_command(context, name)
            load(command.commands[name])

    load(root)
    return root


COMMANDS = _loaded()
SHOWN = [one for page in PAGES for one in _commands_of(page)] + list(_examples_of(COMMANDS, "reeljudge"))


def _leaves(command: Any) -> Iterator[Any]:
    below = getattr(command, "commands", None)
    if below is None:
        yield command
    else:
        for one in below.values():
            yield from _leaves(one)


OPTIONS = (
    {"--help"}
    | {name for one in _leaves(COMMANDS) for option in one.params for name in option.opts}
    | {name for one in _leaves(COMMANDS) for option in one.params for name in option.secondary_opts}
)


def _arguments(line: str) -> list[str]:
    """What stands behind `reeljudge`, without comment, output and what a shell does with it."""
    words = shlex.split(line, comments=True)
    words = words[words.index("reeljudge") + 1 :]
    for place, word in enumerate(words):
        if word in (">", "|", "&&", ";"):
            return words[:place]
    return words


def _parse(arguments: list[str]) -> str | None:
    """What is wrong with a command line; None where nothing is."""
    try:
        COMMANDS.main(args=arguments, prog_name="reeljudge", standalone_mode=False)
    except Exception as error:  # typer may carry its own click, whose errors have no public base class
        if not hasattr(error, "format_message"):
            raise
        return " ".join(error.format_message().split()) or type(error).__name__
    return None


def test_there_are_commands_on_the_pages() -> None:
    assert len(SHOWN) > 150


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown.page}: {shown.line[:60]}")
def test_every_command_line_parses(shown: Shown) -> None:
    """Its command and options exist, and their values have the right type. Where a line leaves things out
    (`...`, `FILE`, or no argument at all), nothing but what is left out may be missing."""
    arguments = _arguments(shown.line)
    whole = shown.whole and "..." not in arguments
    if not whole:
        # A placeholder is a file, a name or a number: "1" is all of them.
        plain = [word.strip("[]") for word in arguments if word not in ("...", "|")]
        arguments = [re.sub(r"^(?![A-Z]+=)[A-Z][A-Z_.:]*$", "1", word) for word in plain]
    wrong = _parse(arguments)
    left_out = ("Missing ", "requires an argument", "NoArgsIsHelpError")
    if wrong is not None and not whole and any(what in wrong for what in left_out):
        return
    assert wrong is None, f"{shown.page}: {shown.line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_exists(page: Path) -> None:
    named = {name for span in _spans(page) for name in re.findall(r"(?<![\w-])--[a-z][a-z-]*", span)}
    assert named - OPTIONS - FOREIGN_OPTIONS == set()


def _slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    return {_slug(found) for found in re.findall(r"^#+ (.+)$", _FENCE.sub("", _text(page)), re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(_FENCE.sub("", _text(page))):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = page if not path else (page.parent / path).resolve()
        assert there.exists(), f"{page.name}: {target}"
        assert there.is_relative_to(ROOT)
        if anchor:
            assert anchor in _anchors(there), f"{page.name}: {target}"


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = set(_LINK.findall(_text(ROOT / "docs" / "README.md")))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


def _exists(dotted: str) -> bool:
    """Whether `reeljudge.a.b` is a module, or a name in one."""
    parts = dotted.split(".")
    file = PACKAGE.joinpath(*parts[1:])
    if file.with_suffix(".py").exists() or (file / "__init__.py").exists():
        return True  # looked up, not imported: some need torch
    for end in range(len(parts), 0, -1):
        with contextlib.suppress(ModuleNotFoundError):
            found: Any = import_module(".".join(parts[:end]))
            break
    for name in parts[end:]:
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_exists(page: Path) -> None:
    named = set(re.findall(r"\breeljudge(?:\.[a-z_]\w*)+", _FENCE.sub("", _text(page))))
    named |= set(re.findall(r"-m (reeljudge(?:\.\w+)+)", _text(page)))
    for dotted in sorted(named - {"reeljudge.judges"}):  # also an entry point
        assert _exists(dotted), f"{page.name}: {dotted}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_the_project_exists(page: Path) -> None:
    """Paths below src, tests, configs, ..., also as they are named from the package (`clips/motion.py`)."""
    own = r"(?<![\w./-])(?:src|tests|configs|scripts|benchmarks|demo|docs)/[\w./-]*[\w/]"
    named = set(re.findall(own, _text(page)))
    named |= {span for span in _spans(page) if re.fullmatch(r"[a-z_]+(/[a-z_0-9]+)+\.py", span)}
    for path in sorted(named):
        assert any((base / path).exists() for base in (ROOT, PACKAGE)), f"{page.name}: {path}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_extra_and_make_target_exists(page: Path) -> None:
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    extras = {
        name for found in re.findall(r"reeljudge\[([\w,]+)\]", _text(page)) for name in found.split(",")
    }
    assert extras <= set(project["optional-dependencies"])
    code = "\n".join([*_spans(page), *(block for _, block in _FENCE.findall(_text(page)))])
    targets = set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE))
    assert targets <= set(re.findall(r"^([a-z-]+):", _text(ROOT / "Makefile"), re.MULTILINE))


def test_the_readme_names_every_extra() -> None:
    project = tomllib.loads(_text(ROOT / "pyproject.toml"))["project"]
    table = re.findall(r"^\| `(\w+)` \| ", _text(ROOT / "README.md"), re.MULTILINE)
    assert set(table) == set(project["optional-dependencies"])


def test_the_readme_names_every_job() -> None:
    """Each command stands in the README, or is one that other commands lead to."""
    led_to = {"merge", "judges", "rubrics", "agree-pairs", "compare", "raters"}
    readme = _text(ROOT / "README.md")
    assert {name for name in COMMANDS.commands if f"reeljudge {name}" not in readme} <= led_to


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_on_the_pages_is_code(page: Path) -> None:
    """Python parses and its imports exist; JSON is JSON."""
    for kind, block in _FENCE.findall(_text(page)):
        if kind == "json":
            for line in block.splitlines():
                json.loads(line)
        if kind != "python":
            continue
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reeljudge"):
                for name in node.names:
                    assert _exists(f"{node.module}.{name.name}"), f"{page.name}: {name.name}"
