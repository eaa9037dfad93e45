"""The engine `ray` without a cluster: assignments, placement, one worker, and all of it on a fake Ray."""

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fake_judge import FakeJudge, joint
from fake_ray import FakeRay, Killed
from hypothesis import given, settings
from hypothesis import strategies as st
from told import Told, without_seconds

from reeljudge import __version__
from reeljudge.clips import Clip
from reeljudge.errors import InputError, JudgeError, UsageError
from reeljudge.judges import Request
from reeljudge.judging import JudgeSettings
from reeljudge.runs import read_verdicts
from reeljudge.runs.assignments import Assignments
from reeljudge.runs.on_ray import run_on_ray
from reeljudge.runs.ray_placement import Placement, Resources, place
from reeljudge.runs.ray_worker import Opened, Parcel, Refused, Worker
from reeljudge.runs.run import run_locally

# A worker that is "killed" here ends its judging thread with an exception that nobody catches.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


def clips(count: int) -> list[Clip]:
    return [Clip(f"c{n}", f"c{n}.mp4", Path(f"/v/c{n}.mp4"), f"球 {n}", "gen") for n in range(count)]


# Assignments


@settings(deadline=None)
@given(
    count=st.integers(0, 60),
    workers=st.integers(1, 4),
    depth=st.integers(1, 9),
    batch=st.integers(1, 4),
    poison=st.sets(st.integers(0, 59), max_size=3),
    seed=st.integers(0, 10**6),
)
def test_whatever_dies_every_clip_is_done_once(
    count: int, workers: int, depth: int, batch: int, poison: set[int], seed: int
) -> None:
    chance = random.Random(seed)
    assignments = Assignments(clips(count))
    held: dict[int, list[int]] = {}
    done: Counter[int] = Counter()
    given_up: list[int] = []
    next_name = 0
    steps = 0
    while not assignments.done:
        steps += 1
        assert steps < 20_000
        while len(held) < workers:
            assignments.join(next_name, depth, batch)
            held[next_name] = []
            next_name += 1
        for name in held:
            held[name] += [ticket.number for ticket in assignments.take(name)]
            assert len(held[name]) <= depth
        name = chance.choice(list(held))
        if not held[name]:
            continue
        fate = chance.random()
        if fate < 0.03:
            given_up += [ticket.number for ticket in assignments.lost(name, machine_died=True)]
            del held[name]
        elif set(held[name][:batch]) & poison:
            given_up += [ticket.number for ticket in assignments.lost(name)]
            del held[name]
        else:
            number = held[name].pop(0)
            assert assignments.answered(name, number) is not None
            assert assignments.answered(name, number) is None
            done[number] += 1
    assert set(done.values()) <= {1}
    assert len(given_up) == len(set(given_up))
    assert set(done).isdisjoint(given_up)
    assert set(done) | set(given_up) == set(range(count))
    # Beside poison, only what was alone on dying machines again and again may be given up.
    assert set(given_up) >= poison & set(range(count))


def test_company_is_not_guilty_and_the_guilty_is_found() -> None:
    assignments = Assignments(clips(10))
    assignments.join(0, depth=6, batch=3)
    assert [ticket.number for ticket in assignments.take(0)] == [0, 1, 2, 3, 4, 5]
    assignments.answered(0, 0)
    assert assignments.lost(0) == []  # 1, 2 and 3 were worked on
    assignments.join(1, depth=6, batch=3)
    for alone in (1, 2, 3):
        assert [ticket.number for ticket in assignments.take(1)] == [alone]
        assert assignments.take(1) == []  # it stays alone
        assignments.answered(1, alone)
    assert [ticket.number for ticket in assignments.take(1)] == [4, 5, 6, 7, 8, 9]


def test_a_dying_machine_puts_nothing_under_suspicion() -> None:
    assignments = Assignments(clips(4))
    for worker in (0, 1):
        assignments.join(worker, depth=4, batch=2)
        assert len(assignments.take(worker)) == 4
        assert assignments.lost(worker, machine_died=True) == []
    assignments.join(2, depth=4, batch=2)
    assert len(assignments.take(2)) == 4


def test_towards_the_end_workers_share_what_is_left() -> None:
    assignments = Assignments(clips(12))
    for worker in range(3):
        assignments.join(worker, depth=8, batch=1)
    taken = [len(assignments.take(worker)) for worker in range(3)]
    assert taken[0] == 4  # not 8: the others would have none
    assert max(taken) - min(taken) <= 2


# Placement


def node(cpus: float, gpus: float = 0, alive: bool = True) -> dict[str, Any]:
    return {"Alive": alive, "Resources": {"CPU": cpus, "GPU": gpus}}


CHECKPOINT, SERVED = JudgeSettings(judge="hf:a/b"), JudgeSettings(judge="served:m", base_url="http://h/v1")


@pytest.mark.parametrize(
    ("wanted", "judge", "nodes", "expected"),
    [
        (Placement(), CHECKPOINT, [node(8), node(16), node(64, alive=False)], Resources(6, 4, 0)),
        (Placement(), CHECKPOINT, [node(2), node(16)], Resources(9, 2, 0)),
        (Placement(), CHECKPOINT, [node(32, 8), node(16, 2)], Resources(10, 4, 1)),
        (Placement(), CHECKPOINT, [node(8, 8)], Resources(8, 1, 1)),
        (Placement(), SERVED, [node(8, 8)], Resources(2, 4, 0)),
        (Placement(gpus=0.5), CHECKPOINT, [node(16, 2)], Resources(4, 4, 0.5)),
        (Placement(gpus=2), CHECKPOINT, [node(16, 4), node(16, 1)], Resources(2, 4, 2)),
        (Placement(judges=3, cpus=1), CHECKPOINT, [node(16)], Resources(3, 1, 0)),
        (Placement(judges=5, gpus=1), CHECKPOINT, [node(4)], Resources(5, 4, 1)),
        (Placement(cpus=1), CHECKPOINT, [node(0), node(2), node(3)], Resources(5, 1, 0)),
    ],
)
def test_judges_by_hand(
    wanted: Placement, judge: JudgeSettings, nodes: list[dict[str, Any]], expected: Resources
) -> None:
    assert place(wanted, judge, nodes) == expected


def test_no_room_is_said_with_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"room for a judge of 8 CPUs and 0 accelerators .* has 4 and 0"):
        place(Placement(cpus=8), CHECKPOINT, [node(4), node(2)])
    with pytest.raises(UsageError, match="no machine of the cluster"):
        place(Placement(), CHECKPOINT, [node(0)])
    for wrong in ({"cpus": -1}, {"gpus": float("nan")}, {"judges": 0}, {"cpus": 0}):
        with pytest.raises(UsageError):
            Placement(**wrong)


# One worker


def test_a_worker_gives_every_verdict_and_ends(tmp_path: Path) -> None:
    worker = Worker()
    opened = worker.open(JudgeSettings(judge=FakeJudge(batch_size=4)), str(tmp_path), __version__, {}, None)
    assert isinstance(opened, Opened)
    assert opened.depth > opened.batch == 4
    worker.feed(enumerate(clips(3)))
    parcels = worker.verdicts()
    seen: list[int] = []
    while len(seen) < 3:  # also without `end`: nothing is kept back for want of more clips
        seen += [number for number, _ in next(parcels).verdicts]
    worker.feed(enumerate(clips(10)[3:], 3))
    worker.end()
    for parcel in parcels:
        assert parcel.failure is None
        seen += [number for number, _ in parcel.verdicts]
    assert seen == list(range(10))


def test_a_worker_that_cannot_judge_says_why(tmp_path: Path) -> None:
    def opened(settings: JudgeSettings, version: str = __version__, example: str | None = None) -> Any:
        return Worker().open(settings, str(tmp_path), version, {}, example)

    told = opened(JudgeSettings(judge="recorded:none.jsonl"))
    assert isinstance(told, Refused)
    assert (told.kind, "none.jsonl: no such file" in told.text) == ("InputError", True)
    told = opened(JudgeSettings(judge=FakeJudge()), version="0.0.1")
    assert "install the same version" in told.text
    told = opened(JudgeSettings(judge=FakeJudge(needs_frames=True)), example="/nowhere/c.mp4")
    assert "must reach the videos at the same path" in told.text
    assert isinstance(opened(JudgeSettings(judge=FakeJudge()), example="/nowhere/c.mp4"), Opened)


def test_a_failure_comes_after_what_was_judged_before_it(tmp_path: Path) -> None:
    def write(request: Request, _: int) -> Any:
        return ValueError("a bug") if request.clips[0].id == "c2" else joint(4, 4, 4)

    worker = Worker()
    worker.open(JudgeSettings(judge=FakeJudge(write, batch_size=1)), str(tmp_path), __version__, {}, None)
    worker.feed(enumerate(clips(5)))
    parcels: list[Parcel] = list(worker.verdicts())
    assert [number for parcel in parcels for number, _ in parcel.verdicts] == [0, 1]
    assert parcels[-1].failure is not None
    assert parcels[-1].failure.text == "ValueError: a bug"


# All of it


@pytest.fixture
def fake_ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    made = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", made)
    return made


def ids(run: Path) -> Counter[str]:
    lines = (run / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    return Counter(json.loads(line)["id"] for line in lines)


def everything(count: int) -> Counter[str]:
    return Counter(f"c{n}" for n in range(count))


def killing(*names: str, how: Any = Killed) -> JudgeSettings:
    def write(request: Request, _: int) -> Any:
        return how("it dies") if request.clips[0].id in names else joint(4, 3, 2)

    return JudgeSettings(judge=FakeJudge(write, batch_size=4, keep=False))


def test_the_same_rows_as_the_local_engine(fake_ray: FakeRay, tmp_path: Path) -> None:
    recording = tmp_path / "replies.jsonl"
    rows = [{"id": f"c{n}", "reply": joint(1 + n % 5, 9 if n % 4 == 0 else 3, 2)} for n in range(0, 90, 2)]
    recording.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    asked = JudgeSettings(judge=f"recorded:{recording}")
    run_locally(clips(90), tmp_path / "local", asked)
    outcome = run_on_ray(clips(90), tmp_path / "ray", asked)
    assert (outcome.rows, outcome.judged, outcome.complete) == (90, 90, True)

    assert without_seconds(tmp_path / "ray") == without_seconds(tmp_path / "local")
    assert ids(tmp_path / "ray") == everything(90)
    again = run_on_ray(clips(90), tmp_path / "local", asked)  # rows in error are tried again
    assert (again.done_before, again.judged) == (45, 45)


def test_a_finished_run_starts_no_worker(fake_ray: FakeRay, tmp_path: Path) -> None:
    recording = tmp_path / "replies.jsonl"
    recording.write_text(json.dumps({"id": "c0", "reply": joint(1, 2, 3)}) + "\n", encoding="utf-8")
    asked = JudgeSettings(judge=f"recorded:{recording}")
    run_on_ray(clips(1), tmp_path / "run", asked)
    started = len(fake_ray.actors)
    outcome = run_on_ray(clips(1), tmp_path / "run", asked)
    assert (outcome.done_before, len(fake_ray.actors)) == (1, started)


def test_a_machine_that_dies_costs_nothing(fake_ray: FakeRay, tmp_path: Path) -> None:
    def kill(count: int) -> None:
        if count == 30:
            fake_ray.machine_dies("n1")

    told = Told(kill)
    asked = JudgeSettings(judge=FakeJudge(seconds=0.002, batch_size=2, keep=False))
    outcome = run_on_ray(clips(200), tmp_path, asked, observer=told)
    assert outcome.statuses == {"scored": 200}
    assert ids(tmp_path) == everything(200)
    assert [note for note in told.notes if "lost its machine" in note]


@pytest.mark.parametrize("how", [Killed, ValueError])
def test_a_poisonous_clip_is_one_error_row(fake_ray: FakeRay, tmp_path: Path, how: Any) -> None:
    told = Told()
    outcome = run_on_ray(clips(40), tmp_path, killing("c7", "c39", how=how), observer=told)
    assert outcome.complete
    assert outcome.statuses == {"scored": 38, "error": 2}
    assert ids(tmp_path) == everything(40)
    row = {row["id"]: row for row in read_verdicts(tmp_path)}["c7"]
    assert (row["reason"], row["prompt"], row["judge"]) == ("backend_error", "球 7", "fake:judge")
    assert row["message"].startswith("3 workers ended while they judged this clip alone; the last: ")
    mended = run_on_ray(clips(40), tmp_path, killing())
    assert (mended.done_before, mended.statuses) == (38, {"scored": 2})


def test_when_every_clip_kills_the_run_ends(fake_ray: FakeRay, tmp_path: Path) -> None:
    outcome = run_on_ray(clips(30), tmp_path, killing(*everything(30)))
    assert "5 clips in a row ended their workers" in str(outcome.stopped_by)
    assert (outcome.judged, outcome.failed(1.0)) == (5, True)


def test_a_judge_that_gives_up_ends_the_run(fake_ray: FakeRay, tmp_path: Path) -> None:
    class Gone(FakeJudge):
        def answer(self, requests: Any) -> Any:
            raise JudgeError("the server is gone")

    outcome = run_on_ray(clips(30), tmp_path, JudgeSettings(judge=Gone()))
    assert str(outcome.stopped_by) == "the server is gone"
    assert run_on_ray(clips(30), tmp_path, killing()).statuses == {"scored": 30}


def test_what_keeps_every_worker_from_judging_is_raised(fake_ray: FakeRay, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no worker can judge: .*no such file"):
        run_on_ray(clips(3), tmp_path / "run", JudgeSettings(judge=f"recorded:{tmp_path / 'none'}"))
    assert not (tmp_path / "run").exists()


def test_workers_of_another_configuration_are_left_out(fake_ray: FakeRay, tmp_path: Path) -> None:
    class Varies(FakeJudge):
        made = 0

        def identity(self) -> dict[str, Any]:
            if not hasattr(self, "mark"):
                Varies.made += 1
                self.mark = Varies.made
            return {"revision": "r1", "dtype": "bfloat16" if self.node() == "n0" else "float32"}

        def node(self) -> str:
            return str(fake_ray.here.node)

    told = Told()
    outcome = run_on_ray(clips(50), tmp_path, JudgeSettings(judge=Varies(keep=False)), observer=told)
    assert outcome.statuses == {"scored": 50}
    assert any("its configuration differs (judge.dtype:" in note for note in told.notes), told.notes


def test_ctrl_c_keeps_what_is_done(fake_ray: FakeRay, tmp_path: Path) -> None:
    def interrupt(count: int) -> None:
        if count == 10:
            raise KeyboardInterrupt

    outcome = run_on_ray(clips(60), tmp_path, killing(), observer=Told(interrupt))
    assert (outcome.interrupted, outcome.judged, outcome.left) == (True, 10, 50)
    assert all(actor.dead for actor in fake_ray.actors)
    outcome = run_on_ray(clips(60), tmp_path, killing())
    assert (outcome.done_before, outcome.judged) == (10, 50)
    assert ids(tmp_path) == everything(60)


def test_options_of_the_cluster_belong_to_ray() -> None:
    from reeljudge.cli.app import run_command

    assert run_command(["run", "none.jsonl", "-o", "run", "--judges", "2"]) == 2
