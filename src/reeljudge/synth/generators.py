"""The generators: four names with known, different quality.

Each draws its scores in each of the three dimensions from `P(s) = 0.2 + tilt * (s - 3)`, s = 1..5, so its
true mean is `3 + 10 * tilt`. The tilts of a dimension sum to zero, so that a set with as many clips of each
generator has every score equally often; and the columns are nearly orthogonal, so that over all generators
a flaw of one dimension says next to nothing about another.
"""

from dataclasses import dataclass

from reeljudge.synth.draw import Draw

JUDGED = ("visual_quality", "text_alignment", "physical_consistency")


@dataclass(frozen=True)
class Generator:
    """A named source of clips. `tilts`: per dimension, in [-0.1, 0.1]."""

    name: str
    tilts: tuple[float, float, float]

    def probabilities(self, dimension: str) -> dict[int, float]:
        """Score -> probability."""
        tilt = self.tilts[JUDGED.index(dimension)]
        return {score: 0.2 + tilt * (score - 3) for score in range(1, 6)}

    def mean(self, dimension: str) -> float:
        """The true mean score."""
        return 3 + 10 * self.tilts[JUDGED.index(dimension)]

    @property
    def overall(self) -> float:
        """The true mean over the three dimensions."""
        return sum(self.mean(dimension) for dimension in JUDGED) / len(JUDGED)

    def draw_scores(self, draw: Draw) -> dict[str, int]:
        return {dimension: draw.weighted(self.probabilities(dimension)) for dimension in JUDGED}


GENERATORS = (
    Generator("aspen", (0.09, 0.04, 0.07)),
    Generator("birch", (0.04, -0.09, -0.02)),
    Generator("cedar", (-0.04, 0.09, -0.07)),
    Generator("dogwood", (-0.09, -0.04, 0.02)),
)
"""Clip `i` of a set is by generator `i % 4`; the four clips of a group share their prompt."""
