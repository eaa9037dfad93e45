"""What users type: results on stdout, one clear line per error, and the exit statuses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.text import Text

from reeljudge import __version__
from reeljudge.cli import main
from reeljudge.cli.app import load_command
from reeljudge.cli.commands import COMMANDS
from reeljudge.clips import write_video

LABELS = ("visual quality", "text-to-video alignment", "physical/common-sense consistency")

Ran = tuple[int, str, str]


def joint(*values: object) -> str:
    lines = "\n".join(
        f"({n}) {label}: {value}" for n, (label, value) in enumerate(zip(LABELS, values, strict=True), 1)
    )
    return f"<think>The ball rolls smoothly.</think>\n{lines}\n"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, str]:
    """A manifest of four clips, and a recording: scored, truncated, refused, missing."""
    manifest = tmp_path / "clips.jsonl"
    rows = [
        {"video": f"c{n}.mp4", "prompt": f"a [red] ball {n}", "human": {"visual_quality": n + 1}}
        for n in range(4)
    ]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    replies = [
        {"id": "c0", "reply": joint(4, 3, 5), "finish": "stop"},
        {"id": "c1", "reply": joint(4, 3, 5).partition("(2)")[0], "finish": "length"},
        {"id": "c2", "reply": "I'm sorry, I cannot help with that.", "finish": "stop"},
    ]
    recording = tmp_path / "replies.jsonl"
    recording.write_text("".join(json.dumps(row) + "\n" for row in replies), encoding="utf-8")
    return manifest, f"recorded:{recording}"


def one_line(text: str) -> str:
    """The only line of stderr, which is an error."""
    lines = text.splitlines()
    assert len(lines) == 1, text
    assert lines[0].startswith("error: ")
    return lines[0]


def test_version_and_help(call: Callable[..., Ran]) -> None:
    assert call("--version") == (0, f"reeljudge {__version__}\n", "")
    for arguments in (["--help"], []):
        status, out, err = call(*arguments)
        assert (status, err) == (0, "")
        assert all(f" {name} " in out for name in COMMANDS)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in COMMANDS
        if name in ("score", "run", "show", "export", "merge", "read", "judges", "rubrics")
    ],
)
def test_every_command_has_help_with_examples(call: Callable[..., Ran], name: str) -> None:
    status, out, err = call(name, "--help")
    assert (status, err) == (0, "")
    assert f"Usage: reeljudge {name} " in out
    assert out.partition("Examples")[2].count(f"reeljudge {name}") >= 1


def test_help_loads_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys; from reeljudge.cli import main; main(['--help']);"
        "heavy = ('torch', 'scipy', 'av', 'numpy', 'reeljudge.judg', 'reeljudge.cli.run');"
        "bad = [name for name in sys.modules if name.startswith(heavy)];"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_command_can_be_loaded() -> None:
    for name in COMMANDS:
        assert load_command(name).name == name


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scoer"], "Did you mean 'score'?"),
        (["score", "a.mp4", "--promt", "x"], "--prompt"),
        (["score"], "VIDEO"),
        (["score", "a.mp4", "--prompt", "x", "--fps", "fast"], "'--fps'"),
        (["score", "a.mp4", "--prompt", "x", "--samples", "3"], "--samples 3 at temperature 0"),
        (
            ["score", "a.mp4", "--prompt", "x", "--fps", "2", "--frames", "keyframes"],
            "--fps belongs to the rule qwen",
        ),
        (["score", "a.mp4", "--prompt", "x", "--judge", "recordd:x"], "Did you mean"),
        (["score", "a.mp4", "--prompt", "x", "--rubric", "gradoe"], "Did you mean 'gradeo'?"),
        (["score", "a.mp4", "--judge", "served:x"], "--prompt"),
        (["score", "a.mp4", "--prompt", "x", "--judge", "hf:x", "--send-as", "video"], "--send-as"),
        (["score", ".", "--prompt", "x"], "is a folder"),
        (["run", "none.jsonl"], "-o is missing"),
        (["run", "none.jsonl", "-o", "r", "--shard", "4/3"], "--shard '4/3'"),
        (["run", "none.jsonl", "-o", "r", "--engine", "rai"], "unknown engine 'rai'"),
        (["run", "none.jsonl", "-o", "r", "--max-failures", "2"], "max-failures"),
        (["run", "none.jsonl", "-o", "r", "--limit", "0"], "limit"),
        (["read", "x.jsonl", "--rubric", "gradoe"], "Did you mean 'gradeo'?"),
        (["rubrics", "gradoe"], "Did you mean 'gradeo'?"),
        (["export", "x"], "--output"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    call: Callable[..., Ran], arguments: list[str], message: str
) -> None:
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert message in one_line(err)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.jsonl", "-o", "r", "--judge", "recorded:x.jsonl"], "none.jsonl: no such file"),
        (["read", "none.jsonl"], "none.jsonl: no such file"),
        (["read", "none.txt"], "none.txt"),
        (["show", "none"], "no such run folder"),
        (["export", "none", "-o", "x.csv"], "no such run folder"),
        (["merge", "none", "-o", "x"], "no such run folder"),
    ],
)
def test_files_that_cannot_be_used_are_one_line_and_status_1(
    call: Callable[..., Ran], arguments: list[str], message: str
) -> None:
    status, out, err = call(*arguments)
    assert (status, out) == (1, "")
    assert message in one_line(err)


def test_score_prints_scores_reasons_and_rationale(
    call: Callable[..., Ran], recorded: tuple[Path, str]
) -> None:
    manifest, judge = recorded
    status, out, err = call("score", manifest.parent / "c0.mp4", "--prompt", "a [red] ball", "--judge", judge)
    assert (status, err) == (0, "")
    assert "“a [red] ball”" in out
    assert "Visual quality" in out
    assert "4.00" in out
    assert "The ball rolls smoothly." in out
    assert judge in out
    status, out, err = call("score", manifest.parent / "c1.mp4", "--prompt", "a ball", "--judge", judge)
    assert status == 0  # unscored is a result
    assert "no score: truncated" in out


def test_score_as_json_is_a_line_per_video(call: Callable[..., Ran], recorded: tuple[Path, str]) -> None:
    manifest, judge = recorded
    videos = [manifest.parent / "c0.mp4", manifest.parent / "c3.mp4"]
    status, out, err = call("score", *videos, "--prompt", "a ball", "--judge", judge, "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in rows] == ["c0", "c3"]
    assert [row["status"] for row in rows] == ["scored", "error"]
    assert status == 1
    assert err == ""


def test_score_shows_which_frames_were_looked_at(
    call: Callable[..., Ran], recorded: tuple[Path, str]
) -> None:
    manifest, judge = recorded
    video = manifest.parent / "c0.mp4"
    write_video(video, np.zeros((16, 64, 64, 3), np.uint8), 8.0)
    arguments = ["score", video, "--prompt", "a ball", "--judge", judge, "--decode", "--frames", "keyframes"]
    status, out, _ = call(*arguments)
    assert status == 0
    assert "frames  4 of keyframes at " in out
    assert "PyAV" in out
    status, out, _ = call(*arguments, "--json")
    assert json.loads(out)["frames"]["indices"] == [0, 8, 15, 15]
    broken = manifest.parent / "c2.mp4"
    broken.write_text("no video", encoding="utf-8")
    status, out, _ = call("score", broken, "--prompt", "a ball", "--judge", judge, "--decode")
    assert status == 1
    assert "not judged (video_unreadable)" in out


def test_a_run_from_the_first_row_to_the_table(call: Callable[..., Ran], recorded: tuple[Path, str]) -> None:
    manifest, judge = recorded
    run = manifest.parent / "run"
    status, out, err = call("run", manifest, "-o", run, "--judge", judge)
    assert (status, out) == (1, "")
    assert "4 rows, 4 to judge" in err
    assert "failed: c3: backend_error" in err
    assert "error: 1 of 4 rows ended in error (1 backend_error)" in err
    assert call("run", manifest, "-o", run, "--judge", judge, "--max-failures", "0.25")[0] == 0

    status, out, err = call("show", run)
    assert (status, err) == (0, "")
    assert "1 error, 1 partial, 1 scored, 1 unscored" in out
    status, out, err = call("show", run, "--json")
    assert json.loads(out)["dimensions"]["visual_quality"]["histogram"] == {
        "1": 0,
        "2": 0,
        "3": 0,
        "4": 2,
        "5": 0,
    }

    status, out, err = call("export", run, "-o", manifest.parent / "t.csv", "--json")
    assert (status, json.loads(out)["rows"], err) == (0, 4, "")
    status, out, err = call("export", run, "-o", manifest.parent / "t.csv")
    assert (status, out, err) == (0, "", f"{manifest.parent / 't.csv'}: 4 rows\n")

    other = manifest.parent / "more"
    assert call("run", manifest, "-o", other, "--judge", judge, "--limit", "2")[0] == 0
    status, out, err = call("merge", run, other, "-o", manifest.parent / "all", "--json")
    assert (status, json.loads(out)["rows"]) == (0, 4)
    status, out, err = call("run", manifest, "-o", run, "--judge", judge, "--max-tokens", "5")
    assert status == 2
    assert "sampling.max_tokens: 1024 -> 5" in one_line(err)


def test_a_dry_run_counts_and_judges_nothing(call: Callable[..., Ran], recorded: tuple[Path, str]) -> None:
    manifest, judge = recorded
    run = manifest.parent / "run"
    arguments = ["run", manifest, "-o", run, "--judge", judge, "--dry-run", "--rubric", "gradeo", "--json"]
    status, out, err = call(*arguments, "--samples", "3", "--temperature", "0.5")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert (found["rows"], found["rows_left"], found["questions"], found["calls"]) == (4, 4, 7, 84)
    assert found["output_tokens_at_most"] == 84 * 1024
    assert not run.exists()
    call("run", manifest, "-o", run, "--judge", judge, "--limit", "3")
    status, out, _ = call("run", manifest, "-o", run, "--judge", judge, "--dry-run", "--json")
    assert (json.loads(out)["done"], json.loads(out)["calls"]) == (3, 1)
    status, out, _ = call("run", manifest, "--judge", judge, "--dry-run")
    assert "calls   4: 1 per clip" in out


def test_a_dry_run_looks_at_clips_but_loads_no_checkpoint(call: Callable[..., Ran], tmp_path: Path) -> None:
    video = tmp_path / "videos" / "a.mp4"
    video.parent.mkdir()
    write_video(video, np.zeros((16, 64, 64, 3), np.uint8), 8.0)
    (tmp_path / "videos" / "b.mp4").write_text("no video", encoding="utf-8")
    for name in ("a", "b"):
        (tmp_path / "videos" / f"{name}.txt").write_text("a ball", encoding="utf-8")
    status, out, err = call("run", tmp_path / "videos", "--judge", "videoscore2", "--dry-run", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert (found["rows"], found["calls"], found["probed"], found["unreadable"]) == (2, 2, 2, 1)
    assert found["frames_per_clip"] == 4
    # 4 frames in cells of 2, each frame enlarged to at least 128 tokens of 28 x 28 pixels
    assert found["visual_tokens_per_clip"] == 2 * 12 * 12
    assert found["frame_bytes"] >= 4 * 336 * 336 * 3


def test_read_gives_one_row_per_reply_in_order(call: Callable[..., Ran], tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "reply": joint(4, 3, 5)},
        {"text": joint(1, 2, 3), "finish": "stop", "model": "m", "note": 7},
        {"id": "a", "reply": joint(4, 3, 5), "dimension": "text_alignment"},
        {"reply": None},
    ]
    file = tmp_path / "replies.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    status, out, err = call("read", file, "--rubric", "videoscore2", "--json")
    assert (status, err) == (0, "")
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in found] == ["a", "2", "a", "4"]
    assert [row["status"] for row in found] == ["scored", "scored", "scored", "unscored"]
    assert list(found[2]["scores"]) == ["text_alignment"]
    assert found[1]["extra"] == {"note": 7}
    assert found[3]["reason"] == "missing_score"
    status, out, _ = call("read", file, "--dimensions", "visual_quality", "--json")
    assert [list(json.loads(line)["scores"]) for line in out.splitlines()][:2] == [["visual_quality"]] * 2


def test_read_of_a_rubric_with_a_reply_per_dimension_needs_the_dimension(
    call: Callable[..., Ran], tmp_path: Path
) -> None:
    file = tmp_path / "replies.jsonl"
    reply = "<OVERVIEW>o</OVERVIEW><ASSESSMENT>Rating Score: 2</ASSESSMENT>"
    file.write_text(json.dumps({"reply": reply}) + "\n", encoding="utf-8")
    status, out, err = call("read", file, "--rubric", "gradeo")
    assert status == 1
    assert f"{file}, line 1: rubric 'gradeo' has one reply per dimension" in one_line(err)
    status, out, _ = call("read", file, "--rubric", "gradeo", "--dimensions", "safety", "--json")
    assert json.loads(out)["scores"]["safety"]["value"] == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a"}, "no reply"),
        ({"reply": 5}, "reply is not text but int"),
        ({"reply": "x", "finish": "eos"}, "finish 'eos' is none of stop, length, score"),
        ({"reply": "x", "dimension": "visual"}, "no dimension 'visual'"),
        ({"reply": "x", "prompt": ["p"]}, "prompt is not text but list"),
    ],
)
def test_rows_that_are_no_replies_are_named(
    call: Callable[..., Ran], tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(json.dumps({"reply": joint(1, 2, 3)}) + "\n" + json.dumps(row) + "\n", encoding="utf-8")
    status, out, err = call("read", file, "--json")
    assert status == 1
    assert len(out.splitlines()) == 1
    assert f"{file}, line 2: " in one_line(err)
    assert message in err


def test_read_takes_a_plain_text_and_stdin(call: Callable[..., Ran], tmp_path: Path) -> None:
    file = tmp_path / "reply.txt"
    file.write_text(joint(4, 3, 5), encoding="utf-8")
    assert json.loads(call("read", file, "--json")[1])["scores"]["text_alignment"]["value"] == 3
    done = subprocess.run(
        [sys.executable, "-c", "from reeljudge.cli import main; main(['read', '-', '--json'])"],
        input=json.dumps({"reply": joint(4, 3, 5)}) + "\n",
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout)["scores"]["text_alignment"]["value"] == 3


def test_read_tells_an_echo_from_an_answer_where_the_prompt_is_given(
    call: Callable[..., Ran], tmp_path: Path
) -> None:
    file = tmp_path / "replies.jsonl"
    prompt = (
        "a sign that says: (1) visual quality: 5 (2) text-to-video alignment: 5 (3) physical consistency: 5"
    )
    file.write_text(json.dumps({"reply": prompt, "prompt": prompt}) + "\n", encoding="utf-8")
    row = json.loads(call("read", file, "--json")[1])
    assert row["status"] == "unscored"


def test_a_terminal_that_is_not_utf8_gets_escapes(recorded: tuple[Path, str]) -> None:
    manifest, judge = recorded
    code = "import sys; from reeljudge.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [
        sys.executable,
        "-c",
        code,
        "score",
        manifest.parent / "c0.mp4",
        "--prompt",
        "球",
        "--judge",
        judge,
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    shown = subprocess.run(command, capture_output=True, env=environment)
    assert shown.returncode == 0, shown.stderr
    assert b"\\u7403" in shown.stdout
    row = subprocess.run([*command, "--json"], capture_output=True, env=environment)
    assert json.loads(row.stdout)["prompt"] == "球"


def test_judges_and_rubrics_are_listed(call: Callable[..., Ran]) -> None:
    status, out, err = call("judges", "--json")
    assert (status, err) == (0, "")
    assert {"hf", "served", "recorded", "videoscore2"} <= {row["name"] for row in json.loads(out)["judges"]}
    assert "recorded:FILE" in call("judges")[1]
    rubrics = json.loads(call("rubrics", "--json")[1])["rubrics"]
    assert {row["name"]: len(row["dimensions"]) for row in rubrics} == {"videoscore2": 3, "gradeo": 7}
    assert "text_alignment" in call("rubrics")[1]
    out = call("rubrics", "gradeo")[1]
    assert "Rationality" in out
    assert len(json.loads(call("rubrics", "gradeo", "--json")[1])["dimensions"]) == 7


def _all_commands(command: Any) -> Iterator[Any]:
    yield command
    if hasattr(command, "list_commands"):
        context = command.context_class(command)
        for name in command.list_commands(context):
            yield from _all_commands(command.get_command(context, name))


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_is_lost_as_markup(name: str) -> None:
    """Help is shown with rich's markup, which drops what stands in square brackets."""
    seen = 0
    for command in _all_commands(load_command(name)):
        for parameter in command.params:
            told = getattr(parameter, "help", None) or ""
            assert Text.from_markup(told).plain == told
            seen += bool(told)
    assert seen
