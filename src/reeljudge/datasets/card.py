"""A dataset card: what a set holds, how far its labels can be trusted, its licences, and what it lacks."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import reeljudge
from reeljudge.datasets.check import Rubrics
from reeljudge.errors import InputError
from reeljudge.texts.words import words_of

MANY = 0.5
"""A generator, or a score, with more than this share is named as a gap."""

FEW_RATERS = 3
"""Labels of fewer ratings are named as a gap."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True)
class CardSettings:
    """What a card says that rows do not.

    Attributes:
        title: of the set.
        licence: of the annotations, as the hub names it ("cc-by-4.0"); None: said to be unknown.
        reliability: rows of reliability, one per dimension (see `reliability_rows`).
        proof: of the splits, as `prove` gives it.
    """

    title: str = "Reasoned judgements of generated videos"
    licence: str | None = None
    reliability: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    proof: Mapping[str, Any] | None = None


def write_card(
    rows: Sequence[Mapping[str, Any]], settings: CardSettings | None = None, rubrics: Rubrics | None = None
) -> str:
    """The card of training rows, as Markdown with the hub's front matter.

    Raises:
        InputError: there are no rows.
    """
    if not rows:
        raise InputError("there are no rows to describe")
    settings = settings or CardSettings()
    rubrics = rubrics or Rubrics()
    parts = [
        _front_matter(rows, settings),
        f"# {settings.title}",
        _what(rows),
        "## Counts\n\n" + _splits(rows),
        "### Scores\n\n" + _scores(rows, rubrics),
        "## Reasoning\n\n" + _reasoning(rows),
        "## Reliability of the labels\n\n" + _reliability(settings.reliability),
        "## Splits\n\n" + _proof(rows, settings.proof),
        "## Licences\n\n" + _licences(rows, settings.licence),
        "## Known gaps\n\n" + "\n".join(f"- {gap}" for gap in gaps(rows, settings, rubrics)),
        f"Written by reeljudge {reeljudge.__version__} from the rows themselves.",
    ]
    return "\n\n".join(parts) + "\n"


def reliability_rows(store: Any, rubric: str, resamples: int = 1000) -> list[dict[str, Any]]:
    """How far the raters of a store agree, per dimension, with 95 % intervals.

    Args:
        store: a `RatingStore`.
        resamples: of the bootstrap.
    """
    from reeljudge.agreement import rater_agreement
    from reeljudge.ratings.panels import read_panels

    rows = []
    for panel in read_panels(store, rubric=rubric):
        found = rater_agreement(panel.scores, clusters=panel.clusters, resamples=resamples)
        counts = panel.counts[panel.counts > 0]
        rows.append(
            {
                "rubric": rubric,
                "dimension": panel.dimension,
                "clips": found.items,
                "raters": found.raters,
                "ratings_per_clip": float(median(counts.tolist())) if len(counts) else None,
                "alpha_ordinal": found.alpha_ordinal,
                "interval": found.ci.get("alpha_ordinal"),
                "exact_match": found.exact_match,
                "relaxed_match": found.relaxed_match,
            }
        )
    return rows


def gaps(
    rows: Sequence[Mapping[str, Any]], settings: CardSettings, rubrics: Rubrics | None = None
) -> Iterator[str]:
    """What a set lacks, in words."""
    rubrics = rubrics or Rubrics()
    scores = _histograms(rows)
    for name in sorted({str(row["rubric"]) for row in rows}):
        rubric = rubrics.of({"rubric": name})
        absent = [one for one in rubric.names if (name, one) not in scores]
        if absent:
            yield f"No rows of {', '.join(absent)} ({name})."
        for dimension in rubric.names:
            counts = scores.get((name, dimension))
            if counts is None:
                continue
            missing = [str(value) for value in rubric.scale.values if not counts[value]]
            total = sum(counts.values())
            value, most = counts.most_common(1)[0]
            if missing:
                yield f"{dimension}: no row with the score {' or '.join(missing)}."
            if most > MANY * total:
                yield f"{dimension}: {most / total:.0%} of the rows have the score {value}."
    generators = Counter(str(row["model"]) for row in rows if row.get("model"))
    unknown = sum(not row.get("model") for row in rows)
    if unknown:
        yield f"The generator of {unknown} of {len(rows)} rows is not known."
    if generators and generators.most_common(1)[0][1] > MANY * len(rows):
        name, count = generators.most_common(1)[0]
        yield f"{count / len(rows):.0%} of the rows are of one generator, {name}."
    if not settings.reliability:
        yield "How far people agree on the labels was not measured."
    for row in settings.reliability:
        per_clip = row.get("ratings_per_clip")
        if per_clip is not None and per_clip < FEW_RATERS:
            yield f"{row['dimension']}: a clip has {per_clip:g} ratings at the median."
        alpha = row.get("alpha_ordinal")
        if alpha is not None and alpha < 0.667:
            yield f"{row['dimension']}: raters agree too little to rely on single labels (alpha {alpha:.2f})."
    written = Counter(_model(row) for row in rows if _model(row))
    if written:
        names = ", ".join(sorted(name for name in written if name))
        yield f"The reasoning was written by a model ({names}) and not read in full by people."
    if not all(row.get("licence") for row in rows):
        yield "The licences of the videos are not stated for every row."
    words = sorted(len(words_of(row["prompt"])) for row in {row["prompt"]: row for row in rows}.values())
    yield f"Prompts have {words[0]} to {words[-1]} words (median {median(words):g}); others were not tried."


def _front_matter(rows: Sequence[Mapping[str, Any]], settings: CardSettings) -> str:
    size = next((name for limit, name in _SIZES if len(rows) < limit), "n>1M")
    splits = sorted({str(row.get("split") or "train") for row in rows}, key=lambda one: (one != "train", one))
    files = "\n".join(f"      - split: {name}\n        path: {name}.*" for name in splits)
    return (
        f"---\nlicense: {settings.licence or 'unknown'}\ntask_categories:\n  - video-text-to-text\n"
        f"tags:\n  - video-evaluation\n  - reward-model\n  - reasoning\nsize_categories:\n  - {size}\n"
        f"configs:\n  - config_name: default\n    data_files:\n{files}\n---"
    )


def _what(rows: Sequence[Mapping[str, Any]]) -> str:
    clips = {str(row.get("clip", row["id"])) for row in rows}
    prompts = {row["prompt"] for row in rows}
    named = ", ".join(sorted({str(row["rubric"]) for row in rows}))
    return (
        f"{len(rows)} rows about {len(clips)} clips of {len(prompts)} prompts. Each row holds a question "
        f"about a video, people's score, and reasoning that leads to it (rubrics: {named})."
    )


def _splits(rows: Sequence[Mapping[str, Any]]) -> str:
    by_split: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_split[str(row.get("split") or "train")].append(row)
    lines = ["| split | rows | clips | prompts | generators |", "|---|---|---|---|---|"]
    for name, mine in sorted(by_split.items(), key=lambda item: (item[0] != "train", item[0])):
        clips = len({str(row.get("clip", row["id"])) for row in mine})
        models = len({row["model"] for row in mine if row.get("model")})
        prompts = len({row["prompt"] for row in mine})
        lines.append(f"| {_cell(name)} | {len(mine)} | {clips} | {prompts} | {models or 'unknown'} |")
    return "\n".join(lines)


def _histograms(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Counter[int]]:
    found: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for row in rows:
        for name, score in row["scores"].items():
            found[str(row["rubric"]), name][int(score)] += 1
    return found


def _scores(rows: Sequence[Mapping[str, Any]], rubrics: Rubrics) -> str:
    found = _histograms(rows)
    tables = []
    for name in sorted({rubric for rubric, _ in found}):
        rubric = rubrics.of({"rubric": name})
        values = rubric.scale.values
        lines = [f"| {name} | {' | '.join(map(str, values))} | mean |", "|---" * (len(values) + 2) + "|"]
        for dimension in rubric.names:
            if (name, dimension) in found:
                counts = found[name, dimension]
                mean = sum(value * count for value, count in counts.items()) / sum(counts.values())
                cells = " | ".join(str(counts[value]) for value in values)
                lines.append(f"| {dimension} | {cells} | {mean:.2f} |")
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


def _model(row: Mapping[str, Any]) -> str | None:
    model = (row.get("provenance") or {}).get("model") or {}
    return model.get("model") if isinstance(model, Mapping) else None


def _reasoning(rows: Sequence[Mapping[str, Any]]) -> str:
    words = sorted(len(words_of(str(row["reply"]))) for row in rows)
    lines = [f"Replies have {words[0]} to {words[-1]} words, {median(words):g} at the median."]
    about = [row.get("provenance") or {} for row in rows]
    for title, counts in (
        ("source", Counter(str(row.get("source") or "unknown") for row in rows)),
        ("method", Counter(str(one["method"]) for one in about if one.get("method"))),
        ("written by", Counter(name for row in rows if (name := _model(row)))),
    ):
        if counts:
            lines.append(
                f"- {title}: " + ", ".join(f"{name} ({count})" for name, count in counts.most_common())
            )
    prompts = sorted({(name, text) for one in about for name, text in (one.get("prompts") or {}).items()})
    if prompts:
        lines.append("- asked with: " + ", ".join(f"`{name}` {text}" for name, text in prompts))
    discarded = sum(int(one.get("discarded") or 0) for one in about)
    if any("discarded" in one for one in about):
        lines.append(f"- {discarded} attempts were discarded: another score than the label, or unsound text")
    people = sum(row.get("status") == "accepted" for row in rows)
    lines.append(f"- {people} rows were read and accepted by people")
    return "\n".join(lines)


def _reliability(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "Not measured: the ratings were not at hand when this card was written."
    lines = [
        "| dimension | clips | raters | ratings per clip | alpha (ordinal) | 95 % | equal | within 1 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        interval = row.get("interval")
        span = "-" if interval is None else f"{interval[0]:.2f} to {interval[1]:.2f}"
        lines.append(
            f"| {row['dimension']} | {row['clips']} | {row['raters']} "
            f"| {_number(row['ratings_per_clip'], 'g')} "
            f"| {_number(row['alpha_ordinal'])} | {span} | {_number(row['exact_match'])} "
            f"| {_number(row['relaxed_match'])} |"
        )
    return "\n".join(lines)


def _number(value: Any, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)


def _proof(rows: Sequence[Mapping[str, Any]], proof: Mapping[str, Any] | None) -> str:
    if len({row.get("split") or "train" for row in rows}) < 2:
        return "There is one split."
    if proof is None:
        return "Whether prompts cross the splits was not looked at."
    held = "Nothing crosses" if proof["holds"] else "**The splits are not apart**"
    lines = [
        f"Rows are split by prompt. {held}: {proof['shared_prompts']} prompts, {proof['shared_videos']} "
        f"videos and {proof['near_duplicates']} near-duplicates are in two splits ({proof['measure']})."
    ]
    if proof["nearest"]:
        nearest = proof["nearest"][0]
        lines.append(f"The nearest prompts of two splits have a similarity of {nearest['similarity']:.2f}.")
    return " ".join(lines)


def _licences(rows: Sequence[Mapping[str, Any]], licence: str | None) -> str:
    lines = [f"Annotations and reasoning: {licence or 'not stated'}."]
    found = Counter(str(row["licence"]) for row in rows if row.get("licence"))
    for name, count in found.most_common():
        lines.append(f"- videos of {count} rows: {name}")
    unknown = len(rows) - sum(found.values())
    if unknown:
        lines.append(f"- videos of {unknown} rows: not stated; see the terms of their generators")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
