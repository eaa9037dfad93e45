"""Real labels put into the layout of their releases: published numbers come out of the protocols."""

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from miniatures import measure, result_of, write_json, write_jsonl
from scipy import stats

from reeljudge.benchmarks import load_suite, open_release, scores_of_table
from reeljudge.benchmarks.adapters.gradeo import consensus
from reeljudge.benchmarks.adapters.videoscore_bench_v1 import ASPECTS

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def labels() -> Path:
    folder = os.environ.get("REELJUDGE_CORPUS")
    if not folder:
        pytest.skip("needs real labels: set REELJUDGE_CORPUS to a folder that holds labels/")
    return Path(folder) / "labels"


def rows_of(labels: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (labels / name).read_text("utf-8").splitlines()]


def release_votes(folder: Path, votes: list[str]) -> None:
    """Votes as rows of GenAI-Bench's release; a pair's id is its row."""
    rows = [
        {
            "prompt": f"pair {i}",
            "left_model": "left",
            "right_model": "right",
            "left_video": f"{i}.mp4",
            "right_video": f"{i}.mp4",
            "vote_type": vote,
        }
        for i, vote in enumerate(votes)
    ]
    write_jsonl(folder / "genai_bench_video.jsonl", rows)


def test_genai_bench_gives_the_sets_own_verdicts(labels: Path, tmp_path: Path) -> None:
    rows = rows_of(labels, "genai_bench_video_votes.jsonl")
    release_votes(tmp_path, [row["human_vote"] for row in rows])
    file = write_jsonl(tmp_path / "votes.jsonl", [{"n": i, **row} for i, row in enumerate(rows)])
    for judge in rows[0]["correct"]:
        said = scores_of_table(file, id_field="n", vote_field=f"model_vote.{judge}")
        found = measure(result_of("genai-bench", tmp_path, said), "preference")
        expected = np.mean([row["correct"][judge] for row in rows])
        assert found.statistics["accuracy_with_ties"] == pytest.approx(expected), judge
        assert (found.used, found.total) == (500, 500)
    said = scores_of_table(file, id_field="n", vote_field="model_vote.gpt4o")
    lenient = measure(result_of("genai-bench", tmp_path, said, "lenient"), "preference")
    assert lenient.statistics["accuracy_with_ties"] == pytest.approx(0.512)


def of_metric(labels: Path, bench: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(labels, "videoscore_v1_eval_results.jsonl"):
        if row["bench"] == bench:
            found[row["metric"]].append(row)
    return found


def answers(folder: Path, rows: list[dict[str, Any]]) -> Any:
    table = [{"id": row["id"], **dict(zip(ASPECTS, row["ans"], strict=True))} for row in rows]
    return scores_of_table(write_jsonl(folder / "answers.jsonl", table))


@pytest.mark.parametrize("metric", ["videoscore", "MSE-dyn", "SSIM-dyn", "CLIP-sim", "DINO-sim", "BRISQUE"])
def test_videoscore_v1_spearman(labels: Path, tmp_path: Path, metric: str) -> None:
    rows = of_metric(labels, "video_feedback")[metric]
    turn = 'the text prompt is "a place",\nall the frames'
    released = [
        {
            "id": row["id"],
            "conversations": [
                {"value": turn},
                {"value": "\n".join(f"{a}: {r}" for a, r in zip(ASPECTS, row["ref"], strict=True))},
            ],
        }
        for row in rows
    ]
    write_jsonl(tmp_path / "video_feedback.jsonl", released)
    found = result_of("videoscore-bench-v1", tmp_path, answers(tmp_path, rows))
    ours = [one.statistics["srcc"] for one in found.measures]
    assert len(ours) == 5
    published = json.loads((labels / "videoscore_v1_published.json").read_text("utf-8"))
    lists = [
        entry[metric]["spearman_list"] for entry in published["spearman_video_feedback"] if metric in entry
    ]
    rounded = [None if value is None else round(100 * value, 4) for value in ours]
    assert any(rounded == pytest.approx(one, abs=1e-3) for one in lists if None not in one)


def test_videoscore_v1_pairwise(labels: Path, tmp_path: Path) -> None:
    votes = {
        row["idx"]: row["human_vote"]
        for name in ("genai_bench_video_votes.jsonl", "genai_bench_video_responses_messy.jsonl")
        for row in rows_of(labels, name)
    }
    release_votes(tmp_path, [votes[i] for i in range(18)])
    rows = of_metric(labels, "genaibench")["videoscore"]
    found = result_of("videoscore-bench-v1-genaibench", tmp_path, answers(tmp_path, rows))
    published = [0.8823529, 0.4705882, 0.8235294, 0.6470588, 0.7647059, 0.7058824]
    ours = [one.statistics["accuracy_with_ties"] for one in found.measures]
    assert ours == pytest.approx(published)
    # 18 pairs here, of which the judge scored 17: the protocol removes what was not scored, and says so.
    assert (found.measures[0].used, found.measures[0].total, found.measures[0].unscored) == (17, 18, 1)
    assert found.measures[0].other["accuracy_with_ties"] == pytest.approx(15 / 18)


def test_eval_crafter_references(labels: Path, tmp_path: Path) -> None:
    rows = of_metric(labels, "eval_crafter")["gemini-1.5-flash-latest"]
    released = [{"id": row["id"], "text": row["text"], "score_list": row["ref"]} for row in rows]
    write_jsonl(tmp_path / "eval_crafter.jsonl", released)
    release = open_release(load_suite("videoscore-bench-v1-evalcrafter"), tmp_path)
    assert all(item.human["dynamic degree"] is None for item in release.items)
    found = result_of("videoscore-bench-v1-evalcrafter", tmp_path, answers(tmp_path, rows))
    for one, place in zip(found.measures, (0, 1, 3), strict=True):
        pairs = [(row["ref"][place], row["ans"][place]) for row in rows if row["ref"][place] != -1]
        expected = stats.spearmanr(*zip(*pairs, strict=True)).statistic
        assert one.statistics["srcc"] == (None if np.isnan(expected) else pytest.approx(expected))
        assert one.used == len(pairs)


def test_videoscore2_rows(labels: Path, tmp_path: Path) -> None:
    sample = rows_of(labels, "videoscore2_sample.jsonl")
    fields = {
        "visual_quality": "visual_score",
        "text_alignment": "t2v_score",
        "physical_consistency": "phy_score",
    }
    rows = list({row["video_name"]: row for row in sample if row.get("judge_scores")}.values())
    released = [
        {
            "video_name": row["video_name"],
            "prompt": row["prompt"],
            **{field: row["human"][name] for name, field in fields.items()},
        }
        for row in rows
    ]
    write_json(tmp_path / "sft_27k_test.json", released)
    table = [{"id": row["video_name"], "scores": row["judge_scores"]} for row in rows]
    said = scores_of_table(write_jsonl(tmp_path / "scores.jsonl", table))
    found = result_of("videoscore-bench-v2", tmp_path, said)
    for name in fields:
        pairs = [(row["human"][name], row["judge_scores"][name]) for row in rows]
        statistics = measure(found, name).statistics
        assert statistics["accuracy"] == pytest.approx(np.mean([h == j for h, j in pairs]))
        assert statistics["relaxed_accuracy"] == pytest.approx(np.mean([abs(h - j) <= 1 for h, j in pairs]))
    exact = np.mean([row["human"] == row["judge_scores"] for row in rows])
    assert found.all_dimensions_exact == pytest.approx(exact)


def test_gradeo_consensus_of_three_raters(labels: Path, tmp_path: Path) -> None:
    """FETV's ratings as a manifest: what has no consensus is out, the rest agrees with SciPy."""
    rows = rows_of(labels, "fetv_ratings.jsonl")[:400]
    manifest = [
        {
            "id": row["id"],
            "video": f"{row['id']}.mp4",
            "prompt": row["prompt"],
            "human": {"alignment": row["human"]["alignment"]},
        }
        for row in rows
    ]
    write_jsonl(tmp_path / "manifest.jsonl", manifest)
    table = [{"id": row["id"], "alignment": row["auto"]["UMTScore"]} for row in rows]
    said = scores_of_table(write_jsonl(tmp_path / "scores.jsonl", table))
    found = measure(result_of("gradeo", tmp_path, said), "alignment")
    agreed = [(consensus(row["human"]["alignment"]), row["auto"]["UMTScore"]) for row in rows]
    agreed = [(human, score) for human, score in agreed if human is not None]
    majority = sum(
        max(ratings.count(one) for one in ratings) >= 2 and max(ratings) - min(ratings) <= 2
        for ratings in (row["human"]["alignment"] for row in rows)
    )
    assert found.used == len(agreed) == majority < 400
    assert found.statistics["srcc"] == pytest.approx(stats.spearmanr(*zip(*agreed, strict=True)).statistic)
    assert found.statistics["mae"] is None  # a metric on a scale of its own
