"""What a store of ratings holds: clips, rubrics as far as ratings need them, and ratings."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from numbers import Integral, Real
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from reeljudge.clips import Clip
from reeljudge.errors import did_you_mean
from reeljudge.ratings.errors import ClipChanged, RatingRefused
from reeljudge.rubrics import Rubric

LARGEST_SCORE = 2**31 - 1
"""Scores are stored as 32-bit integers."""


def _storable(text: str) -> str:
    """PostgreSQL stores no null characters, and nothing stores half of a surrogate pair."""
    if "\0" in text:
        raise ValueError("holds a null character")
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is no character") from None
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _whole(value: Any) -> Any:
    """Whole numbers of every kind (4, 4.0, numpy's) as int; everything else is refused: never rounded."""
    if type(value) is int and abs(value) <= LARGEST_SCORE:
        return value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError(f"must be a whole number, not {value!r}")
    if isinstance(value, Integral):
        number = int(value)
    elif float(value).is_integer():
        number = int(float(value))
    else:
        raise ValueError(f"must be a whole number, not {value!r}")
    if abs(number) > LARGEST_SCORE:
        raise ValueError("is no score on any scale")
    return number


def _as_json(value: dict[str, Any]) -> dict[str, Any]:
    """The value as it comes back from a database: lists for tuples, text for keys."""
    if not value:
        return value
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"holds what JSON cannot say ({error})") from None


def now() -> str:
    """This moment as ratings state it: ISO 8601 in UTC, to the millisecond."""
    return _iso(datetime.now(UTC))


def _iso(moment: datetime) -> str:
    # A fixed width, so that text sorts as time does.
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time in ISO 8601, like 2025-04-20T12:45:59Z") from None
    try:
        return _iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (OverflowError, ValueError):
        raise ValueError(f"{text[:40]!r} is out of the calendar") from None


def _or_none(text: str | None) -> str | None:
    """An empty text says nothing: it is none. Blanks are kept as written."""
    return text or None


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, AfterValidator(_not_blank)]
TextOrNone = Annotated[Text | None, AfterValidator(_or_none)]


class Model(BaseModel):
    """Base of what comes from outside: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RatedClip(Model):
    """A clip that people rate: a row of a manifest without its place on a disk.

    Attributes:
        id: what ratings name it by.
        video: as the manifest has it (relative to the manifest), or an address.
        prompt, theme, model, group: as in a manifest; `group` None means: the prompt.
        human: {dimension: score or scores} that the manifest brought along; not ratings of this store.
        extra: every other field, handed through. Values must be JSON.
    """

    id: Name
    video: Name
    prompt: Text
    theme: TextOrNone = None
    model: TextOrNone = None
    group: TextOrNone = None
    human: Annotated[dict[str, Any], AfterValidator(_as_json)] = Field(default_factory=dict)
    extra: Annotated[dict[str, Any], AfterValidator(_as_json)] = Field(default_factory=dict)

    @classmethod
    def of(cls, clip: Clip) -> "RatedClip":
        """The clip of a manifest."""
        return cls(
            id=clip.id,
            video=clip.video,
            prompt=clip.prompt,
            theme=clip.theme,
            model=clip.model,
            group=clip.group,
            human=clip.human,
            extra=clip.extra,
        )

    def completed_by(self, given: "RatedClip") -> "RatedClip":
        """This clip, with what `given` says of the same clip where this says nothing.

        Raises:
            ClipChanged: they contradict one another.
        """
        known = {name: getattr(self, name) for name in RatedClip.model_fields}
        for name, before in known.items():
            after = getattr(given, name)
            if after in (None, {}) or after == before:
                continue
            if before not in (None, {}) and not (name == "group" and before == self.prompt):
                raise ClipChanged(
                    f"clip {self.id!r} is known with another {name}: {str(before)[:60]!r}, not "
                    f"{str(after)[:60]!r}; give the clip another id"
                )
            known[name] = after
        return RatedClip.model_construct(**known)


class Rating(Model):
    """One person's score of one clip on one dimension: the row that rooms exchange.

    Attributes:
        id: the clip's id.
        video, prompt, theme, model: the clip's; a store refuses a rating that contradicts its clip.
        rubric, dimension: what was judged.
        rater: who judged.
        score: a whole number on the rubric's scale.
        rationale: the person's words, kept as written; an empty text is none.
        seconds: how long it took, where that is known.
        at: when, ISO 8601 in UTC; another offset is converted, none is taken as UTC.
    """

    id: Name
    video: Name
    prompt: Text
    theme: TextOrNone = None
    model: TextOrNone = None
    rubric: Name
    dimension: Name
    rater: Name
    score: Annotated[int, BeforeValidator(_whole)]
    rationale: TextOrNone = None
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    at: Annotated[str, AfterValidator(_moment)] = Field(default_factory=now)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """(clip, rubric, dimension, rater): a store holds one rating of each."""
        return self.id, self.rubric, self.dimension, self.rater

    def row(self) -> dict[str, Any]:
        """As JSON: optional fields that hold nothing are left out."""
        return self.model_dump(exclude_none=True)


class RatedRubric(Model):
    """What ratings need to know of a rubric: its name, its scale and its dimensions.

    A bundled rubric, a rubric file, or the columns of somebody's table.
    """

    name: Name
    low: int = 1
    high: int = 5
    dimensions: tuple[Name, ...] = Field(min_length=1)

    @field_validator("dimensions")
    @classmethod
    def _distinct(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(names))

    @classmethod
    def of(cls, rubric: "Rubric | RatedRubric") -> "RatedRubric":
        if isinstance(rubric, RatedRubric):
            return rubric
        return cls(name=rubric.name, low=rubric.scale.min, high=rubric.scale.max, dimensions=rubric.names)

    def check(self, dimension: str, score: int) -> None:
        """Raises `RatingRefused`: no such dimension, or a score that is not on the scale."""
        if dimension not in self.dimensions:
            hint = did_you_mean(dimension, self.dimensions)
            raise RatingRefused(f"rubric {self.name!r} has no dimension {dimension!r}.{hint}")
        if not self.low <= score <= self.high:
            raise RatingRefused(
                f"score {score} of {dimension!r} is not on the scale {self.low}-{self.high} "
                f"of rubric {self.name!r}"
            )


def problem_of(errors: Iterable[Mapping[str, Any]]) -> str:
    """The first of pydantic's findings as a person would say it: the field, and what is wrong with it."""
    first = next(iter(errors))
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"no {field!r}"
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] in ("string_type", "dict_type"):
        message = (
            f"must be {'text' if first['type'] == 'string_type' else 'an object'}, not {first['input']!r:.60}"
        )
    return f"{field!r} {message[:1].lower()}{message[1:]}"
