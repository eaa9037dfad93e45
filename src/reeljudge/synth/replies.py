"""What a judge is to write about a synthetic clip: replies, and training rows."""

from collections.abc import Mapping
from typing import Any

from reeljudge.errors import UsageError, did_you_mean

RUBRICS: dict[str, tuple[str, ...]] = {
    "videoscore2": ("visual_quality", "text_alignment", "physical_consistency"),
    "gradeo": ("quality", "aesthetic", "consistency", "alignment", "rationality", "safety", "creativity"),
}
"""Rubrics in which synthetic clips have true scores -> their dimensions."""

LABELS = {
    "visual_quality": "visual quality",
    "text_alignment": "text-to-video alignment",
    "physical_consistency": "physical/common-sense consistency",
}
"""Dimension of `videoscore2` -> the label before its number."""


def reply_for(
    row: Mapping[str, Any],
    rubric: str,
    dimension: str | None = None,
    *,
    reasoning: bool = True,
    stages: tuple[str, ...] | None = None,
) -> str:
    """The true reply to one question about a row.

    Args:
        row: a synthetic row, from a manifest or `SynthClip.row`.
        rubric: `videoscore2` (one reply for all dimensions) or `gradeo` (one for each).
        dimension: the dimension asked for under `gradeo`; None under `videoscore2`.
        reasoning: False leaves the reasoning out and keeps the answer alone.
        stages: under `gradeo`, only these stages before the assessment (for comparisons between them).

    Raises:
        UsageError: an unknown rubric, or a dimension that does not belong to it.
    """
    _check(rubric, dimension)
    if rubric == "videoscore2":
        texts = row["rationales"][rubric]
        think = " ".join(texts[name] for name in LABELS)
        answer = "\n".join(
            f"({number}) {label}: {row['human'][name]}"
            for number, (name, label) in enumerate(LABELS.items(), 1)
        )
        return f"<think>\n{think}\n</think>\n\n{answer}\n" if reasoning else f"{answer}\n"
    assert dimension is not None
    parts = row["rationales"][rubric][dimension] if reasoning else {}
    wanted = {name: text for name, text in parts.items() if stages is None or name in stages}
    lines = [f"<{name.upper()}>{text}</{name.upper()}>" for name, text in wanted.items()]
    return "\n".join([*lines, f"<ASSESSMENT>Rating Score: {row['human'][dimension]}</ASSESSMENT>"]) + "\n"


def training_rows(row: Mapping[str, Any], rubric: str) -> list[dict[str, Any]]:
    """The training rows of a synthetic row under a rubric: one (`videoscore2`) or seven (`gradeo`)."""
    _check(rubric, None if rubric == "videoscore2" else RUBRICS["gradeo"][0])
    shared = {name: row[name] for name in ("video", "prompt", "theme", "group", "split")}
    if rubric == "videoscore2":
        texts = row["rationales"][rubric]
        scores = {name: row["human"][name] for name in LABELS}
        about = {"dimension": None, "scores": scores, "rationale": " ".join(texts[name] for name in LABELS)}
        return [_training_row(row["id"], rubric, shared, about, reply_for(row, rubric))]
    return [
        _training_row(
            f"{row['id']}:{name}",
            rubric,
            shared,
            {
                "dimension": name,
                "scores": {name: row["human"][name]},
                "stages": {
                    **row["rationales"][rubric][name],
                    "assessment": f"Rating Score: {row['human'][name]}",
                },
            },
            reply_for(row, rubric, name),
        )
        for name in RUBRICS[rubric]
    ]


def _training_row(
    name: str, rubric: str, shared: dict[str, Any], about: dict[str, Any], reply: str
) -> dict[str, Any]:
    return {"id": name, **shared, "rubric": rubric, **about, "reply": reply, "source": "synth"}


def _check(rubric: str, dimension: str | None) -> None:
    if rubric not in RUBRICS:
        raise UsageError(
            f"synthetic clips have no true scores under rubric {rubric!r}.{did_you_mean(rubric, RUBRICS)}"
        )
    if rubric == "videoscore2" and dimension is not None:
        raise UsageError("a reply under 'videoscore2' answers all dimensions: name none")
    if rubric == "gradeo" and dimension not in RUBRICS["gradeo"]:
        known = RUBRICS["gradeo"]
        raise UsageError(
            f"rubric 'gradeo' has no dimension {dimension!r}.{did_you_mean(str(dimension), known)}"
        )
