"""Fit the rule by which the bundled judge knows its world: python -m reeljudge.training.domain.

Takes about two minutes on one core; run it after the weights were bundled.
"""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from reeljudge.clips import Frames
from reeljudge.judges.local.vision import VideoInput
from reeljudge.judges.tiny.domain import WIDEST, Domain, Vector, features_of, write_domain
from reeljudge.training.attention import use_windowed_attention
from reeljudge.training.config import SynthSource
from reeljudge.training.encoding import synth_frames
from reeljudge.training.foreign import foreign_film
from reeljudge.training.patches import grids_of, patches_of

logger = logging.getLogger("reeljudge.training")

ALLOWED = 0.01
"""Share of synthetic clips that may be called foreign."""
DECAY = 3e-3
"""Weight of the squared norm of the rule."""

Featurise = Callable[[Any], Vector]


def fit_domain(see: Featurise, count: int = 800, seed: int = 5) -> Domain:
    """Fit a rule on `count` synthetic clips and half as many foreign films; its limit is set on as many more.

    Args:
        see: from `Frames` to features.
    """
    source = SynthSource(seed=seed, count=2 * count, camera=0.7)
    own = np.stack([see(synth_frames(source, index)) for index in range(2 * count)])
    template = synth_frames(source, 0)
    foreign = np.stack([see(_with_pixels(template, foreign_film(index))) for index in range(count // 2)])
    fit, held = own[:count], own[count:]
    mean, spread = fit.mean(axis=0), fit.std(axis=0) + 1e-6

    def standard(values: Vector) -> torch.Tensor:
        return torch.from_numpy(np.clip((values - mean) / spread, -WIDEST, WIDEST))

    inputs = torch.cat([standard(fit), standard(foreign)])
    truth = torch.cat([torch.zeros(len(fit)), torch.ones(len(foreign))]).double()
    weights = torch.zeros(inputs.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights, bias], max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        solver.zero_grad()
        loss = (
            binary_cross_entropy_with_logits(inputs @ weights + bias, truth) + DECAY * weights.square().sum()
        )
        loss.backward()
        return loss

    solver.step(closure)
    rule = weights.detach().numpy()
    limit = float(np.quantile(standard(held).numpy() @ rule, 1 - ALLOWED))
    return Domain(mean, spread, rule, -limit)


def _with_pixels(frames: Any, pixels: NDArray[np.uint8]) -> Any:
    from dataclasses import replace

    return replace(frames, pixels=pixels)


def main() -> None:
    """Fit the rule for the bundled weights and write it beside them."""
    from reeljudge.judges.local.checkpoint import find_checkpoint
    from reeljudge.judges.local.loading import load
    from reeljudge.judges.options import JudgeOptions
    from reeljudge.judges.tiny.judge import FOLDER, WEIGHTS

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    loaded = load(find_checkpoint(str(WEIGHTS)), None, JudgeOptions())
    torch.set_num_threads(1)
    use_windowed_attention(loaded.model)

    def see(frames: Frames) -> Vector:
        patches = patches_of(frames.pixels[None], patch=8, merge=4)
        count, height, width, _ = frames.pixels.shape
        grid = grids_of(1, count, height, width, 8)
        video = VideoInput((), patches, grid, frames.seconds_per_grid, len(patches) // 16)
        return features_of(loaded.model.model.visual, video)

    domain = fit_domain(see)
    write_domain(domain, FOLDER / "domain.json")
    logger.info("wrote %s", FOLDER / "domain.json")


if __name__ == "__main__":
    main()
