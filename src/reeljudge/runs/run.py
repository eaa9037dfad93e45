"""A judge over a manifest: resumes, survives, and says how it ended."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from reeljudge.clips import Clip
from reeljudge.errors import JudgeError
from reeljudge.judging import ClipJudge
from reeljudge.runs.folder import VERDICTS_NAME, RunWriter, describe_run
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

    def as_json(self) -> dict[str, Any]:
        return {
            "run": str(self.folder),
            "rows": self.rows,
            "done_before": self.done_before,
            "judged": self.judged,
            "left": self.left,
            "statuses": dict(self.statuses),
            "reasons": dict(self.reasons),
            "complete": self.complete,
        }


def run_manifest(
    clips: Iterable[Clip],
    folder: Path,
    judge: ClipJudge,
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
        judge: what judges, with its rubric.
        limit: the first so many rows only (of the shard, if there is one).
        shard: this part of the manifest only.
        settings: more to keep in `run.json`; nothing that changes a score.
        command: the command line, for `run.json`.
        observer: told of every verdict, after it was written.

    Raises:
        UsageError: another process writes to the folder, or it holds another configuration.
        InputError: the folder or the manifest cannot be used.
    """
    observer = observer or Silent()
    outcome = Outcome(folder)
    told = {**(settings or {}), "shard": None if shard is None else str(shard), "limit": limit}
    with RunWriter(folder, describe_run(judge.plan, told, command)) as writer:
        needs_frames = judge.judge_itself.needs_frames
        before = judge.on_note

        def note(text: str) -> None:
            writer.note(text)
            observer.noted(text)

        judge.on_note = note
        try:
            if len(writer.index):
                mine = belonging(clips, shard, limit)
                todo = what_is_left(mine, judge.plan.keys, writer.index, folder, needs_frames)
            else:
                todo = Todo(rows=count_of(clips, shard, limit))
            outcome.rows, outcome.done_before = todo.rows, todo.done
            writer.remember(**told, rows=todo.rows)
            _restamp(writer, todo)
            observer.started(todo, writer.mended, writer.index.broken)
            if todo.count:
                left = todo.clips(belonging(clips, shard, limit), judge.plan.keys)
                with closing(judge.judge_many(left)) as verdicts:
                    for verdict in verdicts:
                        writer.append(verdict.model_dump(mode="json"))
                        outcome.count(verdict)
                        observer.judged(verdict)
        except KeyboardInterrupt:
            outcome.interrupted = True
        except JudgeError as error:
            outcome.stopped_by = error
        finally:
            judge.on_note = before
    return outcome


def _restamp(writer: RunWriter, todo: Todo) -> None:
    """Files with new times but old content: write the verdict again with the new time, so that the
    content need not be hashed at every resume."""
    for offset, size, modified in todo.restamp:
        row = read_line(writer.folder / VERDICTS_NAME, offset)
        if row is not None:
            writer.append({**row, "bytes": size, "modified": modified})
