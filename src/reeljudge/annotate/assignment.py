"""Handing pages out: to each rater the next batch that still needs people, in an order of their own."""

import random
import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from reeljudge.annotate.errors import NotAllowed
from reeljudge.annotate.order import Page
from reeljudge.annotate.tables import insert_once, make_tables
from reeljudge.annotate.task import Task
from reeljudge.ratings.model import now
from reeljudge.ratings.panels import ADJUDICATOR

Why = Literal["more", "finished", "quota", "waiting", "pilot_failed"]

OPEN, DONE, SKIPPED, RELEASED = "open", "done", "skipped", "released"
TRAINING, PASSED, FAILED = "training", "passed", "failed"

CLOSE = 1
"""Scores that differ by no more than this count as right in a pilot round (relaxed match)."""


@dataclass(frozen=True)
class Claimed:
    """What a rater has got. `why` says why there is nothing more where `pages` brought nothing new."""

    pages: list[RowMapping]
    why: Why
    new: int


@dataclass(frozen=True)
class Place:
    """A rater's place in a task: the row in the balanced orders, and how far the pilot rounds are."""

    rater: str
    number: int
    pilot: str
    pilot_round: int


class Assignment:
    """Hands the pages of a task out."""

    def __init__(self, task: Task):
        self.task = task
        self.tables = make_tables(task.store.metadata)
        task.store.create_tables()
        self._pilots = tuple(page for page, gold in task.gold.items() if gold.use == "pilot")
        self._hidden = tuple(page for page, gold in task.gold.items() if gold.use != "pilot")
        self._known = frozenset(task.plan.pages())

    def enter(self, connection: Connection, rater: str) -> Place:
        """The rater's place, made on first sight."""
        places = self.tables.places
        mine = select(places).where(places.c.task == self.task.key, places.c.rater == rater)
        row = connection.execute(mine).mappings().first()
        if row is None:
            self._alone(connection)
            row = connection.execute(mine).mappings().first()
        if row is None:
            taken = select(func.coalesce(func.max(places.c.number), -1) + 1).where(
                places.c.task == self.task.key
            )
            number = connection.scalar(taken)
            pilot = TRAINING if self._pilots else PASSED
            connection.execute(
                insert(places).values(
                    task=self.task.key, rater=rater, number=number, pilot=pilot, pilot_round=1
                )
            )
            return Place(rater, int(number or 0), pilot, 1)
        if row["pilot"] == TRAINING and not self._pilots:
            return Place(rater, row["number"], PASSED, row["pilot_round"])
        return Place(rater, row["number"], row["pilot"], row["pilot_round"])

    def pages_of(self, connection: Connection, rater: str) -> list[RowMapping]:
        """The rater's pages in order, without those that went to somebody else unrated."""
        pages = self.tables.pages
        query = (
            select(pages)
            .where(pages.c.task == self.task.key, pages.c.rater == rater, pages.c.state != RELEASED)
            .order_by(pages.c.number)
        )
        return [row for row in connection.execute(query).mappings() if self._still_there(row)]

    def claim(self, rater: str) -> Claimed:
        """Give the rater more pages, unless enough are open.

        Raises:
            NotAllowed: the task is for others.
        """
        if not self.task.may_enter(rater):
            raise NotAllowed("this round is for other raters; thank you for looking in")
        with self.task.store.writing() as connection:
            self._alone(connection)
            place = self.enter(connection, rater)
            own = self.pages_of(connection, rater)
            if sum(row["state"] == OPEN for row in own) > 1:
                return Claimed(own, "more", 0)
            if place.pilot == FAILED:
                return Claimed(own, "pilot_failed", 0)
            if place.pilot == TRAINING:
                return self._claim_pilot(connection, place, own)
            quota = self.task.settings.quota
            counted = sum(row["use"] != "pilot" for row in own)
            if quota is not None and counted >= quota:
                return Claimed(own, "quota", 0)
            room = self.task.settings.batch_size if quota is None else quota - counted
            takers = self.takers(connection)
            mine = {page_of(row) for row in own}
            chosen = self._next_batch(place, takers, mine, room)
            if not chosen and self._release(connection, rater):
                chosen = self._next_batch(place, self.takers(connection), mine, room)
            if not chosen:
                left = any(len(takers[page]) < self.task.settings.overlap for page in self._known - mine)
                rest: Why = "waiting" if left else "finished"
                return Claimed(own, rest, 0)
            rows = [(page, "rate") for page in chosen]
            hidden = self._hidden_for(place, own, chosen[0].dimension)
            if hidden is not None:
                rows.insert(0, (hidden, self.task.gold[hidden].use))
            self._insert(connection, rater, rows, 0)
            return Claimed(self.pages_of(connection, rater), "more", len(rows))

    def takers(self, connection: Connection) -> Mapping[Page, set[str]]:
        """Page -> who has rated it, or has it open. Ratings that came from elsewhere count, too."""
        pages = self.tables.pages
        found: dict[Page, set[str]] = defaultdict(set)
        skips: dict[Page, int] = defaultdict(int)
        query = select(pages.c.clip, pages.c.dimension, pages.c.variant, pages.c.rater, pages.c.state).where(
            pages.c.task == self.task.key, pages.c.use == "rate"
        )
        for clip, dimension, variant, rater, state in connection.execute(query):
            page = Page(clip, dimension, variant)
            if state in (OPEN, DONE):
                found[page].add(rater)
            elif state == SKIPPED:
                skips[page] += 1
        if self.task.kind == "rate":
            self._add_stored(connection, found)
        for page, count in skips.items():
            if count >= self.task.settings.park_after:
                # Offered to nobody else: as if enough people had it.
                found[page] |= {f"\0{number}" for number in range(self.task.settings.overlap)}
        return found

    def available(self, connection: Connection, rater: str, own: list[RowMapping]) -> int:
        """How many more pages the rater could get as things are."""
        takers = self.takers(connection)
        mine = {page_of(row) for row in own}
        overlap = self.task.settings.overlap
        free = sum(
            len(takers[page]) < overlap and rater not in takers[page]
            for page in self._known
            if page not in mine
        )
        quota = self.task.settings.quota
        return free if quota is None else max(0, min(free, quota - sum(row["use"] != "pilot" for row in own)))

    def parked(self, connection: Connection) -> list[tuple[Page, int, list[str]]]:
        """(page, skips, reasons) of the pages that were skipped, most often first."""
        pages = self.tables.pages
        query = select(pages.c.clip, pages.c.dimension, pages.c.variant, pages.c.answer).where(
            pages.c.task == self.task.key, pages.c.state == SKIPPED
        )
        found: dict[Page, list[str]] = defaultdict(list)
        for clip, dimension, variant, answer in connection.execute(query):
            reason = answer or {}
            said = ": ".join(part for part in (reason.get("reason"), reason.get("note")) if part)
            found[Page(clip, dimension, variant)].append(said)
        return sorted(
            ((page, len(reasons), reasons) for page, reasons in found.items()),
            key=lambda one: (-one[1], one[0]),
        )

    def finish_pilot(self, connection: Connection, rater: str) -> str:
        """After a pilot page: whether the round is over, and how it ended."""
        place = self.enter(connection, rater)
        if place.pilot != TRAINING:
            return place.pilot
        rows = [
            row
            for row in self.pages_of(connection, rater)
            if row["use"] == "pilot" and row["round"] == place.pilot_round
        ]
        if not rows or any(row["state"] == OPEN for row in rows):
            return TRAINING
        close, asked = pilot_result(self.task, rows)
        if asked and close >= self.task.settings.pilot_pass * asked - 1e-9:
            self._set_pilot(connection, rater, PASSED, place.pilot_round)
            return PASSED
        more = len(self._pilots_left(self.pages_of(connection, rater))) > 0
        if place.pilot_round < self.task.settings.pilot_rounds and more:
            self._set_pilot(connection, rater, TRAINING, place.pilot_round + 1)
            return "again"
        self._set_pilot(connection, rater, FAILED, place.pilot_round)
        return FAILED

    def let_in(self, rater: str) -> None:
        """Whoever runs this lets a rater rate, however the pilot rounds went."""
        with self.task.store.writing() as connection:
            place = self.enter(connection, rater)
            self._set_pilot(connection, rater, PASSED, place.pilot_round)

    def _set_pilot(self, connection: Connection, rater: str, pilot: str, number: int) -> None:
        places = self.tables.places
        connection.execute(
            update(places)
            .where(places.c.task == self.task.key, places.c.rater == rater)
            .values(pilot=pilot, pilot_round=number)
        )

    def _claim_pilot(self, connection: Connection, place: Place, own: list[RowMapping]) -> Claimed:
        if any(row["use"] == "pilot" and row["round"] == place.pilot_round for row in own):
            return Claimed(own, "more", 0)  # the round is under way
        left = self._pilots_left(own)
        chosen = left[: self.task.settings.pilot or len(left)]
        rows = [(page, "pilot") for page in chosen]
        self._insert(connection, place.rater, rows, place.pilot_round)
        return Claimed(self.pages_of(connection, place.rater), "more", len(rows))

    def _pilots_left(self, own: list[RowMapping]) -> list[Page]:
        seen = {page_of(row) for row in own}
        return [page for page in self._pilots if page not in seen]

    def _next_batch(
        self, place: Place, takers: Mapping[Page, set[str]], mine: set[Page], room: int
    ) -> list[Page]:
        overlap, none = self.task.settings.overlap, set[str]()
        for batch in self.task.plan.batches_for(place.number):
            free = [
                page
                for page in batch.pages
                if page not in mine
                and len(takers.get(page, none)) < overlap
                and place.rater not in takers.get(page, none)
            ]
            if free:
                return free[:room]
        return []

    def _hidden_for(self, place: Place, own: list[RowMapping], dimension: str) -> Page | None:
        """A gold clip or a check that is due before the next batch, of the same dimension."""
        every = self.task.settings.gold_every
        if not every or not self._hidden:
            return None
        since = 0
        for row in own:
            since = 0 if row["use"] in ("gold", "attention") else since + (row["use"] == "rate")
        # The gap varies, so that nobody can count when the next one comes.
        dice = random.Random(f"{self.task.settings.seed}/{place.number}/{len(own)}")
        if since < dice.uniform(0.5, 1.0) * every:
            return None
        seen = {page_of(row) for row in own}
        left = [page for page in self._hidden if page not in seen and page.dimension == dimension]
        return dice.choice(left) if left else None

    def _insert(
        self,
        connection: Connection,
        rater: str,
        rows: list[tuple[Page, str]],
        number: int,
    ) -> None:
        pages = self.tables.pages
        place = [pages.c.task == self.task.key, pages.c.rater == rater]
        first = connection.scalar(select(func.coalesce(func.max(pages.c.number), -1) + 1).where(*place)) or 0
        moment = now()
        for step, (page, use) in enumerate(rows):
            values: dict[str, Any] = {
                "number": first + step,
                "use": use,
                "round": number,
                "state": OPEN,
                "claimed_at": moment,
            }
            which = [
                pages.c.clip == page.clip,
                pages.c.dimension == page.dimension,
                pages.c.variant == page.variant,
            ]
            # A page that the rater once had and that was taken back keeps its name: whoever still has it
            # open in a browser can save it.
            again = connection.execute(update(pages).where(*place, *which).values(**values))
            if not again.rowcount:
                connection.execute(
                    insert(pages).values(
                        unit=secrets.token_hex(12),
                        task=self.task.key,
                        rater=rater,
                        clip=page.clip,
                        dimension=page.dimension,
                        variant=page.variant,
                        **values,
                    )
                )

    def _release(self, connection: Connection, rater: str) -> bool:
        """Take back what others took long ago and did not rate, where this rater has nothing else to do."""
        pages = self.tables.pages
        oldest = datetime.now(UTC) - timedelta(hours=self.task.settings.lease)
        limit = oldest.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        done = connection.execute(
            update(pages)
            .where(
                pages.c.task == self.task.key,
                pages.c.rater != rater,
                pages.c.use == "rate",
                pages.c.state == OPEN,
                pages.c.claimed_at < limit,
            )
            .values(state=RELEASED)
        )
        return done.rowcount > 0

    def _add_stored(self, connection: Connection, found: dict[Page, set[str]]) -> None:
        """Ratings of the store count for a page once they cover all that it asks for."""
        ratings = self.task.store.tables.ratings
        query = select(ratings.c.clip, ratings.c.dimension, ratings.c.rater).where(
            ratings.c.rubric == self.task.rubric.name,
            ratings.c.rater.not_like(f"{ADJUDICATOR}%"),
        )
        if not self.task.joint:
            for clip, dimension, rater in connection.execute(query):
                found[Page(clip, dimension)].add(rater)
            return
        covered: dict[tuple[str, str], set[str]] = defaultdict(set)
        for clip, dimension, rater in connection.execute(query):
            covered[clip, rater].add(dimension)
        for (clip, rater), dimensions in covered.items():
            page = Page(clip)
            if page in self._known and dimensions.issuperset(
                dimension.name for dimension in self.task.dimensions_of(page)
            ):
                found[page].add(rater)

    def _still_there(self, row: RowMapping) -> bool:
        page = page_of(row)
        return page in self._known or page in self.task.gold

    def _alone(self, connection: Connection) -> None:
        """From here to the end of the transaction nobody else hands out pages of this task."""
        tasks = self.tables.tasks
        changed = update(tasks).where(tasks.c.task == self.task.key).values(claims=tasks.c.claims + 1)
        if not connection.execute(changed).rowcount:
            insert_once(connection, tasks, task=self.task.key, url=None, claims=0, served_at=now())
            connection.execute(changed)


def pilot_result(task: Task, rows: list[RowMapping]) -> tuple[int, int]:
    """(scores within 1 of the right ones, scores asked for) of pilot pages; a skipped page has none right."""
    close = asked = 0
    for row in rows:
        page = page_of(row)
        gold = task.gold.get(page)
        if gold is None:
            continue
        given = (row["answer"] or {}).get("scores", {})
        for dimension in task.dimensions_of(page):
            if dimension.name in gold.scores:
                asked += 1
                score = given.get(dimension.name)
                close += score is not None and abs(score - gold.scores[dimension.name]) <= CLOSE
    return close, asked


def page_of(row: RowMapping) -> Page:
    """The page that a row of the pages' table is about."""
    return Page(row["clip"], row["dimension"], row["variant"])
