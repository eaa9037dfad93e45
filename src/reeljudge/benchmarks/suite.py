"""A suite as data: the files it needs, its protocols, the tables that were published on it."""

from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from reeljudge.errors import UsageError, did_you_mean

SUITES = (
    "videoscore-bench-v2",
    "videogen-rewardbench",
    "t2vqa-db",
    "mj-bench-video",
    "videophy-2",
    "tvge",
    "genai-bench",
    "genai-bench-video",
    "videoscore-bench-v1",
    "videoscore-bench-v1-evalcrafter",
    "videoscore-bench-v1-genaibench",
    "gradeo",
)
"""Names of the suites, in the order in which they are listed."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(_Data):
    """A file that a suite needs.

    Attributes:
        names: accepted paths inside the data folder; the first is the release's own.
        holds: what is in it.
        published: where it is published, where that differs from the suite's `published_at`.
        hub: its path inside the suite's hub repository (or `OWNER/NAME:path`); None where it is on no hub.
    """

    names: tuple[str, ...]
    holds: str
    published: str | None = None
    hub: str | None = None


class Margin(_Data):
    """How far two scores may differ and still be a tie; exactly one way of choosing it is set.

    Attributes:
        fixed: this many points.
        whole, fractional: one margin for judges whose scores are all whole numbers, one for all others.
        share_of_range: this share of the judge's scale.
        calibrated: `other_prompts` (cross-fitted) or `same_items` (an upper end, as some papers report it).
    """

    fixed: float | None = None
    whole: float | None = None
    fractional: float | None = None
    share_of_range: float | None = None
    calibrated: Literal["other_prompts", "same_items"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Margin":
        ways = (self.fixed, self.whole, self.share_of_range, self.calibrated)
        if sum(way is not None for way in ways) != 1 or (self.whole is None) != (self.fractional is None):
            raise ValueError("a margin is fixed, whole + fractional, share_of_range or calibrated")
        return self


class PairsFromScores(_Data):
    """Pairs made of the videos of one prompt by their human scores.

    Attributes:
        tie_within: human scores that differ by at most this are a tie.
        strict: only pairs with one score strictly higher.
        sample: one such pair of each of this many prompts, drawn with `seed`; None for all pairs.
    """

    tie_within: float = 0
    strict: bool = False
    sample: int | None = None
    seed: int = 0


class Grade(_Data):
    """From a judge's score to the grades of a set.

    Attributes:
        rounding: half_up, half_even (Python's round) or floor (Python's int on positive numbers).
        clamp: lowest and highest grade after rounding.
        table: rounded score -> grade; None keeps the rounded score.
    """

    rounding: Literal["half_up", "half_even", "floor"] = "half_up"
    clamp: tuple[int, int] | None = None
    table: dict[int, float] | None = None


class Measure(_Data):
    """One number or family of numbers: a human label against a combination of the judge's dimensions.

    Attributes:
        name: in results.
        kind: points (a score per video) or pairs (a preference per pair).
        human: the label in the release.
        judge: alternatives; the first whose dimensions the judge all has is used.
        combine: how several dimensions become one score; `all_at_least` is 1 where each reaches `threshold`.
        statistics: the headline.
        scale: points: the scale of the human label ("1-5").
        grade: points: how scores become grades for the accuracies; correlations use the scores themselves.
        rescale: points: map a judge on another scale linearly onto `scale`.
        rule, margin: pairs: the tie rule of `agreement.pairs`, and how its margin is chosen.
        pairs: make the pairs from point labels.
        optional: left out in silence where the judge lacks the dimensions.
        averaged: whether it enters the protocol's average.
    """

    name: str
    kind: Literal["points", "pairs"]
    human: str
    judge: tuple[tuple[str, ...], ...]
    statistics: tuple[str, ...]
    combine: Literal["mean", "sum", "all_at_least"] = "mean"
    threshold: float | None = None
    scale: str | None = None
    grade: Grade | None = None
    rescale: bool = False
    rule: Literal["default", "genai-bench", "videoscore-v1"] = "default"
    margin: Margin = Margin(fixed=0)
    pairs: PairsFromScores | None = None
    optional: bool = False
    averaged: bool = True

    @model_validator(mode="after")
    def _threshold(self) -> "Measure":
        if (self.combine == "all_at_least") != (self.threshold is not None):
            raise ValueError("all_at_least needs a threshold, and nothing else has one")
        return self


class Protocol(_Data):
    """A named, versioned way to evaluate a suite. The version changes whenever a number could.

    Attributes:
        title, source: what it follows, and where that is described.
        unscored: `wrong` counts unscored items as wrong; `removed` takes them out, as some code does.
        skip, first: use the rows after the first `skip`, and of these the first so many.
        average: statistics whose mean over the averaged measures is reported.
        all_dimensions_exact: also report the share of items right in every measure.
        deviations: where it cannot or does not follow its source.
    """

    version: int
    title: str
    source: str
    measures: tuple[Measure, ...]
    unscored: Literal["wrong", "removed"] = "wrong"
    skip: int = 0
    first: int | None = None
    average: tuple[str, ...] = ()
    all_dimensions_exact: bool = False
    deviations: tuple[str, ...] = ()


class Mark(_Data):
    """A remark on a cell (or, without a column, a row) of a published table."""

    row: str
    column: str | None = None
    note: str


class PublishedTable(_Data):
    """A table as it was printed, errors included; `marks` says what is wrong with it.

    Attributes:
        columns: `measure.statistic` or `average.statistic`, or a plain name of something that has none here.
        unit: `percent` where printed numbers are 100 times the statistic.
        protocol: the protocol that comes nearest to how it was made.
    """

    title: str
    protocol: str
    columns: tuple[str, ...]
    rows: dict[str, tuple[float | None, ...]]
    unit: Literal["percent", "one"] = "percent"
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> "PublishedTable":
        for row, values in self.rows.items():
            if len(values) != len(self.columns):
                raise ValueError(f"{row}: {len(values)} values for {len(self.columns)} columns")
        for mark in self.marks:
            if mark.row not in self.rows or mark.column not in (None, *self.columns):
                raise ValueError(f"no cell {mark.row}, {mark.column}")
        return self


class Suite(_Data):
    """A public benchmark of judges. See the fields of the same names in `suites/*.yaml`.

    Attributes:
        adapter: `module:function` that reads the release.
        rubric: judged with this one unless another is asked for.
        published_at: where the files are published, in words.
        hub: the hub repository of its files ("OWNER/NAME"), None where there is none.
        videos: where the videos are expected, in words; None where the release holds none.
        protocols: name -> protocol; the first is the default.
        aliases: other names of protocols.
    """

    name: str
    title: str
    about: str
    adapter: str
    rubric: str = "videoscore2"
    published_at: str
    hub: str | None = None
    files: tuple[DataFile, ...]
    videos: str | None = None
    protocols: dict[str, Protocol]
    aliases: dict[str, str] = Field(default_factory=dict)
    published: tuple[PublishedTable, ...] = ()

    @property
    def default_protocol(self) -> str:
        return next(iter(self.protocols))

    def protocol(self, name: str | None = None) -> tuple[str, Protocol]:
        """A protocol by name or alias, with its name. Raises `UsageError` on an unknown one."""
        name = name or self.default_protocol
        name = self.aliases.get(name, name)
        if name not in self.protocols:
            raise UsageError(
                f"{self.name} has no protocol {name!r}; it has: {', '.join(self.protocols)}"
                + "".join(f" ({alias} is {real})" for alias, real in self.aliases.items())
            )
        return name, self.protocols[name]


@cache
def load_suite(name: str) -> Suite:
    """The suite of that name. Raises `UsageError` with a suggestion."""
    if name not in SUITES:
        raise UsageError(f"unknown benchmark {name!r}.{did_you_mean(name, SUITES)}")
    text = (resources.files("reeljudge.benchmarks") / "suites" / f"{name}.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    data.pop("anchors", None)  # shared pieces of the file itself
    return Suite.model_validate({"name": name, **data})
