"""This project's own rating rows, one rating each, as `ratings export` writes them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from reeljudge.errors import UsageError
from reeljudge.ratings.imports.cells import whole_score
from reeljudge.ratings.imports.rubric import chosen_rubric
from reeljudge.ratings.imports.units import (
    Declared,
    Options,
    Read,
    Refused,
    RowRefused,
    places_of,
    validated,
)
from reeljudge.ratings.model import RatedClip, RatedRubric, Rating, now
from reeljudge.ratings.putting import Unit
from reeljudge.ratings.store import RatingStore
from reeljudge.rubrics import RUBRICS, load_rubric
from reeljudge.tables import Row
from reeljudge.tables.fields import number

FIELDS = tuple(Rating.model_fields)


class RatingRows:
    """A file of rating rows. `--rubric FILE` brings the rubric of the rows, where it is not bundled."""

    def __init__(self, path: Path, options: Options, store: RatingStore):
        options.only("reeljudge", "rubric", "scale")
        self.path = path
        self.notes: list[str] = []
        self.imported_at = now()
        self.other_fields: dict[str, None] = {}
        self.last: tuple[tuple[str | None, ...], RatedClip] | None = None
        self.declared: list[Declared] = []
        if options.rubric is not None:
            self.declared.append(Declared(RatedRubric.of(load_rubric(options.rubric)), extend=True))
        brought = {declared.rubric.name for declared in self.declared}
        for name, dimensions in self._look_through().items():
            if name in RUBRICS or name in brought:
                continue
            try:
                self.declared.append(chosen_rubric(store, name, dimensions, options.scale, self.notes))
            except UsageError as unknown:  # its rows are refused one by one
                self.notes.append(str(unknown))

    def rubrics(self) -> list[Declared]:
        return self.declared

    def rows(self) -> Iterator[Read | Refused]:
        for place, row in places_of(self.path):
            try:
                rating = self._rating(row)
                yield Read(place, rating.id, Unit((rating,), self._clip(rating)))
            except RowRefused as refused:
                yield Refused(place, refused.id, refused.reason)
        if self.other_fields:
            names = ", ".join(map(repr, list(self.other_fields)[:8]))
            self.notes.append(f"a rating has no {names}: not kept")

    def _clip(self, rating: Rating) -> RatedClip:
        shared = (rating.id, rating.video, rating.prompt, rating.theme, rating.model)
        if self.last is None or self.last[0] != shared:  # rows of one clip mostly stand together
            names = ("id", "video", "prompt", "theme", "model")
            fields: dict[str, Any] = dict(zip(names, shared, strict=True))
            self.last = shared, RatedClip.model_construct(**fields, group=None, human={}, extra={})
        return self.last[1]

    def _look_through(self) -> dict[str, dict[str, None]]:
        """The dimensions of each rubric that the rows name."""
        found: dict[str, dict[str, None]] = {}
        for _, row in places_of(self.path):
            rubric, dimension = row.get("rubric"), row.get("dimension")
            if (
                isinstance(rubric, str)
                and isinstance(dimension, str)
                and rubric.strip()
                and dimension.strip()
            ):
                found.setdefault(rubric, {})[dimension] = None
        return found

    def _rating(self, row: Row) -> Rating:
        given = {name: row[name] for name in FIELDS if row.get(name) is not None}
        if len(row) != len(given):
            self.other_fields |= dict.fromkeys(name for name in row if name not in FIELDS)
        id = given["id"] = _as_text(given.get("id"))
        for name in ("video", "dimension", "rater"):
            if name in given:
                given[name] = _as_text(given[name])
        if isinstance(given.get("score"), str):
            with suppress(ValueError):  # what is no number is refused with the others, as it stands
                given["score"] = whole_score(given["score"])
        if isinstance(given.get("seconds"), str):
            with suppress(ValueError):
                given["seconds"] = number(given["seconds"])
        given.setdefault("prompt", "")
        given.setdefault("at", self.imported_at)
        if id is None:
            del given["id"]
        return validated(Rating, id, **given)


def _as_text(value: Any) -> Any:
    """Ids and names are often whole numbers: as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
