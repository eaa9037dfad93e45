"""Each protocol on a miniature of its set, against results worked out by hand."""

from pathlib import Path

import miniatures as mini
import pytest
from miniatures import measure, result_of, scores_of, three

from reeljudge.benchmarks import load_suite, open_release, scores_of_table, select
from reeljudge.benchmarks.adapters.gradeo import consensus
from reeljudge.errors import InputError, UsageError


def test_videoscore_bench_v2(tmp_path: Path) -> None:
    mini.videoscore_bench_v2(tmp_path)
    visual = [4, 2.5, None, 3]  # people: 4, 3, 2, 5
    scores = scores_of(
        tmp_path,
        {f"00000{i}_a": three(score, 3 + i % 2, 2 + i % 2) for i, score in enumerate(visual)},
    )
    paper = result_of("videoscore-bench-v2", tmp_path, scores)
    found = measure(paper, "visual_quality")
    # 4 = 4; 2.5 -> 3 = 3; none is wrong; 3 is not 5, nor within 1.
    assert found.statistics["accuracy"] == 2 / 4
    assert found.statistics["relaxed_accuracy"] == 2 / 4
    assert (found.total, found.used, found.unscored) == (4, 4, 1)
    assert found.other["accuracy"] == 2 / 3
    assert found.statistics["majority_accuracy"] == 1 / 4
    assert paper.average["accuracy"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert paper.all_dimensions_exact == 2 / 4
    assert (paper.protocol, paper.protocol_version, paper.unscored_are) == ("paper", 1, "wrong")

    code = result_of("videoscore-bench-v2", tmp_path, scores, "code")
    found = measure(code, "visual_quality")
    # Without the unscored one; Python rounds 2.5 to 2, which is 1 off.
    assert found.statistics["accuracy"] == pytest.approx(1 / 3)
    assert found.statistics["relaxed_accuracy"] == pytest.approx(2 / 3)
    assert (found.used, found.unscored) == (3, 1)
    assert found.other["accuracy"] == 1 / 4
    assert code.all_dimensions_exact == pytest.approx(1 / 3)


def videogen_scores(folder: Path, sides: list[tuple[float, float]]) -> object:
    table = {}
    for i, (a, b) in enumerate(sides):
        table |= {f"m1_{i:05d}": three(a), f"m2_{i:05d}": three(b)}
    return scores_of(folder, table)


def test_videogen_rewardbench_under_four_tie_rules(tmp_path: Path) -> None:
    mini.videogen_rewardbench(tmp_path)
    # People: A, B, same, same, same.
    scores = videogen_scores(tmp_path, [(3.0, 2.9), (2, 4), (3, 3.15), (3, 3), (4, 4.1)])
    paper = measure(result_of("videogen-rewardbench", tmp_path, scores), "VQ")
    # 5 % of 1-5 is 0.2: the first pair is called a tie (wrong), all three ties are right.
    assert paper.margin == pytest.approx(0.2)
    assert "5% of the judge's range 1-5" in paper.margin_chosen
    assert paper.statistics["accuracy_with_ties"] == pytest.approx(4 / 5)
    assert paper.statistics["accuracy_without_ties"] == 1
    assert paper.statistics["majority_accuracy"] == 3 / 5

    code = result_of("videogen-rewardbench", tmp_path, scores, "code")
    # 0.001: the first and second are right by sign, of the ties only the exact one.
    assert measure(code, "VQ").margin == 0.001
    assert measure(code, "VQ").statistics["accuracy_with_ties"] == pytest.approx(3 / 5)
    assert measure(code, "Overall").judged_by.startswith("sum of visual_quality")

    official = measure(result_of("videogen-rewardbench", tmp_path, scores, "official"), "VQ")
    # Margins 0 and 0.1 give 3 of 5, 0.15 gives 4, 2 gives 3.
    assert official.margin == pytest.approx(0.15)
    assert official.statistics["same_items_accuracy"] == pytest.approx(4 / 5)
    assert "an upper end" in official.margin_chosen

    calibrated = measure(result_of("videogen-rewardbench", tmp_path, scores, "calibrated"), "VQ")
    assert calibrated.statistics["tie_calibrated_accuracy"] <= 4 / 5
    assert "accuracy_with_ties" not in calibrated.statistics


def test_videogen_code_margin_of_whole_scores(tmp_path: Path) -> None:
    mini.videogen_rewardbench(tmp_path)
    scores = videogen_scores(tmp_path, [(3, 2), (2, 4), (3, 3), (3, 4), (4, 4)])
    found = measure(result_of("videogen-rewardbench", tmp_path, scores, "code"), "VQ")
    assert found.margin == 0.5
    assert "whole" in found.margin_chosen
    assert found.statistics["accuracy_with_ties"] == pytest.approx(4 / 5)


def test_unscored_pairs_are_wrong_or_removed(tmp_path: Path) -> None:
    mini.videogen_rewardbench(tmp_path)
    scores = videogen_scores(tmp_path, [(3, 2), (2, 4), (3, 3), (3, 3), (4, None)])
    paper = measure(result_of("videogen-rewardbench", tmp_path, scores), "VQ")
    assert (paper.used, paper.unscored) == (5, 1)
    assert paper.statistics["accuracy_with_ties"] == pytest.approx(4 / 5)
    assert paper.other["accuracy_with_ties"] == 1
    code = measure(result_of("videogen-rewardbench", tmp_path, scores, "code"), "VQ")
    assert (code.used, code.total, code.unscored) == (4, 5, 1)
    assert code.statistics["accuracy_with_ties"] == 1
    assert code.other["accuracy_with_ties"] == pytest.approx(4 / 5)


def test_t2vqa_pairs(tmp_path: Path) -> None:
    mini.t2vqa_db(
        tmp_path,
        [
            "x.mp4|red | blue|50",
            "y.mp4|red | blue|51",
            "z.mp4|red | blue|40.5",
            "u.mp4|green|10",
            "w.mp4|green|30",
        ],
    )
    table = {"x": three(3), "y": three(3.1), "z": three(2), "u": three(4), "w": three(2)}
    scores = scores_of(tmp_path, table)
    # x, y are a tie (1 point); x > z and y > z are right; u > w is wrong.
    paper = measure(result_of("t2vqa-db", tmp_path, scores), "preference")
    assert (paper.total, paper.used) == (4, 4)
    assert paper.statistics["accuracy_with_ties"] == pytest.approx(3 / 4)
    assert paper.statistics["accuracy_without_ties"] == pytest.approx(2 / 3)
    code = measure(result_of("t2vqa-db", tmp_path, scores, "code"), "preference")
    assert code.statistics["accuracy_with_ties"] == pytest.approx(2 / 4)
    points = measure(result_of("t2vqa-db", tmp_path, scores, "calibrated"), "mos")
    # Ranks about their means: 1 2 0 -2 -1 of the MOS, 0 1 -1.5 2 -1.5 of the judge.
    assert points.statistics["srcc"] == pytest.approx(-0.5 / (10 * 9.5) ** 0.5)
    gradeo = result_of(
        "t2vqa-db",
        tmp_path,
        scores_of(tmp_path, {k: {"quality": v["visual_quality"]} for k, v in table.items()}),
        "gradeo",
    )
    pairs = measure(gradeo, "pairs")
    assert (pairs.total, pairs.used) == (4, 2)  # x, y differ strictly; one pair of each prompt
    assert pairs.statistics["accuracy_without_ties"] == pytest.approx(1 / 2)
    assert "the protocol asks for 200" in pairs.notes[0]


def test_t2vqa_loops_read_2000_and_2001_lines(tmp_path: Path) -> None:
    # Lines 2 and 3 share a prompt, 4 and 5, ...: the pair (2000, 2001) is the code's alone.
    mini.t2vqa_db(tmp_path, [f"v{i}.mp4|prompt {i // 2}|{i % 100}" for i in range(1, 2100)])
    suite = load_suite("t2vqa-db")
    release = open_release(suite, tmp_path)
    counts = {name: len(select(suite.protocols[name], release).chosen[0].pairs) for name in ("paper", "code")}
    assert counts == {"paper": 999, "code": 1000}
    assert len(select(suite.protocols["gradeo"], release).videos) == 400


def test_mj_bench_mapping(tmp_path: Path) -> None:
    mini.mj_bench_video(tmp_path)
    # People's fineness 0 0 1 1 2 0, alignment 0 1 1 2 2 0.
    given = [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (5, 5)]
    table = {f"p{i // 2}_{i % 2}": three(visual, text) for i, (visual, text) in enumerate(given)}
    table["p0_0"] = three(2, 2, 1)  # the mean 5/3 is cut to 1, which is grade 0
    scores = scores_of(tmp_path, table)
    paper = result_of("mj-bench-video", tmp_path, scores)
    assert measure(paper, "fineness").statistics["accuracy"] == pytest.approx(5 / 6)
    # Alignment: 2 1 1 2 2 2 against 0 1 1 2 2 0 after p0_0's text 2 -> 1.
    assert measure(paper, "alignment").statistics["accuracy"] == pytest.approx(4 / 6)
    assert measure(paper, "overall").statistics["accuracy"] == pytest.approx(5 / 6)
    assert measure(paper, "fineness").statistics["majority_accuracy"] == pytest.approx(3 / 6)
    assert any("1 pairs are marked `discard`" in note for note in paper.notes)
    pairs = measure(result_of("mj-bench-video", tmp_path, scores, "calibrated"), "preference")
    assert pairs.used == 2  # "Better" is read, "Hard to judge" is no preference
    assert pairs.statistics["accuracy_without_ties"] == 1


def test_mj_bench_needs_scores_of_1_to_5(tmp_path: Path) -> None:
    mini.mj_bench_video(tmp_path)
    table = {f"p{i // 2}_{i % 2}": three(0.2 * i) for i in range(6)}
    with pytest.raises(InputError, match=r"the score 0 has no grade in this set; it maps 1, 2, 3, 4, 5 only"):
        result_of("mj-bench-video", tmp_path, scores_of(tmp_path, table))


def test_videophy2(tmp_path: Path) -> None:
    mini.videophy2(tmp_path)
    # People: SA 5 4 4 1, PC 5 4 2 3.
    table = {
        "clip0": three(3, 5, 4),
        "clip1": three(3, 4, 3.6),
        "clip2": three(3, 2, 2),
        "clip3": three(3, 1, 3),
    }
    scores = scores_of(tmp_path, table)
    paper = result_of("videophy-2", tmp_path, scores)
    assert measure(paper, "SA").statistics["accuracy"] == pytest.approx(3 / 4)
    assert measure(paper, "PC").statistics["accuracy"] == pytest.approx(3 / 4)  # 3.6 -> 4
    assert paper.average["accuracy"] == pytest.approx(3 / 4)
    code = measure(result_of("videophy-2", tmp_path, scores, "code"), "SA")
    assert (code.total, code.used) == (4, 3)
    assert code.statistics["accuracy"] == pytest.approx(2 / 3)
    joint = measure(result_of("videophy-2", tmp_path, scores, "official"), "joint")
    # People: 1 1 0 0; the judge: 5 and 4, 4 and 3.6 (rounds to 4), 2 and 2, 1 and 3.
    assert joint.statistics["accuracy"] == 1
    assert joint.statistics["majority_accuracy"] == 1 / 2


def test_tvge(tmp_path: Path) -> None:
    mini.tvge(tmp_path)
    table = {
        "gen2/1": {"quality": 5, "alignment": 2},
        "pika/1": {"quality": 3, "alignment": 2},
        "modelscope/1": {"quality": 3, "alignment": 1},
        "gen2/2": {"quality": 4, "alignment": 3},
        "pika/2": {"quality": 4, "alignment": 3},
    }
    scores = scores_of(tmp_path, table)
    # Quality: gen2 beats both others at prompt 1 (right); at prompt 2 people prefer pika, the judge ties.
    drawn = result_of("tvge", tmp_path, scores, "gradeo")
    assert drawn.protocol == "paper"
    assert measure(drawn, "quality").statistics["accuracy_without_ties"] == 1 / 2
    assert measure(drawn, "quality").total == 3  # strict pairs of the set
    assert measure(drawn, "alignment").used == 1  # prompt 2 has no strict pair
    everything = result_of("tvge", tmp_path, scores, "calibrated")
    assert measure(everything, "quality").used == 4
    assert measure(everything, "quality").statistics["accuracy_without_ties"] == pytest.approx(2 / 3)
    # Ranks about their means: -2 2 1 -.5 -.5 of people, -.5 -.5 -2 1.5 1.5 of the judge.
    assert measure(everything, "alignment_scores").statistics["srcc"] == pytest.approx(
        -3.5 / (9.5 * 9) ** 0.5
    )


def test_the_drawn_pairs_are_the_same_every_time_and_show_no_side(tmp_path: Path) -> None:
    mini.t2vqa_db(tmp_path, [f"v{i}.mp4|prompt {i // 2}|{i % 2}0" for i in range(800)])
    suite = load_suite("t2vqa-db")
    draws = [select(suite.protocols["gradeo"], open_release(suite, tmp_path)).chosen[0].pairs for _ in "ab"]
    assert draws[0] == draws[1]
    assert len({pair.group for pair in draws[0]}) == len(draws[0]) == 200
    assert 70 < sum(pair.votes["mos"] == "a" for pair in draws[0]) < 130


def test_genai_bench_video_averages_three_raters(tmp_path: Path) -> None:
    mini.genai_bench_video(tmp_path)
    table = {
        "Floor33/00001": {"alignment": 3},
        "Gen2/00001": {"alignment": 4},
        "Pika_v1/00001": {"alignment": 1},
    }
    found = result_of("genai-bench-video", tmp_path, scores_of(tmp_path, table), "calibrated")
    pairs = measure(found, "alignment")
    # Means 2, 4.67, 2: one tie, two wins of Gen2.
    assert pairs.used == 3
    assert pairs.statistics["accuracy_without_ties"] == 1


def test_genai_bench_votes_and_scores(tmp_path: Path) -> None:
    mini.genai_bench(tmp_path)
    votes = ["[[A>B]]", "Video 2 is better", "[[A=B=Bad]]", "[[A=B]]"]  # people: left, right, tie, both bad
    file = mini.write_jsonl(tmp_path / "votes.jsonl", [{"idx": i, "mine": v} for i, v in enumerate(votes)])
    said = scores_of_table(file, id_field="idx", vote_field="mine")
    exact = measure(result_of("genai-bench", tmp_path, said), "preference")
    # Exact strings: the second is none, the third is the other kind of tie, a plain tie fits both kinds.
    assert exact.statistics["accuracy_with_ties"] == 2 / 4
    assert exact.unscored == 1
    assert exact.margin is None
    lenient = measure(result_of("genai-bench", tmp_path, said, "lenient"), "preference")
    assert lenient.statistics["accuracy_with_ties"] == 1
    sides = [(4, 3), (2, 3), (3, 3), (1, 2)]
    table = {}
    for i, (left, right) in enumerate(sides):
        table |= {f"lavie_{i}": three(left), f"pika_{i}": three(right)}
    code = measure(result_of("genai-bench", tmp_path, scores_of(tmp_path, table), "code"), "preference")
    assert code.margin == 0.5
    assert code.statistics["accuracy_with_ties"] == 3 / 4


def test_videoscore_v1_aspects(tmp_path: Path) -> None:
    mini.video_feedback(tmp_path)
    suite = load_suite("videoscore-bench-v1")
    release = open_release(suite, tmp_path)
    assert release.videos["700"].prompt == 'a "red" hat'
    names = [
        "visual quality",
        "temporal consistency",
        "dynamic degree",
        "text-to-video alignment",
        "factual consistency",
    ]
    table = {f"70{i}": dict(zip(names, [1 + i, 4 - i, 2.5, 4 - i, 2 + i], strict=True)) for i in range(4)}
    found = result_of("videoscore-bench-v1", tmp_path, scores_of(tmp_path, table))
    assert measure(found, "visual_quality").statistics["srcc"] == pytest.approx(1)
    assert measure(found, "text_alignment").statistics["srcc"] == pytest.approx(1)
    assert measure(found, "dynamic_degree").statistics["srcc"] is None  # the judge is constant
    assert found.average["srcc"] is None
    # A judge of three dimensions: two aspects are left out, and that is no error.
    found = result_of(
        "videoscore-bench-v1", tmp_path, scores_of(tmp_path, {f"70{i}": three(1 + i) for i in range(4)})
    )
    assert [one.name for one in found.measures] == ["visual_quality", "text_alignment", "factual_consistency"]


def test_eval_crafter_minus_one_is_no_rating(tmp_path: Path) -> None:
    mini.eval_crafter(tmp_path)
    suite = load_suite("videoscore-bench-v1-evalcrafter")
    release = open_release(suite, tmp_path)
    assert release.items[0].human["dynamic degree"] is None
    table = {
        f"pika_000{i}": {"visual_quality": i, "temporal_consistency": i, "text_alignment": i}
        for i in range(4)
    }
    found = result_of("videoscore-bench-v1-evalcrafter", tmp_path, scores_of(tmp_path, table))
    assert measure(found, "visual_quality").statistics["srcc"] == pytest.approx(1)
    assert measure(found, "temporal_consistency").statistics["srcc"] == pytest.approx(-1)


def test_videoscore_v1_pairwise_rule(tmp_path: Path) -> None:
    mini.genai_bench(tmp_path)
    # People: left, right, tie, both bad. A difference of 0.1 decides where people did, else it is a tie.
    sides = [(3.1, 3.0), (3.0, 2.9), (3.0, 3.4), (2.0, 2.5)]
    table = {}
    for i, (left, right) in enumerate(sides):
        table |= {f"{i:04d}_left": three(left), f"{i:04d}_right": three(right)}
    scores = scores_of(tmp_path, table)
    found = measure(result_of("videoscore-bench-v1-genaibench", tmp_path, scores), "mean")
    # Right, wrong, right (0.4 < 0.5), wrong (0.5 is not under 0.5).
    assert found.statistics["accuracy_with_ties"] == 2 / 4
    assert found.statistics["accuracy_without_ties"] == 1 / 2
    assert "however small the difference" in found.tie_rule
    file = mini.write_jsonl(tmp_path / "votes.jsonl", [{"id": "0", "v": "[[A>B]]"}])
    votes = scores_of_table(file, vote_field="v")
    with pytest.raises(UsageError, match="compares scores"):
        result_of("videoscore-bench-v1-genaibench", tmp_path, votes)


@pytest.mark.parametrize(
    ("ratings", "score"),
    [([2, 3, 3, 4, 3], 3), ([1, 1, 1, 4, 1], None), ([1, 2, 3, 2, 1], None), ([3, 3], 3), (2, 2), ([], None)],
)
def test_gradeo_consensus(ratings: list[float] | float, score: float | None) -> None:
    assert consensus(ratings) == score


def test_gradeo_points(tmp_path: Path) -> None:
    mini.gradeo(tmp_path)
    # Consensus 3 - 5 2 4 -: four items.
    table = {f"c{i}": {"quality": q} for i, q in enumerate([2, 1, 4, 1, 5, 1])}
    found = result_of("gradeo", tmp_path, scores_of(tmp_path, table))
    quality = measure(found, "quality")
    assert quality.used == 4
    assert quality.statistics["mae"] == pytest.approx(1)
    # Ranks 2 4 1 3 against 2 3 1 4: 1 - 6 * 2 / 60.
    assert quality.statistics["srcc"] == pytest.approx(0.8)
    assert any("2 items without a consensus" in note for note in found.notes)
    assert [one.name for one in found.measures] == ["quality"]


def test_gradeo_maps_videoscores_scale(tmp_path: Path) -> None:
    mini.gradeo(tmp_path)
    from reeljudge.agreement import ValueRange

    # 1-4 onto 1-5: 2.5 -> 3, 4 -> 5, 1.8 -> 2.07, 3.2 -> 3.93; rounded these are people's scores.
    table = {"c0": 2.5, "c2": 4, "c3": 1.8, "c4": 3.2}
    scores = scores_of(
        tmp_path,
        {name: {"visual quality": score} for name, score in table.items()},
        scale=ValueRange(1, 4),
    )
    quality = measure(result_of("gradeo", tmp_path, scores), "quality")
    assert quality.statistics["mae"] == 0
    assert any("1-4 mapped linearly onto 1-5" in note for note in quality.notes)


@pytest.mark.parametrize("name", ["parquet", "jsonl"])
def test_releases_may_be_parquet(tmp_path: Path, name: str) -> None:
    mini.genai_bench(tmp_path)
    if name == "parquet":
        pytest.importorskip("pyarrow")
        from reeljudge.tables import read_rows, write_rows

        rows = list(read_rows(tmp_path / "genai_bench_video.jsonl"))
        (tmp_path / "genai_bench_video.jsonl").unlink()
        write_rows(tmp_path / "test-00000-of-00001.parquet", iter(rows))
    assert len(open_release(load_suite("genai-bench"), tmp_path).pairs) == 4
