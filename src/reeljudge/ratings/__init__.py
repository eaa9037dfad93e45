"""Ratings: what people said about clips, in a database that loses nothing.

- `open_store("ratings.db") -> RatingStore`: SQLite by path, PostgreSQL by URL
- `store.add_rubric(rubric)` for a rubric that is not bundled, `store.add_clips(clips)`, `store.put(rating)`
- `store.ratings(...)`, `store.clips()`, `store.raters()`, `store.rubrics()`, `store.rubric(name)`
- tables of other rooms: `Table("myroom_...", store.metadata, ...)`, then `store.create_tables()`; write in
  `with store.writing() as connection`, read in `with store.reading() as connection`
"""

from typing import TYPE_CHECKING

from reeljudge.lazy import lazy
from reeljudge.ratings.errors import (
    ClipChanged,
    DuplicateRating,
    RatingRefused,
    ScaleMismatch,
    StoreUnavailable,
    UnknownClip,
)
from reeljudge.ratings.model import RatedClip, RatedRubric, Rating

__all__ = [
    "ClipChanged",
    "DuplicateRating",
    "RatedClip",
    "RatedRubric",
    "Rating",
    "RatingRefused",
    "RatingStore",
    "ScaleMismatch",
    "StoreUnavailable",
    "UnknownClip",
    "open_store",
]

if TYPE_CHECKING:
    from reeljudge.ratings.store import RatingStore as RatingStore
    from reeljudge.ratings.store import open_store as open_store

# What needs SQLAlchemy loads on first use.
__getattr__ = lazy(
    __name__,
    {"RatingStore": "reeljudge.ratings.store", "open_store": "reeljudge.ratings.store"},
    ("a store of ratings", "annotate"),
)
