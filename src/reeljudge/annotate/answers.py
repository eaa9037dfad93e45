"""What raters answer: checked, and stored in one transaction with the version of the page it was given on.

Every save carries a name of its own, and the name of the save that the page showed before (`base`). The
same save sent again is no second rating; a save upon another base is refused, and tells what is stored now.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, RowMapping, select, update

from reeljudge.annotate.assignment import DONE, SKIPPED, Assignment, page_of
from reeljudge.annotate.errors import BadAnswer, NoSuchPage, StalePage
from reeljudge.annotate.lists import Gold, joined
from reeljudge.annotate.order import Page
from reeljudge.annotate.task import Task
from reeljudge.errors import ReeljudgeError
from reeljudge.ratings import Rating, RatingRefused
from reeljudge.ratings.model import Model, now
from reeljudge.rubrics import read_reply

LONGEST_RATIONALE = 10_000
LONGEST_TEXT = 60_000
LONGEST_NOTE = 1_000
LONGEST_SECONDS = 86_400

SKIP_REASONS = {
    "unplayable": "It does not play",
    "blank": "Black, frozen or unrecognisable",
    "unclear": "The question does not fit this clip",
    "disturbing": "I would rather not watch this",
    "other": "Another reason",
}

SaveName = Annotated[str, Field(pattern=r"^[\w-]{8,64}$")]


class Answer(Model):
    """Scores and words for the dimensions of a page."""

    kind: Literal["scores"] = "scores"
    save: SaveName
    base: SaveName | None = None
    scores: dict[str, Annotated[int, Field(strict=True)]]
    rationales: dict[str, Annotated[str, Field(max_length=LONGEST_RATIONALE)]] = Field({})
    seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)] | None = None


class Skip(Model):
    """No answer, and why."""

    kind: Literal["skip"] = "skip"
    save: SaveName
    base: SaveName | None = None
    reason: Literal["unplayable", "blank", "unclear", "disturbing", "other"]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)] | None = None


class Decision(Model):
    """About a text: right as it is, right as edited here, or wrong."""

    kind: Literal["decision"] = "decision"
    save: SaveName
    base: SaveName | None = None
    decision: Literal["accept", "edit", "reject"]
    parts: list[tuple[str, Annotated[str, Field(max_length=LONGEST_TEXT)]]] = Field([])
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)] | None = None


AnyAnswer = Annotated[Answer | Skip | Decision, Field(discriminator="kind")]


@dataclass(frozen=True)
class Saved:
    """What became of a save. `feedback`: per dimension, what was right (pilot pages alone)."""

    version: str
    state: str
    feedback: list[dict[str, Any]] | None = None
    pilot: str | None = None


class Answers:
    """Reads and writes the answers of a task."""

    def __init__(self, task: Task, assignment: Assignment):
        self.task = task
        self.assignment = assignment
        self.tables = assignment.tables

    def page(self, connection: Connection, rater: str, unit: str) -> RowMapping:
        """A page of this rater.

        Raises:
            NoSuchPage: it is nobody's, somebody else's, or of a clip that is no longer served.
        """
        pages = self.tables.pages
        query = select(pages).where(
            pages.c.unit == unit, pages.c.rater == rater, pages.c.task == self.task.key
        )
        row = connection.execute(query).mappings().first()
        if row is None or row["clip"] not in self.task.clips or self._gone(row):
            raise NoSuchPage("this page is not (or no longer) in your list; reload to see what is")
        return row

    def current(self, connection: Connection, row: RowMapping) -> dict[str, Any] | None:
        """What is stored for a page, as the page's script takes it; None where nothing is."""
        if row["state"] == SKIPPED:
            return {"kind": "skip", **(row["answer"] or {})}
        if row["state"] != DONE:
            return None
        if row["answer"] is not None:
            return dict(row["answer"])
        ratings = self.task.store.tables.ratings
        names = [dimension.name for dimension in self.task.dimensions_of(page_of(row))]
        query = select(ratings.c.dimension, ratings.c.score, ratings.c.rationale).where(
            ratings.c.clip == row["clip"],
            ratings.c.rubric == self.task.rubric.name,
            ratings.c.rater == self.task.stored_name(row["rater"]),
            ratings.c.dimension.in_(names),
        )
        found = connection.execute(query).all()
        return {
            "kind": "scores",
            "scores": {dimension: score for dimension, score, _ in found},
            "rationales": {dimension: words or "" for dimension, _, words in found},
        }

    def save(self, rater: str, unit: str, given: Answer | Skip | Decision) -> Saved:
        """Store an answer, whole or not at all; on return it is on the disk.

        Raises:
            NoSuchPage, StalePage, BadAnswer: it was not stored.
            StoreUnavailable: the database does not answer; send it again.
        """
        store = self.task.store
        with store.reading() as connection:
            row = self.page(connection, rater, unit)
            self._refuse_stale(connection, row, given)
        values = self._values(row, given)
        ratings = self._ratings(row, given)
        try:
            with store.importing() as it:
                row = self.page(it.connection, rater, unit)
                if row["version"] != given.save:
                    self._refuse_stale(it.connection, row, given)
                    if ratings:
                        it.put_many(ratings, replace=True)
                    pages = self.tables.pages
                    it.connection.execute(
                        update(pages)
                        .where(pages.c.unit == unit)
                        .values(version=given.save, saved_at=now(), **values)
                    )
                # A page that was sent twice gives the same news twice.
                pilot = self.assignment.finish_pilot(it.connection, rater) if row["use"] == "pilot" else None
        except RatingRefused as error:
            raise BadAnswer(str(error)) from error
        return Saved(given.save, values["state"], self._feedback(row, given), pilot)

    def _refuse_stale(self, connection: Connection, row: RowMapping, given: Answer | Skip | Decision) -> None:
        if row["version"] in (given.base, given.save):
            return
        raise StalePage(
            "this page was changed in another tab or on another device after you opened it",
            version=row["version"],
            state=row["state"],
            saved_at=row["saved_at"],
            answer=self.current(connection, row),
        )

    def _values(self, row: RowMapping, given: Answer | Skip | Decision) -> dict[str, Any]:
        """Columns of the page's row. Ratings themselves stand in the store alone."""
        seconds = given.seconds
        if isinstance(given, Skip):
            if given.reason == "other" and not given.note.strip():
                raise BadAnswer("say in a few words why you skip this clip")
            if row["state"] == DONE and row["use"] != "pilot":
                raise BadAnswer("this clip is rated already; change the rating instead of skipping it")
            reason = {"reason": given.reason, "note": given.note.strip()}
            return {"state": SKIPPED, "answer": reason, "seconds": seconds}
        if isinstance(given, Decision):
            return {"state": DONE, "answer": self._decision(row, given), "seconds": seconds}
        if self.task.kind == "check":
            raise BadAnswer("this page asks whether a text is right, not for scores")
        self._check(row, given)
        if row["use"] in ("pilot", "attention"):
            if row["use"] == "pilot" and row["state"] == DONE and row["version"] != given.save:
                raise BadAnswer("the right scores were shown already, so this answer stays as it is")
            about = {"kind": "scores", "scores": dict(given.scores), "rationales": dict(given.rationales)}
            return {"state": DONE, "answer": about, "seconds": seconds}
        return {"state": DONE, "answer": None, "seconds": seconds}

    def _check(self, row: RowMapping, given: Answer) -> None:
        asked = self.task.dimensions_of(page_of(row))
        names = [dimension.name for dimension in asked]
        unknown = sorted((set(given.scores) | set(given.rationales)) - set(names))
        if unknown:
            raise BadAnswer(f"this page does not ask for {unknown[0]!r}")
        for dimension in asked:
            score = given.scores.get(dimension.name)
            if score is None:
                raise BadAnswer(f"{dimension.title} has no score yet")
            if score not in self.task.rubric.scale:
                scale = self.task.rubric.scale
                raise BadAnswer(f"{dimension.title}: {score} is not on the scale {scale.min} to {scale.max}")
            if self.needs_words(score) and not given.rationales.get(dimension.name, "").strip():
                raise BadAnswer(f"{dimension.title}: say in a few words why it is a {score}")
        for name, words in given.rationales.items():
            if "\0" in words:
                raise BadAnswer(f"the words on {name} hold a null character; remove it")

    def needs_words(self, score: int) -> bool:
        """Whether a score cannot do without a rationale."""
        wanted = self.task.settings.rationale
        return wanted == "required" or (wanted == "unless-top" and score != self.task.rubric.scale.max)

    def _ratings(self, row: RowMapping, given: Answer | Skip | Decision) -> list[Rating]:
        if not isinstance(given, Answer) or row["use"] in ("pilot", "attention"):
            return []
        clip = self.task.clips[row["clip"]]
        asked = self.task.dimensions_of(page_of(row))
        # The page's time is shared out, so that sums over ratings are right.
        seconds = None if given.seconds is None else round(given.seconds / len(asked), 2)
        moment = now()
        try:
            return [
                Rating(
                    id=clip.id,
                    video=clip.video,
                    prompt=clip.prompt,
                    theme=clip.theme,
                    model=clip.model,
                    rubric=self.task.rubric.name,
                    dimension=dimension.name,
                    rater=self.task.stored_name(row["rater"]),
                    score=given.scores[dimension.name],
                    rationale=given.rationales.get(dimension.name, "").strip() or None,
                    seconds=seconds,
                    at=moment,
                )
                for dimension in asked
            ]
        except ValueError as error:
            raise BadAnswer("the words hold characters that cannot be stored; remove them") from error

    def _decision(self, row: RowMapping, given: Decision) -> dict[str, Any]:
        chain = self.task.chains.get(page_of(row))
        if chain is None:
            raise BadAnswer("this page asks for scores")
        answer = {"kind": "decision", "decision": given.decision, "note": given.note.strip()}
        if given.decision != "edit":
            return answer
        if [name for name, _ in given.parts] != [name for name, _ in chain.parts]:
            raise BadAnswer("the edited text has other parts than the text that was shown; reload the page")
        if tuple(given.parts) == chain.parts:
            raise BadAnswer("nothing was edited; accept the text as it is, or change it")
        wrong = score_problem(self.task, chain.dimension, chain.scores, given.parts)
        if wrong is not None:
            raise BadAnswer(wrong)
        return answer | {"parts": [list(part) for part in given.parts]}

    def _feedback(self, row: RowMapping, given: Answer | Skip | Decision) -> list[dict[str, Any]] | None:
        if row["use"] != "pilot" or not isinstance(given, Answer):
            return None
        return feedback(self.task, self.task.gold[page_of(row)], page_of(row), given.scores)

    def _gone(self, row: RowMapping) -> bool:
        page = page_of(row)
        if self.task.kind == "check":
            return page not in self.task.chains
        if self.task.kind == "adjudicate":
            return page not in self.task.differences
        return row["use"] != "rate" and page not in self.task.gold


def feedback(task: Task, gold: Gold, page: Page, given: Mapping[str, int]) -> list[dict[str, Any]]:
    """What was right, beside what was said."""
    return [
        {
            "dimension": dimension.name,
            "right": gold.scores[dimension.name],
            "given": given.get(dimension.name),
            "rationale": gold.rationale,
        }
        for dimension in task.dimensions_of(page)
        if dimension.name in gold.scores
    ]


def score_problem(
    task: Task, dimension: str | None, scores: Mapping[str, int], parts: Sequence[tuple[str, str]]
) -> str | None:
    """Why a text does not say the scores that it must say; None where it does. The reader decides."""
    try:
        reading = read_reply(joined(parts, task.rubric, dimension), task.rubric, dimension)
    except ReeljudgeError as error:
        return str(error)
    for name, score in scores.items():
        read = reading.scores.get(name)
        if read is None or read.value is None:
            return f"the text no longer says a score for {name}; it must say {score}"
        if read.value != score:
            return (
                f"the text says {read.value} for {name}, but people's score is {score}; change or reject it"
            )
    return None
