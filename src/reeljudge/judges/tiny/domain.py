"""Does a clip belong to the synthetic world? Decided from what the judge's own vision tower makes of it.

The tower's features of a clip are averaged over its tokens, and a linear rule tells synthetic clips from
foreign ones. The rule was fitted (`reeljudge.training.domain`) on synthetic clips against films of moving
coloured noise, which have the statistics of natural pictures (outlier exposure, Hendrycks et al. 2019,
arXiv 1812.04606): no real video was needed. Its limit is set so that one synthetic clip in a hundred would
be called foreign. docs/training.md gives the error rates.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reeljudge.judges.local.vision import VideoInput

Vector = NDArray[np.float64]

WIDEST = 8.0
"""Standardised features are clipped to this: what is far out is foreign, however far."""


def features_of(tower: Any, video: VideoInput) -> Vector:
    """Mean and spread over a clip's tokens of what the tower gives, before and after its projector."""
    with torch.inference_mode():
        weight = next(tower.parameters())
        seen = tower(video.patches.to(weight), grid_thw=video.grid.to(weight.device), return_dict=True)
        parts = [seen.pooler_output.float(), seen.last_hidden_state.float()]
        numbers = [number for part in parts for number in (part.mean(0), part.std(0))]
    return torch.cat(numbers).double().cpu().numpy()


@dataclass(frozen=True)
class Domain:
    """A linear rule on standardised features: above 0 is foreign.

    Attributes:
        mean, spread: of each feature over synthetic clips.
        weights: of each standardised feature.
        bias: so that the limit lies at 0.
    """

    mean: Vector
    spread: Vector
    weights: Vector
    bias: float

    def strangeness(self, features: Vector) -> float:
        """How foreign a clip looks; above 0 it is out of domain."""
        standard = np.clip((features - self.mean) / self.spread, -WIDEST, WIDEST)
        return float(standard @ self.weights + self.bias)


def read_domain(path: Path) -> Domain:
    """A rule as `write_domain` wrote it."""
    values = json.loads(path.read_text(encoding="utf-8"))
    mean, spread, weights = (np.asarray(values[name], np.float64) for name in ("mean", "spread", "weights"))
    return Domain(mean, spread, weights, bias=float(values["bias"]))


def write_domain(domain: Domain, path: Path) -> None:
    """Write a rule as JSON."""
    values = {
        name: [float(f"{number:.5g}") for number in getattr(domain, name)]
        for name in ("mean", "spread", "weights")
    }
    path.write_text(json.dumps({**values, "bias": round(domain.bias, 5)}) + "\n", encoding="utf-8")
