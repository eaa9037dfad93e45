"""Which items and pairs a protocol evaluates, and so which videos a judge has to see."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from reeljudge.benchmarks.release import Human, Item, Pair, Release
from reeljudge.benchmarks.suite import Measure, PairsFromScores, Protocol
from reeljudge.errors import InputError
from reeljudge.tables.votes import Vote


@dataclass(frozen=True)
class Chosen:
    """What one measure is computed on: items or pairs.

    Attributes:
        total: how many the release has, before rows were skipped, sampled or limited.
        notes: how they came about, where that is not plain.
    """

    measure: Measure
    items: Sequence[Item] = ()
    pairs: Sequence[Pair] = ()
    total: int = 0
    notes: tuple[str, ...] = ()

    @property
    def videos(self) -> list[str]:
        if self.measure.kind == "points":
            return [item.video for item in self.items]
        return [video for pair in self.pairs for video in (pair.a, pair.b)]


@dataclass(frozen=True)
class Selection:
    """The choice of every measure, and the videos that they need, in the release's order."""

    chosen: Sequence[Chosen]
    videos: Sequence[str]


def select(protocol: Protocol, release: Release, limit: int | None = None) -> Selection:
    """What a protocol evaluates of a release.

    Args:
        limit: only the first so many items, and the first so many pairs, of each measure.
    """
    chosen = [_choose(measure, protocol, release, limit) for measure in protocol.measures]
    needed = {video for one in chosen for video in one.videos}
    return Selection(chosen, [name for name in release.videos if name in needed])


def _choose(measure: Measure, protocol: Protocol, release: Release, limit: int | None) -> Chosen:
    last = None if protocol.first is None else protocol.skip + protocol.first
    rows = release.items[protocol.skip : last]
    if measure.kind == "points":
        labelled = [item for item in rows if mean_human(item.human.get(measure.human)) is not None]
        total = sum(item.human.get(measure.human) is not None for item in release.items)
        return Chosen(measure, items=labelled[:limit], total=total)
    if measure.pairs is None:
        pairs = [pair for pair in release.pairs if pair.votes.get(measure.human) is not None]
        return Chosen(measure, pairs=pairs[:limit], total=len(pairs))
    if not any(measure.human in item.human for item in release.items):
        raise InputError(f"the release has no label {measure.human!r} to make pairs of")
    everything = made_pairs(measure.human, measure.pairs, release, rows)
    drawn, notes = _sample(everything, measure.pairs)
    return Chosen(measure, pairs=drawn[:limit], total=len(everything), notes=notes)


def made_pairs(label: str, rule: PairsFromScores, release: Release, rows: Sequence[Item]) -> list[Pair]:
    """Every two videos of one prompt, in the order of the rows, with the vote of their human scores."""
    prompts: dict[str, list[tuple[str, float]]] = {}
    for item in rows:
        mean = mean_human(item.human.get(label))
        if mean is not None:
            prompts.setdefault(release.videos[item.video].prompt, []).append((item.video, mean))
    pairs: list[Pair] = []
    for prompt, rated in prompts.items():
        for (a, score_a), (b, score_b) in combinations(rated, 2):
            # Means of decimal ratings carry dust: 3.3 - 2.3 is a hair under 1.
            tied = abs(score_a - score_b) <= rule.tie_within + 1e-9
            if tied and rule.strict:
                continue
            vote = Vote.TIE if tied else Vote.A if score_a > score_b else Vote.B
            pairs.append(Pair(f"{a} | {b}", a, b, {label: vote}, prompt))
    return pairs


def _sample(pairs: Sequence[Pair], rule: PairsFromScores) -> tuple[Sequence[Pair], tuple[str, ...]]:
    if rule.sample is None:
        return pairs, ()
    by_prompt: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_prompt.setdefault(pair.group, []).append(pair)
    drawing = random.Random(rule.seed)
    prompts = sorted(by_prompt)
    count = min(rule.sample, len(prompts))
    drawn = [_either_way(drawing.choice(by_prompt[one]), drawing) for one in drawing.sample(prompts, count)]
    note = f"{count} prompts drawn with seed {rule.seed}, one pair of each (not the paper's own draw)"
    short = "" if count == rule.sample else f"; the protocol asks for {rule.sample}"
    return drawn, (note + short,)


def _either_way(pair: Pair, drawing: random.Random) -> Pair:
    """The pair, or its mirror image: which video comes first must not tell which one is better."""
    if drawing.random() < 0.5:
        return pair
    votes = {label: vote.mirrored for label, vote in pair.votes.items()}
    return Pair(pair.id, pair.b, pair.a, votes, pair.group)


def mean_human(human: Human) -> float | None:
    """The mean of people's scores of an item; None where nobody scored it."""
    if human is None:
        return None
    return float(np.mean(human)) if isinstance(human, Sequence) else float(human)
