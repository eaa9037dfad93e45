"""What speed costs in scores: the answer alone against the reasoned one, and half precision against itself.

The bundled judge, on synthetic clips that it was not trained on, whose true scores are known.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reeljudge.agreement import spearman
from reeljudge.clips import Clip, read_manifest
from reeljudge.judging import load_judge
from reeljudge.synth import SetSettings, write_set
from reeljudge.verdicts import Verdict


def measure(folder: Path, clips: int) -> dict[str, Any]:
    written = write_set(folder / "truth", clips, SetSettings(seed=11, split="test"))
    made = list(read_manifest(written.manifest))
    found: dict[str, Any] = {"clips": clips}
    for rubric in ("videoscore2", "gradeo"):
        reasoned, slow = _judged(made, rubric=rubric)
        direct, fast = _judged(made, rubric=rubric, mode="direct")
        found[rubric] = {
            "agreement": _agreement(reasoned, direct),
            "accuracy_reasoned": _accuracy(made, reasoned),
            "accuracy_direct": _accuracy(made, direct),
            "srcc_with_truth_reasoned": _with_truth(made, reasoned),
            "srcc_with_truth_direct": _with_truth(made, direct),
            "least_coverage_direct": _least_coverage(direct),
            "clips_per_second_reasoned": clips / slow,
            "clips_per_second_direct": clips / fast,
        }
    alone, _ = _judged(made, dtype="bfloat16", batch_size=1)
    together, _ = _judged(made, dtype="bfloat16")
    exact, _ = _judged(made)
    found["bfloat16"] = {
        "identical_scores_alone_and_batched": _identical(alone, together),
        "identical_replies_alone_and_batched": sum(
            a.replies[0].text == b.replies[0].text for a, b in zip(alone, together, strict=True)
        )
        / clips,
        "identical_scores_to_float32": _identical(exact, together),
    }
    return found


def _least_coverage(verdicts: Sequence[Verdict]) -> float | None:
    shares = [score.coverage for verdict in verdicts for score in verdict.scores.values()]
    return min((share for share in shares if share is not None), default=None)


def _judged(clips: Sequence[Clip], **settings: Any) -> tuple[list[Verdict], float]:
    with load_judge("tiny", **settings) as judge:
        list(judge.judge_many(clips[:1]))
        began = time.perf_counter()
        return list(judge.judge_many(clips)), time.perf_counter() - began


def _agreement(first: Sequence[Verdict], second: Sequence[Verdict]) -> dict[str, Any]:
    result = {}
    for name in first[0].scores:
        pairs = [
            (a.scores[name], b.scores[name])
            for a, b in zip(first, second, strict=True)
            if a.scores[name].score is not None and b.scores[name].score is not None
        ]
        identical = [a.value == b.value for a, b in pairs]
        near = [abs(a.value - b.value) <= 1 for a, b in pairs]
        result[name] = {
            "n": len(pairs),
            "identical": _share(identical),
            "within_one": _share(near),
            "srcc": spearman([a.score for a, _ in pairs], [b.score for _, b in pairs]) if pairs else None,
        }
    return result


def _share(held: Sequence[bool]) -> float | None:
    return sum(held) / len(held) if held else None


def _accuracy(clips: Sequence[Clip], verdicts: Sequence[Verdict]) -> float:
    """Share of dimensions with the true value; what is unscored is wrong."""
    asked = [
        (clip.human[name], score.value)
        for clip, verdict in zip(clips, verdicts, strict=True)
        for name, score in verdict.scores.items()
        if name in clip.human
    ]
    return sum(truth == value for truth, value in asked) / len(asked)


def _with_truth(clips: Sequence[Clip], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    result = {}
    for name in verdicts[0].scores:
        pairs = [
            (verdict.scores[name].score, clip.human[name])
            for clip, verdict in zip(clips, verdicts, strict=True)
            if verdict.scores[name].score is not None and name in clip.human
        ]
        result[name] = spearman([a for a, _ in pairs], [b for _, b in pairs]) if pairs else None
    return result


def _identical(first: Sequence[Verdict], second: Sequence[Verdict]) -> float:
    pairs = [
        (a.scores[name].value, b.scores[name].value)
        for a, b in zip(first, second, strict=True)
        for name in a.scores
    ]
    return sum(a == b for a, b in pairs) / len(pairs)
