"""The append-only log: nothing finished is lost, the last line of a row wins, one process writes."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.errors import InputError, UsageError
from reeljudge.tables.lock import FolderLock, writer_of
from reeljudge.tables.log import (
    LogWriter,
    encode_row,
    mend,
    read_line,
    read_log,
    scan_log,
    split_key,
    stamp_of,
)


def row(
    number: int, content: int = 0, status: str = "scored", reason: str | None = None, **more: object
) -> dict:
    key = f"{number:016x}-{content:016x}"
    head = {"schema_version": 1, "key": key, "status": status, "reason": reason}
    return {**head, "bytes": None, "modified": None, "id": f"c{number}", **more}


def write(path: Path, *rows: dict) -> None:
    with LogWriter(path) as log:
        for one in rows:
            log.append(one)


def test_the_last_line_of_a_row_wins_and_keeps_the_place_of_the_first(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    write(log, row(3, status="error", reason="backend_error"), row(1), row(2), row(3, content=7, tries=2))
    rows = list(read_log(log))
    assert [one["id"] for one in rows] == ["c3", "c1", "c2"]
    assert rows[0]["tries"] == 2
    index = scan_log(log)
    assert (len(index), index.lines, index.broken) == (3, 4, 0)
    assert index.counts() == {("scored", None): 3}
    found = index.find(row(3)["key"])
    assert found is not None
    assert (found.content, found.status, found.reason) == (7, "scored", None)
    assert read_line(log, found.offset) == rows[0]
    assert index.find(f"{4:016x}-{0:016x}") is None


def test_a_missing_and_an_empty_log_hold_nothing(tmp_path: Path) -> None:
    assert list(read_log(tmp_path / "none.jsonl")) == []
    (tmp_path / "empty.jsonl").touch()
    assert len(scan_log(tmp_path / "empty.jsonl")) == 0
    assert scan_log(tmp_path / "empty.jsonl").find("0" * 16 + "-" + "0" * 16) is None


@pytest.mark.parametrize(
    ("size", "modified"), [(None, None), (0, 0.0), (12, 1735689600.123457), (2**40, 1e9), (5, 12.5)]
)
def test_a_stamp_read_from_the_line_is_that_of_its_numbers(
    tmp_path: Path, size: int | None, modified: float | None
) -> None:
    log = tmp_path / "log.jsonl"
    write(log, {**row(1), "bytes": size, "modified": modified})
    found = scan_log(log).find(row(1)["key"])
    assert found is not None
    assert found.stamp == stamp_of(size, modified)
    assert found.stamp != stamp_of(size, (modified or 0.0) + 1)


def test_lines_of_other_programs_are_read_by_parsing_them(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    foreign = {
        "id": "x",
        "status": "error",
        "reason": "video_unreadable",
        "key": "not of our form",
        "bytes": 3,
    }
    log.write_text(
        f"{json.dumps(row(1))}\n{json.dumps(foreign, indent=None)}\n"
    )  # with spaces, in another order
    index = scan_log(log)
    assert index.broken == 0
    assert index.counts() == {("scored", None): 1, ("error", "video_unreadable"): 1}
    found = index.find("not of our form")
    assert found is not None
    assert found.stamp == stamp_of(3, None)
    assert split_key("not of our form")[1] == 0


@pytest.mark.parametrize(
    "broken", [b"nonsense\n", b"{}\n", b"\n", b'["key"]\n', b"\x00\x00\x00\n", b'{"key":"a"\n']
)
def test_a_broken_line_counts_as_not_written(tmp_path: Path, broken: bytes) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(encode_row(row(1)) + broken + encode_row(row(2)))
    index = scan_log(log)
    assert (len(index), index.lines, index.broken) == (2, 3, 1)
    assert [one["id"] for one in read_log(log, index)] == ["c1", "c2"]


def test_a_line_whose_end_is_missing_is_broken_though_its_head_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(encode_row(row(1))[:-9] + b"\n" + encode_row(row(2)))
    assert scan_log(log).broken == 1


def test_every_cut_of_the_last_line_is_mended(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    first, last = encode_row(row(1)), encode_row(row(2, rationale="ein Ball rollt … 球"))
    for cut in range(len(last) + 1):
        log.write_bytes(first + last[:cut])
        assert mend(log) is (0 < cut < len(last))
        whole = cut >= len(last) - 1  # all but the newline is a whole row
        assert log.read_bytes() == first + (last if whole else b"")
        assert mend(log) is False


def test_a_log_of_one_long_half_line_is_mended_to_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"x" * (3 << 20))
    assert LogWriter(log).mended
    assert log.read_bytes() == b""


def test_a_reader_leaves_a_half_written_line_alone(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(encode_row(row(1)) + b'{"key":"half')
    assert [one["id"] for one in read_log(log)] == ["c1"]
    assert log.read_bytes().endswith(b"half")


def test_texts_of_any_kind_survive(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    texts = [
        "球が転がる",
        "a\u2028b\u2029c\x85",
        "\ud800 half a pair",
        "\x00\x1f",
        "👩‍👩‍👧",
        '"quotes"\\',
        "é" * 5000,
    ]
    write(log, *(row(place, prompt=text) for place, text in enumerate(texts)))
    assert [one["prompt"] for one in read_log(log)] == texts
    assert scan_log(log).lines == len(texts)


def test_numbers_that_json_cannot_hold_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with LogWriter(log) as writer:
        with pytest.raises(ValueError, match="JSON"):
            writer.append(row(1, overall=float("nan")))
        writer.append(row(2))
    assert [one["id"] for one in read_log(log)] == ["c2"]


def test_a_full_disk_loses_no_line_and_leaves_no_half_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.jsonl"
    real = os.write
    with LogWriter(log) as writer:
        writer.append(row(1))

        room = [10]

        def full(file: int, data: bytes) -> int:
            if not room:
                raise OSError(28, "No space left on device")
            return real(file, data[: room.pop()])  # a part fits, the rest does not

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(InputError, match=r"No space left on device.*is kept"):
            writer.append(row(2))
        assert not room
        monkeypatch.undo()
        writer.append(row(3))
    assert [one["id"] for one in read_log(log)] == ["c1", "c3"]


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").mkdir()
    with pytest.raises(InputError, match=r"log\.jsonl"):
        LogWriter(tmp_path / "log.jsonl")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3), st.sampled_from(["scored", "error"]))))
def test_the_index_agrees_with_a_dictionary(tmp_path_factory: pytest.TempPathFactory, writes: list) -> None:
    log = tmp_path_factory.mktemp("log") / "log.jsonl"
    write(log, *(row(number, content, status, n=n) for n, (number, content, status) in enumerate(writes)))
    expected: dict[int, tuple[int, int, str]] = {}
    for n, (number, content, status) in enumerate(writes):
        expected[number] = (n, content, status)
    index = scan_log(log)
    assert [(one["n"], one["status"]) for one in read_log(log, index)] == [
        (n, s) for n, _, s in expected.values()
    ]
    for number, (_, content, status) in expected.items():
        found = index.find(row(number)["key"])
        assert found is not None
        assert (found.content, found.status) == (content, status)


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    script = """
        import sys, time
        from pathlib import Path
        from reeljudge.tables.lock import FolderLock
        with FolderLock(Path(sys.argv[1])):
            print("locked", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(UsageError, match=f"process {holder.pid} on host .* is writing here"):
            FolderLock(tmp_path)
        assert f"process {holder.pid}" in (writer_of(tmp_path) or "")
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert writer_of(tmp_path) is None
    with FolderLock(tmp_path), pytest.raises(UsageError, match="this process"):
        FolderLock(tmp_path)
    FolderLock(tmp_path).release()


def test_a_forked_child_that_outlives_its_parent_does_not_keep_the_lock(tmp_path: Path) -> None:
    script = """
        import os, sys, time
        from pathlib import Path
        from reeljudge.tables.lock import FolderLock
        lock = FolderLock(Path(sys.argv[1]))
        child = os.fork()
        if child == 0:
            time.sleep(60)
        print(child, flush=True)
        os.kill(os.getpid(), 9)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        parent.wait()
        FolderLock(tmp_path).release()
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_kill_9_loses_no_line_that_was_reported_as_written(tmp_path: Path, kills: int) -> None:
    script = """
        import sys
        from pathlib import Path
        from reeljudge.tables.log import LogWriter, scan_log
        path = Path(sys.argv[1])
        with LogWriter(path) as log:
            number = scan_log(path).lines
            while True:
                key = f"{number:016x}-{0:016x}"
                log.append({"key": key, "status": "scored", "id": str(number), "text": "x" * 3000})
                print(number, flush=True)
                number += 1
    """
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-c", textwrap.dedent(script), str(log)]
    chance = random.Random(7)
    for _ in range(kills):
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(chance.randint(1, 200))]
        writer.send_signal(signal.SIGKILL)
        told += writer.stdout.read().splitlines(keepends=True)
        writer.wait()
        last = max(int(line) for line in told if line.endswith("\n"))
        mend(log)
        ids = [int(one["id"]) for one in read_log(log)]
        assert ids == list(range(len(ids)))
        assert len(ids) > last
