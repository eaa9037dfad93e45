"""Texts as words: what is compared when two prompts, sentences or rationales may be the same."""

import re
import unicodedata
from collections.abc import Iterator

_WORD = re.compile(
    # Scripts without spaces between words are compared character by character.
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_]+(?:['’][^\W_]+)*"
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[.!?][\"')\]”’])\s+|(?<=[。！？])|\n+")
_TAG = re.compile(r"</?[A-Za-z][\w-]{0,30}>")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text in order: NFKC, casefolded, without punctuation. Digits count as words."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a text, tags and empty ones left out."""
    for part in _SENTENCE_END.split(_TAG.sub("\n", text)):
        if part.strip():
            yield part.strip()
