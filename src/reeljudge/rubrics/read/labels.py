"""The labels that a rubric's answers carry, compiled."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reeljudge.rubrics.model import Rubric
from reeljudge.rubrics.read.text import fold

Kind = Literal["own", "other", "plain", "answer"]

_PLAIN_NAMES = ("score", "rating", "grade")
_ANSWER_NAMES = ("answer", "final answer")
_OVERALL_NAMES = (
    "final rating score",
    "overall rating score",
    "rating score",
    "final score",
    "overall score",
    "final rating",
    "overall rating",
)
_SCORE_WORDS = frozenset(("final", "overall", *_PLAIN_NAMES))
_GAP = r"[ _\-/&\\]{1,3}"
# Scripts that put no space between words: there a label may follow a word directly.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True)
class Label:
    """A way to name a dimension in an answer.

    Attributes:
        dimension: index in the rubric.
        text: as it was written.
        kind: `own`: the rubric's label; `other`: an alias, name or title. Where one number is the whole
            answer also `plain`: "score" and the like, and `answer`: that very word.
        words: how many words it has.
        unspaced: it is written in a script without spaces, so that a word may stand right before it.
        generic: it does not say what is scored: "rating score", or a label that several dimensions share.
    """

    dimension: int
    text: str
    kind: Kind
    words: int
    unspaced: bool
    generic: bool = False


@dataclass(frozen=True)
class LabelHit:
    """A label in a reply."""

    label: Label
    start: int
    end: int


class Labels:
    """Every label that an answer about some dimensions may carry.

    Args:
        dimension: index of the only dimension asked about; None where one reply answers all.
    """

    def __init__(self, rubric: Rubric, dimension: int | None):
        single = dimension is not None or len(rubric.dimensions) == 1
        entries: list[Label] = []
        known: set[str] = set()

        shared = Counter(" ".join(_words(one.label)) for one in rubric.dimensions)

        def add(index: int, text: str, kind: Kind) -> None:
            pattern = label_pattern(text)
            if pattern and pattern not in known:
                known.add(pattern)
                parts = _words(text)
                generic = _SCORE_WORDS.issuperset(parts) or shared[" ".join(parts)] > 1
                entries.append(Label(index, text, kind, len(parts), _is_unspaced(parts[0][0]), generic))

        chosen = [(i, d) for i, d in enumerate(rubric.dimensions) if dimension in (None, i)]
        for index, one in chosen:
            add(index, one.label, "own")
        for index, one in chosen:
            for text in (*one.aliases, one.name, one.title):
                add(index, text, "other")
        if single:
            for text in _OVERALL_NAMES:
                add(chosen[0][0], text, "other")
            for text in _PLAIN_NAMES:
                add(chosen[0][0], text, "plain")
            for text in _ANSWER_NAMES:
                add(chosen[0][0], text, "answer")
        self.entries = tuple(entries)
        self.words = frozenset(word for label in entries for word in _words(label.text))
        self._by_words = {" ".join(_words(label.text)): label for label in entries}
        # The longest label first: "motion" must not be found inside "motion smoothness". The pattern begins
        # with plain letters (no group, no look-behind), which lets the engine skip most of the text.
        patterns = sorted((_unbegun(label.text) for label in entries), key=len, reverse=True)
        self._pattern = re.compile("|".join(patterns))

    def hits(self, text: str, start: int = 0, end: int | None = None) -> Iterator[LabelHit]:
        """Every label in the folded `text`, in order."""
        for match in self._pattern.finditer(text, start, len(text) if end is None else end):
            label = self._by_words[" ".join(_WORDS.findall(match.group()))]
            if label.unspaced or not _goes_on_from(text, match.start()):
                yield LabelHit(label, match.start(), match.end())

    def begins(self, text: str, place: int) -> bool:
        """Whether a label begins at `place` of the folded `text`."""
        return self._pattern.match(text, place) is not None

    def stand_in(self, text: str) -> bool:
        """Whether there is a label in the folded `text`."""
        return next(self.hits(text), None) is not None

    def without(self, text: str) -> str:
        """`text` with every label taken out."""
        return self._pattern.sub(" ", text)


def smaller_parts(rubric: Rubric, dimension: int | None) -> str:
    """A pattern of the names of what is no whole answer about the only dimension asked for: its aspects, and
    the other dimensions; "" where there are none."""
    if dimension is None:
        return ""
    asked = rubric.dimensions[dimension]
    own = {label_pattern(name) for name in (asked.name, asked.title, asked.label, *asked.aliases)}
    others = (name for one in rubric.dimensions if one is not asked for name in (one.name, one.title))
    names = {label_pattern(name) for name in (*asked.aspects, *others)} - own - {""}
    return "|".join(sorted(names, key=len, reverse=True))


_WORDS = re.compile(r"[^\W_]+")


def _words(label: str) -> list[str]:
    return _WORDS.findall(fold(unicodedata.normalize("NFC", label)).text)


def label_pattern(label: str) -> str:
    """A label, folded, with any dash, slash, underscore or space between its words."""
    return _GAP.join(re.escape(word) for word in _words(label))


def _unbegun(label: str) -> str:
    """The label where it is not the head of a longer word; what stands before it is looked at later."""
    return label_pattern(label) + ("" if _is_unspaced(_words(label)[-1][-1]) else r"(?!\w)")


def _goes_on_from(text: str, place: int) -> bool:
    """Whether a word goes on into `place`, directly or over a dash or slash."""
    before = text[max(0, place - 2) : place]
    return (
        before[-1:].isalnum()
        or before[-1:] == "_"
        or (before[-1:] in ("-", "/", "&") and before[0].isalnum())
    )


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None
