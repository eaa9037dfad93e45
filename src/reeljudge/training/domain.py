"""Fit what the bundled judge takes for its own world: python -m reeljudge.training.domain."""

import json
from pathlib import Path

import numpy as np

from reeljudge.judges.tiny.domain import Domain, statistics_of
from reeljudge.synth import sample_clip
from reeljudge.training.config import SynthSource
from reeljudge.training.encoding import synth_frames

ALLOWED = 0.005
"""Share of synthetic clips that may be called foreign."""
RIDGE = 1e-3


def fit_domain(count: int = 3000, seed: int = 5) -> Domain:
    """The domain of synthetic training clips: half of them place the kinds, half of them set the limit."""
    source = SynthSource(seed=seed, count=count, camera=0.7)
    numbers, kinds = [], []
    for index in range(count):
        clip = sample_clip(seed, index)
        kinds.append("none" if clip.visual is None else f"{clip.visual.kind}{clip.visual.level}")
        numbers.append(statistics_of(synth_frames(source, index).pixels))
    values, names = np.stack(numbers), np.array(kinds)
    fit, check = values[: count // 2], values[count // 2 :]
    fitted = names[: count // 2]
    means = np.stack([fit[fitted == name].mean(axis=0) for name in sorted(set(fitted))])
    inside = np.concatenate(
        [fit[fitted == name] - fit[fitted == name].mean(axis=0) for name in sorted(set(fitted))]
    )
    spread = np.cov(inside.T) + RIDGE * np.eye(values.shape[1])
    whiten = np.linalg.inv(np.linalg.cholesky(spread)).T
    domain = Domain(means, whiten, 0.0)
    limit = float(np.quantile([domain.distance(row) for row in check], 1 - ALLOWED))
    return Domain(means, whiten, limit)


def write_domain(domain: Domain, path: Path) -> None:
    """Write a domain as JSON."""
    values = {
        "means": np.round(domain.means, 5).tolist(),
        "whiten": np.round(domain.whiten, 5).tolist(),
        "limit": round(domain.limit, 4),
    }
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")


if __name__ == "__main__":
    from reeljudge.judges.tiny.judge import FOLDER

    write_domain(fit_domain(), FOLDER / "domain.json")
