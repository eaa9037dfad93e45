"""Commands below a command are found, loaded one by one, and show examples in their help."""

from typing import Any

import pytest
import typer

from reeljudge.cli.app import LazyGroup, load_command, run_command
from reeljudge.cli.commands import COMMANDS


def below() -> list[tuple[str, str]]:
    groups = [(name, load_command(name)) for name in COMMANDS]
    return [(name, inner) for name, group in groups if isinstance(group, LazyGroup) for inner in group.known]


def test_these_commands_hold_others() -> None:
    assert {outer for outer, _ in below()} == {"annotate", "dataset", "ratings", "rationales", "train"}


@pytest.mark.parametrize("names", [(name,) for name in COMMANDS] + below(), ids=" ".join)
def test_every_help_ends_with_examples(names: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*names, "--help"]) == 0
    told = capsys.readouterr().out
    holds_others = names in {(outer,) for outer, _ in below()}
    assert "Examples" in told or (holds_others and "--help with examples" in told)
    assert f"Usage: reeljudge {' '.join(names)}" in told


def test_an_unknown_command_below_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["train", "stf"]) == 2
    assert "sft" in capsys.readouterr().err


def test_annotate_serves_what_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["annotate", "nothing.jsonl"]) == 2
    assert "--db" in capsys.readouterr().err


def test_a_group_loads_only_what_is_called() -> None:
    group: Any = load_command("ratings")
    context = typer.Context(group)
    assert group.get_command(context, "no such") is None
    assert list(group.commands) == []
    assert group.get_command(context, "coverage").name == "coverage"
    assert list(group.commands) == ["coverage"]
