"""`reeljudge benchmark` as it is typed: the list, a judge's run that resumes, a table, published numbers."""

import json
import sys
from pathlib import Path
from typing import Any

import miniatures as mini
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "judging"))

from fake_judge import FakeJudge, joint

from reeljudge.benchmarks import SUITES, clips_of, judge_release, load_suite, open_release, select
from reeljudge.cli import main
from reeljudge.errors import InputError
from reeljudge.judging import load_judge


def printed(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> dict[str, Any]:
    assert main(["benchmark", *map(str, arguments), "--json"]) == status
    out = capsys.readouterr().out
    assert "NaN" not in out
    return json.loads(out)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    mini.videoscore_bench_v2(tmp_path / "set")
    return tmp_path / "set"


@pytest.fixture
def replies(tmp_path: Path) -> Path:
    values = [(4, 3, 2), (3, 4, 3), (2, 3, 2)]
    rows = [{"id": f"00000{i}_a", "reply": joint(*value)} for i, value in enumerate(values)]
    return mini.write_jsonl(tmp_path / "replies.jsonl", [*rows, {"id": "000003_a", "reply": "I cannot say."}])


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark"]) == 0
    text = capsys.readouterr().out
    for name in SUITES:
        assert f"\n{name}\n" in f"\n{text}"
    assert "needs videophy2_test.csv: caption, video_url, sa, pc" in text
    assert main(["benchmark", "--list", "--json"]) == 0
    suites = json.loads(capsys.readouterr().out)["suites"]
    assert [suite["name"] for suite in suites] == list(SUITES)
    assert main(["benchmark", "tvge", "--list"]) == 0
    assert "protocol paper (v1, the default)" in capsys.readouterr().out


def test_a_judge_runs_resumes_and_is_evaluated(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path, replies: Path
) -> None:
    run = tmp_path / "run"
    arguments = ("videoscore-bench-v2", "--data", data, "--resamples", 100)
    judged = ("--judge", f"recorded:{replies}", "-o", run)
    found = printed(capsys, *arguments, *judged)
    visual = found["measures"][0]
    assert visual["statistics"]["accuracy"] == 3 / 4
    assert visual["unscored"] == 1
    assert visual["other"]["accuracy"] == 1
    assert found["protocol"] == "paper"
    lines = (run / "verdicts.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert json.loads(lines[0])["model"] == "gen0"
    assert printed(capsys, *arguments, *judged) == found
    assert (run / "verdicts.jsonl").read_text().splitlines() == lines
    again = printed(capsys, *arguments, "--run", run)
    assert again["measures"] == found["measures"]
    as_table = printed(capsys, *arguments, "--scores", run / "verdicts.jsonl")
    assert as_table["measures"][0]["statistics"] == visual["statistics"]


def test_published_tables_stand_beside_yours(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path, replies: Path
) -> None:
    arguments = ["videoscore-bench-v2", "--data", str(data), "--judge", f"recorded:{replies}", "--published"]
    arguments += ["-o", str(tmp_path / "run"), "--resamples", "100"]
    assert main(["benchmark", *arguments]) == 0
    text = capsys.readouterr().out
    assert "60.37[1]" in text
    assert "58.49" in text
    yours = next(line for line in text.splitlines() if line.startswith("  yours"))
    assert yours.split() == ["yours", "75.00", "75.00", "75.00", "75.00"]
    assert "4 of 4 items used, 1 unscored" in text
    found = printed(capsys, *arguments, "--protocol", "code")
    assert found["published"][0]["comparable"] is False
    assert "not the same number" in found["published"][0]["notes"][-1]


def test_published_tables_need_no_data(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["benchmark", "mj-bench-video", "--published"]) == 0
    assert "a constant answer (not in the paper)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["mj-bench"], "Did you mean"),
        (["tvge", "--run", "a", "--scores", "b"], "not both"),
        (["tvge", "--run", "a", "--judge", "tiny"], "leave --judge out"),
        (["tvge", "--scores", "a", "-o", "b"], "nothing is judged"),
        (["tvge", "--vote", "x"], "give it with --scores"),
        (["tvge", "--protocol", "magic"], "has no protocol 'magic'"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(["benchmark", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_missing_files_are_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["benchmark", "tvge", "--data", str(tmp_path / "nowhere")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert "no such folder" in error


def test_a_set_without_its_videos_is_not_judged(tmp_path: Path, data: Path) -> None:
    suite = load_suite("videoscore-bench-v2")
    release = open_release(suite, data)
    selection = select(suite.protocols["paper"], release)
    judge = load_judge(FakeJudge(needs_frames=True))
    with pytest.raises(
        InputError, match=r"none of the 4 videos of VideoScore-Bench-v2 is there .*VideoFeedback2"
    ):
        judge_release(suite, release, selection, data, tmp_path / "run", judge)
    assert not (tmp_path / "run").exists()


def test_a_few_missing_videos_are_told_and_unscored(tmp_path: Path, data: Path) -> None:
    suite = load_suite("videoscore-bench-v2")
    release = open_release(suite, data)
    selection = select(suite.protocols["paper"], release)
    (data / "videos").mkdir()
    for i in range(3):
        (data / "videos" / f"00000{i}_a.mp4").write_bytes(b"no video")
    told: list[str] = []
    judge = load_judge(FakeJudge(needs_frames=True))
    outcome = judge_release(suite, release, selection, data, tmp_path / "run", judge, on_missing=told.append)
    assert outcome.failures == 4
    assert told[0].startswith("1 of 4 videos are not in")


def test_limit_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path, replies: Path) -> None:
    judged = ("--judge", f"recorded:{replies}", "-o", tmp_path / "run", "--limit", 2, "--resamples", 100)
    found = printed(capsys, "videoscore-bench-v2", "--data", data, *judged)
    assert (found["measures"][0]["used"], found["measures"][0]["total"]) == (2, 4)
    assert any("not a result of the benchmark" in note for note in found["notes"])
    assert len((tmp_path / "run" / "verdicts.jsonl").read_text().splitlines()) == 2


def test_the_suites_own_rubric_unless_another_is_asked_for(tmp_path: Path) -> None:
    mini.tvge(tmp_path / "set")
    names = ["gen2/1", "pika/1", "modelscope/1", "gen2/2", "pika/2"]
    replies = mini.write_jsonl(
        tmp_path / "replies.jsonl", [{"id": n, "reply": joint(4, 3, 2)} for n in names]
    )
    arguments = ["benchmark", "tvge", "--data", str(tmp_path / "set"), "--judge", f"recorded:{replies}"]
    arguments += ["--resamples", "100", "--max-failures", "1", "-o"]
    assert main([*arguments, str(tmp_path / "own")]) in (0, 1)
    assert json.loads((tmp_path / "own" / "run.json").read_text())["rubric"]["name"] == "gradeo"
    assert main([*arguments, str(tmp_path / "asked"), "--rubric", "videoscore2"]) == 0
    assert json.loads((tmp_path / "asked" / "run.json").read_text())["rubric"]["name"] == "videoscore2"


def test_videos_may_lie_outside_the_set(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "c.mp4"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"")
    row = {"id": "c", "video": str(elsewhere), "prompt": "a fern", "human": {"quality": 3}}
    mini.write_jsonl(tmp_path / "set" / "manifest.jsonl", [row])
    suite = load_suite("gradeo")
    release = open_release(suite, tmp_path / "set")
    (clip,) = clips_of(release, select(suite.protocols["paper"], release), tmp_path / "set")
    assert clip.path == elsewhere
