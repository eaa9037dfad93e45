"""Random draws that stay the same on every machine and in every version."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

WORLD = 1
"""Version of the world. Whatever changes the clip that a seed stands for raises it."""


class Draw:
    """A stream of draws named by its parts: equal parts give equal streams, other parts unrelated ones.

    Only `Random.random` is used, the one method whose sequence Python promises to keep.
    """

    def __init__(self, *parts: object):
        self.name = "/".join(str(part) for part in ("synth", WORLD, *parts))
        self._random = Random(self.name).random

    def unit(self) -> float:
        """A number in [0, 1)."""
        return self._random()

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self._random()

    def chance(self, probability: float) -> bool:
        return self._random() < probability

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each with the same probability."""
        return items[int(self._random() * len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, in proportion to its weight."""
        left = self._random() * sum(weights.values())
        last = None
        for item, weight in weights.items():
            if weight <= 0:
                continue
            last = item
            left -= weight
            if left < 0:
                break
        if last is None:
            raise ValueError("no item has a positive weight")
        return last

    def some(self, items: Sequence[T], number: int) -> list[T]:
        """`number` different items, in the order of `items`."""
        left = list(range(len(items)))
        taken = sorted(left.pop(int(self._random() * len(left))) for _ in range(number))
        return [items[place] for place in taken]

    def integer(self) -> int:
        """A whole number in [0, 2**63)."""
        return int(self._random() * 2**32) << 31 | int(self._random() * 2**31)
