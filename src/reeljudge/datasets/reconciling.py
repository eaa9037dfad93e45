"""Reconciling rows: the rule on every entry, far-apart ones elicited again, moved rationales rewritten."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from reeljudge.datasets.calls import Said, Stopped
from reeljudge.datasets.chains import Chain, Writer, own_reasoning
from reeljudge.datasets.elicit import run_all
from reeljudge.datasets.items import Item
from reeljudge.datasets.reconcile import Rule, reconcile_entry
from reeljudge.datasets.replies import compose_reply
from reeljudge.errors import ClipError, InputError, JudgeError
from reeljudge.ratings import RatedClip
from reeljudge.rubrics import Question, Rubric, read_reply
from reeljudge.rubrics.ask import variables_of
from reeljudge.tables import write_rows
from reeljudge.texts.words import words_of

KEPT_LENGTH = 0.6
"""A rewritten rationale with fewer words than this share of the draft's was shortened."""

Need = Literal["again", "rewrite"]


@dataclass
class Reconciled:
    """What came of a file.

    Attributes:
        rows: all rows, in order; those that could not be settled keep the status `unreconciled`.
        manual: rows for people: still too far apart after all rounds, or no rewriting was sound.
        needs: what unsettled rows need, where no model was there to do it -> how many.
        gaps: difference of human and model scores, at the first reading -> how many scores.
        actions: `keep`, `mean` -> how many scores of settled rows.
        rewritten, elicited: rows.
        errors: (id, what went wrong).
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    manual: list[dict[str, Any]] = field(default_factory=list)
    needs: Counter[str] = field(default_factory=Counter)
    gaps: Counter[int] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    rewritten: int = 0
    elicited: int = 0
    errors: list[tuple[str, str]] = field(default_factory=list)
    stopped: str | None = None

    def to_dict(self) -> dict[str, Any]:
        settled = sum(row["status"] == "done" for row in self.rows)
        return {
            "rows": len(self.rows),
            "settled": settled,
            "manual": len(self.manual),
            "needs": dict(self.needs),
            "gaps": {str(gap): self.gaps[gap] for gap in sorted(self.gaps)},
            "actions": dict(self.actions),
            "rewritten": self.rewritten,
            "elicited_again": self.elicited,
            "errors": len(self.errors),
            "stopped": self.stopped,
        }


@dataclass(frozen=True)
class _Settled:
    row: dict[str, Any]
    need: Need | None = None
    manual: bool = False
    rewritten: bool = False
    rounds: int = 0


def reconcile_rows(
    rows: Sequence[Mapping[str, Any]],
    rubric: Rubric,
    rule: Rule,
    output: Path,
    manual: Path,
    *,
    writer: Writer | None = None,
    rewrites: int = 5,
    workers: int = 1,
) -> Reconciled:
    """Apply the rule to rows of VideoScore2's way and write them.

    Args:
        rows: of `elicit`; those without `model_scores`, or settled before, stay as they are.
        writer: elicits again and rewrites; None does neither, and says what is left to do.
        rewrites: how often a rewriting is asked for before a row goes to people.

    Raises:
        InputError: a row that lacks its labels.
    """
    for number, row in enumerate(rows, 1):
        if row.get("status") == "unreconciled" and (not row.get("labels") or not row.get("model_scores")):
            raise InputError(f"row {number} ({row.get('id')!r}) lacks 'labels' or 'model_scores'")
    settled: dict[int, _Settled] = {}
    outcome = Reconciled()
    open_places = [place for place, row in enumerate(rows) if row.get("status") == "unreconciled"]
    for place in open_places:
        human, model = rows[place]["labels"], rows[place]["model_scores"]
        outcome.gaps.update(abs(human[name] - model[name]) for name in human)

    def ended(position: int, future: "Future[_Settled]") -> None:
        place = open_places[position]
        try:
            settled[place] = future.result()
        except (JudgeError, ClipError) as error:
            if isinstance(error, Stopped):
                outcome.stopped = outcome.stopped or str(error)
            outcome.errors.append((str(rows[place].get("id")), str(error)))

    def keep() -> None:
        done = [settled.get(place) or _Settled(dict(row)) for place, row in enumerate(rows)]
        outcome.rows = [one.row for one in done if not one.manual]
        outcome.manual = [one.row for one in done if one.manual]
        outcome.needs = Counter(one.need for one in done if one.need)
        outcome.rewritten = sum(one.rewritten for one in done)
        outcome.elicited = sum(one.rounds > 0 for one in done)
        outcome.actions = Counter(
            action
            for row in outcome.rows
            for action in row.get("provenance", {}).get("reconciled", {}).get("actions", {}).values()
        )
        for path, written in ((output, outcome.rows), (manual, outcome.manual)):
            if written:
                write_rows(path, written)
            else:
                path.unlink(missing_ok=True)

    def work(place: int) -> _Settled:
        return _settle(rows[place], rubric, rule, writer, rewrites)

    asker = None if writer is None else writer.asker
    run_all(open_places, work, ended, keep, workers, lambda done, total: None, asker)
    return outcome


def item_of(row: Mapping[str, Any]) -> Item:
    """The item that a row was elicited for."""
    clip = RatedClip(
        **{name: row[name] for name in ("id", "video", "prompt", "theme", "model", "group") if name in row}
    )
    reasons = {name: tuple(texts) for name, texts in (row.get("comments") or {}).items()}
    return Item(clip, row.get("dimension"), dict(row["labels"]), reasons)


def _settle(
    row: Mapping[str, Any], rubric: Rubric, rule: Rule, writer: Writer | None, rewrites: int
) -> _Settled:
    human: dict[str, int] = dict(row["labels"])
    model: dict[str, int] = dict(row["model_scores"])
    rationale, done, rounds = str(row["rationale"]), dict(row), 0
    why: list[str] = []
    agreed = reconcile_entry(human, model, rule)
    while any(one.action == "again" for one in agreed.values()):
        if writer is None:
            return _Settled(dict(row), need="again")
        if rounds >= rule.rounds:
            apart = ", ".join(f"{name}: {human[name]} and {model[name]}" for name in human)
            why.append(f"still too far apart after {rounds} more rounds (people and model: {apart})")
            return _Settled(_for_people(row, human, rationale, rubric, why), manual=True, rounds=rounds)
        rounds += 1
        # The first elicitation may have used up to `attempts`; every round gets attempts of its own.
        chain = writer.semi_blind(item_of(row), offset=rounds * writer.settings.attempts)
        if chain.status == "manual":
            why += chain.tries
            return _Settled(_for_people(row, human, rationale, rubric, why), manual=True, rounds=rounds)
        assert chain.model_scores is not None
        model, rationale = dict(chain.model_scores), chain.rationale or ""
        done = _with_chain(done, chain)
        agreed = reconcile_entry(human, model, rule)
    final = {name: one.score for name, one in agreed.items() if one.score is not None}
    moved = final != model
    calls: list[str] = []
    if moved:
        if writer is None:
            return _Settled(dict(row), need="rewrite")
        text, said, tries = _rewrite(writer, row, rationale, model, final, rewrites)
        why += tries
        if text is None or said is None:
            return _Settled(_for_people(row, final, rationale, rubric, why), manual=True, rounds=rounds)
        rationale, calls = text, [said.key]
    done |= {
        "scores": final,
        "rationale": rationale,
        "reply": compose_reply(rubric, row.get("dimension"), final, rationale=rationale),
        "status": "done",
        "model_scores": model,
    }
    done["provenance"] = {
        **done.get("provenance", {}),
        "reconciled": {
            "actions": {name: one.action for name, one in agreed.items()},
            "rounds": rounds,
            "rewritten": moved,
            "discarded": len(why),
            "calls": calls,
            **({"prompt": writer.prompts.hash_of("rewrite")} if moved and writer else {}),
        },
    }
    return _Settled(done, rewritten=moved, rounds=rounds)


def _with_chain(row: dict[str, Any], chain: Chain) -> dict[str, Any]:
    about = {**row.get("provenance", {}), "model": dict(chain.model)}
    about["calls"] = [*about.get("calls", []), *(key for _, key in chain.calls)]
    return {**row, "provenance": about}


def _for_people(
    row: Mapping[str, Any], scores: Mapping[str, int], rationale: str, rubric: Rubric, why: list[str]
) -> dict[str, Any]:
    """The row as people get it: what it must say, and the reasoning that does not say it yet."""
    return {
        **row,
        "scores": dict(scores),
        "rationale": rationale,
        "reply": compose_reply(rubric, row.get("dimension"), scores, rationale=rationale),
        "status": "manual",
        "reasons": [text for texts in (row.get("comments") or {}).values() for text in texts],
        "why": why,
    }


def _rewrite(
    writer: Writer,
    row: Mapping[str, Any],
    rationale: str,
    model: Mapping[str, int],
    final: Mapping[str, int],
    rewrites: int,
) -> tuple[str | None, Said | None, list[str]]:
    """The rationale in words that fit the final scores, or None, and what was wrong with each attempt."""
    item, rubric = item_of(row), writer.rubric
    changes = {
        name: "be stricter" if final[name] < model[name] else "be milder"
        for name in final
        if final[name] != model[name]
    }
    empty = compose_reply(rubric, item.dimension, final, rationale="-")
    question = writer.prompts.render(
        "rewrite",
        {
            **variables_of(rubric, None, item.clip.prompt, item.clip.theme),
            "rationale": rationale,
            "scores": final,
            "changes": changes,
            "answer": empty.split(f"</{writer.tag}>")[-1].strip(),
            **writer.style(),
        },
    )
    tries: list[str] = []
    for attempt in range(1, rewrites + 1):
        said = writer.asker.ask(item.clip, question, "rewrite", item.dimension, attempt)
        text, wrong = _read_rewriting(writer, item, said, rationale, final)
        if text is not None:
            return text, said, tries
        tries.append(f"rewrite, attempt {attempt}: {wrong}")
    return None, None, tries


def _read_rewriting(
    writer: Writer, item: Item, said: Said, draft: str, final: Mapping[str, int]
) -> tuple[str | None, str]:
    if said.finish == "length":
        return None, "cut off at the limit of tokens (raise --max-tokens)"
    # The question holds the draft: what is read must not be taken for an echo of it.
    asked = Question(item.dimension, "", prompt=item.clip.prompt)
    text = own_reasoning(said.text, writer.rubric)
    reading = read_reply(text, writer.rubric, item.dimension, "stop", asked)
    text = (reading.rationale or "").strip()
    if len(words_of(text)) < KEPT_LENGTH * len(words_of(draft)):
        return None, "shortened"
    reply = compose_reply(writer.rubric, item.dimension, final, rationale=text)
    wrong = writer.faults(item, reply, final)
    return (None, wrong) if wrong else (text, "")
