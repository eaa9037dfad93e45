"""Prompts: no prompt of the test split can occur in training, and every word of it does."""

from itertools import product

import pytest

from reeljudge.synth import sample_clip
from reeljudge.synth.clip import Asked
from reeljudge.synth.draw import Draw
from reeljudge.synth.phrases import (
    COUNT_WORDS,
    PLACES,
    PLURAL,
    PROMPTS_OF_TWO_EVENTS,
    SIZE_WORDS,
    VERBS,
    words_of,
)
from reeljudge.synth.prompts import PAIRS, draw_asked, held_out, write_prompt
from reeljudge.synth.world import COLOURS, MOTIONS, OBJECTS

GROUPS = 3000
EVENTS = [(motion,) for motion in MOTIONS] + list(PAIRS)


def prompts(split: str) -> list[str]:
    return [sample_clip(seed, 4 * group, split).prompt for seed in (1, 2) for group in range(GROUPS // 2)]


def test_a_fifth_of_the_combinations_is_held_out() -> None:
    out = [held_out(*combination) for combination in product(OBJECTS, COLOURS, EVENTS)]
    assert 0.15 < sum(out) / len(out) < 0.25


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_asks_for_its_own_combinations_only(split: str) -> None:
    for number in range(2000):
        asked = draw_asked(split, Draw("any", split, number))
        assert held_out(asked.object, asked.colour, asked.motions) == (split == "test")


def test_a_prompt_names_its_combination_and_no_other() -> None:
    """Object and colour stand in every prompt as words that mean nothing else, and no verb phrase of one
    motion is one of another: so equal prompts ask for equal combinations, and the splits share none."""
    forms = [{name, PLURAL[name]} for name in OBJECTS] + [{name} for name in COLOURS]
    verbs = [set(VERBS[motion]) for motion in MOTIONS]
    finite = [{phrase for forms in group for phrase in forms} for group in verbs]
    for number, phrases in enumerate(finite):
        assert all(phrases.isdisjoint(other) for other in finite[:number])
    other_words = [
        word for table in (SIZE_WORDS, PLACES, COUNT_WORDS) for texts in table.values() for word in texts
    ]
    other_words += [phrase for phrases in finite for phrase in phrases]
    for names in forms:
        assert names.isdisjoint(words_of(" ".join(other_words)))
    for number in range(1000):
        asked = draw_asked("train", Draw("names", number))
        words = words_of(write_prompt(asked, Draw("words", number)))
        assert [word for word in words if word in COLOURS] == [asked.colour]
        assert [word for word in words if any(word in (name, PLURAL[name]) for name in OBJECTS)] in (
            [asked.object],
            [PLURAL[asked.object]],
        )


def test_the_order_of_two_events_can_be_read() -> None:
    """No sentence about two events is also a sentence about another pair."""
    seen: dict[str, tuple[str, ...]] = {}
    for template, pair, one in product(PROMPTS_OF_TWO_EVENTS, PAIRS, (True, False)):
        for first, second in product(VERBS[pair[0]], VERBS[pair[1]]):
            form = 0 if one else 1
            text = template.format(
                noun="x",
                does=first[form],
                doing=first[2],
                does2=second[form],
                doing2=second[2],
                it="it" if one else "they",
            )
            assert seen.setdefault(text, pair) == pair


def test_no_test_prompt_occurs_in_training_but_every_word_does() -> None:
    train, test = set(prompts("train")), set(prompts("test"))
    assert not {text.strip(".").lower() for text in train} & {text.strip(".").lower() for text in test}
    known = set(words_of(" ".join(train)))
    assert set(words_of(" ".join(test))) <= known
    assert len(train) > 0.9 * GROUPS


def test_the_prompt_says_what_is_asked_for() -> None:
    asked = Asked("moon", "orange", 3, ("bounce",), "small", "horizon")
    for number in range(200):
        words = words_of(write_prompt(asked, Draw("one", number)))
        assert {"three", "orange", "moons", "horizon"} <= set(words)
        assert {"small", "little", "tiny"} & set(words)
        assert {"bounce", "bounces", "bouncing"} & set(words)
    single = {
        write_prompt(Asked("ball", "orange", 1, ("left",)), Draw("two", number)) for number in range(300)
    }
    assert any("an orange ball" in text.lower() for text in single)
    assert not any(" a orange" in text for text in single)
    assert len(single) > 100
