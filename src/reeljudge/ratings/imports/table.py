"""Tables of ratings: a row per clip with lists of scores, or a row per rating; JSONL, JSON, CSV, Parquet."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from reeljudge.clips.fields import clip_of
from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.ratings.imports.cells import opened, whole_score
from reeljudge.ratings.imports.rubric import bundled_with, chosen_rubric
from reeljudge.ratings.imports.units import (
    Declared,
    Options,
    Place,
    Read,
    Refused,
    RowRefused,
    places_of,
    validated,
)
from reeljudge.ratings.model import RatedClip, Rating, now
from reeljudge.ratings.putting import Unit
from reeljudge.ratings.store import RatingStore
from reeljudge.tables import Row
from reeljudge.tables.fields import ABSENT, field_names, find, number

OF_CLIP = ("id", "video", "prompt", "theme", "model", "group")
OF_RATING = ("dimension", "rater", "rationale", "seconds", "at")
USUAL_SCORES = ("human", "ratings", "scores", "score")
"""Fields that are taken to hold the scores where nobody says which."""

_LOOKED_AT = 100
"""Rows that are looked at to see which fields there are."""

_SHOWN_FIELDS = 30


class Cell(NamedTuple):
    """One value of a row that holds scores of one dimension."""

    dimension: str
    field: str
    value: Any


class Table:
    """A table of ratings. Reads it once to see which dimensions there are, and again for the ratings."""

    def __init__(self, path: Path, options: Options, store: RatingStore):
        options.only("table", "rubric", "scale", "scores", "fields", "raters", "missing")
        self.path = path
        self.options = options
        self.notes: list[str] = []
        self.imported_at = now()
        self.missing = {text.strip() for text in options.missing}
        self.fields = self._fields()
        self.specs = self._specs()
        self.long = "dimension" in self.fields or "rater" in self.fields
        self.without_video = self.undivided = 0
        self._look_through()
        bundled = None if options.rubric else bundled_with(self.dimensions)
        if bundled:
            self.notes.append(f"taken for ratings under the rubric {bundled!r}, which has these dimensions")
        name = options.rubric or bundled or path.stem
        self.declared = chosen_rubric(
            store, name, self.dimensions, options.scale, self.notes, given=options.rubric is not None
        )
        self._refuse_foreign_columns()
        self._note_scale()

    def rubrics(self) -> list[Declared]:
        return [self.declared]

    def rows(self) -> Iterator[Read | Refused]:
        for place, row in places_of(self.path):
            try:
                yield self._read(place, row)
            except RowRefused as refused:
                yield Refused(place, refused.id, refused.reason)
        if self.without_video:
            self.notes.append(f"{self.without_video} rows name no video: their ids stand for it")
        if self.undivided:
            self.notes.append("seconds of rows with several ratings are not kept: they cannot be divided")

    # What the table looks like

    def _fields(self) -> dict[str, str]:
        """Our name -> the table's field: as stated, and where a rating's own name is a column."""
        first = next(places_of(self.path))[1]
        known = (*OF_CLIP, *OF_RATING)
        for name in self.options.fields:
            if name.partition(".")[0] not in known:
                raise UsageError(f"--field: no field {name!r} to fill.{did_you_mean(name, known)}")
        usual = {name: name for name in OF_RATING if name in first}
        return usual | dict(self.options.fields)

    def _specs(self) -> list[tuple[str | None, str]]:
        """(dimension or None, field) of everything that holds scores."""
        if self.options.scores:
            parts = [name.rpartition("=") for name in self.options.scores]
            specs = [(name.strip() or None, field.strip()) for name, _, field in parts]
            if "dimension" in self.fields and (len(specs) > 1 or specs[0][0]):
                raise UsageError(
                    f"--scores: the dimension stands in the field {self.fields['dimension']!r} of each row, "
                    "so one field holds all scores"
                )
            return specs
        some = [row for _, row in islice(places_of(self.path), _LOOKED_AT)]
        for name in USUAL_SCORES:
            if any(find(row, name) is not ABSENT for row in some):
                return [(None, name)]
            columns = dict.fromkeys(key for row in some for key in row if key.startswith(f"{name}."))
            if columns:
                return [(key.removeprefix(f"{name}."), key) for key in columns]
        raise UsageError(
            f"{self.path}: say which field holds the scores: --scores FIELD, or --scores DIMENSION=FIELD for "
            f"each. Its fields: {_shown_fields(some[0])}"
        )

    def _look_through(self) -> None:
        """Collect the dimensions and the lowest and highest score; find fields that no row has."""
        dimensions: dict[str, None] = {}
        self.lowest: int | None = None
        self.highest: int | None = None
        seen: set[str] = set()
        first: Row = {}
        for _, row in places_of(self.path):
            first = first or row
            for _, spec in self.specs:
                if spec not in seen and find(row, spec) is not ABSENT:
                    seen.add(spec)
            for cell in self._cells(row):
                if cell.dimension.strip():  # a row with a nameless one is refused when it is read
                    dimensions[cell.dimension] = None
                for value in _entries(cell.value):
                    self._widen(value)
        for _, spec in self.specs:
            if spec not in seen:
                hint = did_you_mean(spec, {*first, *field_names(first)})
                raise UsageError(f"{self.path}: no row has the field {spec!r}.{hint}")
        self.dimensions = tuple(dimensions)
        if not self.dimensions:
            shown = ", ".join(spec for _, spec in self.specs)
            raise InputError(
                f"{self.path}: no scores under {shown} in any row; name their field: --scores FIELD"
            )

    def _widen(self, value: Any) -> None:
        if self._is_missing(value):
            return
        try:
            score = whole_score(value)
        except ValueError:
            return
        self.lowest = score if self.lowest is None else min(self.lowest, score)
        self.highest = score if self.highest is None else max(self.highest, score)

    def _refuse_foreign_columns(self) -> None:
        """A column that is no dimension of the rubric is a mistake of the whole file, not of each row."""
        rubric = self.declared.rubric
        if self.declared.extend or "dimension" in self.fields:
            return
        foreign = [name for name in self.dimensions if name not in rubric.dimensions]
        if foreign:
            raise InputError(
                f"{self.path}: rubric {rubric.name!r} has no dimension {foreign[0]!r}."
                f"{did_you_mean(foreign[0], rubric.dimensions)} Name the field of each dimension: "
                f"--scores {rubric.dimensions[0]}=FIELD"
            )

    def _note_scale(self) -> None:
        rubric = self.declared.rubric
        if self.lowest is None or self.highest is None:
            return
        if self.lowest < rubric.low or self.highest > rubric.high:
            self.notes.append(
                f"scores run from {self.lowest} to {self.highest} here, and rubric {rubric.name!r} has the "
                f"scale {rubric.low}-{rubric.high}: is it another scale (--rubric NAME --scale LOW-HIGH), or "
                "do some values stand for no score (--missing VALUE)?"
            )

    # One row

    def _read(self, place: Place, row: Row) -> Read:
        clip = self._clip(row)
        shared = clip.model_dump(include={"id", "video", "prompt", "theme", "model"})
        said = [
            (cell.dimension, position, rater, score)
            for cell in self._cells(row)
            for position, rater, score in self._scores(cell, row, clip.id)
        ]
        if not said:
            raise RowRefused("has no score", clip.id)
        moment = self._value(row, "at") or self.imported_at
        ratings = [
            validated(
                Rating,
                clip.id,
                **shared,
                rubric=self.declared.rubric.name,
                dimension=dimension,
                rater=rater,
                score=score,
                rationale=self._rationale(row, clip.id, dimension, position, len(said)),
                seconds=self._seconds(row, clip.id, len(said)),
                at=moment if isinstance(moment, str) else str(moment),
            )
            for dimension, position, rater, score in said
        ]
        return Read(place, clip.id, Unit(tuple(ratings), clip))

    def _clip(self, row: Row) -> RatedClip:
        given = {name: find(row, field) for name, field in self.fields.items() if name in OF_CLIP}
        taken = [field for _, field in self.specs]
        taken += [field for name, field in self.fields.items() if name.partition(".")[0] in OF_RATING]
        own = dict(row)
        for field in (*taken, *self.options.fields.values()):
            _remove(own, field)
        own |= {name: None if value is ABSENT else value for name, value in given.items()}
        own.pop("human", None)  # what stays of it is no rating that was asked for
        if not any(own.get(name) for name in ("video", "file", "path", "video_path", "videopath")):
            if own.get("id") in (None, ""):
                raise RowRefused("names neither a video nor an id")
            own["video"] = str(own["id"])
            self.without_video += 1
        try:
            clip, _ = clip_of(own, self.path.parent, "")
        except InputError as error:
            raise RowRefused(str(error).removeprefix(": "), _text(own.get("id"))) from None
        return validated(
            RatedClip,
            clip.id,
            id=clip.id,
            video=clip.video,
            prompt=clip.prompt,
            theme=clip.theme,
            model=clip.model,
            group=None if clip.group == clip.prompt else clip.group,
            # Other columns of a table with a row per rating may be about the rating.
            extra={} if self.long else clip.extra,
        )

    def _cells(self, row: Row) -> Iterator[Cell]:
        for dimension, spec in self.specs:
            value = find(row, spec)
            if value is ABSENT:
                continue
            if "dimension" in self.fields:
                name = find(row, self.fields["dimension"])
                if name not in (ABSENT, None, ""):
                    yield Cell(str(name), spec, value)
            elif dimension is None:
                inner = opened(value)
                if isinstance(inner, Mapping):
                    yield from _nested("", spec, inner)
                else:
                    yield Cell(spec.rpartition(".")[2], spec, value)
            else:
                yield Cell(dimension, spec, value)

    def _scores(self, cell: Cell, row: Row, id: str) -> Iterator[tuple[int, str, int]]:
        """(position, rater, score) of every entry that holds a score."""
        value = opened(cell.value)
        if isinstance(value, Mapping):
            entries = [(str(rater), entry) for rater, entry in value.items()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            entries = [(self._rater_at(place, len(value), id), entry) for place, entry in enumerate(value)]
        else:
            entries = [(self._rater_of(row, id), value)]
        for position, (rater, entry) in enumerate(entries):
            if self._is_missing(entry):
                continue
            try:
                yield position, rater, whole_score(entry)
            except ValueError as problem:
                raise RowRefused(f"{cell.field}: {problem}", id) from None

    def _rater_at(self, position: int, count: int, id: str) -> str:
        named = self.options.raters
        if not named:
            return f"rater-{position + 1}"
        if position >= len(named):
            raise RowRefused(f"has {count} scores of a dimension, and --rater names {len(named)} raters", id)
        return named[position]

    def _rater_of(self, row: Row, id: str) -> str:
        if "rater" not in self.fields:
            return self._rater_at(0, 1, id)
        rater = _text(self._value(row, "rater"))
        if rater is None:
            raise RowRefused(f"does not say who rated ({self.fields['rater']!r} is empty)", id)
        return rater

    def _rationale(self, row: Row, id: str, dimension: str, position: int, count: int) -> str | None:
        value = opened(self._value(row, f"rationale.{dimension}"))
        if value is None:
            value = opened(self._value(row, "rationale"))
            if isinstance(value, Mapping):
                value = opened(value.get(dimension))
            elif isinstance(value, str) and count > 1:
                raise RowRefused(
                    "has one rationale for several ratings; name one for each: "
                    "--field rationale.DIMENSION=FIELD",
                    id,
                )
        if isinstance(value, Sequence) and not isinstance(value, str):
            value = value[position] if position < len(value) else None
        return _text(value)

    def _seconds(self, row: Row, id: str, count: int) -> float | None:
        try:
            seconds = number(self._value(row, "seconds"))
        except ValueError as problem:
            raise RowRefused(f"seconds: {problem}", id) from None
        if seconds is not None and count > 1:
            self.undivided += 1
            return None
        return seconds

    def _value(self, row: Row, name: str) -> Any:
        if name not in self.fields:
            return None
        value = find(row, self.fields[name])
        return None if value is ABSENT else value

    def _is_missing(self, value: Any) -> bool:
        if value is None or _text(value) in self.missing:
            return True
        try:
            return number(value) is None
        except ValueError:
            return False


def _nested(name: str, spec: str, value: Mapping[str, Any]) -> Iterator[Cell]:
    """A cell for each entry of an object, and of the objects in it, under a dotted name."""
    for key, entry in value.items():
        inner = f"{name}.{key}" if name else str(key)
        if isinstance(entry, Mapping):
            yield from _nested(inner, spec, entry)
        else:
            yield Cell(inner, f"{spec}.{inner}", entry)


def _entries(value: Any) -> Sequence[Any]:
    value = opened(value)
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _remove(row: Row, path: str) -> None:
    """Take a dotted field out of a row, whose objects are copied on the way."""
    if path in row:
        del row[path]
        return
    head, _, rest = path.partition(".")
    inner = row.get(head)
    if rest and isinstance(inner, dict):
        row[head] = dict(inner)
        _remove(row[head], rest)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _shown_fields(row: Mapping[str, Any]) -> str:
    names = field_names(row)
    more = f", ... ({len(names) - _SHOWN_FIELDS} more)" if len(names) > _SHOWN_FIELDS else ""
    return ", ".join(names[:_SHOWN_FIELDS]) + more
