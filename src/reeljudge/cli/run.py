"""`reeljudge run`: judge a manifest into a run folder."""

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.app import INTERRUPTED
from reeljudge.cli.console import complain, examples, results, tell, write_json
from reeljudge.cli.options import Json, with_settings
from reeljudge.judging.settings import JudgeSettings


@examples(
    "reeljudge run clips.jsonl -o runs/first --judge hf:TIGER-Lab/VideoScore2 --device cuda",
    "reeljudge run clips/ -o runs/first --rubric gradeo --dimensions quality,alignment --limit 10",
    "reeljudge run clips.csv -o runs/vote --judge served:qwen2.5-vl --base-url http://localhost:8000/v1 "
    "--samples 5 --temperature 0.7",
    "reeljudge run clips.jsonl -o runs/part2 --shard 2/4",
    "reeljudge run clips.jsonl -o runs/first --engine ray --address auto --gpus-per-judge 1",
    "reeljudge run clips.jsonl --dry-run",
)
@with_settings
def run(
    manifest: Annotated[
        Path, typer.Argument(help="JSONL, CSV or Parquet with `video` and `prompt`, or a folder of videos.")
    ],
    settings: JudgeSettings,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The run folder; resumed where it exists.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many rows.")] = None,
    shard: Annotated[
        str | None, typer.Option(metavar="I/N", help="Only part I of N (by the hash of the id).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge nothing: say rows, calls, tokens and memory.")
    ] = False,
    max_failures: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows that may end in `error` (exit status 0).")
    ] = 0.0,
    engine: Annotated[str, typer.Option(help="What runs the judging: local or ray.")] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="The Ray cluster (ray); default: RAY_ADDRESS, or a new one here."),
    ] = None,
    judges: Annotated[
        int | None, typer.Option(min=1, help="Judges at work (ray); default: as many as there is room for.")
    ] = None,
    cpus_per_judge: Annotated[
        float | None, typer.Option(help="Cores of each judge (ray); default: 4, or all of a smaller node.")
    ] = None,
    gpus_per_judge: Annotated[
        float | None, typer.Option(help="Accelerators of each judge (ray); default: 1 where there are any.")
    ] = None,
    json: Json = False,
) -> None:
    """Judge a manifest into a run folder.

    Give the same command again to go on after an interruption: rows with a verdict are left alone, rows
    that ended in an error are tried again. With --json, the rows judged now are printed as they finish.
    """
    from reeljudge.clips import read_manifest
    from reeljudge.errors import UsageError
    from reeljudge.runs import ENGINES, Shard, refuse_busy

    part = None if shard is None else Shard.parse(shard)
    judge_all = ENGINES.get(engine)
    cluster = {
        "address": address,
        "judges": judges,
        "cpus_per_judge": cpus_per_judge,
        "gpus_per_judge": gpus_per_judge,
    }
    placed = {name: value for name, value in cluster.items() if value is not None}
    if placed and engine == "local":
        raise UsageError(f"--{next(iter(placed)).replace('_', '-')} is for --engine ray")
    if output is None and not dry_run:
        raise UsageError("-o is missing: name the run folder, or add --dry-run")
    clips = read_manifest(manifest)
    if dry_run:
        _dry_run(clips, output, settings, limit, part, json)
        return
    assert output is not None
    refuse_busy(output)

    from reeljudge.cli.progress import progress_observer

    kept = {"manifest": str(manifest), **_kept(settings)}
    if engine != "local":
        kept |= {"engine": engine, **placed}
    with _sigterm_as_ctrl_c(), progress_observer(write_json if json else None) as observer:
        outcome = judge_all(
            clips,
            output,
            settings,
            **placed,
            limit=limit,
            shard=part,
            settings=kept,
            command=["reeljudge", *sys.argv[1:]],
            observer=observer,
        )
    if outcome.stopped_by is not None:
        complain(str(outcome.stopped_by))
    if not outcome.complete:
        tell(f"stopped: {outcome.judged} rows judged, {outcome.left} left; nothing that was judged is lost.")
        tell(f"To go on: {shlex.join(['reeljudge', *sys.argv[1:]])}")
    if outcome.interrupted:
        raise typer.Exit(INTERRUPTED)
    if outcome.failed(max_failures):
        if outcome.failures:
            reasons = ", ".join(
                f"{count} {reason}" for reason, count in outcome.reasons_of_errors.most_common()
            )
            complain(
                f"{outcome.failures} of {outcome.rows} rows ended in error ({reasons}); "
                "the same command tries them again, --max-failures SHARE accepts them"
            )
        raise typer.Exit(1)
    if not json:
        tell(
            f"{output}: {outcome.rows} rows; `reeljudge show {shlex.quote(str(output))}` says what they hold"
        )


def _kept(settings: JudgeSettings) -> dict[str, Any]:
    """What is kept in `run.json` beside the configuration: settings that change no score."""
    names = ("batch_size", "concurrency", "workers", "max_bytes", "max_seconds", "decode_timeout", "base_url")
    return {name: getattr(settings, name) for name in names if getattr(settings, name) is not None}


def _dry_run(
    clips: Any, output: Path | None, settings: JudgeSettings, limit: int | None, shard: Any, json: bool
) -> None:
    from reeljudge.runs.estimate import estimate

    found = estimate(clips, settings, folder=output, limit=limit, shard=shard)
    if json:
        write_json(found.to_dict())
        return
    for line in found.lines():
        results().print(line, soft_wrap=True)


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """A scheduler's SIGTERM ends a run as cleanly as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
