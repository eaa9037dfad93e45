"""States to resume from: parameters, optimizer and the next step; read without running code."""

import os
from pathlib import Path
from typing import Any

import torch

from reeljudge.training.optimizer import Optimizer


def save_state(path: Path, network: torch.nn.Module, optimizer: Optimizer, step: int, **more: Any) -> None:
    """Write a state so that a crash leaves either the old one or the new one.

    Args:
        step: the next step to do.
        more: further plain values and tensors (random states).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    trained = {name: p.detach() for name, p in network.named_parameters() if p.requires_grad}
    partial = path.with_suffix(".partial")
    torch.save({"network": trained, "optimizer": optimizer.state_dict(), "step": step, **more}, partial)
    os.replace(partial, path)


def load_state(path: Path, network: torch.nn.Module, optimizer: Optimizer) -> int:
    """Restore a state where there is one; the next step to do (0 where there is none)."""
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True, map_location="cpu")
    network.load_state_dict(state["network"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
