"""Checks of rationales before anybody learns from them: leaks, contradictions, repetition, length."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reeljudge.datasets.leaks import leaks_in
from reeljudge.datasets.replies import faults_of_reply, question_of
from reeljudge.errors import InputError, ReeljudgeError, UsageError
from reeljudge.rubrics import Rubric, load_rubric, read_reply
from reeljudge.texts.near import near_groups
from reeljudge.texts.words import sentences_of, words_of

PROBLEMS: dict[str, str] = {
    "leaked_phrase": "speaks of given scores, comments or the people behind them",
    "contradiction": "the reasoning states another score or level than the answer",
    "score_mismatch": "the reader does not find the row's scores in the reply",
    "malformed": "a stage or the reasoning is missing, or the score comes before it",
    "prompt_echo": "repeats the question",
    "duplicate": "nearly the same text as another clip's",
    "formulaic": "made of sentences that stand in many other rows",
    "too_short": "fewer words than --min-words",
    "too_long": "more words than --max-words",
    "unchecked": "a chain for people that nobody has accepted",
    "unreconciled": "person and model still differ: see `rationales reconcile`",
}
"""Name of a problem -> what it means."""

_OF_FLAG = {
    "leaked_label": "leaked_phrase",
    "contradiction": "contradiction",
    "missing_stage": "malformed",
    "premature_score": "malformed",
    "prompt_echo": "prompt_echo",
}

_VERDICT = (
    r"\b(?:overall|verdict|conclusion|therefore|thus|hence|rates?|rated|rating|level|grade|deserves?|merits?|"
    r"falls? (?:in|into|under|within)|lands? (?:in|at|on)|assign(?:ed)?|classif(?:y|ied) (?:it )?as|"
    r"corresponds? to|matches)\b[^.\n]{0,30}?"
)


@dataclass(frozen=True)
class CheckSettings:
    """What counts as a problem.

    Attributes:
        min_words, max_words: of the reasoning. VideoScore2's rationales are mostly 200-600 words long.
        near: least Jaccard similarity of two sentences' words that counts as the same sentence.
        duplicate: the same of two whole rationales, of different clips.
        common: a sentence is common where it stands in the rows of at least this many other clips.
        common_share: ... and in at least this share of all clips.
        formulaic: largest share of common sentences in a row.
        sentence_words: shorter sentences are not looked at.
        allow: problems that are reported and do not make a row contaminated.
    """

    min_words: int = 20
    max_words: int = 1500
    near: float = 0.8
    duplicate: float = 0.9
    common: int = 3
    common_share: float = 0.005
    formulaic: float = 0.5
    sentence_words: int = 6
    allow: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if unknown := self.allow - PROBLEMS.keys():
            from reeljudge.errors import did_you_mean

            raise UsageError(f"no problem is called {min(unknown)!r}.{did_you_mean(min(unknown), PROBLEMS)}")


@dataclass(frozen=True)
class RowReport:
    """What was found in one row.

    Attributes:
        number: its place, from 1.
        id, dimension: of the row.
        problems: name -> what exactly.
        common_share: share of its sentences that stand in many other rows.
        words: of its reasoning.
    """

    number: int
    id: str
    dimension: str | None
    problems: Mapping[str, str] = field(default_factory=dict)
    common_share: float = 0.0
    words: int = 0

    def contaminated(self, allow: frozenset[str] = frozenset()) -> bool:
        return bool(self.problems.keys() - allow)

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.number,
            "id": self.id,
            "dimension": self.dimension,
            "problems": dict(self.problems),
            "common_share": round(self.common_share, 4),
            "words": self.words,
        }


def check_rows(
    rows: Sequence[Mapping[str, Any]], settings: CheckSettings | None = None, rubrics: "Rubrics | None" = None
) -> list[RowReport]:
    """One report per row, in order.

    Raises:
        InputError: a row that is no row of rationales (no id, prompt, rubric, scores or reply).
    """
    settings = settings or CheckSettings()
    rubrics = rubrics or Rubrics()
    problems: list[dict[str, str]] = []
    texts: list[str] = []
    for number, row in enumerate(rows, 1):
        found, text = _check_row(row, number, settings, rubrics)
        problems.append(found)
        texts.append(text)
    clips = [str(row["id"]) for row in rows]
    # Dimensions share a clip's description on purpose: repetition counts between clips alone.
    for place, other in _duplicates(texts, clips, settings.duplicate):
        problems[place].setdefault("duplicate", f"like {clips[other]!r} (row {other + 1})")
    shares = _common_shares(texts, clips, settings)
    for place, share in enumerate(shares):
        if share > settings.formulaic:
            problems[place]["formulaic"] = f"{share:.0%} of its sentences stand in many other rows"
    return [
        RowReport(
            number,
            str(row["id"]),
            row.get("dimension"),
            {name: found[name] for name in PROBLEMS if name in found},
            share,
            len(words_of(text)),
        )
        for number, (row, found, share, text) in enumerate(zip(rows, problems, shares, texts, strict=True), 1)
    ]


class Rubrics:
    """Rubrics by the names in rows; a rubric of the user's stands for the rows of its own name."""

    def __init__(self, given: str | None = None):
        self._given = None if given is None else load_rubric(given)

    def of(self, row: Mapping[str, Any]) -> Rubric:
        name = row.get("rubric")
        if self._given is not None and name in (None, self._given.name):
            return self._given
        if name is None:
            raise InputError("the row names no rubric")
        return load_rubric(str(name))


def _check_row(
    row: Mapping[str, Any], number: int, settings: CheckSettings, rubrics: Rubrics
) -> tuple[dict[str, str], str]:
    where = f"row {number}"
    for name in ("id", "prompt", "reply"):
        if not isinstance(row.get(name), str):
            raise InputError(
                f"{where} has no {name!r}: rows of `rationales elicit` or training rows are needed"
            )
    if not isinstance(row.get("scores"), Mapping) or not row["scores"]:
        raise InputError(f"{where} ({row['id']!r}) has no 'scores'")
    try:
        rubric = rubrics.of(row)
        question = question_of(row, rubric)
        faults = faults_of_reply(row["reply"], rubric, row["scores"], question)
        reading = read_reply(row["reply"], rubric, question.dimension, "stop", question)
    except (ReeljudgeError, KeyError) as error:
        raise InputError(f"{where} ({row['id']!r}): {error}") from error
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(_OF_FLAG.get(fault, "score_mismatch"), fault)
    leaks = leaks_in(row["reply"], row["prompt"])
    if leaks:
        found["leaked_phrase"] = ", ".join(dict.fromkeys(repr(said) for _, said in leaks))
    text = "\n".join(stage for name, stage in reading.stages.items() if name != rubric.answer_stage) or (
        reading.rationale or ""
    )
    wrong = level_contradiction(text, rubric, row.get("dimension"), row["scores"])
    if wrong:
        found.setdefault("contradiction", wrong)
    words = len(words_of(text))
    if words < settings.min_words:
        found["too_short"] = f"{words} words"
    elif words > settings.max_words:
        found["too_long"] = f"{words} words"
    if row.get("status") == "manual":
        found["unchecked"] = "accept or mend it: see `annotate --check`"
    if row.get("status") == "unreconciled":
        found["unreconciled"] = "its scores are the model's own"
    return found, text


def level_contradiction(
    text: str, rubric: Rubric, dimension: str | None, scores: Mapping[str, int]
) -> str | None:
    """Where reasoning about one dimension closes with the name of another level than the score's, the words.

    Only the last naming in a phrase of judgement counts ("overall this is Good"), and only under rubrics
    with one reply per dimension: elsewhere nothing says which dimension a level is about.
    """
    if dimension is None or dimension not in scores:
        return None
    levels = rubric.dimension(dimension).levels
    names = {level.name.casefold(): value for value, level in levels.items()}
    if not names:
        return None
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # Level names are written as names: capitalised or in quotation marks. "a good light" is no verdict.
    pattern = re.compile(rf"(?i:{_VERDICT})[\"'“(\[*]*(?P<name>(?i:{listed}))\b")
    last = None
    for match in pattern.finditer(text):
        word = match["name"]
        quoted = text[match.start("name") - 1 : match.start("name")] in "\"'“(*["
        if word[:1].isupper() or quoted:
            last = match
    if last is None or names[last["name"].casefold()] == scores[dimension]:
        return None
    said = names[last["name"].casefold()]
    return f"speaks of {last['name']!r} ({said}) where the score is {scores[dimension]}"


def _duplicates(texts: Sequence[str], clips: Sequence[str], near: float) -> Iterable[tuple[int, int]]:
    groups = near_groups(texts, near, affix=False)
    for members in groups.members():
        by_clip: dict[str, int] = {}
        for place in members:
            by_clip.setdefault(clips[place], place)
        if len(by_clip) > 1:
            firsts = sorted(by_clip.values())
            for place in members:
                other = next(one for one in firsts if clips[one] != clips[place])
                yield place, other


def _common_shares(texts: Sequence[str], clips: Sequence[str], settings: CheckSettings) -> list[float]:
    """Of each row, the share of its sentences that stand in the rows of many other clips."""
    distinct: dict[str, int] = {}
    of_row: list[list[int]] = []
    for text in texts:
        mine = []
        for sentence in sentences_of(text):
            if len(words_of(sentence)) >= settings.sentence_words:
                mine.append(distinct.setdefault(sentence, len(distinct)))
        of_row.append(mine)
    groups = near_groups(list(distinct), settings.near, affix=False)
    in_clips: dict[int, set[str]] = defaultdict(set)
    for mine, clip in zip(of_row, clips, strict=True):
        for place in mine:
            in_clips[groups.find(place)].add(clip)
    least = max(settings.common, settings.common_share * len(set(clips))) + 1
    return [
        sum(len(in_clips[groups.find(place)]) >= least for place in mine) / len(mine) if mine else 0.0
        for mine in of_row
    ]


def summary(reports: Sequence[RowReport], allow: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Counts of a check."""
    problems = Counter(name for report in reports for name in report.problems)
    return {
        "rows": len(reports),
        "clean": sum(not report.contaminated(allow) for report in reports),
        "contaminated": sum(report.contaminated(allow) for report in reports),
        "problems": {name: problems[name] for name in PROBLEMS if problems[name]},
        "allowed": sorted(allow),
        "mean_common_share": round(sum(r.common_share for r in reports) / max(1, len(reports)), 4),
        "mean_words": round(sum(r.words for r in reports) / max(1, len(reports)), 1),
    }
