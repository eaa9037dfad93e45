"""A judge over a manifest: resumes, survives, and says how it ended."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from reeljudge.clips import Clip
from reeljudge.errors import JudgeError
from reeljudge.judging import JudgeSettings, Keys, Plan, open_settings
from reeljudge.runs.asked import asked_before, fingerprint
from reeljudge.runs.folder import (
    SETTINGS_NAME,
    VERDICTS_NAME,
    RunWriter,
    describe_run,
    read_settings,
    refuse_difference,
)
from reeljudge.runs.resume import Todo, belonging, count_of, what_is_left
from reeljudge.runs.shards import Shard
from reeljudge.tables.log import read_line
from reeljudge.verdicts import Verdict


class Observer(Protocol):
    """Whoever wants to know how a run goes: progress bars, `--json`."""

    def started(self, todo: Todo, mended: bool, broken: int) -> None: ...

    def judged(self, verdict: Verdict) -> None: ...

    def noted(self, text: str) -> None: ...


class Silent:
    """An observer that wants to know nothing."""

    def started(self, todo: Todo, mended: bool, broken: int) -> None: ...

    def judged(self, verdict: Verdict) -> None: ...

    def noted(self, text: str) -> None: ...


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        folder: the run folder.
        rows: rows of the manifest that belong to this run.
        done_before: rows that had a verdict already.
        judged: rows judged now.
        statuses: status -> rows judged now.
        reasons: reason -> rows judged now that ended with it.
        reasons_of_errors: the same for the rows that ended in `error` alone.
        interrupted: Ctrl-C (or SIGTERM) ended it.
        stopped_by: the error with which the judge as a whole gave up.
    """

    folder: Path
    rows: int = 0
    done_before: int = 0
    judged: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    reasons_of_errors: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False
    stopped_by: JudgeError | None = None

    def count(self, verdict: Verdict) -> None:
        self.judged += 1
        self.statuses[verdict.status] += 1
        if verdict.reason is not None:
            self.reasons[verdict.reason] += 1
            if verdict.status == "error":
                self.reasons_of_errors[verdict.reason] += 1

    @property
    def left(self) -> int:
        """Rows without a verdict."""
        return self.rows - self.done_before - self.judged

    @property
    def failures(self) -> int:
        """Rows that ended in `error`."""
        return self.statuses["error"]

    @property
    def complete(self) -> bool:
        return not self.interrupted and self.stopped_by is None

    def failed(self, max_failures: float) -> bool:
        """Whether the work failed: it did not end, or more than that share of its rows ended in `error`."""
        # 29 of 100 are not more than 0.29 of them, whatever binary fractions say.
        return not self.complete or self.failures > max_failures * self.rows + 1e-6


class Bench(Protocol):
    """What judges the clips of a run: a `ClipJudge`, or many of them on other machines.

    Attributes:
        plan: what is asked of every clip, and the configuration.
        on_note: told of what users should know, once each.
    """

    plan: Plan
    on_note: Callable[[str], None] | None

    def judge_many(self, clips: Iterable[Clip]) -> Generator[Verdict, None, None]:
        """One verdict per clip, in any order. Raises `JudgeError` where it cannot go on at all."""
        ...


def run_manifest(
    clips: Iterable[Clip],
    folder: Path,
    judge: Bench,
    *,
    limit: int | None = None,
    shard: Shard | None = None,
    settings: dict[str, Any] | None = None,
    command: Sequence[str] = (),
    observer: Observer | None = None,
) -> Outcome:
    """Judge clips into a run folder. Rows that have a verdict there are left alone.

    Args:
        clips: a manifest; it is gone through twice.
        folder: the run folder; made where it does not exist.
        judge: what judges, with its rubric: a `ClipJudge`.
        limit: the first so many rows only (of the shard, if there is one).
        shard: this part of the manifest only.
        settings: more to keep in `run.json`; nothing that changes a score.
        command: the command line, for `run.json`.
        observer: told of every verdict, after it was written.

    Raises:
        UsageError: another process writes to the folder, or it holds another configuration.
        InputError: the folder or the manifest cannot be used.
    """
    return run_opened(
        clips,
        folder,
        lambda: nullcontext(judge),
        limit=limit,
        shard=shard,
        settings=settings,
        command=command,
        observer=observer,
    )


def run_opened(
    clips: Iterable[Clip],
    folder: Path,
    open_bench: "Callable[[], AbstractContextManager[Bench]]",
    *,
    asked: str | None = None,
    limit: int | None = None,
    shard: Shard | None = None,
    settings: dict[str, Any] | None = None,
    command: Sequence[str] = (),
    observer: Observer | None = None,
) -> Outcome:
    """Like `run_manifest`, with a judge that is opened when there is something to do for it.

    Args:
        open_bench: opens the judge; what it raises ends the run.
        asked: the fingerprint of what is asked for (`fingerprint`). Where the folder was made by the same,
            its own configuration tells what is left; a finished run then opens no judge.
    """
    observer = observer or Silent()
    outcome = Outcome(folder)
    told = {**(settings or {}), "shard": None if shard is None else str(shard), "limit": limit}
    kept = {**told} if asked is None else {**told, "asked": asked}
    with ExitStack() as stack:
        there = _made_by(folder, asked)
        bench: Bench | None = None
        if there is None:
            bench = stack.enter_context(open_bench())
            there = describe_run(bench.plan, told, command)
        writer = stack.enter_context(RunWriter(folder, there))
        keys = _keys(there) if bench is None else bench.plan.keys
        try:
            todo = _todo(clips, shard, limit, writer, keys)
            outcome.rows, outcome.done_before = todo.rows, todo.done
            _tell_of_another_part(writer, told, observer)
            if bench is None and todo.count:
                bench = stack.enter_context(open_bench())
                refuse_difference(folder, there, describe_run(bench.plan, told, command))
                if bench.plan.config != there["config"]:  # only credentials differ: other keys
                    keys = bench.plan.keys
                    todo = _todo(clips, shard, limit, writer, keys)
                    outcome.rows, outcome.done_before = todo.rows, todo.done
            if writer.settings.get("settings", {}).get("parts"):
                kept["parts"] = None  # a joined run that goes on knows its rows from the manifest
            writer.remember(**kept, rows=todo.rows)
            _restamp(writer, todo)
            observer.started(todo, writer.mended, writer.index.broken)
            if bench is not None and todo.count:
                left = todo.clips(belonging(clips, shard, limit), keys)
                _judge(bench, left, writer, outcome, observer)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except JudgeError as error:
            outcome.stopped_by = error
    return outcome


def run_locally(clips: Iterable[Clip], folder: Path, asked: JudgeSettings, **more: Any) -> Outcome:
    """The engine `local`: this process judges. `more` are keywords of `run_opened`."""
    return run_opened(clips, folder, lambda: open_settings(asked), asked=fingerprint(asked), **more)


def _made_by(folder: Path, asked: str | None) -> dict[str, Any] | None:
    """`run.json` of a folder that was made by what is asked for now."""
    if asked is None or not (folder / SETTINGS_NAME).exists():
        return None
    there = read_settings(folder)
    return there if asked_before(there, asked) else None


def _keys(there: Mapping[str, Any]) -> Keys:
    return Keys(str(there["configuration"]["rubric"]["name"]), str(there["config"]))


def _todo(
    clips: Iterable[Clip], shard: Shard | None, limit: int | None, writer: RunWriter, keys: Keys
) -> Todo:
    if not len(writer.index):
        return Todo(rows=count_of(clips, shard, limit))
    needs_frames = writer.settings["configuration"].get("frames") is not None
    return what_is_left(belonging(clips, shard, limit), keys, writer.index, writer.folder, needs_frames)


def _tell_of_another_part(writer: RunWriter, told: Mapping[str, Any], observer: Observer) -> None:
    """A folder that is resumed with another --shard then holds rows of both: seldom what was meant."""
    before = writer.settings.get("settings", {})
    if len(writer.index) and before.get("shard") and before["shard"] != told["shard"]:
        now = f"shard {told['shard']}" if told["shard"] else "no --shard"
        observer.noted(
            f"{writer.folder} was made with shard {before['shard']}, and goes on with {now}: "
            "it will hold the rows of both"
        )


def _judge(
    bench: Bench, clips: Iterable[Clip], writer: RunWriter, outcome: Outcome, observer: Observer
) -> None:
    """Every verdict is written, then told of."""
    before = bench.on_note

    def note(text: str) -> None:
        writer.note(text)
        observer.noted(text)

    bench.on_note = note
    try:
        with closing(bench.judge_many(clips)) as verdicts:
            for verdict in verdicts:
                writer.append(verdict.model_dump(mode="json"))
                outcome.count(verdict)
                observer.judged(verdict)
    finally:
        bench.on_note = before


def _restamp(writer: RunWriter, todo: Todo) -> None:
    """Files with new times but old content: write the verdict again with the new time, so that the
    content need not be hashed at every resume."""
    for offset, size, modified in todo.restamp:
        row = read_line(writer.folder / VERDICTS_NAME, offset)
        if row is not None:
            writer.append({**row, "bytes": size, "modified": modified})
