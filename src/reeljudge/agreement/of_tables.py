"""From the rows of a table to the arrays of the statistics, with errors that name the row.

What a person may name: a human field and a judge's (or two scores), a field of clusters, values that stand
for no score, stated scales. What is checked: the fields are there, hold numbers or votes on one scale, and
no item stands in the table twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from reeljudge.agreement.many_judges import ManyJudges, all_pairs
from reeljudge.agreement.paired import Comparison, compare_pairs, compare_points
from reeljudge.agreement.pairs import PairAgreement, Protocol, pair_agreement
from reeljudge.agreement.points import PointAgreement, mean_scores, point_agreement
from reeljudge.agreement.raters import RaterAgreement, rater_agreement
from reeljudge.agreement.resampling import RESAMPLES, SEED, Floats
from reeljudge.agreement.scales import ValueRange, stray
from reeljudge.errors import InputError
from reeljudge.tables.fields import ABSENT, find, shown
from reeljudge.tables.table import Table
from reeljudge.tables.votes import GENAI_BENCH_HUMAN, GENAI_BENCH_JUDGE, Vote, read_vote

CLUSTER_FIELDS = ("group", "prompt", "text prompt", "text", "caption")
"""Where no field is named, the first of these that the table has holds the clusters."""

_IDENTITY = ("id", "model", "rubric", "dimension", "aspect")


@dataclass(frozen=True)
class Options:
    """What all tables of agreement share.

    Attributes:
        cluster: the field whose values are resampled as a whole; None takes the first of `CLUSTER_FIELDS`.
        missing: values that stand for no score in this table ("-1").
        repeats: rows with the same id are separate items.
        resamples, seed: of the bootstrap.
    """

    cluster: str | None = None
    missing: Sequence[str] = ()
    repeats: bool = False
    resamples: int = RESAMPLES
    seed: int = SEED


def agree(
    table: Table,
    human: str,
    judge: str,
    options: Options = Options(),
    human_scale: ValueRange | None = None,
    judge_scale: ValueRange | None = None,
) -> PointAgreement:
    """Point agreement of two fields of a table; lists are averaged (see `points.point_agreement`).

    Raises:
        UsageError: a field is not there. InputError: a row holds what cannot be a score; it is named.
    """
    _refuse_repeats(table, options)
    return point_agreement(
        _ratings(table, human, options, human_scale),
        mean_scores(_ratings(table, judge, options, judge_scale)),
        clusters=_clusters(table, options),
        human_scale=human_scale,
        judge_scale=judge_scale,
        resamples=options.resamples,
        seed=options.seed,
    )


def agree_pairs(
    table: Table,
    human: str,
    judge: str | None = None,
    scores: tuple[str, str] | None = None,
    options: Options = Options(),
    protocol: Protocol = "default",
    tie_margin: float | None = None,
) -> PairAgreement:
    """Pairwise agreement of a field of human votes with a field of votes, or with two fields of scores."""
    _refuse_repeats(table, options)
    people = _human_votes(table, human, options, protocol)
    score_a, score_b = (
        (mean_scores(_ratings(table, field, options, None)) for field in scores) if scores else (None, None)
    )
    return pair_agreement(
        people,
        None if judge is None else _judge_votes(table, judge, options, protocol),
        score_a=score_a,
        score_b=score_b,
        tie_margin=tie_margin,
        protocol=protocol,
        clusters=_clusters(table, options),
        resamples=options.resamples,
        seed=options.seed,
    )


def compare(
    table: Table,
    human: str,
    judges: tuple[str, str],
    options: Options = Options(),
    protocol: Protocol | None = None,
    human_scale: ValueRange | None = None,
    judge_scale: ValueRange | None = None,
) -> Comparison:
    """Two judges on the same items: scores, or votes where the human field holds votes (or a protocol is
    named).
    """
    _refuse_repeats(table, options)
    clusters = _clusters(table, options)
    if protocol is not None or _holds_votes(table.column(human)):
        named: Protocol = protocol or "default"
        people = _human_votes(table, human, options, named)
        first, second = (_judge_votes(table, judge, options, named) for judge in judges)
        return compare_pairs(
            people,
            first,
            second,
            protocol=named,
            clusters=clusters,
            resamples=options.resamples,
            seed=options.seed,
        )
    one, other = (mean_scores(_ratings(table, judge, options, judge_scale)) for judge in judges)
    return compare_points(
        _ratings(table, human, options, human_scale),
        one,
        other,
        clusters=clusters,
        human_scale=human_scale,
        first_scale=judge_scale,
        second_scale=judge_scale,
        resamples=options.resamples,
        seed=options.seed,
    )


def compare_all(
    table: Table,
    human: str,
    judges: Sequence[str],
    options: Options = Options(),
    protocol: Protocol | None = None,
    human_scale: ValueRange | None = None,
    judge_scale: ValueRange | None = None,
) -> ManyJudges:
    """Every two of several judges compared as `compare` does, p-values corrected for all of them."""
    found = {
        (i, j): compare(table, human, (judges[i], judges[j]), options, protocol, human_scale, judge_scale)
        for i, j in combinations(range(len(judges)), 2)
    }
    return all_pairs(judges, found, options.resamples)


def raters(table: Table, ratings: str, options: Options = Options()) -> RaterAgreement:
    """Reliability of a field that holds each item's ratings: a list (a place per rater) or `{rater:
    score}`.
    """
    _refuse_repeats(table, options)
    values = table.column(ratings)
    if any(isinstance(value, Mapping) for value in values):
        array = _by_name(table, ratings, values, options)
    else:
        array = _ratings(table, ratings, options, None)
    return rater_agreement(
        array, clusters=_clusters(table, options), resamples=options.resamples, seed=options.seed
    )


def cluster_field(table: Table, options: Options) -> str | None:
    """The field that the clusters come from; None where every row is its own."""
    if options.cluster is not None:
        return options.cluster
    return next((field for field in CLUSTER_FIELDS if any(row.get(field) for row in table.rows)), None)


def _clusters(table: Table, options: Options) -> list[Any] | None:
    field = cluster_field(table, options)
    if field is None:
        return None
    return [None if value in (None, "") else value for value in table.column(field)]


def _ratings(table: Table, field: str, options: Options, scale: ValueRange | None) -> Floats:
    """A field as an array (rows, most values of a row); NaN is missing. Values off the field's scale are
    refused.
    """
    cells = table.numbers(field, options.missing)
    array = np.full((len(cells), max((len(cell) for cell in cells), default=1) or 1), np.nan)
    for index, cell in enumerate(cells):
        array[index, : len(cell)] = [np.nan if number is None else number for number in cell]
    _refuse_stray(table, field, array, scale)
    return array


def _by_name(table: Table, field: str, values: Sequence[Any], options: Options) -> Floats:
    """`{rater: score}` cells as an array, a column per rater in the order of their names."""
    names: dict[str, None] = {}
    for index, value in enumerate(values):
        if value is not None and not isinstance(value, Mapping):
            raise InputError(f"{table.where(index)}: {field!r} is a list here and {{rater: score}} elsewhere")
        names |= dict.fromkeys(value or ())
    columns = [mean_scores(_ratings(table, f"{field}.{name}", options, None)) for name in sorted(names)]
    array = np.column_stack(columns) if columns else np.empty((len(values), 0))
    _refuse_stray(table, field, array, None)
    return array


def _refuse_stray(table: Table, field: str, array: Floats, scale: ValueRange | None) -> None:
    found = stray(array.ravel(), scale)
    if found is not None:
        place, why = found
        index, value = place // array.shape[1], array.ravel()[place]
        mend = "" if "--missing" in why else "; mend the row, or state the field's scale"
        raise InputError(f"{table.where(index)}: {field!r} holds {value:g}, which {why}{mend}")


def _human_votes(table: Table, field: str, options: Options, protocol: Protocol) -> list[Vote | None]:
    exact = protocol == "genai-bench"
    votes: list[Vote | None] = []
    for index, value in enumerate(table.column(field)):
        if _no_vote(value, options):
            votes.append(None)
            continue
        vote = (
            GENAI_BENCH_HUMAN.get(value)
            if exact and isinstance(value, str)
            else None
            if exact
            else read_vote(value)
        )
        if vote is None:
            words = (
                ", ".join(GENAI_BENCH_HUMAN)
                if exact
                else "leftvote, 'A is better', 'Video 1 better', same, ..."
            )
            raise InputError(
                f"{table.where(index)}: {field!r} holds {shown(value)}, which is no vote"
                f"{' of GenAI-Bench' if exact else ''} (known: {words}); if it stands for none, say --missing"
            )
        votes.append(vote)
    return votes


def _judge_votes(table: Table, field: str, options: Options, protocol: Protocol) -> list[Vote | None]:
    read: Callable[[Any], Vote | None] = read_vote
    if protocol == "genai-bench":
        read = _exact_vote
    return [None if _no_vote(value, options) else read(value) for value in table.column(field)]


def _exact_vote(value: Any) -> Vote | None:
    return GENAI_BENCH_JUDGE.get(value) if isinstance(value, str) else None


def _no_vote(value: Any, options: Options) -> bool:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return True
    return isinstance(value, str) and (not value.strip() or value.strip() in options.missing)


def _holds_votes(values: Sequence[Any]) -> bool:
    """Whether a field holds votes: texts, of which most are votes and not plain numbers."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    votes = [text for text in texts if read_vote(text) is not None and not text.strip().isdigit()]
    return bool(texts) and 2 * len(votes) > len(texts)


def _refuse_repeats(table: Table, options: Options) -> None:
    if options.repeats:
        return
    seen: dict[tuple[str, ...], int] = {}
    for index, row in enumerate(table.rows):
        if find(row, "id") in (None, ABSENT):
            continue
        key = tuple(repr(row.get(part)) for part in _IDENTITY)
        if key in seen:
            first = table.places[seen[key]] if table.places else seen[key] + 1
            raise InputError(
                f"{table.where(index)}: the same item stands in {table.place_word} {first}; keep one row "
                "per item (--where FIELD=VALUE picks rows), or say --repeats if both are items of their own"
            )
        seen[key] = index
