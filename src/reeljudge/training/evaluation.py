"""Evaluate a judge on synthetic clips: scores against truth, rationales against facts, and speed.

Launch: reeljudge synth runs/test --count 500 --seed 1000 --split test
        python -m reeljudge.training.evaluation runs/test/manifest.jsonl --judge tiny -o runs/tiny.json
"""

import argparse
import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reeljudge.agreement import (
    accuracy,
    majority_accuracy,
    mean_absolute_error,
    pearson,
    relaxed_accuracy,
    spearman,
)
from reeljudge.clips import read_manifest
from reeljudge.judging import load_judge
from reeljudge.synth import check_rationale, pooled
from reeljudge.verdicts import Verdict

logger = logging.getLogger("reeljudge.training")


def evaluate(
    manifest: Path,
    judge: str = "tiny",
    rubric: str = "videoscore2",
    limit: int | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Judge the clips of a synthetic manifest and compare with what is known of them.

    Returns:
        `dimensions`: per dimension `accuracy` (unscored is wrong), `majority_accuracy`, `relaxed_accuracy`,
        `srcc`, `plcc` (of the expected scores) and `mae`; `accuracy`: their mean; `unscored`; `reasons`;
        `flags`;
        `truthfulness`: of all rationales, and per topic; `clips_per_second`: decoding included.
    """
    clips = list(read_manifest(manifest))[:limit]
    opened = load_judge(judge, rubric=rubric, **settings)
    began = time.perf_counter()
    verdicts = []
    for verdict in opened.judge_many(clips):
        verdicts.append(verdict)
        if len(verdicts) % 50 == 0:
            logger.info("%d of %d judged", len(verdicts), len(clips))
    seconds = time.perf_counter() - began
    opened.close()
    humans = [clip.human for clip in clips]
    dimensions = {
        name: _dimension(name, verdicts, humans) for name in (verdicts[0].scores if verdicts else ())
    }
    scores = [score for verdict in verdicts for score in verdict.scores.values()]
    return {
        "judge": judge,
        "rubric": rubric,
        "clips": len(clips),
        "accuracy": float(np.mean([found["accuracy"] for found in dimensions.values()])),
        "dimensions": dimensions,
        "unscored": sum(score.status == "unscored" for score in scores),
        "reasons": dict(Counter(score.reason for score in scores if score.reason)),
        "flags": dict(Counter(flag for verdict in verdicts for flag in verdict.flags)),
        "truthfulness": _truthfulness(verdicts, [clip.extra["facts"] for clip in clips]),
        "seconds": round(seconds, 2),
        "clips_per_second": round(len(clips) / seconds, 2),
    }


def _dimension(name: str, verdicts: Sequence[Verdict], humans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    truth = np.array([human[name] for human in humans], float)
    written = np.array([_number(verdict.scores[name].value) for verdict in verdicts])
    soft = np.array([_number(verdict.scores[name].score) for verdict in verdicts])
    found = {
        "accuracy": accuracy(truth, written),
        "majority_accuracy": majority_accuracy(truth),
        "relaxed_accuracy": relaxed_accuracy(truth, written),
        "srcc": spearman(truth, soft),
        "plcc": pearson(truth, soft),
        "mae": mean_absolute_error(truth, written),
    }
    return {key: None if value is None else round(float(value), 4) for key, value in found.items()}


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _truthfulness(verdicts: Sequence[Verdict], facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    checked = [
        check_rationale(reply.text, known, reply.dimension)
        for verdict, known in zip(verdicts, facts, strict=True)
        for reply in verdict.replies
    ]
    by_topic: dict[str, list[bool]] = defaultdict(list)
    for result in checked:
        for fact, true in result.stated:
            by_topic[fact.topic].append(true)
    topics = {topic: round(float(np.mean(true)), 4) for topic, true in sorted(by_topic.items())}
    return {**pooled(checked), "by_topic": topics}


def main() -> None:
    """The command that the module's docstring shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--judge", default="tiny")
    parser.add_argument("--rubric", default="videoscore2")
    parser.add_argument("--template", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    more = {} if chosen.template is None else {"template": chosen.template}
    found = evaluate(chosen.manifest, chosen.judge, chosen.rubric, chosen.limit, **more)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
