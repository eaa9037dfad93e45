"""`reeljudge efficiency`: how fast a judge is here, and where its time goes."""

import json as json_module
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reeljudge.cli.console import examples, results, tell, write_json
from reeljudge.cli.options import Json, with_settings
from reeljudge.judging.settings import DEFAULT_RUBRIC, JudgeSettings

if TYPE_CHECKING:
    from reeljudge.judging.efficiency import Measurement


@examples(
    "reeljudge efficiency --judge tiny",
    "reeljudge efficiency --judge videoscore2 --device cuda -o speed.html",
    "reeljudge efficiency --judge hf:./checkpoint --rubric gradeo --batch-sizes 1,8,32 --max-tokens 200",
)
@with_settings
def efficiency(
    settings: JudgeSettings,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A page (.html) or a table of numbers (.json).")
    ] = None,
    rubrics: Annotated[
        str | None,
        typer.Option(help="Rubrics, the first for all other cases; default: --rubric, else both packs."),
    ] = None,
    lengths: Annotated[str, typer.Option(help="Seconds of the clips.")] = "4,2,10",
    sizes: Annotated[str, typer.Option(help="Sizes of the clips.")] = "320x320,832x480",
    batch_sizes: Annotated[str, typer.Option(help="Replies at once, beside the judge's own number.")] = "1",
    clips: Annotated[int, typer.Option(min=1, help="Clips per case.")] = 4,
    json: Json = False,
) -> None:
    """Measure a judge on clips made for it: clips per hour, tokens per second, seconds per stage, memory.

    The first rubric, length and size make the base case; every other value is measured with it in turn.
    """
    from reeljudge.errors import InputError, UsageError
    from reeljudge.judging import open_settings
    from reeljudge.judging.efficiency import cases, known_rubrics, measure

    usual = "videoscore2,gradeo" if settings.rubric == DEFAULT_RUBRIC else str(settings.rubric)
    named = [name.strip() for name in (rubrics or usual).split(",") if name.strip()]
    if not named:
        raise UsageError("--rubrics names none")
    wanted = cases(
        named,
        [_number(text, "--lengths") for text in lengths.split(",")],
        [_size(text) for text in sizes.split(",")],
        [int(_number(text, "--batch-sizes")) for text in batch_sizes.split(",") if text.strip()],
        clips,
    )
    if output is not None and output.suffix not in (".html", ".json"):
        raise UsageError(f"-o {output}: end it in .html (a page) or .json (the numbers)")
    if output is not None and not output.parent.is_dir():  # told now, and not after minutes of measuring
        raise InputError(f"{output}: there is no folder {str(output.parent)!r}; make it first")
    if settings.dimensions is not None:
        raise UsageError("--dimensions is not for efficiency: each rubric is asked as a whole")
    known_rubrics(named)
    found: list[Measurement] = []
    with open_settings(settings) as judge, tempfile.TemporaryDirectory() as folder:
        for number, one in enumerate(measure(judge, wanted, Path(folder)), 1):
            tell(f"{number} of {len(wanted)}: {one.case.name}: {one.clips_per_hour:,.0f} clips per hour")
            found.append(one)
        about = _about(judge)
    told = {**about, "cases": [one.to_dict() for one in found]}
    if output is not None:
        _write(output, told)
    if json:
        write_json(told)
        return
    _show(about, found)
    if output is not None:
        tell(f"written: {output}")


def _about(judge: Any) -> dict[str, Any]:
    import platform

    from reeljudge.cores import usable_cores

    return {
        "judge": judge.name,
        "identity": judge.judge_itself.identity(),
        "mode": judge.sampling.mode,
        "max_tokens": judge.sampling.max_tokens,
        "batch_size": judge.batch_size,
        "workers": judge.workers,
        "cores": usable_cores(),
        "processor": platform.processor() or platform.machine(),
    }


def _write(output: Path, told: dict[str, Any]) -> None:
    from reeljudge.errors import InputError

    if output.suffix == ".json":
        text = json_module.dumps(told, indent=2) + "\n"
    else:
        from reeljudge.reports.efficiency_page import efficiency_page

        text = efficiency_page(told)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from error


def _show(about: dict[str, Any], found: "list[Measurement]") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from reeljudge.judging.efficiency import STAGES

    def table(title: str, *heads: str, caption: str | None = None) -> Table:
        # Two narrow tables: one of all columns would be cropped on most terminals.
        made = Table(
            title=title, caption=caption, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left"
        )
        made.add_column("case")
        for head in heads:
            made.add_column(head, justify="right", no_wrap=True)
        return made

    speed = table(f"{about['judge']}: speed", "clips/h", "tokens/s", "overhead", "memory")
    names = [name for name in (*STAGES[:1], "judge", *STAGES[1:]) if any(name in one.stages for one in found)]
    stages = table(
        "Where the time goes: seconds per clip",
        *("decode*", "resize*", *names),
        caption="* CPU seconds in other processes, ahead of the judge; all else is wall clock",
    )
    for one in found:
        speed.add_row(
            one.case.name,
            f"{one.clips_per_hour:,.0f}",
            "–" if one.tokens_per_second is None else f"{one.tokens_per_second:,.1f}",
            "–" if one.overhead is None else f"{one.overhead:.1%}",
            "–" if one.memory_bytes is None else f"{one.memory_bytes / 1e9:.2f} GB",
        )
        share = [one.stages.get(name) for name in names]
        stages.add_row(
            one.case.name,
            f"{one.decode_seconds:.3f}",
            f"{one.resize_seconds:.3f}",
            *("–" if took is None else f"{took / one.case.clips:.3f}" for took in share),
        )
    console = results()
    console.print(speed)
    console.print(stages)
    for one in found:
        if one.failed:
            console.print(f"{one.case.name}: {one.failed} of {one.case.clips} clips have no verdict")
        for note in one.notes:
            console.print(f"{one.case.name}: note: {note}")


def _number(text: str, option: str) -> float:
    from reeljudge.errors import UsageError

    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise UsageError(f"{option} takes positive numbers separated by commas, got {text.strip()!r}")
    return value


def _size(text: str) -> tuple[int, int]:
    from reeljudge.errors import UsageError

    sides = text.strip().lower().split("x")
    if len(sides) == 2 and all(side.isdigit() and 16 <= int(side) <= 8192 for side in sides):
        return int(sides[0]), int(sides[1])
    raise UsageError(f"--sizes takes WIDTHxHEIGHT separated by commas, got {text.strip()!r}")
