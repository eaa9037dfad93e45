"""In which order examples are seen: a function of the seed alone, so that training resumes exactly."""

import math
from collections.abc import Sequence
from functools import lru_cache

from numpy.random import Generator, Philox

from reeljudge.training.config import RecipeConfig
from reeljudge.training.parallel import Team


@lru_cache(maxsize=2)
def _shuffled(seed: int, epoch: int, count: int) -> Sequence[int]:
    return Generator(Philox(key=seed, counter=[0, 0, 11, epoch])).permutation(count).tolist()


def total_steps(config: RecipeConfig, examples: int) -> int:
    """Updates of the whole training."""
    return config.steps or max(1, math.ceil(config.epochs * examples / config.batch))


def indices_of_step(config: RecipeConfig, examples: int, step: int, team: Team) -> list[int]:
    """The examples that this process sees in a step. Each epoch is a new shuffle of all examples."""
    share = config.batch // team.size
    first = step * config.batch + team.rank * share
    return [
        _shuffled(config.seed, place // examples, examples)[place % examples]
        for place in range(first, first + share)
    ]
