"""Runs in one process: resume, changed configurations, changed files, shards, limits, failures."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_judge import FakeJudge, joint, staged
from told import lines

from reeljudge.clips import Clip, write_video
from reeljudge.errors import InputError, JudgeError, UsageError
from reeljudge.judges import Request
from reeljudge.judging import ClipJudge, load_judge
from reeljudge.runs import Outcome, Shard, read_settings, read_verdicts, run_manifest, summarize
from reeljudge.tables.log import encode_row


def clips(count: int, **more: Any) -> list[Clip]:
    return [
        Clip(f"c{number}", f"c{number}.mp4", Path(f"c{number}.mp4"), f"ball {number}", **more)
        for number in range(count)
    ]


def judged_ids(judge: ClipJudge) -> list[str]:
    fake = judge.judge_itself
    assert isinstance(fake, FakeJudge)
    return [request.clips[0].id for batch in fake.log for request in batch]


def go(rows: Iterable[Clip], run: Path, judge: ClipJudge | None = None, **more: Any) -> Outcome:
    return run_manifest(rows, run, judge or load_judge(FakeJudge()), **more)


def test_a_run_writes_one_line_per_row_in_order_and_says_how_it_came_about(tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"
    outcome = go(
        clips(20), run, settings={"manifest": "m.jsonl"}, command=["reeljudge", "run", "m.jsonl", "-o", "x y"]
    )
    assert (outcome.rows, outcome.judged, outcome.left, outcome.complete) == (20, 20, 0, True)
    assert [row["id"] for row in lines(run)] == [f"c{number}" for number in range(20)]
    assert len({row["key"] for row in lines(run)}) == 20
    told = read_settings(run)
    assert told["config"] == lines(run)[0]["config"]
    assert told["configuration"]["judge"]["name"] == "fake:judge"
    assert told["rubric"]["name"] == "videoscore2"
    assert told["settings"] == {"manifest": "m.jsonl", "shard": None, "limit": None, "rows": 20}
    assert told["command"] == "reeljudge run m.jsonl -o 'x y'"
    assert {"reeljudge", "python", "av"} <= set(told["versions"])


def test_the_same_run_again_judges_nothing_and_writes_nothing(tmp_path: Path) -> None:
    go(clips(9), tmp_path)
    before = (tmp_path / "verdicts.jsonl").read_bytes(), (tmp_path / "run.json").read_bytes()
    judge = load_judge(FakeJudge())
    outcome = go(clips(9), tmp_path, judge)
    assert (outcome.done_before, outcome.judged, judged_ids(judge)) == (9, 0, [])
    assert ((tmp_path / "verdicts.jsonl").read_bytes(), (tmp_path / "run.json").read_bytes()) == before


def test_new_rows_are_added_and_the_rest_is_left_alone(tmp_path: Path) -> None:
    go(clips(5), tmp_path)
    judge = load_judge(FakeJudge())
    go([*clips(8)[::-1]], tmp_path, judge)
    assert judged_ids(judge) == ["c7", "c6", "c5"]
    assert len(lines(tmp_path)) == 8


def test_errors_are_tried_again_and_the_last_line_wins(tmp_path: Path) -> None:
    fails = {"c1", "c3"}

    def write(request: Request, _: int) -> Any:
        return JudgeError("gone") if request.clips[0].id in fails else joint(4, 4, 4)

    outcome = go(clips(5), tmp_path, load_judge(FakeJudge(write)))
    assert outcome.statuses == {"scored": 3, "error": 2}
    assert outcome.reasons == {"backend_error": 2}
    assert outcome.failed(0.0)
    assert outcome.failed(0.39)
    assert not outcome.failed(0.4)
    assert not Outcome(tmp_path, rows=100, statuses=Counter({"error": 29})).failed(0.29)
    fails.remove("c3")
    judge = load_judge(FakeJudge(write))
    outcome = go(clips(5), tmp_path, judge)
    assert judged_ids(judge) == ["c1", "c3"]
    assert outcome.statuses == {"scored": 1, "error": 1}
    rows = list(read_verdicts(tmp_path))
    assert [(row["id"], row["status"]) for row in rows] == [
        ("c0", "scored"),
        ("c1", "error"),
        ("c2", "scored"),
        ("c3", "scored"),
        ("c4", "scored"),
    ]
    assert len(lines(tmp_path)) == 7


def test_unscored_is_a_result_and_a_failed_question_is_unfinished(tmp_path: Path) -> None:
    def write(request: Request, _: int) -> Any:
        if request.clips[0].id == "c0":
            return "I cannot help with that."
        return JudgeError("gone") if request.question.dimension == "safety" else staged(3)

    outcome = go(clips(2), tmp_path, load_judge(FakeJudge(write), rubric="gradeo"))
    assert outcome.statuses == {"unscored": 1, "partial": 1}
    assert not outcome.failed(0.0)
    judge = load_judge(FakeJudge(), rubric="gradeo")
    go(clips(2), tmp_path, judge)
    assert set(judged_ids(judge)) == {"c1"}


def test_a_changed_configuration_is_refused_field_by_field(tmp_path: Path) -> None:
    go(clips(2), tmp_path, load_judge(FakeJudge(), max_tokens=512))
    with pytest.raises(UsageError) as caught:
        go(
            clips(2),
            tmp_path,
            load_judge(FakeJudge(told={"revision": "r2"}), temperature=0.5, max_tokens=512),
        )
    text = str(caught.value)
    assert 'judge.revision: "r1" -> "r2"' in text
    assert "sampling.temperature: 0.0 -> 0.5" in text
    assert "sampling.seed: null -> 0" in text
    assert "max_tokens" not in text
    assert "\n" not in text
    with pytest.raises(UsageError, match="another configuration"):
        go(clips(2), tmp_path, load_judge(FakeJudge(), rubric="gradeo", max_tokens=512))
    assert len(lines(tmp_path)) == 2


def test_what_changes_no_score_may_change(tmp_path: Path) -> None:
    go(clips(2), tmp_path, load_judge(FakeJudge()))
    go(clips(4), tmp_path, load_judge(FakeJudge(), batch_size=3, workers=1, max_bytes=10**6), limit=3)
    assert len(lines(tmp_path)) == 3
    assert read_settings(tmp_path)["settings"]["limit"] == 3


def test_a_changed_prompt_or_theme_is_judged_again_and_replaces_the_verdict(tmp_path: Path) -> None:
    rows = clips(4)
    go(rows, tmp_path)
    rows[1] = replace(rows[1], prompt="another ball")
    rows[2] = replace(rows[2], theme="balls roll")
    judge = load_judge(FakeJudge())
    go(rows, tmp_path, judge)
    assert judged_ids(judge) == ["c1", "c2"]
    found = list(read_verdicts(tmp_path))
    assert [row["prompt"] for row in found] == ["ball 0", "another ball", "ball 2", "ball 3"]
    rows[1] = replace(rows[1], prompt="ball 1")  # and back: what stands must be about the row as it is
    go(rows, tmp_path)
    assert [row["prompt"] for row in read_verdicts(tmp_path)][1] == "ball 1"


@pytest.fixture
def videos(tmp_path: Path) -> list[Clip]:
    made = []
    for number in range(3):
        path = tmp_path / "videos" / f"v{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        write_video(path, np.full((6, 32, 32, 3), 40 * number, np.uint8), 8.0)
        made.append(Clip(f"v{number}", path.name, path, f"a square {number}"))
    return made


def test_a_changed_file_is_judged_again_and_a_touched_one_is_not(tmp_path: Path, videos: list[Clip]) -> None:
    run = tmp_path / "run"
    looking = {"needs_frames": True}
    with load_judge(FakeJudge(**looking), workers=1) as judge:
        assert go(videos, run, judge).statuses == {"scored": 3}
    first = list(read_verdicts(run))
    assert all(
        row["sha256"] and row["bytes"] and row["frames"]["decoder"].startswith("PyAV") for row in first
    )

    os.utime(videos[0].path, (1, 1))  # a copy of the data set: another time, the same content
    write_video(videos[1].path, np.full((6, 32, 32, 3), 250, np.uint8), 8.0)
    videos[2].path.unlink()  # gone: what was seen of it stands
    with load_judge(FakeJudge(**looking), workers=1) as judge:
        outcome = go(videos, run, judge)
    assert judged_ids(judge) == ["v1"]
    assert (outcome.done_before, outcome.judged) == (2, 1)
    rows = list(read_verdicts(run))
    assert [row["id"] for row in rows] == ["v0", "v1", "v2"]
    assert rows[0] == {**first[0], "modified": 1.0}
    assert rows[1]["sha256"] != first[1]["sha256"]

    size = (run / "verdicts.jsonl").stat().st_size
    with load_judge(FakeJudge(**looking), workers=1) as judge:
        assert go(videos, run, judge).judged == 0
    assert (run / "verdicts.jsonl").stat().st_size == size  # the new time is remembered


def test_one_broken_clip_is_one_recorded_error(tmp_path: Path, videos: list[Clip]) -> None:
    broken = tmp_path / "videos" / "text.mp4"
    broken.write_text("not a video", encoding="utf-8")
    rows = [
        videos[0],
        Clip("bad", "text.mp4", broken, "p"),
        Clip("none", "x.mp4", tmp_path / "x.mp4", "p"),
        videos[1],
    ]
    with load_judge(FakeJudge(needs_frames=True), workers=1) as judge:
        outcome = go(rows, tmp_path / "run", judge)
    assert outcome.statuses == {"scored": 2, "error": 2}
    assert outcome.reasons == {"video_unreadable": 2}
    found = {row["id"]: row for row in read_verdicts(tmp_path / "run")}
    assert "text.mp4" in found["bad"]["message"]
    assert found["bad"]["scores"]["visual_quality"] == {
        "status": "unscored",
        "reason": "video_unreadable",
        **dict.fromkeys(("value", "expected", "score", "probabilities", "coverage", "confidence", "samples")),
    }


def test_the_limit_counts_rows_of_the_manifest(tmp_path: Path) -> None:
    for _ in range(2):
        go(clips(9), tmp_path, limit=4)
    assert [row["id"] for row in lines(tmp_path)] == ["c0", "c1", "c2", "c3"]


def test_shards_are_disjoint_and_together_everything(tmp_path: Path) -> None:
    rows = clips(200)
    parts = []
    for number in (1, 2, 3):
        go(rows, tmp_path / str(number), shard=Shard(number, 3))
        parts.append({row["id"] for row in lines(tmp_path / str(number))})
    assert set.union(*parts) == {clip.id for clip in rows}
    assert sum(map(len, parts)) == 200
    assert min(map(len, parts)) > 40
    # A row's shard depends on its id alone, not on the rest of the manifest.
    assert {clip.id for clip in rows[:50] if clip.id in Shard(2, 3)} == parts[1] & {
        clip.id for clip in rows[:50]
    }


def test_a_manifest_that_changes_during_the_run_is_noticed(tmp_path: Path) -> None:
    rows = clips(6)
    go(rows, tmp_path, limit=2)

    class Changes:
        """Gives other rows at the second pass."""

        passes = 0

        def __iter__(self) -> Iterator[Clip]:
            self.passes += 1
            return iter(rows if self.passes == 1 else [*rows[:3], *rows[4:]])

    with pytest.raises(InputError, match=r"changed during the run \(row 4\)"):
        go(Changes(), tmp_path)
    judge = load_judge(FakeJudge())
    assert go(rows, tmp_path, judge).complete
    assert {row["id"] for row in read_verdicts(tmp_path)} == {clip.id for clip in rows}


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4", "1/4/2", ""])
def test_shards_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        Shard.parse(text)
    assert Shard.parse("2/4") == Shard(2, 4)


def test_a_judge_that_gives_up_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    class Dies(FakeJudge):
        def answer(self, requests: Any) -> Any:
            if requests[0].clips[0].id == "c6":
                raise JudgeError("the server is gone")
            return super().answer(requests)

    outcome = go(clips(10), tmp_path, load_judge(Dies(batch_size=2)))
    assert str(outcome.stopped_by) == "the server is gone"
    assert (outcome.judged, outcome.left, outcome.complete, outcome.failed(1.0)) == (6, 4, False, True)
    judge = load_judge(FakeJudge(batch_size=2))
    assert go(clips(10), tmp_path, judge).complete
    assert judged_ids(judge) == ["c6", "c7", "c8", "c9"]


def test_an_interruption_keeps_what_is_done(tmp_path: Path) -> None:
    def write(request: Request, _: int) -> Any:
        return KeyboardInterrupt() if request.clips[0].id == "c5" else joint(4, 4, 4)

    outcome = go(clips(10), tmp_path, load_judge(FakeJudge(write, batch_size=1)))
    assert outcome.interrupted
    assert (outcome.judged, outcome.left) == (5, 5)
    assert go(clips(10), tmp_path).judged == 5
    assert [row["id"] for row in lines(tmp_path)] == [f"c{number}" for number in range(10)]


def test_a_half_line_is_mended_and_a_broken_one_is_judged_again(tmp_path: Path) -> None:
    go(clips(4), tmp_path)
    log = tmp_path / "verdicts.jsonl"
    whole = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(whole[0] + b"\x00" * 40 + b"\n" + whole[2] + whole[3][:100])
    judge = load_judge(FakeJudge())
    go(clips(4), tmp_path, judge)
    assert judged_ids(judge) == ["c1", "c3"]
    assert {row["id"] for row in read_verdicts(tmp_path)} == {"c0", "c1", "c2", "c3"}
    assert summarize(tmp_path)["warnings"][-1].startswith("1 lines of verdicts.jsonl cannot be read")


def test_secrets_in_the_command_line_are_not_kept(tmp_path: Path) -> None:
    command = ["reeljudge", "run", "m.jsonl", "--base-url", "https://me:hunter2@host/v1?api_key=abc123&x=1"]
    go(clips(1), tmp_path, settings={"base_url": command[-1]}, command=command)
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert "hunter2" not in text
    assert "abc123" not in text
    assert "***@host/v1" in text


def test_notes_of_the_judge_are_kept(tmp_path: Path) -> None:
    go(clips(3), tmp_path, load_judge(FakeJudge(notes=("the server takes no `top_k`",))))
    assert read_settings(tmp_path)["notes"] == ["the server takes no `top_k`"]
    assert summarize(tmp_path)["notes"] == ["the server takes no `top_k`"]


def test_folders_that_are_no_runs_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such run folder"):
        read_settings(tmp_path / "none")
    with pytest.raises(InputError, match="no run folder"):
        read_settings(tmp_path)
    (tmp_path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json: cannot be read"):
        read_settings(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "verdicts.jsonl").write_bytes(encode_row({"key": "x"}))
    with pytest.raises(InputError, match=r"verdicts\.jsonl without a run\.json"):
        go(clips(1), other)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="cannot be made"):
        go(clips(1), file)


def test_a_second_run_on_the_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    refused: list[str] = []

    class Meddles(FakeJudge):
        def answer(self, requests: Any) -> Any:
            with pytest.raises(UsageError) as caught:
                go(clips(3), tmp_path)
            refused.append(str(caught.value))
            return super().answer(requests)

    assert go(clips(3), tmp_path, load_judge(Meddles())).judged == 3
    assert "is writing here" in refused[0]
    assert len(lines(tmp_path)) == 3


@pytest.mark.parametrize(
    "text", ["球が左へ転がる", "a\u2028b\x85c", "👩‍👩‍👧", 'quote " and \\', "one\nline\r\nmore", "\t", "𝔘"]
)
def test_prompts_of_any_kind_survive_and_resume(tmp_path: Path, text: str) -> None:
    rows = [replace(clips(1)[0], prompt=text, id=f"id {text}")]
    go(rows, tmp_path)
    assert next(read_verdicts(tmp_path))["prompt"] == text
    judge = load_judge(FakeJudge())
    assert go(rows, tmp_path, judge).done_before == 1
    assert judged_ids(judge) == []
