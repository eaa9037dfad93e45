"""Real ratings and votes: published numbers recomputed, inter-rater statistics against independent code."""

import json
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from reeljudge.agreement import all_dimensions_exact, pair_agreement, point_agreement, spearman
from reeljudge.agreement.of_tables import Options, agree, agree_pairs, compare, raters
from reeljudge.agreement.pairs import PairItems, correct
from reeljudge.errors import InputError
from reeljudge.tables.table import Table
from reeljudge.tables.votes import GENAI_BENCH_HUMAN, GENAI_BENCH_JUDGE, Vote, read_vote

pytestmark = pytest.mark.corpus

Rows = Callable[[str], list[dict[str, Any]]]
QUICK = Options(resamples=100)

# The published lists cut a judge's name at its first dash or underscore.
PUBLISHED_AS = {
    "gemini-1.5-flash-latest": "gemini-1",
    "gemini-1.5-pro-latest": "gemini-1",
    "llava_next": "next",
}


def published_spearman(labels: Path) -> dict[str, list[list[float | None]]]:
    text = (labels / "videoscore_v1_published.json").read_text("utf-8")
    found: dict[str, list[list[float | None]]] = defaultdict(list)
    for entry in json.loads(text)["spearman_video_feedback"]:
        for name, values in entry.items():
            found[name].append(values["spearman_list"])
    return found


def of_metric(rows: list[dict[str, Any]], bench: str) -> dict[str, list[dict[str, Any]]]:
    by_metric = defaultdict(list)
    for row in rows:
        if row["bench"] == bench:
            by_metric[row["metric"]].append(row)
    return by_metric


def recomputed(rows: list[dict[str, Any]]) -> list[float | None]:
    values = [spearman([r["ref"][d] for r in rows], [r["ans"][d] for r in rows]) for d in range(5)]
    return [None if value is None else round(100 * value, 4) for value in values]


def test_videoscore_v1_spearman(labels: Path, label_rows: Rows) -> None:
    """Every published list is found again but one: idefics1 got a fourth row after the list was made."""
    published = published_spearman(labels)
    by_metric = of_metric(label_rows("videoscore_v1_eval_results.jsonl"), "video_feedback")
    matched, unmatched, unpublished = [], [], []
    for metric, rows in by_metric.items():
        lists = published.get(PUBLISHED_AS.get(metric, metric))
        if lists is None:
            unpublished.append(metric)
        elif any(recomputed(rows) == pytest.approx(one) for one in lists):
            matched.append(metric)
        else:
            unmatched.append(metric)
    assert unmatched == ["idefics1"]
    assert sorted(unpublished) == ["idefics2", "llava"]
    assert len(matched) == 13
    # The list that cannot match is that of the first three rows, one of them an unanswered [0, 0, 0, 0, 0].
    three = by_metric["idefics1"][:3]
    assert any(recomputed(three) == pytest.approx(one) for one in published["idefics1"])
    assert [row["ans"] for row in three].count([0] * 5) == 1
    assert len(by_metric["idefics1"]) == 4


def test_published_lists_count_zeros_as_scores_and_repeated_clips(label_rows: Rows, tmp_path: Path) -> None:
    by_metric = of_metric(label_rows("videoscore_v1_eval_results.jsonl"), "video_feedback")
    rows = by_metric["gpt4o"]
    file = tmp_path / "gpt4o.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = Table.read(file)
    with pytest.raises(InputError, match=r"line 6 \(id '7001917'\): the same item stands in line 1"):
        agree(table, "ref.0", "ans.0", QUICK)
    with_zeros = agree(table, "ref.0", "ans.0", Options(repeats=True, resamples=100))
    assert with_zeros.srcc == pytest.approx(-0.222131, abs=1e-6)
    assert any("2 of the judge's scores are below the scale" in note for note in with_zeros.notes)
    without = agree(table, "ref.0", "ans.0", Options(repeats=True, missing=["0"], resamples=100))
    assert (without.n, without.n_scored) == (10, 8)
    assert without.srcc == pytest.approx(-0.243432, abs=1e-6)
    repeated = {
        metric: len(rows) - len({row["id"] for row in rows})
        for metric, rows in by_metric.items()
        if len({row["id"] for row in rows}) < len(rows)
    }
    assert repeated == {"CLIP-Score": 8, "gpt4o": 5, "llava_next": 9}


def test_eval_crafter_needs_its_missing_value_named(labels: Path) -> None:
    table = Table.read(labels / "videoscore_v1_eval_results.jsonl").keep(
        ["bench=eval_crafter", "metric=CLIP-sim"]
    )
    with pytest.raises(InputError, match=r"'ref\.2' holds -1, .*--missing -1"):
        agree(table, "ref.2", "ans.2", QUICK)
    found = agree(table, "ref.0", "ans.0", Options(missing=["-1"], resamples=100))
    assert found.n == 11
    assert found.accuracy is None  # references in 0-1, answers in 1-4
    assert found.human_scale == "0-1"


def published_pairwise(labels: Path) -> dict[str, list[float]]:
    """File name -> accuracy by the mean of five aspects, then by each aspect, from the published log."""
    text = json.loads((labels / "videoscore_v1_published.json").read_text("utf-8"))[
        "genaibench_pairwise_acc_txt"
    ]
    found: dict[str, list[float]] = {}
    for line in text.splitlines():
        if line.startswith("File: eval_genaibench_"):
            name = line.removeprefix("File: eval_genaibench_").removesuffix(".json")
            found[name] = []
        elif found and ":" in line and not line.startswith(("Processing", "Total", "Removed", "|", "+")):
            found[name].append(float(line.rpartition(":")[2]))
    return found


def human_votes(label_rows: Rows) -> dict[int, Vote]:
    votes = {row["idx"]: row["human_vote"] for row in label_rows("genai_bench_video_votes.jsonl")}
    for row in label_rows("genai_bench_video_responses_messy.jsonl"):
        assert votes.setdefault(row["idx"], row["human_vote"]) == row["human_vote"]
    return {idx: GENAI_BENCH_HUMAN[vote] for idx, vote in votes.items()}


def test_videoscore_v1_pairwise(labels: Path, label_rows: Rows) -> None:
    """The published accuracies follow from one rule: the margin of 0.5 counts only where people tied."""
    votes = human_votes(label_rows)
    published = published_pairwise(labels)
    by_metric = of_metric(label_rows("videoscore_v1_eval_results.jsonl"), "genaibench")
    assert set(published) == set(by_metric)
    for metric, rows in by_metric.items():
        answers = {row["id"]: row["ans"] for row in rows}
        pairs = sorted({int(name.partition("_")[0]) for name in answers})
        known = [i for i in pairs if i in votes]
        for aspect, expected in enumerate(published[metric]):
            # The first published number is of the mean of the five aspects, the others of one aspect each.
            chosen = slice(None) if aspect == 0 else slice(aspect - 1, aspect)
            scores = [
                [np.mean(answers[f"{i:04d}_{side}"][chosen]) for i in known] for side in ("left", "right")
            ]
            found = pair_agreement(
                [votes[i] for i in known],
                score_a=scores[0],
                score_b=scores[1],
                protocol="videoscore-v1",
                resamples=1,
            )
            right, wanted = round(found.accuracy_with_ties * len(known)), round(expected * len(pairs))
            if known == pairs:
                assert found.accuracy_with_ties == pytest.approx(expected), (metric, aspect)
            else:  # two of CLIP-sim's 29 pairs have no human vote here: the rest must leave room for them
                assert metric == "CLIP-sim"
                assert len(pairs) - len(known) == 2
                assert right <= wanted <= right + 2


def test_one_tie_rule_for_all_pairs_gives_videoscore_half_its_published_accuracy(label_rows: Rows) -> None:
    votes = human_votes(label_rows)
    rows = of_metric(label_rows("videoscore_v1_eval_results.jsonl"), "genaibench")["videoscore"]
    mean = {row["id"]: np.mean(row["ans"]) for row in rows}
    sides = [[mean[f"{i:04d}_{side}"] for i in range(17)] for side in ("left", "right")]
    human = [votes[i] for i in range(17)]
    published = pair_agreement(human, score_a=sides[0], score_b=sides[1], protocol="videoscore-v1")
    fair = pair_agreement(human, score_a=sides[0], score_b=sides[1], tie_margin=0.499)
    assert published.accuracy_with_ties == pytest.approx(15 / 17)
    assert fair.accuracy_with_ties == pytest.approx(8 / 17)
    assert fair.majority_accuracy == pytest.approx(8 / 17)


def test_genai_bench_exact_rule_gives_the_sets_own_verdicts(label_rows: Rows) -> None:
    """All 9,000 published right/wrong flags of 18 judges."""
    rows = label_rows("genai_bench_video_votes.jsonl")
    human = [GENAI_BENCH_HUMAN[row["human_vote"]] for row in rows]
    for judge in rows[0]["correct"]:
        votes = [GENAI_BENCH_JUDGE.get(row["model_vote"][judge]) for row in rows]
        right = correct(PairItems.of(human, votes, None, None, None), "genai-bench", 0)
        assert right.tolist() == [row["correct"][judge] for row in rows], judge


def test_genai_bench_votes_under_both_protocols(labels: Path) -> None:
    table = Table.read(labels / "genai_bench_video_votes.jsonl")
    exact, lenient = (
        {
            judge: agree_pairs(table, "human_vote", f"model_vote.{judge}", None, QUICK, protocol)
            for judge in table.rows[0]["correct"]
        }
        for protocol in ("genai-bench", "default")
    )
    for judge, found in exact.items():
        assert (found.n, found.n_ties, found.clusters) == (500, 171, 100)
        assert found.accuracy_with_ties == pytest.approx(np.mean([r["correct"][judge] for r in table.rows]))
        assert lenient[judge].accuracy_with_ties >= found.accuracy_with_ties
        assert lenient[judge].unscored <= found.unscored
        for bounds in (found.ci["accuracy_with_ties"], lenient[judge].ci["accuracy_with_ties"]):
            assert bounds[0] <= bounds[1]
    assert exact["gpt4o"].accuracy_with_ties == pytest.approx(0.496)
    assert lenient["gpt4o"].accuracy_with_ties == pytest.approx(0.512)
    # Ties gain: 58 right [[Tie]]s, none of that set's strings, and 16 of the other kind than the human one.
    assert exact["minicpm-V-2.5"].accuracy_with_ties == pytest.approx(0.082)
    assert lenient["minicpm-V-2.5"].accuracy_with_ties == pytest.approx(0.082 + (58 + 16) / 500)
    assert exact["minicpm-V-2.5"].unscored - lenient["minicpm-V-2.5"].unscored == 54 + 54 + 46 + 12
    assert exact["videollava"].accuracy_with_ties == 0
    better = compare(table, "human_vote", ("model_vote.gpt4o", "model_vote.llava"), QUICK)
    assert better.p_value["accuracy_with_ties"] < 0.001


@pytest.mark.parametrize("dimension", ["static_quality", "temporal_quality", "alignment"])
def test_fetv_raters(labels: Path, dimension: str) -> None:
    """FETV's human row is a mean over rater pairs, its Kendall tau-c; real videos are part of the table."""
    table = Table.read(labels / "fetv_ratings.jsonl")
    found = raters(table, f"human.{dimension}", QUICK)
    ratings = np.array([row["human"][dimension] for row in table.rows], dtype=float)
    pairs = list(combinations(ratings.T, 2))
    assert (found.items, found.raters, found.clusters) == (1453, 3, 299)
    assert found.mean_pairwise_srcc == pytest.approx(np.mean([stats.spearmanr(*p).statistic for p in pairs]))
    for name, variant in (("mean_pairwise_krcc_b", "b"), ("mean_pairwise_krcc_c", "c")):
        expected = np.mean([stats.kendalltau(*pair, variant=variant).statistic for pair in pairs])
        assert getattr(found, name) == pytest.approx(expected)
    assert found.relaxed_match == pytest.approx(np.mean(np.ptp(ratings, axis=1) <= 1))
    alpha = {"static_quality": 0.695, "temporal_quality": 0.723, "alignment": 0.702}[dimension]
    assert found.alpha_ordinal == pytest.approx(alpha, abs=5e-4)


def test_fetv_metrics_are_on_scales_of_their_own(labels: Path) -> None:
    table = Table.read(labels / "fetv_ratings.jsonl")
    human = [np.mean(row["human"]["alignment"]) for row in table.rows]
    for metric in table.rows[0]["auto"]:
        found = agree(table, "human.alignment", f"auto.{metric}", QUICK)
        values = [row["auto"][metric] for row in table.rows]
        assert found.accuracy is None
        assert found.srcc == pytest.approx(stats.spearmanr(human, values).statistic, abs=1e-9)
        assert found.krcc_c == pytest.approx(stats.kendalltau(human, values, variant="c").statistic, abs=1e-9)


def test_image_raters_and_their_real_zeros(labels: Path) -> None:
    table = Table.read(labels / "viescore_t2i_scores.jsonl")
    for place, alpha in ((0, 0.575), (1, 0.347)):
        found = raters(table, f"human.*.{place}", Options(cluster="uid", resamples=100))
        ratings = np.array([[pair[place] for pair in row["human"]] for row in table.rows])
        pairs = list(combinations(ratings.T, 2))
        assert (found.items, found.raters, found.clusters) == (985, 3, 197)
        assert found.alpha_ordinal == pytest.approx(alpha, abs=1e-3)
        assert found.exact_match == pytest.approx(np.mean(np.ptp(ratings, axis=1) == 0))
        expected = np.mean([stats.spearmanr(*pair).statistic for pair in pairs])
        assert found.mean_pairwise_srcc == pytest.approx(expected)
    judged = agree(table, "human.*.0", "judge.gpt4o_0shot.SC", Options(cluster="uid", resamples=100))
    assert (judged.human_scale, judged.judge_scale) == ("0-1", "0-10")
    assert judged.accuracy is None
    assert judged.srcc > 0.3


def test_uve_preferences(labels: Path) -> None:
    table = Table.read(labels / "uve_pairs.jsonl")
    found = agree_pairs(table, "preference", "preference", None, QUICK)
    assert (found.n, found.n_ties, found.unscored) == (1182, 582, 0)
    assert found.accuracy_with_ties == found.accuracy_without_ties == found.rank_auc == 1
    assert found.majority_accuracy == pytest.approx(582 / 1182)
    # Swapped clips: people are wrong about themselves wherever they preferred one.
    human = [read_vote(row["preference"]) for row in table.rows]
    swapped = pair_agreement(human, [vote.mirrored for vote in human], resamples=1)
    assert swapped.accuracy_with_ties == pytest.approx(582 / 1182)
    assert swapped.accuracy_without_ties == 0


def test_videoscore2_sample(label_rows: Rows) -> None:
    rows = [row for row in label_rows("videoscore2_sample.jsonl") if row.get("judge_scores")]
    names = list(rows[0]["human"])
    human, judge = (
        [[row[which][name] for name in names] for row in rows] for which in ("human", "judge_scores")
    )
    exact = np.mean([one == other for one, other in zip(human, judge, strict=True)])
    assert all_dimensions_exact(np.array(human, dtype=float), np.array(judge, dtype=float)) == exact
    found = point_agreement([row[0] for row in human], [row[0] for row in judge])
    assert found.n == len(rows)
    assert any("too small to tell" in note for note in found.notes)
