"""Near-duplicates by their definition, pair by pair: what the fast search must find."""

from hypothesis import strategies as st

from reeljudge.texts import words_of
from reeljudge.texts.near import AFFIX_WORDS

WORDS = st.sampled_from(("a", "the", "red", "blue", "ball", "cube", "rolls", "over", "sea", "hill", "fast"))
PROMPTS = st.lists(WORDS, min_size=1, max_size=9).map(" ".join)


def similar(one: str, other: str, threshold: float) -> bool:
    """Whether two texts are near-duplicates."""
    a, b = words_of(one), words_of(other)
    if a == b:
        return True
    short, long = sorted((a, b), key=len)
    if len(short) >= AFFIX_WORDS and short in (long[: len(short)], long[-len(short) :]):
        return True
    return bool(a and b) and len(set(a) & set(b)) / len(set(a) | set(b)) >= threshold - 1e-9
