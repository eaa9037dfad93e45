"""Runs in processes of their own: killed at any moment, interrupted, started twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from reeljudge.clips import write_video
from reeljudge.runs import read_verdicts

COMMAND = [sys.executable, str(Path(__file__).parent.parent / "judging" / "fake_command.py")]


def manifest(folder: Path, count: int, video: str = "c{}.mp4") -> Path:
    path = folder / "clips.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            row = {"id": f"c{number}", "video": video.format(number), "prompt": f"球 number {number}"}
            file.write(json.dumps(row) + "\n")
    return path


def start(*arguments: object, own_group: bool = False) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=own_group,
    )


def wait_for_lines(run: Path, count: int, process: "subprocess.Popen[str]") -> None:
    log = run / "verdicts.jsonl"
    deadline = time.monotonic() + 60
    while not log.exists() or log.read_bytes().count(b"\n") < count:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("kills", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(tmp_path: Path, kills: int) -> None:
    rows, run = 12 * kills, tmp_path / "run"
    command = ["run", manifest(tmp_path, rows), "-o", run, "--judge", "fake:0.02", "--batch-size", "3"]
    chance = random.Random(11)
    finished: Counter[str] = Counter()
    for number in range(kills):
        process = start(*command)
        if number % 5 == 0:  # at any moment, also before anything is judged
            time.sleep(chance.uniform(0.0, 1.0))
        else:
            wait_for_lines(run, len(finished) + 1, process)
            time.sleep(chance.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        log = run / "verdicts.jsonl"
        whole = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
        now = Counter(json.loads(line)["id"] for line in whole)
        assert now >= finished  # what was finished is still there
        finished = now
    process = start(*command)
    errors = process.communicate()[1]
    assert process.returncode == 0, errors
    lines = (run / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    assert Counter(json.loads(line)["id"] for line in lines) == Counter(
        f"c{number}" for number in range(rows)
    )
    assert [row["id"] for row in read_verdicts(run)] == [f"c{number}" for number in range(rows)]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(tmp_path: Path, signal_number: int) -> None:
    video = tmp_path / "c.mp4"
    write_video(video, np.zeros((8, 32, 32, 3), np.uint8), 8.0)
    run = tmp_path / "a run"
    path = manifest(tmp_path, 200, video="c.mp4")
    command = ["run", path, "-o", run, "--judge", "looking:0.05", "--workers", "1"]
    process = start(*command, own_group=True)
    wait_for_lines(run, 3, process)
    os.killpg(process.pid, signal_number)  # the terminal's Ctrl-C reaches the decoding processes too
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "nothing that was judged is lost" in errors
    assert f"reeljudge run {path} -o '{run}'" in errors
    done = len(list(read_verdicts(run)))
    assert all(row["status"] == "scored" for row in read_verdicts(run))
    assert f"stopped: {done} rows judged, {200 - done} left" in errors
    process = start(*command, "--limit", str(done + 2))
    process.communicate()
    assert process.returncode == 0
    assert len(list(read_verdicts(run))) == done + 2


def test_two_processes_on_one_folder_are_refused(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = ["run", manifest(tmp_path, 500), "-o", run, "--judge", "fake:0.05"]
    first = start(*command)
    try:
        wait_for_lines(run, 1, first)
        second = start(*command)
        errors = second.communicate()[1]
        assert second.returncode == 2
        assert f"process {first.pid} on host" in errors
        assert "is writing here" in errors
        assert first.poll() is None
        shown = start("show", run, "--json")  # to look is always allowed
        assert json.loads(shown.communicate()[0])["rows"] >= 1
    finally:
        first.kill()
        first.communicate()


def test_output_goes_where_it_belongs(tmp_path: Path) -> None:
    path = manifest(tmp_path, 5)
    process = start("run", path, "-o", tmp_path / "run", "--judge", "fake:0", "--json")
    output, errors = process.communicate()
    assert process.returncode == 0
    rows = [json.loads(line) for line in output.splitlines()]
    assert rows == list(read_verdicts(tmp_path / "run"))
    assert "5 rows, 5 to judge" in errors
    assert "5 judged in 0:0" in errors


def test_a_reader_that_stops_reading_ends_the_command_quietly(tmp_path: Path) -> None:
    path = manifest(tmp_path, 3000)
    shell = f"{' '.join(COMMAND)} run {path} -o {tmp_path / 'run'} --judge fake:0 --json | head -n 1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["id"] == "c0"
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def peak_memory(*arguments: object) -> int:
    """Run a command to its end and return its peak resident memory in bytes."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss * 1024


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    reply = "<think>The ball rolls smoothly.</think>\n(1) visual quality: 4\n(2) text-to-video alignment: 3\n"
    recording = tmp_path / "replies.jsonl"
    with recording.open("w", encoding="utf-8") as file:
        for number in range(100_000):
            whole = f"{reply}(3) physical/common-sense consistency: {1 + number % 5}\n"
            file.write(json.dumps({"id": f"c{number}", "reply": whole}) + "\n")
    path = manifest(tmp_path, 100_000)
    common = ["run", path, "--judge", f"recorded:{recording}"]
    small = peak_memory(*common, "-o", tmp_path / "small", "--limit", 1000)
    large = peak_memory(*common, "-o", tmp_path / "large")
    resumed = peak_memory(*common, "-o", tmp_path / "large")
    # Parsing takes what it takes; a row may add an index entry, never its text (1.2 kB a row here).
    assert large - small < 100_000 * 100
    assert resumed - small < 100_000 * 200
    assert sum(1 for _ in read_verdicts(tmp_path / "large")) == 100_000
