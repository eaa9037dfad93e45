"""The main job in a minute, offline: make clips whose truth is known, judge them, compare."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from record import CLIPS, COUNT, REPLIES
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reeljudge import load_judge, load_rubric, read_manifest
from reeljudge.reports import write_report
from reeljudge.runs import run_manifest
from reeljudge.synth import write_set

OUT = Path(__file__).parent / "out"
RECORDED = f"recorded:{REPLIES}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--judge", default=RECORDED)
    options.add_argument("--picture", metavar="FILE.svg", help="save what is printed as a picture")
    given = options.parse_args()
    judge_name, picture = given.judge, given.picture
    width = None if sys.stdout.isatty() and not picture else 110
    console = Console(width=width, record=bool(picture))

    shutil.rmtree(OUT, ignore_errors=True)
    written = write_set(OUT / "clips", COUNT, CLIPS)
    console.print(
        f"Drew {written.clips} clips of two make-believe generators: {os.path.relpath(written.manifest)}"
    )
    if judge_name == RECORDED:
        console.print(
            "No model judges here: replies that were written beforehand for these clips, some of them with\n"
            "mistakes put in on purpose, are replayed. Everything behind the reply is the real thing."
        )
    manifest = read_manifest(written.manifest)
    with load_judge(judge_name, rubric="videoscore2") as judge:
        run_manifest(manifest, OUT / "run", judge)
    show(console, OUT / "run")
    report = write_report(
        [OUT / "run"], OUT / "report.html", videos=OUT / "clips", title="Twelve synthetic clips"
    )
    console.print(f"\nA report to open in any browser: {os.path.relpath(report.path)}")
    console.print("\nThe same from the command line:")
    program, run = (
        os.path.relpath(path) for path in (Path(sys.executable).parent / "reeljudge", OUT / "run")
    )
    for command in (
        f"show {run}",
        f"leaderboard {run}",
        f"agree {run} --human human.visual_quality --judge scores.visual_quality.score",
    ):
        console.print(f"  {program} {command}", style="bold", highlight=False, soft_wrap=True)
    if picture:
        console.save_svg(picture, title="make demo")


def show(console: Console, run: Path) -> None:
    from reeljudge.runs import read_verdicts

    dimensions = load_rubric("videoscore2").dimensions
    table = Table(title="judge / truth", title_justify="left", padding=(0, 1), show_lines=True)
    table.add_column("generator")
    table.add_column("prompt, and the judge's reasons", ratio=1)
    for dimension in dimensions:
        table.add_column(dimension.title, width=14)
    for verdict in read_verdicts(run):
        cells = []
        for dimension in dimensions:
            score, truth = verdict["scores"][dimension.name], verdict["human"][dimension.name]
            shown = score["reason"] if score["value"] is None else f"{score['value']}"
            style = "yellow" if score["value"] is None else "green" if score["value"] == truth else "red"
            cells.append(Text(shown, style=style).append(f" / {truth}", style="dim"))
        words = Text(verdict["prompt"], style="bold").append(
            f"\n{verdict['rationale'] or ''}", style="not bold"
        )
        table.add_row(verdict["model"], words, *cells)
    console.print(table)
    console.print("Green: as the truth. Red: another score. Yellow: no score, and why: it is never made up.")


if __name__ == "__main__":
    main()
