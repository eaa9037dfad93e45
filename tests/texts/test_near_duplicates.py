"""Near-duplicate texts: found exactly, and without comparing all pairs."""

from itertools import combinations

import pytest
from all_pairs import PROMPTS, similar
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.texts import Groups, near_groups, sentences_of, words_of
from reeljudge.texts.near import affixes_across, similar_across


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(PROMPTS, max_size=40), threshold=st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_groups_are_those_of_comparing_all_pairs(texts: list[str], threshold: float) -> None:
    wanted = Groups(len(texts))
    for one, other in combinations(range(len(texts)), 2):
        if similar(texts[one], texts[other], threshold):
            wanted.join(one, other)
    assert sorted(near_groups(texts, threshold).members()) == sorted(wanted.members())


@settings(max_examples=20, deadline=None)
@given(some=st.lists(PROMPTS, max_size=15), others=st.lists(PROMPTS, max_size=15))
def test_the_search_of_the_proof_is_exact_too(some: list[str], others: list[str]) -> None:
    found = {pair[:2] for pair in similar_across(some, others, 0.6)} | set(affixes_across(some, others))
    pairs = [(one, other) for one in range(len(some)) for other in range(len(others))]
    wanted = {pair for pair in pairs if similar(some[pair[0]], others[pair[1]], 0.6)}
    # Equal prompts stand for one another where they stand several times.
    by_words = {(words_of(some[one]), words_of(others[other])) for one, other in found}
    assert by_words == {(words_of(some[one]), words_of(others[other])) for one, other in wanted}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A dog runs on the beach.", "a DOG runs on the beach"),
        ("A dog runs on the sunny beach", "A dog runs on the sunny beach, zoom in"),
        ("Slow motion: a dog runs on a beach", "a dog runs on a beach"),
        (
            "a big dog runs on the sunny beach of an old town",
            "a big dog walks on the sunny beach of an old town",
        ),
        ("一只狗在海滩上奔跑", "一只狗在海滩上奔跑。"),
        ("ﬁve dogs run on sand", "five dogs run on sand"),
    ],
)
def test_what_near_duplicates_are(one: str, other: str) -> None:
    assert near_groups([one, other], 0.8).members() == [[0, 1]]


def test_what_they_are_not() -> None:
    assert len(near_groups(["a dog", "a dog runs on the beach"], 0.8).members()) == 2
    assert len(near_groups(["a cat sleeps on a red sofa", "a fox jumps over a wet wall"], 0.8).members()) == 2
    with pytest.raises(ValueError, match="not above 0"):
        near_groups(["a"], 0.0)


def test_words_and_sentences() -> None:
    assert words_of("It's 3 Cats -- “RUNNING”!") == ("it's", "3", "cats", "running")
    assert list(sentences_of("<A>One. Two!</A>\n\nThree? “Four.” Five")) == [
        "One.",
        "Two!",
        "Three?",
        "“Four.”",
        "Five",
    ]
