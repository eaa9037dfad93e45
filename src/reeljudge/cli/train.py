"""`reeljudge train`: teach a judge."""

import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.commands import Command
from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.groups import group_of
from reeljudge.cli.options import Json

train = group_of(
    "train",
    "Train a judge: supervised fine-tuning (sft), then reinforcement (grpo).",
    {
        "sft": Command("reeljudge.cli.train:sft", "Learn to write the replies of training rows."),
        "grpo": Command("reeljudge.cli.train:grpo", "Learn from rewards on sampled replies."),
        "perceive": Command("reeljudge.cli.train:perceive", "A new small network that sees: before sft."),
    },
)

Config = Annotated[Path, typer.Argument(help="A YAML file of settings; configs/ holds the papers'.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="KEY=VALUE in place of the file's (may be given again)."),
]
Keys = Annotated[bool, typer.Option("--keys", help="List every key with what it means, and stop.")]


@examples(
    "reeljudge train sft configs/tiny-sft.yaml",
    "reeljudge train sft configs/videoscore2-sft.yaml --set output=out/vs2 --set lr=2e-5",
)
def sft(config: Config, change: Set = None, keys: Keys = False, json: Json = False) -> None:
    """Learn to write the replies of training rows. Resumes where the output folder holds a state."""
    _run("SftConfig", "sft:train_sft", config, change, keys, json)


@examples(
    "reeljudge train grpo configs/tiny-grpo.yaml",
    "torchrun --nproc-per-node 4 -m reeljudge train grpo configs/videoscore2-grpo.yaml",
)
def grpo(config: Config, change: Set = None, keys: Keys = False, json: Json = False) -> None:
    """Learn from rewards on sampled replies: groups, advantages and KL as VideoScore2 has them."""
    _run("GrpoConfig", "grpo:train_grpo", config, change, keys, json)


@examples("reeljudge train perceive configs/tiny-perceive.yaml")
def perceive(config: Config, change: Set = None, keys: Keys = False, json: Json = False) -> None:
    """Make a new small network and teach its vision tower to see synthetic clips: what sft starts from."""
    _run("PerceiveConfig", "perceive:perceive", config, change, keys, json)


def _run(kind: str, target: str, config: Path, change: list[str] | None, keys: bool, json: bool) -> None:
    from importlib import import_module

    from reeljudge.errors import MissingExtra
    from reeljudge.training import config as settings

    if keys:
        for name, field in getattr(settings, kind).model_fields.items():
            results().print(f"{name}: {field.description}", markup=False, soft_wrap=True)
        return
    chosen = settings.read_config(config, getattr(settings, kind), settings.parse_changes(change or []))
    try:
        module, _, function = target.partition(":")
        recipe: Any = getattr(import_module(f"reeljudge.training.{module}"), function)
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("reeljudge"):
            raise
        raise MissingExtra("training", "train") from error
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("reeljudge.training").setLevel(logging.INFO)
    folder = recipe(chosen)
    if json:
        write_json({"output": str(folder)})
    else:
        results().print(str(folder), soft_wrap=True)
