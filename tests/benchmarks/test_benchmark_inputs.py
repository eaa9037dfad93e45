"""What is wrong with files, names and scores is said in one line that names the place and the mend."""

import json
from pathlib import Path

import miniatures as mini
import pytest
from miniatures import measure, result_of, scores_of, three

from reeljudge.benchmarks import SUITES, load_suite, open_release, scores_of_table
from reeljudge.benchmarks.fetch import fetch_labels
from reeljudge.benchmarks.release import distinct_names
from reeljudge.errors import InputError, UsageError


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_is_complete(name: str) -> None:
    suite = load_suite(name)
    measures = {one.name for protocol in suite.protocols.values() for one in protocol.measures}
    for alias, real in suite.aliases.items():
        assert suite.protocol(alias)[0] == real
    for table in suite.published:
        assert table.protocol in suite.protocols
        for column in table.columns:
            of, _, statistic = column.rpartition(".")
            protocol = suite.protocols[table.protocol]
            if of == "average":
                assert statistic in protocol.average
            else:
                assert of in measures
                assert statistic in next(one for one in protocol.measures if one.name == of).statistics


@pytest.mark.parametrize("name", SUITES)
def test_missing_files_are_named_with_their_home(name: str, tmp_path: Path) -> None:
    suite = load_suite(name)
    with pytest.raises(InputError) as caught:
        open_release(suite, tmp_path)
    text = str(caught.value)
    for file in suite.files:
        assert file.names[0] in text
    assert suite.published_at in text
    assert "\n" not in text


def test_only_the_missing_one_of_two_files_is_named(tmp_path: Path) -> None:
    mini.tvge(tmp_path)
    (tmp_path / "t2vscore_quality_score.json").unlink()
    with pytest.raises(InputError, match="1 of its files missing") as caught:
        open_release(load_suite("tvge"), tmp_path)
    assert "t2vscore_alignment_score.json" not in str(caught.value)


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'mj-bench-video'"):
        load_suite("mj-bench")
    with pytest.raises(
        UsageError, match=r"tvge has no protocol 'code'; it has: paper, calibrated \(gradeo is"
    ):
        load_suite("tvge").protocol("code")


BROKEN = [
    ("t2vqa-db", "info.txt", "a.mp4|p|50\nb.mp4|p\n", r"info\.txt, line 2: must be FILE\|PROMPT\|MOS"),
    ("t2vqa-db", "info.txt", "a.mp4|p|50\nb.mp4|p|101\n", r"line 2 holds 101, which is outside 0-100"),
    ("t2vqa-db", "info.txt", "a.mp4|p|50\na.mp4|q|50\n", r"line 2: 'a\.mp4' stands here for the second time"),
    (
        "videogen-rewardbench",
        "videogen-rewardbench.csv",
        "path_A,path_B,prompt,VQ,MQ,TA,Overall\na.mp4,b.mp4,p,A,A,C,A\n",
        r"line 2: 'TA' holds 'C'; a vote of this set is A, B or same",
    ),
    ("videophy-2", "videophy2_test.csv", "caption,video_url,sa,pc\np,a.mp4,6,1\n", r"'sa' holds 6, .* 1-5"),
    (
        "videophy-2",
        "videophy2_test.csv",
        "caption,video_url,sa\np,a.mp4,3\n",
        r"line 2: no 'pc'; the row has",
    ),
    (
        "genai-bench",
        "genai_bench_video.jsonl",
        '{"prompt": "p", "left_model": "a", "right_model": "b", "left_video": "x.mp4", '
        '"right_video": "y.mp4", "vote_type": "left"}\n',
        r"'vote_type' holds 'left'; a vote of this set is leftvote",
    ),
    (
        "genai-bench-video",
        "genai_video.json",
        '{"1": {"prompt": "p"}}',
        r"prompt '1': must hold `prompt` and",
    ),
    ("genai-bench-video", "genai_video.json", "[]", r"must hold a JSON object"),
]


@pytest.mark.parametrize(("suite", "file", "text", "says"), BROKEN)
def test_broken_rows_are_named(tmp_path: Path, suite: str, file: str, text: str, says: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError, match=says):
        open_release(load_suite(suite), tmp_path)


def test_scores_of_other_videos_are_refused(tmp_path: Path) -> None:
    mini.videophy2(tmp_path)
    with pytest.raises(InputError, match=r"no id of it is a video of this set \(it has 'x1'.*has 'clip0'"):
        result_of("videophy-2", tmp_path, scores_of(tmp_path, {"x1": three(3)}))


def test_missing_dimensions_are_named(tmp_path: Path) -> None:
    mini.videophy2(tmp_path)
    table = {f"clip{i}": {"text_alignment": 1 + i} for i in range(4)}
    found = result_of("videophy-2", tmp_path, scores_of(tmp_path, table))
    assert [one.name for one in found.measures] == ["SA"]
    assert "PC needs physical_consistency or rationality or pc" in found.left_out["PC"]
    assert any("not measured: PC" in note for note in found.notes)
    odd = {f"clip{i}": {"beauty": 1 + i} for i in range(4)}
    with pytest.raises(InputError, match=r"nothing to evaluate.*the judge has beauty.*--rename MINE="):
        result_of("videophy-2", tmp_path, scores_of(tmp_path, odd))
    renamed = scores_of(tmp_path, odd, rename={"beauty": "text-alignment"})
    assert measure(result_of("videophy-2", tmp_path, renamed), "SA").unscored == 0


def test_videos_without_a_score_are_unscored_and_strangers_counted(tmp_path: Path) -> None:
    mini.videophy2(tmp_path)
    table = {"clip0": three(5), "clip1": three(4), "other": three(1)}
    found = result_of("videophy-2", tmp_path, scores_of(tmp_path, table))
    assert measure(found, "SA").unscored == 2
    assert measure(found, "SA").statistics["accuracy"] == 2 / 4
    assert any(note.startswith("1 videos of") for note in found.notes)


def test_a_table_of_scores_names_its_faults(tmp_path: Path) -> None:
    twice = mini.write_jsonl(tmp_path / "a.jsonl", [{"id": "a", "x": 1}, {"id": "a", "x": 2}])
    with pytest.raises(InputError, match=r"a\.jsonl, line 2 \(id 'a'\): 'a' stands in line 1 too"):
        scores_of_table(twice)
    nameless = mini.write_jsonl(tmp_path / "b.jsonl", [{"clip": "a", "x": 1}])
    with pytest.raises(UsageError, match="which field holds the ids"):
        scores_of_table(nameless)
    words = mini.write_jsonl(tmp_path / "c.jsonl", [{"id": "a", "scores": {"x": "good"}}])
    with pytest.raises(InputError, match=r"line 1 .*'x' holds no score"):
        scores_of_table(words)
    nothing = mini.write_jsonl(tmp_path / "d.jsonl", [{"id": "a", "remark": "fine"}])
    with pytest.raises(UsageError, match="no field holds scores"):
        scores_of_table(nothing)
    mixed = mini.write_jsonl(
        tmp_path / "f.jsonl", [{"id": i, "x": x, "remark": "5"} for i, x in enumerate([1, "4 of 5", 2, 3])]
    )
    with pytest.raises(InputError, match=r"f\.jsonl, line 2 .*'x' holds no score: '4 of 5' is not a number"):
        scores_of_table(mixed)
    failed = mini.write_jsonl(tmp_path / "e.jsonl", [{"id": "a", "x": -1}, {"id": "b", "x": "2.5"}])
    assert scores_of_table(failed, missing=["-1"]).values == {"a": {"x": None}, "b": {"x": 2.5}}


def test_verdict_rows_are_scores(tmp_path: Path) -> None:
    row = {"id": "a", "scores": {"x": {"value": 4, "expected": 3.6, "score": 3.6}}, "overall": 3.6}
    path = mini.write_jsonl(tmp_path / "verdicts.jsonl", [row])
    assert scores_of_table(path).values["a"] == {"x": 3.6, "overall": 3.6}
    assert scores_of_table(path, use="value").of("a", "x") == 4


def test_a_margin_that_is_a_share_of_an_unknown_range_asks(tmp_path: Path) -> None:
    mini.videogen_rewardbench(tmp_path)
    table = {f"m{j}_{i:05d}": three(-1.5 + i + 0.1 * j) for i in range(5) for j in (1, 2)}
    with pytest.raises(UsageError, match=r"5% of the judge's range.*--judge-scale"):
        result_of("videogen-rewardbench", tmp_path, scores_of(tmp_path, table))


def test_names_of_videos_that_share_a_file_name() -> None:
    names = distinct_names(["kling/0001.mp4", "pika/0001.mp4", "pika/0002.mp4", "a/pika/0001.mp4"])
    assert names["pika/0002.mp4"] == "0002"
    assert names["kling/0001.mp4"] == "kling/0001"
    assert len(set(names.values())) == 4


def test_a_set_that_is_on_no_hub_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"T2VQA-DB: info\.txt is on no hub; get it by hand"):
        fetch_labels(load_suite("t2vqa-db"), tmp_path)


def test_offline_downloads_fail_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(*_: object, **__: object) -> str:
        raise ConnectionError("no route\nto anywhere")

    monkeypatch.setattr(hub, "hf_hub_download", offline)
    with pytest.raises(
        InputError, match=r"test\.json of the dataset MJ-Bench/MJ-BENCH-VIDEO cannot be"
    ) as caught:
        fetch_labels(load_suite("mj-bench-video"), tmp_path)
    assert "\n" not in str(caught.value)


def test_downloads_land_where_they_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    mini.mj_bench_video(tmp_path / "cache")
    asked = []

    def fetched(repository: str, path: str, repo_type: str) -> str:
        asked.append((repository, path, repo_type))
        return str(tmp_path / "cache" / path)

    monkeypatch.setattr(hub, "hf_hub_download", fetched)
    suite = load_suite("mj-bench-video")
    assert fetch_labels(suite, tmp_path / "data") == [tmp_path / "data" / "test.json"]
    assert asked == [("MJ-Bench/MJ-BENCH-VIDEO", "test.json", "dataset")]
    assert len(open_release(suite, tmp_path / "data").pairs) == 3
    assert fetch_labels(suite, tmp_path / "data") == []


def test_known_printing_errors_are_marked() -> None:
    table = load_suite("videoscore-bench-v2").published[0]
    printed = dict(zip(table.columns, table.rows["VideoScore2"], strict=True))
    assert printed["average.plcc"] == 60.37
    parts = [printed[f"{name}.plcc"] for name in ("visual_quality", "text_alignment", "physical_consistency")]
    assert sum(parts) / 3 == pytest.approx(58.49, abs=0.005)
    assert any(mark.column == "average.plcc" and "58.49" in mark.note for mark in table.marks)
    # No published judge beats the constant answer of MJ-Bench-Video on any column.
    rows = dict(load_suite("mj-bench-video").published[0].rows)
    constant = rows.pop("a constant answer (not in the paper)")
    for row in rows.values():
        assert all(value is None or value < best for value, best in zip(row, constant, strict=True))
    # Every averaged column is the mean of its parts, or carries a mark.
    for name in ("videoscore-bench-v2", "videophy-2"):
        for table in load_suite(name).published:
            for row, values in table.rows.items():
                for column in table.columns:
                    of, _, statistic = column.rpartition(".")
                    parts = [
                        value
                        for other, value in zip(table.columns, values, strict=True)
                        if other.endswith(f".{statistic}") and other != column and value is not None
                    ]
                    if of != "average" or not parts:
                        continue
                    printed = values[table.columns.index(column)]
                    marked = any(mark.row == row and mark.column in (column, None) for mark in table.marks)
                    same_checkpoint = table.title.endswith("(steps of GRPO)")
                    assert (
                        marked
                        or same_checkpoint
                        or printed == pytest.approx(sum(parts) / len(parts), abs=0.011)
                    )


def test_results_are_json(tmp_path: Path) -> None:
    mini.videophy2(tmp_path)
    found = result_of(
        "videophy-2", tmp_path, scores_of(tmp_path, {f"clip{i}": three(1 + i) for i in range(4)})
    )
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["measures"][0]["statistics"]["accuracy"] is not None
