"""Two Ray nodes against one: the bundled judge, each node pinned to a core of its own.

The clips come from files and the verdicts land in a run folder, as with `reeljudge run --engine ray`. The
head node judges nothing; it, and the process that writes the run folder, share the cores with the nodes.
"""

import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reeljudge.clips import Clip, read_manifest
from reeljudge.cores import usable_cores
from reeljudge.judging import JudgeSettings
from reeljudge.runs.on_ray import run_on_ray
from reeljudge.runs.run import Silent
from reeljudge.synth import SetSettings, write_set

STORE = 80_000_000
"""Bytes of a node's object store."""


class Watch(Silent):
    """When verdicts came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def judged(self, verdict: Any) -> None:
        self.times.append(time.perf_counter())


def measure(folder: Path, clips: int, rounds: int) -> dict[str, Any]:
    """Clips per second of one node and of two, once both judge; and seconds of whole runs, in which workers
    start and load the judge as well."""
    if usable_cores() < 2:
        return {"left_out": "two nodes need two cores"}
    import ray
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    made = write_set(folder / "clips", clips, SetSettings(seed=12, split="test"))
    manifest = list(read_manifest(made.manifest))
    cores = sorted(os.sched_getaffinity(0))
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"include_dashboard": False, "num_cpus": 0, "object_store_memory": STORE},
    )
    seconds: dict[int, list[float]] = {1: [], 2: []}
    rates: dict[int, list[float]] = {1: [], 2: []}
    try:
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        first = add_node(cluster, cores[:1])
        run(folder / "warm", manifest[:8])
        for number in range(rounds):
            for nodes in (1, 2):
                second = add_node(cluster, cores[1:2]) if nodes == 2 else None
                took, rate = run(folder / f"{number}-{nodes}", manifest)
                seconds[nodes].append(took)
                rates[nodes].append(rate)
                if second is not None:
                    cluster.remove_node(second)
                sys.stderr.write(f"nodes: {nodes}, {took:.1f} s, {rate:.1f} clips per second\n")
        cluster.remove_node(first)
    finally:
        ray.shutdown()
        cluster.shutdown()
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    whole = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
    return {
        "clips": clips,
        "clips_per_second_one_node": statistics.median(rates[1]),
        "clips_per_second_two_nodes": statistics.median(rates[2]),
        "ratio": statistics.median(ratios),
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "whole_seconds_one_node": statistics.median(seconds[1]),
        "whole_seconds_two_nodes": statistics.median(seconds[2]),
        "whole_ratio": statistics.median(whole),
    }


def add_node(cluster: Any, cores: Sequence[int]) -> Any:
    """A node of one judge, whose processes all stay on these cores: they inherit where they are started."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return cluster.add_node(num_cpus=1, object_store_memory=STORE)
    finally:
        os.sched_setaffinity(0, all_cores)


def run(folder: Path, clips: Sequence[Clip]) -> tuple[float, float]:
    """Seconds of a whole run, and clips per second from a fifth of its verdicts on: verdicts come in batches,
    and nodes do not begin at the same moment."""
    watch = Watch()
    began = time.perf_counter()
    outcome = run_on_ray(clips, folder, JudgeSettings(judge="tiny"), observer=watch, cpus_per_judge=1)
    seconds = time.perf_counter() - began
    assert outcome.statuses == {"scored": len(clips)}, outcome.statuses
    begun = len(clips) // 5
    return seconds, (len(clips) - 1 - begun) / (watch.times[-1] - watch.times[begun])
