"""What standings need of a verdict: who made the clip, which clips it competes with, and its scores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reeljudge.errors import InputError, UsageError, did_you_mean


@dataclass(frozen=True)
class Entry:
    """One judged clip.

    Attributes:
        id: of the clip.
        model: the generator; None where the manifest does not say.
        group: clips of one group compete; the prompt where the manifest names no group.
        scores: dimension -> score, None where unscored.
        tie_scores: dimension -> expected score, None where there is none; breaks ties between integer scores.
        row: the verdict as it stands in the run.
    """

    id: str
    model: str | None
    group: str
    scores: dict[str, float | None]
    tie_scores: dict[str, float | None]
    row: Mapping[str, Any] = field(repr=False)


def entries(rows: Iterable[Mapping[str, Any]]) -> Iterator[Entry]:
    """An entry for each row of a run's verdicts (dictionaries as in `verdicts.jsonl`)."""
    for number, row in enumerate(rows, 1):
        scores = row.get("scores")
        if not isinstance(scores, Mapping):
            raise InputError(f"row {number} ({row.get('id')!r}) has no scores: is this a run's verdicts?")
        yield Entry(
            id=str(row["id"]),
            model=row.get("model"),
            group=str(row.get("group") or row.get("prompt") or row["id"]),
            scores={name: score.get("score") for name, score in scores.items()},
            tie_scores={name: score.get("expected") for name, score in scores.items()},
            row=row,
        )


def dimensions_of(items: Sequence[Entry]) -> list[str]:
    """Every dimension that any entry names, in the order of first appearance."""
    return list(dict.fromkeys(name for item in items for name in item.scores))


def parse_weights(text: str | None, known: Sequence[str]) -> dict[str, float]:
    """`"a=2,b=1"` as weights; all known dimensions with weight 1 for None.

    Raises:
        UsageError: an unknown dimension, a weight that is no number of at least 0, or none above 0.
    """
    if text is None:
        return dict.fromkeys(known, 1.0)
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"--weights: no dimension {name!r} here.{did_you_mean(name, known)}")
        try:
            weight = float(value)
        except ValueError:
            weight = float("nan")
        if not 0 <= weight < float("inf"):
            raise UsageError(
                f"--weights: {part!r} is not of the form dimension=weight with a weight of at least 0"
            )
        weights[name] = weight
    if not any(weights.values()):
        raise UsageError("--weights: at least one weight must be above 0")
    return {name: weight for name, weight in weights.items() if weight > 0}


def weighted(scores: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """The weighted mean of the dimensions in `weights`; None unless every one of them is scored."""
    total = 0.0
    for name, weight in weights.items():
        score = scores.get(name)
        if score is None:
            return None
        total += weight * score
    return total / sum(weights.values())
