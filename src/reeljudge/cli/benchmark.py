"""`reeljudge benchmark`: a judge on a public set of human labels, under a named protocol."""

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.app import INTERRUPTED
from reeljudge.cli.console import complain, examples, results, tell, write_json
from reeljudge.cli.options import Json, with_settings
from reeljudge.judging.settings import JudgeSettings


class UseName(StrEnum):
    SCORE = "score"
    VALUE = "value"
    EXPECTED = "expected"


@examples(
    "reeljudge benchmark --list",
    "reeljudge benchmark tvge --data sets/tvge --judge hf:TIGER-Lab/VideoScore2 --device cuda -o runs/tvge",
    "reeljudge benchmark videogen-rewardbench --data sets/vgrb --run runs/vgrb --protocol calibrated",
    "reeljudge benchmark videoscore-bench-v2 --data sets/vs2 --scores mine.csv --published",
    "reeljudge benchmark genai-bench --data sets/genai --scores votes.jsonl --id idx --vote model_vote.gpt4o",
)
@with_settings
def benchmark(
    context: typer.Context,
    settings: JudgeSettings,
    suite: Annotated[str | None, typer.Argument(help="The benchmark; leave it out for the list.")] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The set as it was released (default: data/SUITE).")
    ] = None,
    protocol: Annotated[
        str | None, typer.Option(help="paper, code, calibrated, ... (default: the suite's first).")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Evaluate this run instead of judging.")] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Evaluate this table (id and a column per dimension, or votes).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Run folder of the judge (default: runs/SUITE-JUDGE)."),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Print the published tables beside yours, errors marked.")
    ] = False,
    list_suites: Annotated[
        bool, typer.Option("--list", help="The suites, their protocols and the files they need.")
    ] = False,
    id_field: Annotated[str | None, typer.Option("--id", help="Field of the ids (--scores).")] = None,
    vote_field: Annotated[
        str | None, typer.Option("--vote", help="Field of the judge's vote on a pair (--scores).")
    ] = None,
    missing: Annotated[
        list[str] | None, typer.Option(help="A value that stands for no score (--scores); repeatable.")
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(metavar="MINE=THEIRS", help="Your dimension under the suite's name; repeatable."),
    ] = None,
    judge_scale: Annotated[
        str | None,
        typer.Option(metavar="LOW-HIGH", help="The scale of the scores (--scores), where it is known."),
    ] = None,
    use: Annotated[
        UseName, typer.Option(help="Of a run: score (expected, else value), value or expected.")
    ] = UseName.SCORE,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many items: a try.")] = None,
    max_failures: Annotated[
        float, typer.Option(min=0, max=1, help="Share of clips that may end in `error` (exit status 0).")
    ] = 0.0,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch label files that are missing from the hub.")
    ] = False,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap resamples of the intervals.")] = 1000,
    seed_of_intervals: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    json: Json = False,
) -> None:
    """A public benchmark of judges: judge its videos (resumes), or evaluate a run or a table of scores.

    A result names its protocol and version, tie rule and margin, items used, and what was unscored.
    """
    from reeljudge.benchmarks import (
        beside,
        evaluate,
        load_suite,
        open_release,
        scores_of_run,
        scores_of_table,
        select,
    )
    from reeljudge.cli import benchmark_view as view

    if suite is None or list_suites:
        _list(suite, json)
        return
    chosen = load_suite(suite)
    _refuse_conflicts(context, run, scores, output, vote_field, id_field)
    name, chosen_protocol = chosen.protocol(protocol)
    folder = data or Path("data") / chosen.name
    if download:
        from reeljudge.benchmarks.fetch import fetch_labels

        for path in fetch_labels(chosen, folder):
            tell(f"fetched {path}")
    if data is None and not folder.is_dir() and published and run is None and scores is None:
        _show_published_alone(chosen, json)
        return
    release = open_release(chosen, folder)
    selection = select(chosen_protocol, release, limit)
    failed = False
    names = _renames(rename)
    if scores is not None:
        said = scores_of_table(
            scores,
            id_field=id_field,
            vote_field=vote_field,
            use=use.value,
            rename=names,
            scale=_scale(judge_scale),
            missing=missing or (),
        )
    elif run is not None:
        said = scores_of_run(run, use.value, names)
    else:
        if chosen.rubric != settings.rubric and _is_default(context, "rubric"):
            settings = _with_rubric(settings, chosen.rubric)
        target = output or Path("runs") / f"{chosen.name}-{_slug(str(settings.judge))}"
        failed = _judge(chosen, release, selection, folder, target, settings, max_failures)
        said = scores_of_run(target, use.value, names)
    result = evaluate(
        chosen,
        release,
        said,
        name,
        limit=limit,
        selection=selection,
        resamples=resamples,
        seed=seed_of_intervals,
    )
    tables = beside(chosen, result) if published else []
    if published and not chosen.published:
        tell(f"{chosen.title}: no published table is known here")
    if json:
        write_json({**result.to_dict(), "published": [table.to_dict() for table in tables]})
    else:
        view.show_result(results(), result)
        for table in tables:
            view.show_published(results(), table)
    if failed:
        raise typer.Exit(1)


def _list(suite: str | None, json: bool) -> None:
    from reeljudge.benchmarks import SUITES, load_suite
    from reeljudge.cli import benchmark_view as view

    suites = [load_suite(name) for name in ((suite,) if suite else SUITES)]
    if json:
        shown = [one.model_dump(mode="json", exclude={"published", "adapter"}) for one in suites]
        write_json({"suites": shown})
        return
    view.show_suites(results(), suites)


def _show_published_alone(suite: Any, json: bool) -> None:
    from reeljudge.benchmarks import beside
    from reeljudge.cli import benchmark_view as view

    tables = beside(suite)
    if json:
        write_json({"suite": suite.name, "published": [table.to_dict() for table in tables]})
        return
    if not tables:
        tell(f"{suite.title}: no published table is known here")
    for table in tables:
        view.show_published(results(), table)


def _refuse_conflicts(
    context: typer.Context,
    run: Path | None,
    scores: Path | None,
    output: Path | None,
    vote_field: str | None,
    id_field: str | None,
) -> None:
    from reeljudge.errors import UsageError

    if run is not None and scores is not None:
        raise UsageError("give --run or --scores, not both")
    if run is not None or scores is not None:
        what = "--run" if run is not None else "--scores"
        if not _is_default(context, "judge"):
            raise UsageError(f"{what} holds a judge's scores already; leave --judge out")
        if output is not None:
            raise UsageError(f"-o is where a judge's run goes; with {what} nothing is judged")
    if scores is None and (vote_field is not None or id_field is not None):
        raise UsageError("--id and --vote name fields of a table: give it with --scores")


def _is_default(context: typer.Context, option: str) -> bool:
    source = context.get_parameter_source(option)
    return source is None or source.name in ("DEFAULT", "DEFAULT_MAP")


def _with_rubric(settings: JudgeSettings, rubric: str) -> JudgeSettings:
    from dataclasses import replace

    return replace(settings, rubric=rubric)


def _renames(given: list[str] | None) -> dict[str, str]:
    from reeljudge.errors import UsageError

    names = {}
    for text in given or ():
        mine, equals, theirs = text.partition("=")
        if not equals or not mine.strip() or not theirs.strip():
            raise UsageError(f"--rename is MINE=THEIRS, not {text!r}")
        names[mine] = theirs
    return names


def _scale(text: str | None) -> Any:
    from reeljudge.agreement.scales import ValueRange

    return None if text is None else ValueRange.parse(text)


def _slug(judge: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", judge.rstrip("/")).strip("-")[-60:]


def _judge(
    suite: Any,
    release: Any,
    selection: Any,
    folder: Path,
    target: Path,
    settings: JudgeSettings,
    max_failures: float,
) -> bool:
    """Judge into a run folder; whether too many clips ended in an error."""
    from reeljudge.benchmarks import judge_release
    from reeljudge.cli.progress import progress_observer
    from reeljudge.judging import open_settings

    tell(f"judging {len(selection.videos)} videos of {suite.title} into {target}")
    with open_settings(settings) as judge, progress_observer() as observer:
        outcome = judge_release(
            suite,
            release,
            selection,
            folder,
            target,
            judge,
            settings={"benchmark": suite.name, "data": str(folder)},
            command=["reeljudge", *sys.argv[1:]],
            observer=observer,
            on_missing=tell,
        )
    if outcome.stopped_by is not None:
        complain(str(outcome.stopped_by))
    if not outcome.complete:
        tell(f"stopped: {outcome.left} videos left; the same command goes on, and nothing is evaluated yet")
        raise typer.Exit(INTERRUPTED if outcome.interrupted else 1)
    if outcome.failed(max_failures):
        complain(
            f"{outcome.failures} of {outcome.rows} videos ended in error and count as unscored; the same "
            "command tries them again, --max-failures SHARE accepts them"
        )
        return True
    return False
