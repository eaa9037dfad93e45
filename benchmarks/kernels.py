"""Why a step costs what it costs: matrix products from plain and from packed weights."""

import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from reeljudge.judges.local.packing import PackedLinear, can_pack

INPUTS, OUTPUTS, MATRICES = 896, 4864, 8
ROWS = (1, 8, 32, 64, 384)


@torch.inference_mode()
def measure() -> dict[str, Any]:
    """Billions of operations per second of 896 x 4,864 products by number of rows; the matrices together are
    larger than the caches."""
    found: dict[str, Any] = {}
    for dtype in (torch.float32, torch.bfloat16):
        if not can_pack(torch.device("cpu"), dtype):
            continue
        plain = [nn.Linear(INPUTS, OUTPUTS, bias=False).to(dtype) for _ in range(MATRICES)]
        packed = [PackedLinear(linear) for linear in plain]
        for rows in ROWS:
            given = torch.randn(rows, INPUTS).to(dtype)
            work = 2 * rows * INPUTS * OUTPUTS * MATRICES / 1e9
            found[f"{str(dtype).removeprefix('torch.')}, {rows} rows"] = {
                "plain_gflops": work / _best(plain, given),
                "packed_gflops": work / _best(packed, given),
            }
    return found


def _best(layers: Sequence[nn.Module], rows: torch.Tensor) -> float:
    """Seconds of all layers, the least of 15 times after one that does not count."""
    best = float("inf")
    for number in range(16):
        began = time.perf_counter()
        for layer in layers:
            layer(rows)
        if number:
            best = min(best, time.perf_counter() - began)
    return best
