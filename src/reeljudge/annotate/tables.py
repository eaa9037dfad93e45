"""This room's tables in the store of ratings: raters' links, their places in a task, and their pages."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite

from reeljudge.ratings.tables import Plain


@dataclass(frozen=True)
class Tables:
    """Bound to one `MetaData`."""

    tasks: Table
    raters: Table
    links: Table
    places: Table
    pages: Table


def make_tables(metadata: MetaData) -> Tables:
    """Describe the tables in `metadata` (once); nothing is created yet."""
    names = ("annotate_tasks", "annotate_raters", "annotate_links", "annotate_places", "annotate_pages")
    if names[0] in metadata.tables:
        return Tables(*(metadata.tables[name] for name in names))
    tasks = Table(
        names[0],
        metadata,
        Column("task", Plain, primary_key=True),
        Column("url", Plain),
        # Written first by whoever hands pages out: so one does at a time, in every database.
        Column("claims", Integer, nullable=False),
        Column("served_at", Plain, nullable=False),
    )
    raters = Table(
        names[1],
        metadata,
        Column("name", Plain, primary_key=True),
        Column("made_at", Plain, nullable=False),
    )
    links = Table(
        names[2],
        metadata,
        Column("token_hash", Plain, primary_key=True),
        # NULL: the person who runs this.
        Column("rater", Plain),
        Column("made_at", Plain, nullable=False),
    )
    Index("annotate_links_by_rater", links.c.rater)
    places = Table(
        names[3],
        metadata,
        Column("task", Plain, primary_key=True),
        Column("rater", Plain, primary_key=True),
        # The rater's row in the balanced orders.
        Column("number", Integer, nullable=False),
        Column("pilot", Plain, nullable=False),
        Column("pilot_round", Integer, nullable=False),
        UniqueConstraint("task", "number"),
    )
    pages = Table(
        names[4],
        metadata,
        Column("unit", Plain, primary_key=True),
        Column("task", Plain, nullable=False),
        Column("rater", Plain, nullable=False),
        Column("clip", Plain, nullable=False),
        Column("dimension", Plain, nullable=False),
        Column("variant", Plain, nullable=False),
        # The page's place in the rater's list.
        Column("number", Integer, nullable=False),
        Column("use", Plain, nullable=False),
        Column("round", Integer, nullable=False),
        Column("state", Plain, nullable=False),
        Column("version", Plain),
        # What is no rating: answers to pilot clips and checks, decisions on texts, reasons for skipping.
        Column("answer", JSON(none_as_null=True)),
        Column("seconds", Float),
        Column("claimed_at", Plain, nullable=False),
        Column("saved_at", Plain),
        UniqueConstraint("task", "rater", "clip", "dimension", "variant"),
    )
    Index("annotate_pages_by_rater", pages.c.task, pages.c.rater, pages.c.number)
    return Tables(tasks, raters, links, places, pages)


def insert_once(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row, unless one of its key is there: also where another server inserts it at this moment."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).values(**values).on_conflict_do_nothing())
