"""The cluster bootstrap: its draws, its intervals, its p-values."""

import numpy as np
import pytest
from scipy import stats

from reeljudge.agreement import Resampler, cluster_codes, distributions, interval, point_agreement
from reeljudge.agreement.correlation import spearman_statistic
from reeljudge.agreement.resampling import measure, two_sided_p
from reeljudge.agreement.scoring import mean_statistic


def test_whole_clusters_are_drawn() -> None:
    codes = cluster_codes(["x", "y", "x", "y", "z", "x"])
    weights = np.concatenate(list(Resampler(codes, resamples=500).weights()))
    assert weights.shape == (500, 6)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] == weights[:, 5]).all()
    assert (weights[:, 1] == weights[:, 3]).all()
    # Three clusters are drawn with replacement from three, each once on average.
    assert (weights[:, [0, 1, 4]].sum(axis=1) == 3).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(6), abs=0.15)


def test_the_same_seed_gives_the_same_draws() -> None:
    codes = cluster_codes(list(range(50)))
    draws = [np.concatenate(list(Resampler(codes, 100, seed).weights())) for seed in (1, 1, 2)]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


def test_items_without_a_label_are_their_own_clusters() -> None:
    assert sorted(cluster_codes(["p", None, "p", None], np.arange(4.0)).tolist()) == [0, 0, 1, 2]
    assert sorted(cluster_codes(None, np.arange(3.0)).tolist()) == [0, 1, 2]


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    human, judge = rng.integers(1, 6, 80).astype(float), rng.normal(3, 1, 80)
    prompts = [f"p{i % 17}" if i % 5 else None for i in range(80)]
    order = rng.permutation(80)
    one = point_agreement(human, judge, clusters=prompts)
    other = point_agreement(human[order], judge[order], clusters=[prompts[i] for i in order])
    assert one.srcc == pytest.approx(other.srcc)
    for name, bounds in one.ci.items():
        assert bounds == pytest.approx(other.ci[name]), name


def test_rows_as_clusters_agree_with_scipy_bootstrap() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    y = x + rng.normal(size=300)
    found = interval(
        distributions({"srcc": spearman_statistic(x, y)}, Resampler(np.arange(300), 3000))["srcc"]
    )
    expected = stats.bootstrap(
        (x, y),
        lambda a, b: stats.spearmanr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=1500,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert found == pytest.approx((expected.low, expected.high), abs=0.015)


def test_copied_rows_do_not_narrow_a_clustered_interval() -> None:
    """Ten copies of an item tell no more than the item: rows as draws would give a third of the width."""
    rng = np.random.default_rng(3)
    human = rng.integers(1, 6, 60).astype(float)
    judge = np.clip(human + rng.integers(-2, 3, 60), 1, 5)
    once = point_agreement(human, judge, clusters=list(range(60)))
    copies = [np.repeat(values, 10) for values in (human, judge, np.arange(60))]
    clustered = point_agreement(copies[0], copies[1], clusters=copies[2].tolist())
    naive = point_agreement(copies[0], copies[1])

    def width(found) -> float:
        return found.ci["accuracy"][1] - found.ci["accuracy"][0]

    assert width(clustered) == pytest.approx(width(once), rel=0.1)
    assert width(naive) < 0.45 * width(once)


def test_an_interval_that_is_often_undefined_is_none() -> None:
    assert interval(np.array([0.1] * 94 + [np.nan] * 6)) is None
    assert interval(np.array([0.1] * 96 + [np.nan] * 4)) == (0.1, 0.1)
    assert interval(np.empty(0)) is None


def test_one_cluster_has_no_interval() -> None:
    measured = measure({"mean": mean_statistic([1.0, 2.0])}, Resampler(np.zeros(2, dtype=np.intp)))
    assert measured.values["mean"] == 1.5
    assert measured.ci["mean"] is None


def test_p_values_agree_with_intervals() -> None:
    draws = np.linspace(-0.02, 0.98, 1000)
    assert interval(draws)[0] > 0
    assert two_sided_p(draws) < 0.05
    assert two_sided_p(draws - 0.1) > 0.05
    assert two_sided_p(np.zeros(1000)) == 1
    assert two_sided_p(draws) == two_sided_p(-draws)
    assert two_sided_p(draws + 5) == pytest.approx(2 / 1001)


@pytest.mark.slow
def test_intervals_cover_the_truth_when_clips_share_prompts() -> None:
    """The claim behind the interval: about 95 of 100 such sets have it around the true value."""
    rng = np.random.default_rng(11)

    def sample(prompts: int, clips: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
        shared = np.repeat(rng.normal(size=(prompts, 2)), clips, axis=0)
        own = rng.normal(size=(prompts * clips, 2))
        base = shared[:, 0] + own[:, 0]
        return base, base + 1.5 * (shared[:, 1] + own[:, 1]), np.repeat(np.arange(prompts), clips).tolist()

    x, y, _ = sample(40_000, 4)
    truth = stats.spearmanr(x, y).statistic
    covered = {"clusters": 0, "rows": 0}
    for _ in range(300):
        x, y, prompts = sample(60, 4)
        for how, labels in (("clusters", prompts), ("rows", None)):
            low, high = point_agreement(x, y, clusters=labels, resamples=400).ci["srcc"]
            covered[how] += low <= truth <= high
    assert 0.90 <= covered["clusters"] / 300 <= 0.98
    assert covered["rows"] < covered["clusters"] - 15
