"""From labelled clips to reasoned training rows: many chains at once, resumable at every answer."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reeljudge.datasets.calls import Asker, Stopped
from reeljudge.datasets.chains import Chain, Writer
from reeljudge.datasets.items import Item, clip_fields
from reeljudge.errors import ClipError, InputError, JudgeError, ReeljudgeError
from reeljudge.tables import write_rows

SNAPSHOT_SECONDS = 30.0
"""How often the files of finished rows are written anew. The answers themselves are on the disk at once."""


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        rows: of finished chains, in order of the items.
        manual: of those for people, in order of the items.
        errors: (item's key, what went wrong) of those that got no answer; the same command asks again.
        tries: why attempts were discarded -> how often.
        asked: calls that were made now.
        stopped: why nothing more could be asked, None where all was.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    manual: list[dict[str, Any]] = field(default_factory=list)
    errors: list[tuple[tuple[str, str | None], str]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    stopped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "rows": len(self.rows),
            "manual": len(self.manual),
            "errors": len(self.errors),
            "discarded": dict(self.tries.most_common()),
            "calls": self.asked,
            "stopped": self.stopped,
        }


def manual_path(path: Path) -> Path:
    """Where the chains for people stand, beside the file of rows."""
    return path.with_name(f"{path.stem}.manual{path.suffix}")


def work_folder(path: Path) -> Path:
    """Where the answers stand."""
    return path.with_name(f"{path.name}.work")


def elicit(
    items: Sequence[Item],
    writer: Writer,
    output: Path,
    *,
    workers: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Write the chains of all items into `output`, and those for people beside it.

    Both files are whole at every moment (they are replaced at once, every half minute and at the end, also
    after an interruption). Where a run was killed, the same call finds every answer that had come.

    Args:
        workers: chains at a time.
        on_done: called with chains finished and chains in all.

    Raises:
        KeyboardInterrupt: as it came, once what is finished stands in the files.
        InputError: the files cannot be written.
    """
    found: dict[int, Chain] = {}
    outcome = Outcome()

    def keep() -> None:
        outcome.rows, outcome.manual = [], []
        for place in sorted(found):
            row = row_of(items[place], found[place], writer)
            (outcome.manual if found[place].status == "manual" else outcome.rows).append(row)
        outcome.asked = writer.asker.asked
        write_files(output, outcome)

    def ended(place: int, future: "Future[Chain]") -> None:
        try:
            chain = future.result()
        except Stopped as error:
            outcome.stopped = outcome.stopped or str(error)
            outcome.errors.append((items[place].key, str(error)))
        except (JudgeError, ClipError) as error:
            outcome.errors.append((items[place].key, str(error)))
        else:
            found[place] = chain
            outcome.tries.update(_why(line) for line in chain.tries)

    run_all(items, writer.write, ended, keep, workers, on_done, writer.asker)
    return outcome


def run_all(
    items: Sequence[Any],
    work: Callable[[Any], Any],
    ended: Callable[[int, "Future[Any]"], None],
    keep: Callable[[], None],
    workers: int,
    on_done: Callable[[int, int], None],
    asker: Asker | None,
) -> None:
    """Work on all items with some threads, a few ahead; `keep` is called now and then, and at the end."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="reeljudge-elicit")
    ahead = threading.Semaphore(2 * workers)
    running: dict[Future[Any], int] = {}
    kept, pause = time.monotonic(), SNAPSHOT_SECONDS
    done = 0
    try:
        left = iter(range(len(items)))
        place = next(left, None)
        while place is not None or running:
            while place is not None and ahead.acquire(blocking=False):
                running[pool.submit(work, items[place])] = place
                place = next(left, None)
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                ahead.release()
                ended(running.pop(future), future)
                done += 1
                on_done(done, len(items))
            if time.monotonic() - kept >= pause:
                began = time.monotonic()
                keep()
                kept = time.monotonic()
                # Of a large set, writing must stay a small part of the time.
                pause = max(SNAPSHOT_SECONDS, 20 * (kept - began))
    except BaseException:  # also Ctrl-C: what is under way must not go on asking, and paying
        if asker is not None:
            asker.stop("interrupted")
        for future in running:
            future.cancel()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        keep()


def write_files(output: Path, outcome: Outcome) -> None:
    """The rows and the list for people; a file without rows is not there."""
    for path, rows in ((output, outcome.rows), (manual_path(output), outcome.manual)):
        if rows:
            write_rows(path, rows)
        else:
            path.unlink(missing_ok=True)


def check_output(output: Path, work: Path) -> None:
    """Refuse to overwrite what another command made.

    Raises:
        InputError: `output` is no JSONL file, its folder is missing, or it is there without its answers.
    """
    if output.suffix.lower() not in (".jsonl", ".ndjson"):
        raise InputError(f"{output}: rationales are written as JSON Lines; end the name in .jsonl")
    if not output.parent.is_dir():
        raise InputError(f"{output.parent}: no such folder")
    if output.exists() and not work.exists():
        raise InputError(f"{output} is there and was not begun by this command; choose another -o")


def row_of(item: Item, chain: Chain, writer: Writer) -> dict[str, Any]:
    """A row of rationales; a row for people also holds what they wrote, and why it came to them."""
    row: dict[str, Any] = {
        **clip_fields(item.clip),
        "rubric": writer.rubric.name,
        "dimension": item.dimension,
        "scores": dict(chain.scores),
    }
    if chain.stages is not None:
        # The answer's stage is in the reply; in `stages` it stands as the reader gives it back.
        row["stages"] = {**chain.stages, **_answer_stage(writer, item, chain)}
    else:
        row["rationale"] = chain.rationale
    row |= {
        "reply": chain.reply,
        "status": chain.status,
        "labels": dict(item.labels),
        "comments": {name: list(texts) for name, texts in item.reasons.items()},
        "source": "elicited",
        "provenance": provenance(chain, writer),
    }
    if chain.model_scores is not None:
        row["model_scores"] = dict(chain.model_scores)
    if chain.status == "manual":
        row["reasons"] = [text for texts in item.reasons.values() for text in texts]
        row["why"] = list(chain.tries)
    return {name: value for name, value in row.items() if value is not None or name == "dimension"}


def _answer_stage(writer: Writer, item: Item, chain: Chain) -> dict[str, str]:
    name = writer.rubric.answer_stage
    if name is None or item.dimension is None:
        return {}
    label = writer.rubric.dimension(item.dimension).label
    return {name: f"{label}: {chain.scores[item.dimension]}"}


def provenance(chain: Chain, writer: Writer) -> dict[str, Any]:
    """Where a row comes from: who wrote it, asked with which texts, at which attempt."""
    settings = writer.settings
    used = [template for template, _ in chain.calls]
    return {
        "method": settings.method,
        "model": dict(chain.model),
        "prompts": {name: writer.prompts.hash_of(name) for name in dict.fromkeys(used)},
        "calls": [key for _, key in chain.calls],
        "discarded": len(chain.tries),
        "temperature": writer.asker.settings.temperature,
        "seed": writer.asker.settings.seed,
        "frames": writer.asker.settings.frames.rule,
        "language": settings.language,
    }


def _why(line: str) -> str:
    """A reason without what is only about one attempt, so that reasons can be counted."""
    step, _, reason = line.partition(", attempt ")
    reason = reason.partition(": ")[2]
    if reason.startswith("leaks"):
        reason = "leaks"
    if reason.startswith("score "):
        reason = "another score"
    return f"{step}: {reason}"


def failure(outcome: Outcome) -> ReeljudgeError | None:
    """What a command ends with where something got no answer."""
    if outcome.stopped is not None:
        return JudgeError(
            f"{outcome.stopped}. What was answered is kept; give the same command again to go on"
        )
    if outcome.errors:
        (clip, dimension), why = outcome.errors[0]
        name = clip if dimension is None else f"{clip}:{dimension}"
        return JudgeError(f"{len(outcome.errors)} chains got no answer; the first, {name}: {why}")
    return None
