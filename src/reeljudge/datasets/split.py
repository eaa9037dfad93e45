"""Splits by prompt, never by clip, with a proof that no prompt crosses and no near-duplicate of one."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reeljudge.errors import InputError, UsageError
from reeljudge.texts.near import Groups, affixes_across, measure, near_groups, similar_across
from reeljudge.texts.words import words_of

NEAR = 0.8
"""Least Jaccard similarity of near-duplicates."""

SHOWN = 10
"""Nearest pairs that a proof shows."""

SEEN = 100_000
"""Pairs of somewhat similar prompts among which the nearest are looked for."""

MOST_SHARE = 0.5
"""A group of near-duplicates that holds more of the rows than this is worth a warning."""


@dataclass(frozen=True)
class SplitSettings:
    """How rows are split.

    Attributes:
        shares: name of a split -> share of the rows; what is left over is `train`.
        seed: another seed, another split; the same seed and rows, the same split.
        near: least Jaccard similarity of the words of two prompts that may not be parted.
    """

    shares: Mapping[str, float]
    seed: int = 0
    near: float = NEAR

    def __post_init__(self) -> None:
        for name, share in self.shares.items():
            if not 0 < share < 1:
                raise UsageError(f"the share of {name!r} is {share}; it must be above 0 and below 1")
        if sum(self.shares.values()) >= 1:
            raise UsageError("nothing is left to train on: the shares of the other splits reach 1")
        if not 0 < self.near <= 1:
            raise UsageError(f"a similarity of {self.near} is not above 0 and at most 1")


@dataclass(frozen=True)
class SplitProof:
    """What was found when finished splits were compared with one another, apart from how they were made.

    Attributes:
        measure: what near-duplicate means here.
        rows, prompts, groups: of each split: rows, distinct prompts (by their words), and groups of
            near-duplicates (None where only the rows were at hand).
        shared_prompts, shared_videos: found in two splits.
        near_duplicates: pairs of prompts across splits at or above the threshold, or one inside the other.
        nearest: the nearest pairs of prompts across splits, for people to look at.
        holds: nothing crosses.
    """

    measure: str
    rows: dict[str, int]
    prompts: dict[str, int]
    groups: dict[str, int] | None
    shared_prompts: int
    shared_videos: int
    near_duplicates: int
    nearest: list[dict[str, Any]]
    holds: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def split_rows(
    rows: Sequence[Mapping[str, Any]], settings: SplitSettings
) -> tuple[list[dict[str, Any]], SplitProof, list[str]]:
    """Rows with their `split`, the proof, and what a careful user should know.

    Rows whose prompts are near-duplicates, and rows of one video, stay together, whatever their dimensions.
    Whole groups go to the smaller splits in an order that depends on the seed and on their prompts alone,
    as long as they fit.

    Raises:
        InputError: a row without a prompt, no rows, or a split that stays empty (the message says why).
    """
    if not rows:
        raise InputError("there are no rows to split")
    prompts, of_row = _prompts(rows)
    texts = list(prompts)
    groups = near_groups(texts, settings.near)
    _join_videos(rows, of_row, groups)
    counts = Counter(of_row)
    bundles = groups.members()
    sizes = [sum(counts[place] for place in bundle) for bundle in bundles]
    order = sorted(range(len(bundles)), key=lambda place: _draw(settings.seed, texts, bundles[place]))
    chosen = dict.fromkeys(range(len(texts)), "train")
    left = {name: share * len(rows) for name, share in settings.shares.items()}
    wanted = dict(left)
    for place in order:
        # The split that still lacks the most of its share takes the group, where it fits.
        for name in sorted(left, key=lambda one: (-left[one] / wanted[one], one)):
            if sizes[place] <= left[name] + 0.5:
                left[name] -= sizes[place]
                chosen.update(dict.fromkeys(bundles[place], name))
                break
    done = [{**row, "split": chosen[place]} for row, place in zip(rows, of_row, strict=True)]
    found = Counter(row["split"] for row in done)
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    share = sizes[largest] / len(rows)
    about = f"{len(bundles[largest])} prompts like {texts[bundles[largest][0]][:60]!r}"
    for name in (*settings.shares, "train"):
        if not found[name]:
            raise InputError(
                f"the split {name!r} stays empty: {len(texts)} prompts are {len(bundles)} "
                f"groups of near-duplicates, and the largest ({about}) holds {share:.0%} of the rows; "
                "raise --near or collect more different prompts"
            )
    notes = []
    if share > MOST_SHARE:
        notes.append(
            f"one group of near-duplicates holds {share:.0%} of the rows ({about}) and cannot be parted"
        )
    for name, target in wanted.items():
        if abs(found[name] - target) > max(1.0, 0.1 * target):
            notes.append(f"{name}: {found[name]} rows where {target:.0f} were wanted; groups are not parted")
    parts = Counter(chosen[bundle[0]] for bundle in bundles)
    return done, prove(done, settings.near, dict(sorted(parts.items()))), notes


def _draw(seed: int, texts: Sequence[str], bundle: Sequence[int]) -> bytes:
    first = min(" ".join(words_of(texts[place])) for place in bundle)
    return hashlib.blake2b(f"{seed}\0{first}".encode(), digest_size=16).digest()


def _prompts(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, int], list[int]]:
    """Distinct prompts (as written) and the place of each row's."""
    places: dict[str, int] = {}
    of_row = []
    for number, row in enumerate(rows, 1):
        prompt = row.get("prompt")
        if not isinstance(prompt, str):
            raise InputError(
                f"row {number} ({row.get('id')!r}) has no prompt, so nothing says where it belongs"
            )
        of_row.append(places.setdefault(prompt, len(places)))
    return places, of_row


def _join_videos(rows: Sequence[Mapping[str, Any]], of_row: Sequence[int], groups: Groups) -> None:
    first: dict[str, int] = {}
    for row, place in zip(rows, of_row, strict=True):
        if row.get("video"):
            groups.join(first.setdefault(str(row["video"]), place), place)


def prove(
    rows: Sequence[Mapping[str, Any]], near: float = NEAR, groups: dict[str, int] | None = None
) -> SplitProof:
    """Compare the splits of rows with one another: a search of its own, which looks at the rows alone.

    Raises:
        InputError: a row without a prompt or a split.
    """
    prompts: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    videos: dict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows, 1):
        split, prompt = row.get("split"), row.get("prompt")
        if not isinstance(split, str) or not isinstance(prompt, str):
            raise InputError(f"row {number} ({row.get('id')!r}) has no {'split' if prompt else 'prompt'}")
        counts[split] += 1
        prompts[split].setdefault(words_of(prompt), prompt)
        if row.get("video"):
            videos[split].add(str(row["video"]))
    names = sorted(prompts)
    shared = shared_videos = crossing = 0
    nearest: list[tuple[float, str, str, str, str]] = []
    for position, one in enumerate(names):
        for other in names[position + 1 :]:
            shared += len(prompts[one].keys() & prompts[other].keys())
            shared_videos += len(videos[one] & videos[other])
            some, others = list(prompts[one].values()), list(prompts[other].values())
            inside = set(affixes_across(some, others))
            inside |= {pair[:2] for pair in similar_across(some, others, near)}
            # What lies somewhat below the threshold is shown, so that people can judge the threshold.
            for first, second, similarity in similar_across(some, others, max(0.5 * near, near - 0.2), SEEN):
                nearest.append((similarity, one, some[first], other, others[second]))
                if len(nearest) > 4 * SHOWN:
                    nearest = sorted(nearest, reverse=True)[:SHOWN]
            crossing += len(inside)
    return SplitProof(
        measure=f"near-duplicate prompts: {measure(near)}",
        rows={name: counts[name] for name in names},
        prompts={name: len(prompts[name]) for name in names},
        groups=groups,
        shared_prompts=shared,
        shared_videos=shared_videos,
        near_duplicates=crossing,
        nearest=[
            {"similarity": round(similarity, 4), one: first, other: second}
            for similarity, one, first, other, second in sorted(nearest, reverse=True)[:SHOWN]
        ],
        holds=not (shared or shared_videos or crossing),
    )
