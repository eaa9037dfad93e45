"""Speed, measured side by side in one run: `make bench`. Ratios carry over between machines; seconds do not.

Takes about an hour on two cores; `--quick` a few, with few rounds and short replies, to see that it runs.
The numbers go to a JSON (`-o`), the tables to the terminal; docs/performance.md shows both of one machine.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = ("small", "decoders", "kernels", "judging", "answers", "machines", "size")
RUBRICS = ("gradeo", "videoscore2")


def main() -> None:
    options = _options()
    if "decoders" in options.only:
        import decoders

        decoders.lend_ffmpeg()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured: dict[str, Any] = {"machine": _machine(), "quick": options.quick}
        for name in options.only:
            began = time.perf_counter()
            measured[name] = PART[name](folder / name, options)
            measured[f"{name}_took_seconds"] = round(time.perf_counter() - began, 1)
            if options.output is not None:  # what is measured stays, whatever comes after it
                options.output.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
            _tell(name, measured[name])
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it runs; the numbers mean little")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, help="rounds of every comparison (default 3; --quick 1)")
    parser.add_argument("--dtypes", nargs="+", default=["bfloat16", "float32"])
    parser.add_argument("--rubrics", nargs="+", choices=RUBRICS, default=list(RUBRICS))
    parser.add_argument("--rows", type=int, help="rows of the run in `size` (default 100,000; --quick 1,000)")
    parser.add_argument("-o", "--output", type=Path, help="JSON file for the numbers")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.rows = options.rows or (1_000 if options.quick else 100_000)
    return options


def _small(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import small

    return {"decoding 16 clips": small.bare_decoding(folder), "reading 100 replies": small.reading()}


def _decoders(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import decoders

    return decoders.measure(folder, options.rounds)


def _kernels(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import kernels

    return kernels.measure()


def _judging(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import side_by_side
    from checkpoint import SMALL, Shape, write_checkpoint

    shape = SMALL
    if options.quick:
        shape = Shape(128, 256, 2, 4, vision_hidden=64, vision_inside=128, vision_depth=2, vision_heads=4)
    found: dict[str, Any] = {"checkpoint": write_checkpoint(folder / "checkpoint", shape)}
    clips = {"gradeo": 2, "videoscore2": 4} if options.quick else side_by_side.CLIPS
    clips = {rubric: clips[rubric] for rubric in options.rubrics}
    tokens = 20 if options.quick else side_by_side.TOKENS
    for dtype in options.dtypes:
        found[dtype] = side_by_side.measure(
            folder / "checkpoint", folder, dtype, options.rounds, clips, tokens
        )
    return found


def _answers(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import answers

    return answers.measure(folder, 6 if options.quick else 100)


def _machines(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import machines

    return machines.measure(folder, 24 if options.quick else 1000, options.rounds)


def _size(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import size

    return size.measure(folder, options.rows)


PART: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "small": _small,
    "decoders": _decoders,
    "kernels": _kernels,
    "judging": _judging,
    "answers": _answers,
    "machines": _machines,
    "size": _size,
}


def _machine() -> dict[str, Any]:
    import torch
    import transformers

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        flags = next(line.partition(":")[2].split() for line in lines if line.startswith("flags"))
    except (OSError, StopIteration):
        model, flags = platform.processor(), []
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "bfloat16": [flag for flag in flags if flag.startswith(("avx512_bf16", "amx"))],
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def _tell(name: str, result: dict[str, Any]) -> None:
    say = sys.stderr.write
    say(f"\n{name}\n")
    if name == "small":
        for what, one in result.items():
            spread = f"{one['ratio']:.2f} ({one['ratio_low']:.2f} to {one['ratio_high']:.2f})"
            say(f"  {what}: {one['ours_seconds']:.3f} s against {one['other_seconds']:.3f} s, {spread}\n")
    elif name == "decoders":
        for what, one in result.items():
            spread = f"{one['ratio']:.2f} ({one['ratio_low']:.2f} to {one['ratio_high']:.2f})"
            say(f"  {what}, {one['frames']} frames: {spread} times {one['fastest_other']}\n")
            for way, took in one["wall_seconds_per_clip"].items():
                work = one["cpu_seconds_per_clip"].get(way)
                say(f"    {way:28} {took:.3f} s" + ("\n" if work is None else f", {work:.3f} s of CPU\n"))
    elif name == "kernels":
        for what, one in result.items():
            say(f"  {what}: {one['plain_gflops']:.0f} plain, {one['packed_gflops']:.0f} packed GFLOP/s\n")
    elif name == "judging":
        for dtype in (key for key in result if isinstance(result[key], dict)):
            for rubric, one in result[dtype].items():
                if isinstance(one, dict):
                    say(f"  {dtype}, {rubric}: {one['line']}\n")
    else:
        say(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
