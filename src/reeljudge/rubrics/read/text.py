"""Unicode folding, and stretches of text that are blanked out in place."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]

_DOUBLE_QUOTES = "“”„‟«»〝〞＂「」『』"
_SINGLE_QUOTES = "‘’‚‛‹›＇"
_NEWLINES = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_SINGLE = {"→": "→", "⇒": "→", "⟶": "→", "➜": "→", "➔": "→", "⁄": "/", "∕": "/", "。": ".", "、": ","}
_SINGLE |= {"【": "[", "】": "]", "−": "-", "％": "%", "\u200b": " "}
# Marks that take up no room: soft hyphens, joiners, directions, variation selectors, keycaps.
_INVISIBLE = re.compile(
    "[\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\u20e3\U000e0000-\U000e007f]"
)


class _Fold(dict[int, str]):
    """Character by character: lower case; any dash is '-', any space ' ', any decimal digit an ASCII one."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = character.lower()
        if len(folded) != 1:
            folded = character
        if 0xFF01 <= code <= 0xFF5E:
            folded = chr(code - 0xFEE0).lower()
        elif code > 127:
            category = unicodedata.category(character)
            if category in ("Zs", "Cf", "So", "Sk"):  # pictures and symbols say as little as spaces
                folded = " "
            elif category == "Pd":
                folded = "-"
            elif category == "Nd":
                folded = str(unicodedata.decimal(character))
        elif code < 32 and character != "\n":
            folded = " "
        self[code] = folded
        return folded


_FOLD = _Fold(
    {ord(mark): '"' for mark in _DOUBLE_QUOTES}
    | {ord(mark): "'" for mark in _SINGLE_QUOTES}
    | {ord(mark): "\n" for mark in _NEWLINES}
    | {ord(mark): folded for mark, folded in _SINGLE.items()}
)
_TOKEN = re.compile(r"[^\W_]+|<[ ]{0,3}[/\\]?[ ]{0,3}\w{1,40}[ ]{0,3}>")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Folded:
    """A reply in its folded form.

    Attributes:
        text: in lower case; spaces, dashes, digits and quotes in their ASCII form, letters composed (NFC).
        origin: where each character of `text` begins in the reply; None where nothing has moved.
    """

    text: str
    origin: tuple[int, ...] | None = None

    def original(self, span: Span) -> Span:
        """The characters of the reply that `span` of the folded text stands for."""
        if self.origin is None:
            return span
        start, end = span
        if start == end:
            place = self.origin[start] if start < len(self.text) else self.origin[-1]
            return place, place
        return self.origin[start], self.origin[end - 1] + 1

    def cut(self, span: Span, reply: str) -> str:
        """The stretch of the reply that `span` stands for, marks that take up no room included."""
        if self.origin is None:
            return reply[span[0] : span[1]]
        return reply[self.origin[span[0]] : self.origin[span[1]]]


def fold(text: str) -> Folded:
    """The reply as patterns read it."""
    if "\r" in text:
        text = text.replace("\r\n", " \n")
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and _INVISIBLE.search(text) is None):
        return Folded(text.translate(_FOLD))
    pieces: list[str] = []
    origin: list[int] = []
    cluster_start = 0
    # A letter and the marks behind it are composed together; `origin` gets a last entry for the end.
    for place in range(1, len(text) + 1):
        if place < len(text) and unicodedata.combining(text[place]) and place - cluster_start < 8:
            continue
        cluster = unicodedata.normalize("NFC", _INVISIBLE.sub("", text[cluster_start:place]))
        pieces.append(cluster)
        origin.extend([cluster_start] * len(cluster))
        cluster_start = place
    origin.append(len(text))
    return Folded("".join(pieces).translate(_FOLD), tuple(origin))


def count_words(text: str) -> int:
    """Words that are more than a number."""
    return sum(not word.isdecimal() for word in _WORD.findall(text))


def tokens(text: str) -> list[str]:
    """Words and tags of a folded text, without what stands between them."""
    return [token if token[0] != "<" else token.replace(" ", "") for token in _TOKEN.findall(text)]


def token_spans(text: str) -> list[Span]:
    """Where the `tokens` of `text` stand."""
    return [match.span() for match in _TOKEN.finditer(text)]


def blanked(text: str, spans: Iterable[Span], filler: str = "\n") -> str:
    """`text` with the characters of `spans` overwritten by `filler`, every other one in its place."""
    pieces: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        start = max(start, end)
        if stop > start:
            pieces += (text[end:start], filler * (stop - start))
            end = stop
    return text if not pieces else "".join([*pieces, text[end:]])


class Cover:
    """Places that lie inside some spans, found by bisection."""

    def __init__(self, spans: Iterable[Span]):
        merged: list[list[int]] = []
        for start, end in sorted(spans):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, end])
        self._starts = [start for start, _ in merged]
        self._ends = [end for _, end in merged]

    def __contains__(self, place: int) -> bool:
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ends[index]
