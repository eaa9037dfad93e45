"""Every statistic against an independent library (SciPy, scikit-learn, statsmodels, krippendorff, pingouin).

Some of these libraries are under the GPL: they are test oracles and never a dependency.
"""

from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from reeljudge.agreement import (
    accuracy,
    alpha_interval,
    alpha_ordinal,
    best_margin,
    fleiss_kappa,
    icc2_1,
    icc2_k,
    majority_accuracy,
    mean_absolute_error,
    point_agreement,
    quadratic_weighted_kappa,
    rank_auc,
    relaxed_accuracy,
    root_mean_squared_error,
)

NONE = np.nan
SEEDS = range(6)


def oracle(name: str) -> ModuleType:
    return pytest.importorskip(
        name, reason=f"the independent check needs {name}: pip install --group oracles"
    )


def a_table(seed: int, items: int = 40, raters: int = 4, holes: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 6, size=(items, 1))
    ratings = np.clip(truth + rng.integers(-2, 3, size=(items, raters)), 1, 5).astype(float)
    ratings[rng.random(ratings.shape) < holes] = NONE
    return ratings


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("holes", [0.0, 0.2, 0.5])
def test_krippendorff(seed: int, holes: float) -> None:
    krippendorff = oracle("krippendorff")
    ratings = a_table(seed, holes=holes)
    for level, found in (("ordinal", alpha_ordinal), ("interval", alpha_interval)):
        expected = krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=level)
        assert found(ratings) == pytest.approx(expected, abs=1e-10)


def test_krippendorff_on_fractions() -> None:
    krippendorff = oracle("krippendorff")
    ratings = a_table(3, holes=0.1) / 4 - 0.25  # steps of a quarter, with a real zero
    assert alpha_interval(ratings) == pytest.approx(
        krippendorff.alpha(reliability_data=ratings.T, level_of_measurement="interval"), abs=1e-10
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_fleiss(seed: int) -> None:
    inter_rater = oracle("statsmodels.stats.inter_rater")
    ratings = a_table(seed)
    counts, _ = inter_rater.aggregate_raters(ratings.astype(int))
    assert fleiss_kappa(ratings) == pytest.approx(inter_rater.fleiss_kappa(counts, method="fleiss"))


@pytest.mark.parametrize("seed", SEEDS)
def test_icc(seed: int) -> None:
    pingouin, pandas = oracle("pingouin"), oracle("pandas")
    ratings = a_table(seed)
    items, raters = np.indices(ratings.shape)
    frame = pandas.DataFrame({"item": items.ravel(), "rater": raters.ravel(), "score": ratings.ravel()})
    table = pingouin.intraclass_corr(frame, targets="item", raters="rater", ratings="score")
    by_type = dict(zip(table["Type"], table["ICC"], strict=True))
    single, mean = ("ICC2", "ICC2k") if "ICC2" in by_type else ("ICC(A,1)", "ICC(A,k)")
    assert icc2_1(ratings) == pytest.approx(by_type[single], abs=1e-6)
    assert icc2_k(ratings) == pytest.approx(by_type[mean], abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_point_statistics(seed: int) -> None:
    metrics = oracle("sklearn.metrics")
    human, judge = a_table(seed, items=60, raters=2).T
    assert quadratic_weighted_kappa(human, judge) == pytest.approx(
        metrics.cohen_kappa_score(human, judge, weights="quadratic", labels=[1, 2, 3, 4, 5])
    )
    assert accuracy(human, judge) == pytest.approx(metrics.accuracy_score(human, judge))
    assert mean_absolute_error(human, judge) == pytest.approx(metrics.mean_absolute_error(human, judge))
    assert root_mean_squared_error(human, judge) == pytest.approx(
        metrics.root_mean_squared_error(human, judge)
    )
    dummy = oracle("sklearn.dummy").DummyClassifier(strategy="most_frequent").fit(human[:, None], human)
    assert majority_accuracy(human) == pytest.approx(dummy.score(human[:, None], human))
    near = metrics.accuracy_score(np.abs(human - judge) <= 1, np.ones(60, dtype=bool))
    assert relaxed_accuracy(human, judge) == pytest.approx(near)


@pytest.mark.parametrize("seed", SEEDS)
def test_correlations_of_the_summary(seed: int) -> None:
    human, judge = a_table(seed, items=50, raters=2).T
    found = point_agreement(human, judge + np.random.default_rng(seed).normal(size=50) / 10, resamples=1)
    again = judge + np.random.default_rng(seed).normal(size=50) / 10
    assert found.srcc == pytest.approx(stats.spearmanr(human, again).statistic)
    assert found.plcc == pytest.approx(stats.pearsonr(human, again).statistic)
    assert found.krcc_b == pytest.approx(stats.kendalltau(human, again).statistic)
    assert found.krcc_c == pytest.approx(stats.kendalltau(human, again, variant="c").statistic)


@pytest.mark.parametrize("seed", SEEDS)
def test_rank_auc(seed: int) -> None:
    rng = np.random.default_rng(seed)
    human = rng.choice([-1, 0, 1], 80)
    difference = np.round(human + rng.normal(size=80), 1)
    # Somers' D of the differences given the human order is 2 x AUC - 1.
    assert rank_auc(human, difference) == pytest.approx((stats.somersd(human, difference).statistic + 1) / 2)
    decided = human != 0
    area = oracle("sklearn.metrics").roc_auc_score(human[decided] > 0, difference[decided])
    assert rank_auc(human[decided], difference[decided]) == pytest.approx(area)


@pytest.mark.parametrize("seed", SEEDS)
def test_best_margin_by_trying_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    human, difference = rng.choice([-1, 0, 1], 50), np.round(rng.normal(size=50), 1)
    tried = {
        margin: float(
            np.mean(
                [(0 if abs(d) <= margin else np.sign(d)) == h for h, d in zip(human, difference, strict=True)]
            )
        )
        for margin in sorted({0.0, *np.abs(difference)})
    }
    best = best_margin(human, difference)
    assert best.accuracy == pytest.approx(max(tried.values()))
    assert best.margin == pytest.approx(min(m for m, value in tried.items() if value == max(tried.values())))
