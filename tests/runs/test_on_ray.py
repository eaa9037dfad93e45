"""The engine `ray` on a local cluster of several nodes: the same verdicts, nothing lost, nothing doubled."""

import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_judge
import pytest
from fake_judge import FakeJudge, joint
from told import Told, lines, without_seconds

from reeljudge.clips import Clip
from reeljudge.errors import InputError, JudgeError, UsageError
from reeljudge.judges import Request
from reeljudge.judging import JudgeSettings
from reeljudge.runs import Outcome, read_settings
from reeljudge.runs.on_ray import run_on_ray
from reeljudge.runs.run import run_locally

ray = pytest.importorskip("ray", reason="Ray is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that judges nothing, and two nodes with room for one judge each."""
    from ray import cloudpickle
    from ray.cluster_utils import Cluster

    cloudpickle.register_pickle_by_value(fake_judge)  # workers do not have the tests' folder in their path
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    made = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **machine(cpus=0)})
    for _ in range(2):
        made.add_node(**machine())
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()


def machine(cpus: int = 1) -> dict[str, Any]:
    """A node of the cluster. Where its agents' ports are given, a slow machine has time to start them."""
    ports = {}
    for name in ("metrics_agent", "metrics_export", "runtime_env_agent", "dashboard_agent_listen"):
        with socket.socket() as free:
            free.bind(("", 0))
            ports[f"{name}_port"] = free.getsockname()[1]
    return {"num_cpus": cpus, "object_store_memory": 80_000_000, **ports}


def clips(count: int) -> list[Clip]:
    return [
        Clip(f"c{n}", f"c{n}.mp4", Path(f"c{n}.mp4"), f"球 {n}", f"gen-{n % 3}", f"g{n % 5}")
        for n in range(count)
    ]


def test_the_same_verdicts_as_on_one_machine(cluster: Any, tmp_path: Path) -> None:
    recording = tmp_path / "replies.jsonl"
    with recording.open("w", encoding="utf-8") as file:
        for n in range(0, 300, 2):
            file.write(
                json.dumps({"id": f"c{n}", "reply": joint(1 + n % 5, 3, 9 if n % 7 == 0 else 4)}) + "\n"
            )
    asked = JudgeSettings(judge=f"recorded:{recording}")
    local = run_locally(clips(300), tmp_path / "local", asked)
    told = Told()
    spread = run_on_ray(clips(300), tmp_path / "ray", asked, observer=told, cpus_per_judge=1)
    assert (spread.rows, spread.judged, spread.complete) == (300, 300, True)
    assert spread.statuses == local.statuses
    assert Counter(row["id"] for row in lines(tmp_path / "ray")) == Counter(f"c{n}" for n in range(300))
    assert without_seconds(tmp_path / "ray") == without_seconds(tmp_path / "local")
    there, here = read_settings(tmp_path / "ray"), read_settings(tmp_path / "local")
    assert there["configuration"] == here["configuration"]
    assert told.notes == []
    # Resume: the rows in error are tried again, on either engine; the others are left alone.
    again = run_on_ray(clips(310), tmp_path / "ray", asked)
    assert (again.done_before, again.judged) == (150, 160)
    assert run_locally(clips(300), tmp_path / "ray", asked).done_before == 150


def test_a_node_killed_in_mid_run(cluster: Any, tmp_path: Path) -> None:
    asked = JudgeSettings(judge=FakeJudge(seconds=0.05, batch_size=2, keep=False))
    node = cluster.add_node(**machine())

    def kill(count: int) -> None:
        if count == 60:
            cluster.remove_node(node, allow_graceful=False)

    told = Told(kill)
    outcome = run_on_ray(clips(400), tmp_path, asked, observer=told, cpus_per_judge=1)
    assert (outcome.judged, outcome.statuses) == (400, {"scored": 400})
    assert Counter(row["id"] for row in lines(tmp_path)) == Counter(f"c{n}" for n in range(400))
    assert any("lost its machine" in note for note in told.notes), told.notes


def dies_on(*names: str) -> FakeJudge:
    def write(request: Request, _: int) -> Any:
        if request.clips[0].id in names:
            os._exit(1)
        return joint(4, 4, 4)

    return FakeJudge(write, batch_size=4, keep=False)


def test_a_clip_that_kills_its_workers_becomes_an_error_row(cluster: Any, tmp_path: Path) -> None:
    told = Told()
    outcome = run_on_ray(clips(60), tmp_path, JudgeSettings(judge=dies_on("c7")), observer=told)
    assert outcome.complete
    assert outcome.statuses == {"scored": 59, "error": 1}
    assert Counter(row["id"] for row in lines(tmp_path)) == Counter(f"c{n}" for n in range(60))
    row = {row["id"]: row for row in lines(tmp_path)}["c7"]
    assert (row["reason"], row["prompt"], row["model"]) == ("backend_error", "球 7", "gen-1")
    assert "3 workers ended while they judged this clip alone" in row["message"]
    # Three times alone, and once in company; twice where verdicts were still on their way when it died.
    assert 4 <= len(told.notes) <= 6, told.notes
    mended = run_on_ray(clips(60), tmp_path, JudgeSettings(judge=dies_on()))
    assert (mended.done_before, mended.judged, mended.statuses) == (59, 1, {"scored": 1})


def test_a_judge_that_gives_up_everywhere_ends_the_run(cluster: Any, tmp_path: Path) -> None:
    class Gone(FakeJudge):
        def answer(self, requests: Any) -> Any:
            raise JudgeError("the server is gone")

    outcome = run_on_ray(clips(20), tmp_path, JudgeSettings(judge=Gone(keep=False)))
    assert str(outcome.stopped_by) == "the server is gone"
    assert (outcome.judged, outcome.left) == (0, 20)

    everything = dies_on(*(f"c{n}" for n in range(20)))
    outcome = run_on_ray(clips(20), tmp_path, JudgeSettings(judge=everything))
    assert "5 clips in a row ended their workers" in str(outcome.stopped_by)
    assert outcome.judged == 5


def test_what_keeps_every_worker_from_judging_is_told(cluster: Any, tmp_path: Path) -> None:
    def go(asked: JudgeSettings, **more: Any) -> Outcome:
        return run_on_ray(clips(3), tmp_path / "run", asked, **more)

    with pytest.raises(InputError, match=r"none\.jsonl: no such file"):
        go(JudgeSettings(judge=f"recorded:{tmp_path / 'none.jsonl'}"))
    with pytest.raises(UsageError, match="no machine of the cluster has room for a judge of 64 CPUs"):
        go(JudgeSettings(judge=FakeJudge()), cpus_per_judge=64)
    assert not (tmp_path / "run").exists()
