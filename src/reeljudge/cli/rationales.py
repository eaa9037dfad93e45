"""`reeljudge rationales`: from people's ratings to reasoned training examples."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.app import INTERRUPTED
from reeljudge.cli.commands import Command
from reeljudge.cli.console import examples, progress_bar, results, tell, write_json
from reeljudge.cli.elicit_options import Asking, open_writer, refuse_readers
from reeljudge.cli.groups import group_of
from reeljudge.cli.options import Json, with_options
from reeljudge.errors import UsageError

rationales = group_of(
    "rationales",
    "From ratings to reasoned training rows: elicit, reconcile, check.",
    {
        "elicit": Command(
            "reeljudge.cli.rationales:elicit_command", "Have a model reason towards people's scores."
        ),
        "reconcile": Command(
            "reeljudge.cli.rationales:reconcile_command", "Settle the scores of a model and people."
        ),
        "check": Command("reeljudge.cli.rationales:check_command", "Find leaks, contradictions, repetition."),
    },
)


@examples(
    "reeljudge rationales elicit --db ratings.db --judge served:gpt-4o --base-url "
    "https://api.openai.com/v1 -o rationales.jsonl --dry-run",
    "reeljudge rationales elicit --db ratings.db --judge served:Qwen3-VL --base-url "
    "http://localhost:8000/v1 --rubric videoscore2 --labels labels.jsonl -o rationales.jsonl",
)
@with_options("asking", Asking)
def elicit_command(
    asking: Asking,
    db: Annotated[str, typer.Option("--db", help="The store of ratings: a file, or a database's URL.")],
    judge: Annotated[str, typer.Option(help="served:MODEL or hf:REPO-OR-FOLDER.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The JSONL file of rows.")],
    rubric: Annotated[
        str | None, typer.Option(help="gradeo, videoscore2 or a YAML file; default: the store's only one.")
    ] = None,
    dimensions: Annotated[str | None, typer.Option(help="Only these, separated by commas.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Rows of id, dimension, label (or score), as `ratings consensus` writes them."),
    ] = None,
    min_raters: Annotated[int, typer.Option(min=1, help="Ratings that a label needs, without --labels.")] = 1,
    method: Annotated[
        str | None,
        typer.Option(
            help="gradeo (stage by stage; the chain must reach the label) or videoscore2 (sees comments, "
            "not scores; then `reconcile`). Default: gradeo where every dimension has its own reply."
        ),
    ] = None,
    attempts: Annotated[int, typer.Option(min=1, help="Times each part is asked for.")] = 3,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first chains.")] = None,
    videos: Annotated[Path, typer.Option(help="Folder that the clips' paths are relative to.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost; ask nothing.")] = False,
    price_in: Annotated[float | None, typer.Option(min=0.0, help="Of a million tokens read.")] = None,
    price_out: Annotated[float | None, typer.Option(min=0.0, help="Of a million tokens written.")] = None,
    json: Json = False,
) -> None:
    """Have a model reason about rated clips, so that its reasoning leads to the people's scores.

    Chains that do not reach their label after --attempts go to FILE.manual.jsonl for people (`reeljudge
    annotate --check`). Give the same command again to go on where it stopped: no answer is asked for twice.
    """
    from reeljudge.datasets.calls import CallLog, read_calls
    from reeljudge.datasets.elicit import check_output, elicit, failure, manual_path, work_folder
    from reeljudge.datasets.estimate import estimate
    from reeljudge.datasets.items import read_items, read_labels
    from reeljudge.ratings import open_store
    from reeljudge.ratings.consensus import ConsensusSettings

    if attempts > 1 and asking.temperature == 0:
        raise UsageError("--attempts above 1 at temperature 0 would get the same answer: raise --temperature")
    if (price_in is None) != (price_out is None):
        raise UsageError("give both --price-in and --price-out, or neither")
    refuse_readers(judge)
    with open_store(db, create=False) as store:
        chosen = _rubric(rubric, store)
        given = None if labels is None else read_labels(labels, chosen)
        names = None if dimensions is None else [name.strip() for name in dimensions.split(",")]
        items, skipped = read_items(
            store,
            chosen,
            labels=given,
            consensus=ConsensusSettings(min_raters=min_raters),
            dimensions=names,
        )
    for reason, count in skipped.items():
        tell(f"{count} left out: {reason}")
    if not items:
        raise UsageError("no clip has a label: see `reeljudge ratings consensus`, or lower --min-raters")
    items = items[:limit]
    work = work_folder(output)
    prices = None if price_in is None or price_out is None else (price_in, price_out)
    if dry_run:
        with open_writer(judge, asking, chosen, method, attempts, videos, None) as (writer, _):
            answers = read_calls(work) if work.exists() else {}
            told = estimate(items, writer, writer.asker.settings, videos, answers, prices=prices)
        if json:
            write_json(told.to_dict())
        else:
            results().print("\n".join(told.lines()), soft_wrap=True)
        return
    check_output(output, work)
    with (
        CallLog(work, asking.identity(judge, chosen, method)) as log,
        open_writer(judge, asking, chosen, method, attempts, videos, log) as (writer, workers),
    ):
        try:
            with progress_bar("reasoning") as show:
                outcome = elicit(items, writer, output, workers=workers, on_done=show)
        except KeyboardInterrupt:
            tell("stopped; what was answered is kept. Give the same command again to go on")
            raise typer.Exit(INTERRUPTED) from None
    _report(
        outcome.to_dict() | {"output": str(output), "skipped": skipped},
        [
            f"{len(outcome.rows)} rows: {output}",
            *([f"{len(outcome.manual)} for people: {manual_path(output)}"] if outcome.manual else []),
            *(f"  discarded {count}: {why}" for why, count in outcome.tries.most_common()),
        ],
        json,
    )
    if (error := failure(outcome)) is not None:
        raise error


@examples(
    "reeljudge rationales reconcile rationales.jsonl -o reconciled.jsonl",
    "reeljudge rationales reconcile rationales.jsonl -o reconciled.jsonl --judge served:gpt-4o "
    "--base-url https://api.openai.com/v1 --rule code --rounds 2",
)
@with_options("asking", Asking)
def reconcile_command(
    asking: Asking,
    file: Annotated[Path, typer.Argument(help="Rows of `elicit --method videoscore2`.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: FILE with .reconciled before .jsonl.")
    ] = None,
    rule: Annotated[
        str,
        typer.Option(help="paper, or code (the published code: text_alignment 4 and 5 become 4)."),
    ] = "paper",
    keep_to: Annotated[
        int | None, typer.Option(help="Up to this difference the human score stands (paper: 1).")
    ] = None,
    mean_to: Annotated[
        int | None,
        typer.Option(help="Up to this one the mean is taken (paper: 2); above, the entry is elicited again."),
    ] = None,
    rounding: Annotated[
        str | None, typer.Option(help="Of a mean that is not whole: down, up, half-up, half-even, to-human.")
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Times an entry is elicited again (paper: 3).")] = None,
    rewrites: Annotated[int, typer.Option(min=1, help="Times a rewriting is asked for.")] = 5,
    judge: Annotated[
        str | None, typer.Option(help="Elicits again and rewrites; without it, the rule alone is applied.")
    ] = None,
    rubric: Annotated[str | None, typer.Option(help="A YAML file, for rows of a rubric of your own.")] = None,
    attempts: Annotated[int, typer.Option(min=1, help="Times a round is asked for.")] = 3,
    videos: Annotated[Path, typer.Option(help="Folder that the clips' paths are relative to.")] = Path(),
    json: Json = False,
) -> None:
    """Settle the scores of a model and of people, and make each rationale fit the score that is learned."""
    from contextlib import ExitStack
    from dataclasses import replace

    from reeljudge.datasets.calls import CallLog
    from reeljudge.datasets.elicit import manual_path, work_folder
    from reeljudge.datasets.reconcile import RULES
    from reeljudge.datasets.reconciling import reconcile_rows
    from reeljudge.errors import JudgeError, did_you_mean
    from reeljudge.tables import read_rows

    if rule not in RULES:
        raise UsageError(f"unknown rule {rule!r}.{did_you_mean(rule, RULES)}")
    changes: dict[str, Any] = {
        "keep_to": keep_to,
        "mean_to": mean_to,
        "rounding": rounding,
        "rounds": rounds,
    }
    chosen_rule = replace(RULES[rule], **_given(changes))
    rows = list(read_rows(file))
    chosen = _rubric_of(rows, rubric)
    output = output or file.with_name(f"{file.stem}.reconciled{file.suffix}")
    if output.resolve() == file.resolve():
        raise UsageError("-o is the file that is read; choose another name")
    work = work_folder(output)
    with ExitStack() as stack:
        writer, workers = None, 1
        if judge is not None:
            log = stack.enter_context(CallLog(work, asking.identity(judge, chosen, "videoscore2")))
            writer, workers = stack.enter_context(
                open_writer(judge, asking, chosen, "videoscore2", attempts, videos, log)
            )
        outcome = reconcile_rows(
            rows,
            chosen,
            chosen_rule,
            output,
            manual_path(output),
            writer=writer,
            rewrites=rewrites,
            workers=workers,
        )
    told = outcome.to_dict()
    lines = [f"{told['settled']} of {len(outcome.rows) + len(outcome.manual)} rows settled: {output}"]
    lines += [f"  differences of {gap}: {count} scores" for gap, count in told["gaps"].items()]
    if outcome.rewritten or outcome.elicited:
        lines.append(f"  {outcome.rewritten} rationales rewritten, {outcome.elicited} entries elicited again")
    if outcome.manual:
        lines.append(f"{len(outcome.manual)} for people: {manual_path(output)}")
    if outcome.needs:
        needs = " and ".join(
            f"{count} {'elicited again' if need == 'again' else 'rewritten'}"
            for need, count in sorted(outcome.needs.items())
        )
        lines.append(f"still to be done: {needs}; give --judge")
    _report(told | {"output": str(output)}, lines, json)
    if outcome.stopped is not None:
        raise JudgeError(f"{outcome.stopped}. Give the same command again to go on")
    if outcome.errors:
        raise JudgeError(
            f"{len(outcome.errors)} rows got no answer; the first, {': '.join(outcome.errors[0])}"
        )


@examples(
    "reeljudge rationales check rationales.jsonl",
    "reeljudge rationales check rationales.jsonl -o clean.jsonl --allow formulaic --min-words 80",
)
def check_command(
    files: Annotated[list[Path], typer.Argument(help="Rows of rationales, or training rows.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the clean rows to this file.")
    ] = None,
    rubric: Annotated[str | None, typer.Option(help="A YAML file, for rows of a rubric of your own.")] = None,
    allow: Annotated[
        list[str] | None, typer.Option(help="A problem that is no contamination (may be given again).")
    ] = None,
    min_words: Annotated[int, typer.Option(min=0, help="Fewest words of the reasoning.")] = 20,
    max_words: Annotated[int, typer.Option(min=1, help="Most words of the reasoning.")] = 1500,
    formulaic: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Largest share of sentences that stand in many rows.")
    ] = 0.5,
    show: Annotated[int, typer.Option(min=0, help="Rows to show.")] = 10,
    json: Json = False,
) -> None:
    """Find leaks, contradictions, repetition, odd lengths. Ends with status 1 where a row is contaminated."""
    from reeljudge.datasets.check import PROBLEMS, CheckSettings, Rubrics, check_rows, summary
    from reeljudge.tables import read_rows, write_rows

    allowed = frozenset(allow or ())
    settings = CheckSettings(min_words=min_words, max_words=max_words, formulaic=formulaic, allow=allowed)
    rows = [row for file in files for row in read_rows(file)]
    reports = check_rows(rows, settings, Rubrics(rubric))
    told = summary(reports, allowed)
    bad = [report for report in reports if report.contaminated(allowed)]
    if output is not None:
        write_rows(
            output,
            (row for row, report in zip(rows, reports, strict=True) if not report.contaminated(allowed)),
        )
    if json:
        write_json(told | {"contaminated_rows": [report.to_dict() for report in bad]})
    else:
        lines = [f"{told['clean']} of {told['rows']} rows are clean"]
        lines += [f"{count:6} {name}: {PROBLEMS[name]}" for name, count in told["problems"].items()]
        for report in bad[:show]:
            name = report.id if report.dimension is None else f"{report.id}:{report.dimension}"
            what = "; ".join(f"{problem}: {detail}" for problem, detail in report.problems.items())
            lines.append(f"row {report.number} {name}: {what}")
        if len(bad) > show:
            lines.append(f"... and {len(bad) - show} more; --json lists them all")
        results().print("\n".join(lines), soft_wrap=True)
    if bad:
        raise typer.Exit(1)


def _given(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}


def _rubric(given: str | None, store: Any) -> Any:
    from reeljudge.errors import InputError
    from reeljudge.rubrics import load_rubric

    if given is not None:
        return load_rubric(given)
    names = store.rubrics()
    if not names:
        raise InputError(f"{store.shown}: holds no ratings yet; `reeljudge ratings import` brings some")
    if len(names) > 1:
        raise UsageError(f"the store holds ratings under {', '.join(names)}: choose one with --rubric")
    return load_rubric(names[0])


def _rubric_of(rows: list[dict[str, Any]], given: str | None) -> Any:
    from reeljudge.errors import InputError
    from reeljudge.rubrics import load_rubric

    if given is not None:
        return load_rubric(given)
    names = sorted({str(row.get("rubric")) for row in rows})
    if len(names) != 1 or names == ["None"]:
        raise InputError(f"rows of one rubric are needed, found {', '.join(names)}; choose with --rubric")
    return load_rubric(names[0])


def _report(told: dict[str, Any], lines: list[str], json: bool) -> None:
    if json:
        write_json(told)
    else:
        results().print("\n".join(lines), soft_wrap=True)
