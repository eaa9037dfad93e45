"""Agreement between judges and people, and between people: pure functions on arrays.

NaN is a missing score in every array; a statistic that is undefined is None, never 0 or NaN. The summaries
(`point_agreement`, `pair_agreement`, `rater_agreement`, `compare_points`, `compare_pairs`) add 95 % intervals
over clusters and notes. docs/agreement.md explains each statistic.
"""

from reeljudge.agreement.correlation import kendall_b, kendall_c, pearson, spearman
from reeljudge.agreement.paired import Comparison, compare_pairs, compare_points, sign_flip_p
from reeljudge.agreement.pairs import PairAgreement, pair_agreement, rank_auc
from reeljudge.agreement.points import PointAgreement, point_agreement
from reeljudge.agreement.raters import RaterAgreement, rater_agreement
from reeljudge.agreement.reliability import (
    alpha_interval,
    alpha_ordinal,
    exact_match,
    fleiss_kappa,
    icc2_1,
    icc2_k,
    relaxed_match,
)
from reeljudge.agreement.resampling import Resampler, cluster_codes, distributions, interval
from reeljudge.agreement.scales import ValueRange
from reeljudge.agreement.scoring import (
    accuracy,
    accuracy_scored,
    all_dimensions_exact,
    majority_accuracy,
    mean_absolute_error,
    quadratic_weighted_kappa,
    relaxed_accuracy,
    root_mean_squared_error,
    round_half_up,
)
from reeljudge.agreement.ties import Margin, best_margin, cross_fitted

__all__ = [
    "Comparison",
    "Margin",
    "PairAgreement",
    "PointAgreement",
    "RaterAgreement",
    "Resampler",
    "ValueRange",
    "accuracy",
    "accuracy_scored",
    "all_dimensions_exact",
    "alpha_interval",
    "alpha_ordinal",
    "best_margin",
    "cluster_codes",
    "compare_pairs",
    "compare_points",
    "cross_fitted",
    "distributions",
    "exact_match",
    "fleiss_kappa",
    "icc2_1",
    "icc2_k",
    "interval",
    "kendall_b",
    "kendall_c",
    "majority_accuracy",
    "mean_absolute_error",
    "pair_agreement",
    "pearson",
    "point_agreement",
    "quadratic_weighted_kappa",
    "rank_auc",
    "rater_agreement",
    "relaxed_accuracy",
    "relaxed_match",
    "root_mean_squared_error",
    "round_half_up",
    "sign_flip_p",
    "spearman",
]
