"""Texts as words: which prompts, sentences or rationales are nearly the same.

- `words_of(text)`, `sentences_of(text)`: what is compared
- `near_groups(texts, threshold) -> Groups`: near-duplicates, found exactly
"""

from reeljudge.texts.near import Groups, near_groups
from reeljudge.texts.words import sentences_of, words_of

__all__ = ["Groups", "near_groups", "sentences_of", "words_of"]
