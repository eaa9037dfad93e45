"""Frames as the patches of Qwen's vision tower, for whole batches at once; its processor gives the same."""

import numpy as np
import torch
from numpy.typing import NDArray


def patches_of(
    frames: NDArray[np.uint8], patch: int, merge: int, mean: float = 0.5, std: float = 0.5
) -> torch.Tensor:
    """Normalised patches of clips of one size.

    Args:
        frames: (clips, T, H, W, 3); T even, H and W multiples of `patch * merge`.

    Returns:
        float32 (clips * T/2 * H/patch * W/patch, 3 * 2 * patch * patch), in the processor's order: cells,
        then blocks of `merge` x `merge` patches.
    """
    clips, count, height, width, _ = frames.shape
    rows, columns = height // (patch * merge), width // (patch * merge)
    pixels = torch.from_numpy(frames).view(clips, count // 2, 2, rows, merge, patch, columns, merge, patch, 3)
    pixels = pixels.permute(0, 1, 3, 6, 4, 7, 9, 2, 5, 8).reshape(-1, 6 * patch * patch)
    return (pixels.float() / 255.0 - mean) / std


def grids_of(clips: int, count: int, height: int, width: int, patch: int) -> torch.Tensor:
    """The grid of each clip: (clips, 3) cells, rows and columns of patches."""
    return torch.tensor([[count // 2, height // patch, width // patch]] * clips)
