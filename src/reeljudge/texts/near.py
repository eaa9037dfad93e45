"""Near-duplicate texts: which belong together, found exactly and without comparing all pairs.

Two texts are near-duplicates by their words (`words_of`), where

- the Jaccard similarity of their sets of words (in common / in either) is at least a threshold; word
  order and repeated words do not count; or
- one of them, of at least `AFFIX_WORDS` words, stands whole at the beginning or the end of the other
  ("a dog runs along the beach" and "a dog runs along the beach, zoom in").

The search is a set-similarity join with prefix filtering (Bayardo et al., "Scaling up all pairs similarity
search", 2007): sets that are at least t similar share one of their rarest words, so only those are compared.
Nothing is sampled, and no hash stands for similarity: no pair is missed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import ceil

from reeljudge.texts.words import words_of

AFFIX_WORDS = 5
"""A shorter text at the start of another one says nothing ("a dog")."""

_SLACK = 1e-9


class Groups:
    """Union-find over 0..count-1: which things belong together."""

    def __init__(self, count: int):
        self._parent = list(range(count))

    def find(self, place: int) -> int:
        """The representative of a thing's group: the least of its members."""
        parent = self._parent
        root = place
        while parent[root] != root:
            root = parent[root]
        while parent[place] != root:
            parent[place], place = root, parent[place]
        return root

    def join(self, one: int, other: int) -> None:
        """These two belong together, and so do their groups."""
        first, second = sorted((self.find(one), self.find(other)))
        self._parent[second] = first

    def members(self) -> list[list[int]]:
        """The groups, each with its members in order."""
        found: dict[int, list[int]] = defaultdict(list)
        for place in range(len(self._parent)):
            found[self.find(place)].append(place)
        return list(found.values())


def near_groups(texts: Sequence[str], threshold: float, affix: bool = True) -> Groups:
    """Texts with all their near-duplicates, and those of these: the connected components.

    Args:
        threshold: least Jaccard similarity, above 0 and at most 1.
        affix: whether a text that stands whole at an end of another one belongs to it.

    Raises:
        ValueError: a threshold out of range.
    """
    _check(threshold)
    groups = Groups(len(texts))
    first_of: dict[tuple[str, ...], int] = {}
    for place, text in enumerate(texts):
        groups.join(first_of.setdefault(words_of(text), place), place)
    by_set: dict[frozenset[str], int] = {}
    for sequence, place in first_of.items():
        groups.join(by_set.setdefault(frozenset(sequence), place), place)
    if affix:
        for one, other in _affixes(first_of):
            groups.join(one, other)
    bags, places = list(by_set), list(by_set.values())
    _join_neighbours(bags, places, threshold, groups)
    ordered, sets = _ordered(bags)
    homes = [places[place] for _, place in ordered]
    index: dict[int, dict[int, list[int]]] = defaultdict(dict)
    for current, (ranks, _) in enumerate(ordered):
        size, mine, home = len(ranks), sets[current], homes[current]
        least = ceil(threshold * size - _SLACK)
        seen: set[int] = set()
        for position, rank in enumerate(ranks[: size - least + 1]):
            # What already belongs together is never compared: entries stand by the group they were in.
            for root, listed in index[rank].items():
                if groups.find(root) == groups.find(home):
                    continue
                for other in listed:
                    theirs = sets[other]
                    if other in seen or len(theirs) < least:
                        continue
                    seen.add(other)
                    needed = threshold / (1 + threshold) * (size + len(theirs)) - _SLACK
                    if size - position >= needed and len(mine & theirs) >= needed:
                        groups.join(home, homes[other])
                        break
            index[rank].setdefault(groups.find(home), []).append(current)
    return groups


def _join_neighbours(
    bags: Sequence[frozenset[str]], places: Sequence[int], threshold: float, groups: Groups
) -> None:
    """Join sets that differ in one word, by looking them up: the bulk of what prompts of one pattern are,
    which the join would compare pair by pair."""
    without: dict[tuple[str, ...], int] = {}
    for bag, place in zip(bags, places, strict=True):
        size = len(bag)
        if size < 2 or (size - 1) / (size + 1) < threshold - _SLACK:
            continue
        ordered = sorted(bag)
        for left_out in range(size):
            rest = (*ordered[:left_out], *ordered[left_out + 1 :])
            groups.join(without.setdefault(rest, place), place)


def similar_across(
    some: Sequence[str], others: Sequence[str], threshold: float, most: int | None = None
) -> Iterator[tuple[int, int, float]]:
    """(place in `some`, place in `others`, Jaccard similarity) of every two that are at least that similar.

    Written apart from `near_groups`: what it finds of a finished split does not rest on how that was made.

    Args:
        most: stop after so many; None: all of them.
    """
    _check(threshold)
    left = [frozenset(words_of(text)) for text in some]
    right = [frozenset(words_of(text)) for text in others]
    counts: Counter[str] = Counter()
    for bag in (*left, *right):
        counts.update(bag)

    def prefix(bag: frozenset[str]) -> list[str]:
        ranked = sorted(bag, key=lambda word: (counts[word], word))
        return ranked[: len(bag) - ceil(threshold * len(bag) - _SLACK) + 1]

    index: dict[str, list[int]] = defaultdict(list)
    for place, bag in enumerate(left):
        for word in prefix(bag):
            index[word].append(place)
    for place, bag in enumerate(right):
        size = len(bag)
        candidates = {one for word in prefix(bag) for one in index.get(word, ())}
        for one in candidates:
            other = left[one]
            if threshold * size - _SLACK <= len(other) <= size / threshold + _SLACK:
                common = len(bag & other)
                similarity = common / (size + len(other) - common)
                if similarity >= threshold - _SLACK:
                    yield one, place, similarity
                    if most is not None:
                        most -= 1
                        if most <= 0:
                            return


def affixes_across(some: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(place in `some`, place in `others`) where one stands whole at an end of the other."""
    for swapped, whole, part in ((False, some, others), (True, others, some)):
        parts = {
            words: place for place, text in enumerate(part) if len(words := words_of(text)) >= AFFIX_WORDS
        }
        lengths = sorted({len(words) for words in parts})
        for place, text in enumerate(whole):
            words = words_of(text)
            for length in lengths:
                if length > len(words):
                    break
                for end in (words[:length], words[len(words) - length :]):
                    found = parts.get(end)
                    if found is not None:
                        yield (found, place) if swapped else (place, found)


def measure(threshold: float) -> str:
    """What near-duplicate means at a threshold, in words for people."""
    return (
        "Jaccard similarity of the sets of words (NFKC, casefolded, without punctuation) of at least "
        f"{threshold:g}, or one of at least {AFFIX_WORDS} words whole at the beginning or end of the other"
    )


def _check(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise ValueError(f"a similarity of {threshold} is not above 0 and at most 1")


def _ordered(
    bags: Sequence[frozenset[str]],
) -> tuple[list[tuple[list[int], int]], list[frozenset[int]]]:
    """Sets as ranks of their words, rarest first, in order of size; and the same as sets."""
    counts: Counter[str] = Counter()
    for bag in bags:
        counts.update(bag)
    ranked = sorted(counts, key=lambda word: (counts[word], word))
    number = {word: rank for rank, word in enumerate(ranked)}
    ordered = sorted(
        ((sorted(number[word] for word in bag), place) for place, bag in enumerate(bags) if bag),
        key=lambda record: len(record[0]),
    )
    return ordered, [frozenset(ranks) for ranks, _ in ordered]


def _affixes(first_of: dict[tuple[str, ...], int]) -> Iterator[tuple[int, int]]:
    lengths = sorted({len(sequence) for sequence in first_of if len(sequence) >= AFFIX_WORDS})
    for sequence, place in first_of.items():
        for length in lengths:
            if length >= len(sequence):
                break
            for part in (sequence[:length], sequence[-length:]):
                if part in first_of:
                    yield first_of[part], place
