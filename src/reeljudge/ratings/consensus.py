"""Labels from people's ratings: one row per clip and dimension, and a list of what people must settle."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from reeljudge.agreement import (
    Consensus,
    DawidSkene,
    dawid_skene,
    majority,
    mean,
    median,
    most_common,
    spans,
    stability,
    weighted,
)
from reeljudge.errors import UsageError, did_you_mean
from reeljudge.ratings.model import Rating
from reeljudge.ratings.panels import Floats, Panel

Rule = Literal["majority", "median", "mean", "dawid_skene"]
RULES: tuple[str, ...] = get_args(Rule)

UNSETTLED = ("no_majority", "wide_range", "uncertain")
"""Why people differ. Clips with too few ratings are not settled by a judge of raters but by more ratings."""


@dataclass(frozen=True)
class ConsensusSettings:
    """How a label is found.

    Attributes:
        rule: `majority` (GRADEO's), `median`, `mean` or `dawid_skene`.
        share: `majority`: more than this share of an item's raters must agree.
        max_range: the most that an item's ratings may span; None takes the rule's own (2 for `majority`, no
            limit for the others), infinity sets none.
        min_raters: an item with fewer ratings has no label.
        min_probability: `dawid_skene`: the least probability of the label, itself left out.
    """

    rule: str = "majority"
    share: float = 0.5
    max_range: float | None = None
    min_raters: int = 2
    min_probability: float = 0.5

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise UsageError(f"unknown rule {self.rule!r}.{did_you_mean(self.rule, RULES)}")
        if not 0.5 <= self.share < 1:
            raise UsageError(f"--share is {self.share:g}; a majority is a share from 0.5 to below 1")
        if not 0 <= self.min_probability < 1:
            raise UsageError(f"--min-probability is {self.min_probability:g}; it must be from 0 to below 1")
        if self.min_raters < 1:
            raise UsageError(f"--min-raters is {self.min_raters}; it must be at least 1")
        if self.max_range is not None and not self.max_range >= 0:
            raise UsageError(f"--max-range is {self.max_range:g}; it must be at least 0")

    @property
    def widest(self) -> float | None:
        """The most that ratings may span; None for no limit."""
        if self.max_range is None:
            return 2.0 if self.rule == "majority" else None
        return None if self.max_range == float("inf") else self.max_range

    def to_dict(self) -> dict[str, Any]:
        """The settings with the limits that were in force."""
        return asdict(self) | {"max_range": self.widest}


@dataclass(frozen=True)
class PanelConsensus:
    """The labels of one dimension.

    Attributes:
        panel: the ratings.
        settings: how labels were found.
        found: the rule's labels, before adjudicators.
        fit: of the raters, where the rule weighs them.
        labels: (clips,) with what adjudicators decided; NaN for none.
        reasons: why a clip has no label; None where it has one.
        sources: `consensus` or `adjudicated`; None without a label.
    """

    panel: Panel
    settings: ConsensusSettings
    found: Consensus
    fit: DawidSkene | None
    labels: Floats
    reasons: tuple[str | None, ...]
    sources: tuple[str | None, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row per labelled clip: a rating's fields with the label as score, and what it comes from."""
        panel = self.panel
        modes, shares = most_common(panel.scores)
        wide = spans(panel.scores)
        for place, clip in enumerate(panel.clips):
            if np.isnan(self.labels[place]):
                continue
            value = self.found.values[place]
            row = {
                "id": clip.id,
                "video": clip.video,
                "prompt": clip.prompt,
                "theme": clip.theme,
                "model": clip.model,
                "group": clip.group,
                "rubric": panel.rubric.name,
                "dimension": panel.dimension,
                "score": int(self.labels[place]),
                "source": self.sources[place],
                "rule": self.settings.rule,
                "value": None if np.isnan(value) else round(float(value), 6),
                "agreement": None if np.isnan(modes[place]) else round(float(shares[place]), 6),
                "range": None if np.isnan(wide[place]) else int(wide[place]),
                "ratings": self._given(place),
            }
            if self.fit is not None and panel.counts[place]:
                best = self.fit.posterior[place].max()
                row["probability"] = round(float(best), 6)
            yield {name: what for name, what in row.items() if what is not None or name == "value"}

    def adjudication(self) -> Iterator[dict[str, Any]]:
        """What people must settle: the clips on which raters, or adjudicators, differ."""
        for place, (clip, reason) in enumerate(zip(self.panel.clips, self.reasons, strict=True)):
            if reason not in UNSETTLED and reason != "adjudicators_differ":
                continue
            yield {
                "id": clip.id,
                "rubric": self.panel.rubric.name,
                "dimension": self.panel.dimension,
                "reason": reason,
                "ratings": [
                    {
                        "rater": name,
                        "score": score,
                        "rationale": self.panel.rationales.get((place, self.panel.raters.index(name))),
                    }
                    for name, score in self._given(place).items()
                ],
            }

    def summary(self) -> dict[str, Any]:
        """Counts, reasons, histograms, and how the other rules would have labelled these clips."""
        panel = self.panel
        reasons = Counter(reason for reason in self.reasons if reason)
        labelled = ~np.isnan(self.labels)
        rule = self.settings.rule
        return {
            "rubric": panel.rubric.name,
            "dimension": panel.dimension,
            "rule": rule,
            "clips": len(panel.clips),
            "raters": len(panel.raters),
            "ratings": int(panel.counts.sum()),
            "labelled": int(labelled.sum()),
            "adjudicated": sum(source == "adjudicated" for source in self.sources),
            "unsettled": sum(reasons[name] for name in (*UNSETTLED, "adjudicators_differ")),
            "reasons": dict(sorted(reasons.items())),
            "labels": _histogram(self.labels, panel.grades),
            "scores": _histogram(panel.scores, panel.grades),
            "stability": stability(panel.scores, rule) if rule != "dawid_skene" else None,
            "iterations": None if self.fit is None else self.fit.iterations,
            "converged": None if self.fit is None else self.fit.converged,
            "rules": self._other_rules(),
        }

    def against_truth(self, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
        """How near the labels of every rule, and each rater, come to known scores.

        Mean absolute error over the clips that each of them scores, with how many those are; None where no
        clip of the panel is among the known ones.

        Args:
            known: clip id -> {dimension: score or scores}, as `human` of a manifest has them.
        """
        truth = self.panel.truth(known)
        if np.isnan(truth).all():
            return None
        rules = {
            name: _error(_found(self.panel, _with_rule(self.settings, name))[0].labels, truth)
            for name in RULES
        }
        return {
            "rule": self.settings.rule,
            "chosen": _error(self.labels, truth),
            "rules": rules,
            "raters": {
                name: _error(self.panel.scores[:, place], truth)
                for place, name in enumerate(self.panel.raters)
            },
        }

    def _given(self, place: int) -> dict[str, int]:
        return {
            name: int(score)
            for name, score in zip(self.panel.raters, self.panel.scores[place], strict=True)
            if not np.isnan(score)
        }

    def _other_rules(self) -> dict[str, Any]:
        """Rule -> labels it gives, and of those that this one gives too, the share that is the same."""
        shown = {}
        for name in RULES:
            other = self.found.labels
            if name != self.settings.rule:
                other = _found(self.panel, _with_rule(self.settings, name))[0].labels
            both = ~np.isnan(other) & ~np.isnan(self.found.labels)
            shown[name] = {
                "labelled": int((~np.isnan(other)).sum()),
                "same": float((other == self.found.labels)[both].mean()) if both.any() else None,
            }
        return shown


def find_consensus(panel: Panel, settings: ConsensusSettings = ConsensusSettings()) -> PanelConsensus:
    """Label the clips of a panel. What adjudicators decided stands above any rule.

    Where adjudicators differ, the clip has no label (reason `adjudicators_differ`).
    """
    found, fit = _found(panel, settings)
    labels = found.labels.copy()
    reasons: list[str | None] = list(found.reasons)
    sources: list[str | None] = ["consensus" if reason is None else None for reason in reasons]
    for place, decisions in panel.decisions.items():
        decided = _decided(decisions)
        labels[place] = np.nan if decided is None else decided
        reasons[place] = "adjudicators_differ" if decided is None else None
        sources[place] = None if decided is None else "adjudicated"
    return PanelConsensus(panel, settings, found, fit, labels, tuple(reasons), tuple(sources))


def _decided(decisions: Sequence[Rating]) -> int | None:
    scores = {rating.score for rating in decisions}
    return scores.pop() if len(scores) == 1 else None


def _found(panel: Panel, settings: ConsensusSettings) -> tuple[Consensus, DawidSkene | None]:
    limits: dict[str, Any] = {"max_range": settings.widest, "min_raters": settings.min_raters}
    if settings.rule == "majority":
        return majority(panel.scores, share=settings.share, **limits), None
    if settings.rule == "median":
        return median(panel.scores, **limits), None
    if settings.rule == "mean":
        return mean(panel.scores, **limits), None
    if not panel.counts.any():
        return mean(panel.scores, **limits), None
    fit = dawid_skene(panel.scores, panel.grades)
    return weighted(panel.scores, fit, min_probability=settings.min_probability, **limits), fit


def _with_rule(settings: ConsensusSettings, rule: str) -> ConsensusSettings:
    """The rule with its own limits, beside settings that were made for another."""
    if rule == settings.rule:
        return settings
    return ConsensusSettings(rule=rule, min_raters=settings.min_raters)


def _histogram(values: Floats, grades: Sequence[int]) -> dict[str, int]:
    return {str(grade): int((values == grade).sum()) for grade in grades}


def _error(scores: Floats, truth: Floats) -> dict[str, Any]:
    both = ~np.isnan(scores) & ~np.isnan(truth)
    return {
        "clips": int(both.sum()),
        "mae": float(np.abs(scores - truth)[both].mean()) if both.any() else None,
        "exact": float((scores == np.floor(truth + 0.5))[both].mean()) if both.any() else None,
    }
