"""Many rows through the recorded judge: a run that is stopped half way and resumed, and what reads it.

Every command is a process of its own; told are its wall clock, its processor seconds (user and system) and
its memory peak. Nothing here looks at a video, so this is what a run costs beside its judge.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPLY = (
    "<think>The ball rolls smoothly over the grass, keeps its shape and its shadow follows.</think>\n"
    "(1) visual quality: {}\n(2) text-to-video alignment: {}\n(3) physical/common-sense consistency: {}\n"
)
GENERATORS = 8


def measure(folder: Path, rows: int) -> dict[str, Any]:
    """One command after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(folder, rows)
    log = folder / "run" / "verdicts.jsonl"
    judging = ("run", "clips.jsonl", "-o", "run", "--judge", "recorded:replies.jsonl")
    half = int(rows / 2 * bytes_per_verdict(folder))
    commands: dict[str, tuple[str, ...]] = {
        "run, the rest": judging,
        "run again, nothing to do": judging,
        "show": ("show", "run"),
        "leaderboard": ("leaderboard", "run"),
        "best-of": ("best-of", "run"),
        "export to CSV": ("export", "run", "-o", "table.csv"),
        "export to Parquet": ("export", "run", "-o", "table.parquet"),
    }
    found: dict[str, Any] = {"rows": rows}
    found["run, interrupted half way"] = timed(
        folder, judging, until=lambda: log.exists() and log.stat().st_size > half
    )
    for name, command in commands.items():
        found[name] = timed(folder, command)
    found["bytes_per_verdict"] = log.stat().st_size / rows
    with log.open("rb") as file:
        ids = [json.loads(line)["id"] for line in file]
    assert len(ids) == len(set(ids)) == rows, f"{len(ids)} verdicts of {len(set(ids))} clips"
    return found


def write_tables(folder: Path, rows: int) -> None:
    """A manifest of groups of eight, one clip of each generator, and a reply for each row."""
    with (folder / "clips.jsonl").open("w") as clips, (folder / "replies.jsonl").open("w") as replies:
        for n in range(rows):
            prompt = f"a red ball rolls over the grass, take {n // GENERATORS}"
            row = {"id": f"c{n}", "video": f"videos/c{n}.mp4", "prompt": prompt}
            clips.write(json.dumps({**row, "model": f"gen-{n % GENERATORS}"}) + "\n")
            scores = (1 + n * 7919 % 5, 1 + (n * 104729 + n // GENERATORS) % 5, 1 + n * 31 % 4)
            replies.write(json.dumps({"id": f"c{n}", "reply": REPLY.format(*scores)}) + "\n")


def bytes_per_verdict(folder: Path) -> float:
    """From a run of a hundred rows."""
    command = ("run", "clips.jsonl", "-o", "small", "--judge", "recorded:replies.jsonl", "--limit", "100")
    timed(folder, command)
    return (folder / "small" / "verdicts.jsonl").stat().st_size / 100


def timed(
    folder: Path, command: tuple[str, ...], until: Callable[[], bool] | None = None
) -> dict[str, float]:
    """Run a command of reeljudge to its end, or interrupt it (Ctrl-C) when `until` says so."""
    began = time.perf_counter()
    with (folder / "told.txt").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "reeljudge", *command],
            cwd=folder,
            stdout=told,
            stderr=told,
            preexec_fn=_heed_interrupts,
        )
    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT  # looks without reaping: wait4 wants it
    peak, interrupted = 0, False
    while os.waitid(os.P_PID, process.pid, ended) is None:
        # Not the figure of wait4: it begins with the memory of this process, which forked the command.
        peak = max(peak, peak_memory(process.pid))
        if until is not None and not interrupted and until():
            process.send_signal(signal.SIGINT)
            interrupted = True
        time.sleep(0.05)
    _, status, used = os.wait4(process.pid, 0)
    expected = 130 if interrupted else 0
    code = os.waitstatus_to_exitcode(status)
    assert code == expected, f"{command}: status {code}\n{(folder / 'told.txt').read_text()[-2000:]}"
    result = {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory_mb": round(peak / 1024, 1),
    }
    sys.stderr.write(f"{' '.join(command[:4])}: {result}\n")
    return result


def _heed_interrupts() -> None:
    """A shell that started this in the background had it ignore Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def peak_memory(pid: int) -> int:
    """The most memory that a process has held so far, in kB; 0 once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
