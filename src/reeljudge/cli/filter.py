"""`reeljudge filter`: clips with too little or too much motion, left out."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reeljudge.cli.app import FAILED, INTERRUPTED
from reeljudge.cli.console import duration, examples, progress_bar, results, shown, tell, write_json
from reeljudge.cli.options import Json
from reeljudge.cli.ratings_options import Page

if TYPE_CHECKING:
    from reeljudge.clips.motion_filter import Measured

_EVERY_SECONDS = 10.0
_BROKEN_SHOWN = 10


@examples(
    "reeljudge filter clips.jsonl --motion flow --motion ssim --page motion.html",
    "reeljudge filter clips.jsonl --motion flow=0.05..20 --motion cuts=..0 -o filtered",
    "reeljudge filter clips.jsonl --motion flow=2%..98% -o filtered",
    "reeljudge filter clips.jsonl --motion auto -o filtered --page motion.html --json",
)
def filter_clips(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="A table, or a folder of videos.")],
    motion: Annotated[
        list[str],
        typer.Option(
            metavar="MEASURE=LOW..HIGH",
            help="Keep clips whose flow, ssim, speed or cuts lie between the two ends. An end may be left "
            "out; a number with % is a percentile of this set. A measure alone is only reported; `auto` "
            "chooses the ends of flow and ssim. Repeatable.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Write kept.jsonl, dropped.jsonl and broken.jsonl; measures are kept for the next time.",
        ),
    ] = None,
    page: Page = None,
    size: Annotated[
        int, typer.Option(metavar="PIXELS", help="Measure at about PIXELS x PIXELS, so that clips compare.")
    ] = 256,
    workers: Annotated[int, typer.Option(min=1, help="Clips at a time.")] = 1,
    max_frames: Annotated[
        int, typer.Option(min=2, help="Frames of one clip that are measured at most.")
    ] = 3000,
    decode_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="Give a video up after so long.")
    ] = 120.0,
    max_seconds: Annotated[float, typer.Option(help="Give up videos longer than this.")] = 600.0,
    json: Json = False,
) -> None:
    """Measure the motion of clips as GRADEO does, and keep those between limits.

    flow is D_flow (optical flow), ssim is D_ssim (1 - similarity of neighbouring frames), speed is flow in
    frame diagonals per second, cuts counts what looks like a cut. Broken videos are listed apart. Give the
    same command again to go on after a stop, or with other limits: nothing is decoded twice.
    """
    from reeljudge.clips import Limits, read_manifest
    from reeljudge.clips.motion_filter import measure_clips, sort_clips, write_sorted
    from reeljudge.clips.motion_limits import choose_limits, distributions, parse_motion

    wanted = parse_motion(motion)
    clips = read_manifest(manifest)
    limits = Limits(decode_timeout=decode_timeout, max_seconds=max_seconds)
    try:
        with _progress(len(clips)) as show:
            measured = measure_clips(
                clips,
                size=size,
                max_frames=max_frames,
                limits=limits,
                workers=workers,
                folder=output,
                on_measured=show,
            )
    except KeyboardInterrupt:
        kept = "; what was measured is kept" if output is not None else ""
        tell(f"stopped{kept}")
        raise typer.Exit(INTERRUPTED) from None
    motions = [one.motion for one in measured if one.motion is not None]
    chosen = choose_limits(wanted, motions) if motions else {}
    found = sort_clips(measured, chosen)
    counts: dict[str, int] = {}
    for _, why in found.dropped:
        for reason in why:
            counts[reason] = counts.get(reason, 0) + 1
    summary: dict[str, Any] = {
        "clips": len(measured),
        "kept": len(found.kept),
        "dropped": len(found.dropped),
        "broken": len(found.broken),
        "reasons": dict(sorted(counts.items())),
        "limits": {name: list(ends) for name, ends in chosen.items()},
        "motion": motion,
        "size": size,
        "distributions": distributions(motions),
        "broken_clips": [
            {"id": one.clip.id, "reason": one.reason, "message": one.message} for one in found.broken
        ],
    }
    if output is not None:
        write_sorted(output, found, summary)
        tell(f"{output}: kept.jsonl, dropped.jsonl, broken.jsonl")
    if page is not None:
        from reeljudge.reports.motion_page import write_motion_page

        tell(f"{write_motion_page(page, found, chosen, summary)}: written")
    if json:
        write_json(summary)
    else:
        _show(summary)
    if not motions:
        raise typer.Exit(FAILED)


def _show(summary: dict[str, Any]) -> None:
    from rich.table import Table

    console = results()
    console.print(
        f"{summary['clips']} clips: {summary['kept']} kept, {summary['dropped']} dropped, "
        f"{summary['broken']} broken"
    )
    for reason, count in summary["reasons"].items():
        console.print(f"  {reason}: {count}")
    table = Table(box=None, pad_edge=False, padding=(0, 2))
    table.add_column("measure")
    for title in ("clips", "min", "5 %", "median", "95 %", "max", "keep from", "to"):
        table.add_column(title, justify="right")
    for measure, told in summary["distributions"].items():
        ends = summary["limits"].get(measure, (None, None))
        table.add_row(
            measure,
            str(told["count"]),
            *(shown(told[name], ".4g") for name in ("min", "p5", "median", "p95", "max")),
            *(shown(end, ".4g") for end in ends),
        )
    console.print(table)
    for one in summary["broken_clips"][:_BROKEN_SHOWN]:
        console.print(f"  broken: {one['id']}: {one['message']}", soft_wrap=True)
    if summary["broken"] > _BROKEN_SHOWN:
        console.print(f"  and {summary['broken'] - _BROKEN_SHOWN} more")


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[Measured], None]]":
    """A bar with the time left on a terminal, a line now and then elsewhere."""
    began = said = time.monotonic()
    done = fresh = broken = 0
    with progress_bar("measuring") as count:

        def show(one: "Measured") -> None:
            nonlocal said, done, fresh, broken
            done += 1
            fresh += not one.again
            broken += one.motion is None
            count(done, total)
            now = time.monotonic()
            if not sys.stderr.isatty() and now - said >= _EVERY_SECONDS:
                said = now
                # What was measured before took no time and says nothing about the rest.
                left = (total - done) * (now - began) / max(fresh, 1)
                tell(f"{done} of {total} measured, {broken} broken, about {duration(left)} left")

        yield show
