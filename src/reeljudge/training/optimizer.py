"""Optimizers and the course of the learning rate."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import nn

Schedule = Literal["cosine", "linear", "constant"]

MUON_LARGEST = 1024
"""Muon takes products of a matrix with itself: above this side they cost more than they give."""


class Optimizer:
    """AdamW for every parameter, or Muon for the matrices of the layers and AdamW for the rest.

    Muon (Jordan et al. 2024) orthogonalises the momentum of a weight matrix; small networks learn the same
    in about half the clips. Embeddings, norms, biases and very large matrices stay with AdamW.
    """

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        kind: Literal["adamw", "muon"] = "adamw",
        *,
        lr: float,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        matrices = {
            name: p
            for name, p in parameters.items()
            if kind == "muon" and p.ndim == 2 and max(p.shape) <= MUON_LARGEST and "embed_tokens" not in name
        }
        plain = [p for name, p in parameters.items() if name not in matrices and p.ndim < 2]
        decayed = [p for name, p in parameters.items() if name not in matrices and p.ndim >= 2]
        groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}]
        self._parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW([g for g in groups if g["params"]], lr=lr, betas=betas, eps=eps, fused=True)
        ]
        if matrices:
            self._parts.append(
                torch.optim.Muon(
                    list(matrices.values()),
                    lr=lr,
                    momentum=0.95,
                    weight_decay=weight_decay,
                    adjust_lr_fn="match_rms_adamw",
                )
            )

    def step(self, lr: float) -> None:
        """One update at this learning rate; gradients are cleared."""
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = lr
            part.step()
            part.zero_grad()

    def state_dict(self) -> list[dict[str, Any]]:
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, states: Sequence[dict[str, Any]]) -> None:
        for part, state in zip(self._parts, states, strict=True):
            part.load_state_dict(state)


def rate(step: int, steps: int, peak: float, warmup: float, schedule: Schedule, floor: float = 0.0) -> float:
    """The learning rate of a step.

    Args:
        step: from 0.
        steps: of the whole training.
        peak: the highest rate.
        warmup: share of the steps in which the rate rises linearly to its peak.
        schedule: what follows: half a cosine or a straight line down to `floor * peak`, or no change.
    """
    rising = math.ceil(warmup * steps)
    if step < rising:
        return peak * (step + 1) / rising
    if schedule == "constant":
        return peak
    done = (step - rising) / max(1, steps - rising)
    share = 0.5 * (1 + math.cos(math.pi * done)) if schedule == "cosine" else 1 - done
    return peak * (floor + (1 - floor) * share)
