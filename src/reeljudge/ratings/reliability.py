"""How far a store's ratings can be trusted: agreement, each rater's bias and care, two pools compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from reeljudge.agreement import (
    DawidSkene,
    PoolComparison,
    RaterAgreement,
    RaterProfile,
    compare_pools,
    dawid_skene,
    rater_agreement,
    rater_profiles,
)
from reeljudge.errors import UsageError, did_you_mean
from reeljudge.ratings.panels import Floats, Panel

HASTY = 1 / 3
"""A rater whose median time is below this share of the median rater's is called hasty."""

LEAST_TIMED = 10
"""Ratings with a time that a rater needs before a median time is spoken of."""

BANDS = ((0.8, "good"), (0.667, "fair: enough for tentative conclusions"), (-1.0, "low"))
"""Krippendorff's reading of alpha: 0.8 and above to rely on, 0.667 and above for tentative conclusions."""


@dataclass(frozen=True)
class PanelReliability:
    """The reliability of one dimension's ratings.

    Attributes:
        panel: the ratings.
        agreement: between the raters.
        without_careless: the same without the raters that were found careless; None where none were, or
            fewer than two raters are left.
        profiles: rater -> bias, severity, care.
        information: rater -> bits that one rating tells about the true grade, by Dawid and Skene's model.
        seconds: rater -> median seconds per rating; None where too few are known.
        hasty: raters who took far less time than the others.
        pools: the two pools compared, where pools were named. pool_members: the raters of each.
    """

    panel: Panel
    agreement: RaterAgreement
    without_careless: RaterAgreement | None
    profiles: Mapping[str, RaterProfile]
    information: Mapping[str, float]
    seconds: Mapping[str, float | None]
    hasty: tuple[str, ...]
    pools: PoolComparison | None
    pool_members: tuple[tuple[str, ...], ...] = ()

    @property
    def careless(self) -> list[str]:
        return [name for name, profile in self.profiles.items() if profile.careless]

    def to_dict(self) -> dict[str, Any]:
        return {
            "rubric": self.panel.rubric.name,
            "dimension": self.panel.dimension,
            **self.agreement.to_dict(),
            "ratings": int(self.panel.counts.sum()),
            "reading": reading(self.agreement.alpha_ordinal),
            "careless": self.careless,
            "hasty": list(self.hasty),
            "alpha_ordinal_without_careless": (
                None if self.without_careless is None else self.without_careless.alpha_ordinal
            ),
            "profiles": [
                {
                    "rater": name,
                    **profile.to_dict(),
                    "information": self.information.get(name),
                    "seconds": self.seconds[name],
                }
                for name, profile in self.profiles.items()
            ],
            "pools": None if self.pools is None else self.pools.to_dict(),
        }


def reliability(
    panel: Panel,
    pools: Mapping[str, Sequence[str]] | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> PanelReliability:
    """Everything about one panel.

    Args:
        pools: two names -> the raters of each (see `resolve_pools`); the first is the one that is trusted.
        resamples, seed: of the bootstrap over groups of clips.
    """
    options: dict[str, Any] = {"clusters": panel.clusters, "resamples": resamples, "seed": seed}
    profiles = dict(zip(panel.raters, rater_profiles(panel.scores, **options), strict=True))
    careful = [name for name, profile in profiles.items() if not profile.careless]
    again = None
    if 2 <= len(careful) < len(profiles):
        again = rater_agreement(panel.columns(careful), **options)
    fit: DawidSkene | None = dawid_skene(panel.scores, panel.grades) if panel.counts.any() else None
    seconds = {name: _median(panel.seconds[:, place]) for place, name in enumerate(panel.raters)}
    compared, members = None, tuple(tuple(names) for names in pools_in(panel, pools or {}).values())
    if members:
        first, second = (panel.columns(names) for names in members)
        compared = compare_pools(first, second, **options)
    return PanelReliability(
        panel,
        rater_agreement(panel.scores, **options),
        again,
        profiles,
        {} if fit is None else dict(zip(panel.raters, map(float, fit.information), strict=True)),
        seconds,
        _hasty(seconds),
        compared,
        members,
    )


def resolve_pools(given: Sequence[str], raters: Sequence[str]) -> dict[str, list[str]]:
    """Two pools from `NAME=RATER,RATER,...`; a rater may be a pattern (`crowd-*`), matched case by case.

    Raises:
        UsageError: not two pools, a pattern that no rater meets, or a rater in both.
    """
    if len(given) != 2:
        raise UsageError(f"--pool is given twice, for the two pools to compare; got {len(given)}")
    pools: dict[str, list[str]] = {}
    for text in given:
        name, equals, patterns = text.partition("=")
        if not equals or not name.strip() or not patterns.strip():
            raise UsageError(
                f"--pool {text!r}: write NAME=RATER,RATER,... (a rater may be a pattern: crowd-*)"
            )
        if name in pools:
            raise UsageError(f"--pool {name!r} is named twice; give the two pools different names")
        found: dict[str, None] = {}
        for pattern in filter(None, map(str.strip, patterns.split(","))):
            matched = [rater for rater in raters if rater == pattern or fnmatchcase(rater, pattern)]
            if not matched:
                hint = did_you_mean(pattern, raters)
                raise UsageError(f"--pool {name}: no rater {pattern!r}.{hint}")
            found |= dict.fromkeys(matched)
        pools[name] = list(found)
    first, second = pools.values()
    both = sorted(set(first) & set(second))
    if both:
        raise UsageError(f"rater {both[0]!r} is in both pools; a rater belongs to one")
    return pools


def pools_in(panel: Panel, pools: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The pools as far as they rated this dimension."""
    return {name: [rater for rater in names if rater in panel.raters] for name, names in pools.items()}


def reading(alpha: float | None) -> str | None:
    """What an alpha means, in a word."""
    return None if alpha is None else next(word for least, word in BANDS if alpha >= least or least < 0)


def _median(seconds: Floats) -> float | None:
    known = seconds[~np.isnan(seconds)]
    return float(np.median(known)) if known.size >= LEAST_TIMED else None


def _hasty(seconds: Mapping[str, float | None]) -> tuple[str, ...]:
    """Raters far below the median rater's time, where at least three raters are timed."""
    known = {name: value for name, value in seconds.items() if value is not None}
    if len(known) < 3:
        return ()
    usual = float(np.median(list(known.values())))
    return tuple(name for name, value in known.items() if value < HASTY * usual)
