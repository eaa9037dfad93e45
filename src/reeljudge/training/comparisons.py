"""Run the comparisons of docs/training.md one after the other, and tabulate their last validations.

Launch: python -m reeljudge.training.comparisons configs/ablations -o runs/ablations.json

Each config is a recipe by the end of its name (`-sft`, `-lora`, `-grpo`). What is finished is not run again,
and what was stopped goes on where it stopped. GRPO comes after the SFT that it starts from.
"""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from reeljudge.errors import UsageError
from reeljudge.training.config import GrpoConfig, RecipeConfig, SftConfig, read_config

logger = logging.getLogger("reeljudge.training")

KINDS: dict[str, type[RecipeConfig]] = {"sft": SftConfig, "lora": SftConfig, "grpo": GrpoConfig}


def kind_of(path: Path) -> str:
    """The recipe that a config is for, from the end of its name; `sft-then-grpo` is GRPO."""
    kind = path.stem.rpartition("-")[2]
    if kind not in KINDS:
        raise UsageError(f"{path}: its name must end in -sft, -lora or -grpo")
    return kind


def run_all(folder: Path) -> dict[str, dict[str, Any]]:
    """Run every config of a folder; config name -> its last validation and the seconds it took."""
    from reeljudge.training.grpo import train_grpo
    from reeljudge.training.sft import train_sft

    paths = sorted(folder.glob("*.yaml"), key=lambda path: (kind_of(path) == "grpo", path.name))
    if not paths:
        raise UsageError(f"{folder} holds no configs (*.yaml)")
    configs = {path: read_config(path, KINDS[kind_of(path)]) for path in paths}  # all are checked first
    found = {}
    for path, config in configs.items():
        logger.info("%s", path.stem)
        if isinstance(config, GrpoConfig):
            train_grpo(config)
        elif isinstance(config, SftConfig):
            train_sft(config)
        found[path.stem] = last_lines(config.output)
    return found


def last_lines(folder: Path) -> dict[str, Any]:
    """The last validation of a training, and the seconds of its last uninterrupted part."""
    rows = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    validation: dict[str, Any] = next((row for row in reversed(rows) if row["kind"] == "validation"), {})
    seconds = next((row["seconds"] for row in reversed(rows) if row["kind"] == "progress"), None)
    return {**{key: value for key, value in validation.items() if key != "kind"}, "seconds": seconds}


def main() -> None:
    """The command that the module's docstring shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    found = run_all(chosen.folder)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
