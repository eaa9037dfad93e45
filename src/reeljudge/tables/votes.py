"""Votes on a pair of clips, in the words that people and judges use for them."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Vote(StrEnum):
    """What a vote on two clips says.

    `TIE` does not say whether both are good or both bad; `UNDECIDED` says that the voter could not tell.
    """

    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_GOOD = "both_good"
    BOTH_BAD = "both_bad"
    UNDECIDED = "undecided"

    @property
    def mirrored(self) -> "Vote":
        """The same vote with the two clips swapped."""
        return {Vote.A: Vote.B, Vote.B: Vote.A}.get(self, self)


# What is left of a vote after `_normal` has dropped case, brackets, quotes and words that say nothing.
_WORDINGS: Mapping[Vote, tuple[str, ...]] = {
    Vote.A: (
        *("a", "1", "left", "first", "a>b", "b<a", "1>2", "2<1", "left>right"),
        *(
            "a better",
            "1 better",
            "left better",
            "first better",
            "a wins",
            "1 wins",
            "left wins",
            "first wins",
        ),
    ),
    Vote.B: (
        *("b", "2", "right", "second", "b>a", "a<b", "2>1", "1<2", "right>left"),
        *("b better", "2 better", "right better", "second better"),
        *("b wins", "2 wins", "right wins", "second wins"),
    ),
    Vote.TIE: (
        *("tie", "tied", "draw", "same", "equal", "equally", "both", "neither", "neither better", "neutral"),
        *(
            "a=b",
            "b=a",
            "1=2",
            "2=1",
            "no preference",
            "no difference",
            "about same",
            "both same",
            "both equal",
        ),
        *("same quality", "equal quality"),
    ),
    Vote.BOTH_GOOD: (
        *("both good", "same good", "good same", "tie good", "tied good", "good tie", "tie both good"),
        *("equally good", "equal good", "a=b=good", "b=a=good", "1=2=good"),
    ),
    Vote.BOTH_BAD: (
        *("both bad", "same bad", "bad same", "tie bad", "tied bad", "bad tie", "tie both bad"),
        *("equally bad", "equal bad", "a=b=bad", "b=a=bad", "1=2=bad", "neither good"),
    ),
    Vote.UNDECIDED: (
        *(
            "undecided",
            "unsure",
            "not sure",
            "unclear",
            "skip",
            "hard to judge",
            "hard to say",
            "hard to tell",
        ),
        *("cannot judge", "cannot say", "cannot tell", "cannot decide", "can not tell"),
    ),
}
_VOTES: Mapping[str, Vote] = MappingProxyType(
    {wording: vote for vote, wordings in _WORDINGS.items() for wording in wordings}
)

_PUNCTUATION = re.compile(r"(?:[\[\](){}\"'`*.,:;!_]|-(?!\d))+")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_RELATION = re.compile(r"\s*(>|<|=)=*\s*")
_SAYS_NOTHING = re.compile(
    r"\b(?:the|a (?=tie|draw)|is|are|were|was|votes?|answer|choice|verdict|model|assistant|video|clip|image"
    r"|option|response|sample|output|ones?)\b"
)
_NUMBERED: Mapping[float, Vote] = MappingProxyType({1: Vote.A, 2: Vote.B})

GENAI_BENCH_HUMAN: Mapping[str, Vote] = MappingProxyType(
    {
        "leftvote": Vote.A,
        "rightvote": Vote.B,
        "tievote": Vote.BOTH_GOOD,
        "bothbad_vote": Vote.BOTH_BAD,
    }
)
"""GenAI-Bench's human votes; its tie stands for two acceptable clips."""

GENAI_BENCH_JUDGE: Mapping[str, Vote] = MappingProxyType(
    {
        "[[A>B]]": Vote.A,
        "[[B>A]]": Vote.B,
        "[[A=B=Good]]": Vote.BOTH_GOOD,
        "[[A=B=Bad]]": Vote.BOTH_BAD,
        "[[A=B]]": Vote.TIE,
    }
)
"""The only strings that GenAI-Bench counts as a judge's vote; `[[A=B]]` fits either kind of tie."""


def read_vote(value: Any) -> Vote | None:
    """A vote in any of the usual wordings, or None where the text cannot be read as exactly one vote.

    Reads GenAI-Bench's `leftvote` ... `bothbad_vote` and `[[A>B]]` ... `[[A=B=Bad]]` (also with odd spacing,
    quotes or case), `Video 1 better` / `Hard to judge`, `A` / `B` / `same`, `A is better` / `same good`,
    `model_a`, `left`, and 1 and 2 as numbers. Numbers other than 1 and 2 are not read: sets disagree on
    what 0 and -1 mean. A text that names several verdicts, or half of one (`[[A>]]`), is no vote.
    """
    if isinstance(value, Vote):
        return value
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, int | float):
        return _NUMBERED.get(value)
    return _VOTES.get(_normal(value)) if isinstance(value, str) else None


def _normal(text: str) -> str:
    text = _PUNCTUATION.sub(" ", text.casefold().replace("’", "'").replace("can't", "cannot"))
    text = re.sub(r"\b(left|right|tie)vote\b", r"\1", text).replace("bothbad", "both bad")
    text = _SAYS_NOTHING.sub(" ", text)
    return _RELATION.sub(r"\1", " ".join(text.split()))
