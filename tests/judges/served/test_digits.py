"""Log probabilities joined with the text: positions and probabilities worked out by hand."""

import math
from typing import Any

import pytest

from reeljudge.judges.served.digits import digit_tokens
from reeljudge.rubrics import Scale, soft_score


def listed(*tokens: str, at: dict[int, dict[str, float]] | None = None) -> dict[str, Any]:
    """The `logprobs` of a choice; `at` gives the probabilities shown at single tokens."""
    content = []
    for place, token in enumerate(tokens):
        shown = (at or {}).get(place, {token: 0.9})
        others = [{"token": name, "logprob": math.log(p)} for name, p in shown.items()]
        content.append({"token": token, "logprob": math.log(shown[token]), "top_logprobs": others})
    return {"content": content}


def test_a_digit_with_its_alternatives() -> None:
    shown = {"4": 0.6, "5": 0.2, "3": 0.1, "four": 0.05}
    (digit,), why = digit_tokens("quality: 4", listed("quality", ":", " ", "4", at={3: shown}), shift=0)
    assert why is None
    assert (digit.start, digit.end, digit.text) == (9, 10, "4")
    assert set(digit.alternatives) == {"4", "5", "3"}
    assert digit.alternatives["5"] == pytest.approx(math.log(0.2))
    assert digit.seen == pytest.approx(0.95)
    soft = soft_score((9, 10), (digit,), Scale())
    assert soft is not None
    assert soft.expected == pytest.approx((4 * 0.6 + 5 * 0.2 + 3 * 0.1) / 0.9)
    assert soft.coverage == pytest.approx(0.95)


def test_a_digit_that_carries_its_neighbour() -> None:
    (digit,), _ = digit_tokens("q: 4", listed("q", ":", " 4", at={2: {" 4": 0.7, " 5": 0.3}}), shift=0)
    assert (digit.start, digit.end, digit.text) == (2, 4, " 4")
    soft = soft_score((3, 4), (digit,), Scale())
    assert soft is not None
    assert soft.expected == pytest.approx(4.3)


def test_the_written_token_counts_where_it_is_not_among_the_alternatives() -> None:
    choice = {
        "content": [
            {"token": "2", "logprob": math.log(0.1), "top_logprobs": [{"token": "3", "logprob": -0.5}]}
        ]
    }
    (digit,), _ = digit_tokens("2", choice, shift=0)
    assert digit.alternatives == pytest.approx({"3": -0.5, "2": math.log(0.1)})
    assert digit.seen == pytest.approx(math.exp(-0.5) + 0.1)


def test_tokens_that_read_alike_add_up() -> None:
    others = [{"token": "4", "logprob": math.log(0.3)}, {"token": "4", "logprob": math.log(0.2)}]
    choice = {"content": [{"token": "4", "logprob": math.log(0.3), "top_logprobs": others}]}
    (digit,), _ = digit_tokens("4", choice, shift=0)
    assert digit.alternatives == pytest.approx({"4": math.log(0.5)})


def test_end_tokens_behind_the_content() -> None:
    (digit,), _ = digit_tokens("is 3", listed("is", " ", "3", "<|im_end|>", "\n", ""), shift=0)
    assert (digit.start, digit.end) == (3, 4)


def test_reasoning_that_came_apart_is_listed_too() -> None:
    tokens = listed("<think>", "It", " is", " 3", "</think>", "\n\n", "is", " ", "4", "<|im_end|>")
    digits, _ = digit_tokens("is 4", tokens, shift=26, reasoning="It is 3")
    assert [(digit.start, digit.end, digit.text) for digit in digits] == [(29, 30, "4")]


def test_reasoning_and_content_that_read_alike() -> None:
    # The content's own tokens are the last ones, whatever the reasoning says.
    at = {2: {"4": 0.5}, 7: {"4": 0.9}}
    tokens = listed("<think>", "is ", "4", "</think>", "\n\n", "is", " ", "4", at=at)
    (digit,), _ = digit_tokens("is 4", tokens, shift=0, reasoning="is 4")
    assert digit.seen == pytest.approx(0.9)


def test_reasoning_that_the_server_left_out() -> None:
    tokens = listed("<think>", "5", "</think>", "quality", ":", " ", "4")
    digits, _ = digit_tokens("quality: 4", tokens, shift=0)
    assert [(digit.start, digit.text) for digit in digits] == [(9, "4")]


def test_white_space_that_the_server_stripped() -> None:
    digits, _ = digit_tokens("a: 2\nb: 3", listed("a", ": ", "2", "\nb: ", "3\n"), shift=0)
    assert [(digit.start, digit.end) for digit in digits] == [(3, 4)]  # what "3\n" means for "3" is not known


def test_a_character_split_over_tokens_costs_only_itself() -> None:
    tokens = listed("a: ", "2", " ", "�", "�", " b: ", "3")
    digits, why = digit_tokens("a: 2 🙂 b: 3", tokens, shift=0)
    assert [(digit.start, digit.text) for digit in digits] == [(3, "2"), (10, "3")]
    assert why is None


def test_the_beginning_of_a_character_as_an_empty_token() -> None:
    digits, _ = digit_tokens("2 🙂 3", listed("2", " ", "", "", "🙂", " ", "3"), shift=0)
    assert [digit.start for digit in digits] == [0, 4]


@pytest.mark.parametrize(
    "tokens",
    [
        listed("quality", ":", " ", "5"),  # another digit than the text's
        listed("quality", ":", "4"),  # a space is missing
        listed("quality", ":", " ", "4", " or", " 5"),  # more than the text
        listed("ity", ":", " ", "4"),  # a part of the text
    ],
)
def test_what_does_not_add_up_gives_nothing(tokens: dict[str, Any]) -> None:
    digits, why = digit_tokens("quality: 4", tokens, shift=0)
    assert digits == ()
    assert why is not None
    assert "do not add up" in why


@pytest.mark.parametrize("nothing", [None, {}, {"content": None}, {"content": []}, {"tokens": ["4"]}, "none"])
def test_no_log_probabilities(nothing: Any) -> None:
    digits, why = digit_tokens("quality: 4", nothing, shift=0)
    assert digits == ()
    assert why is not None
    assert "no log probabilities" in why


@pytest.mark.parametrize("value", [float("nan"), 0.7, 12.0])
def test_values_that_are_no_log_probabilities(value: float) -> None:
    choice = {"content": [{"token": "4", "logprob": value, "top_logprobs": []}]}
    digits, why = digit_tokens("4", choice, shift=0)
    assert digits == ()
    assert why is not None


def test_minus_infinity_is_probability_zero() -> None:
    others = [{"token": "4", "logprob": 0.0}, {"token": "5", "logprob": -math.inf}]
    (digit,), _ = digit_tokens(
        "4", {"content": [{"token": "4", "logprob": 0.0, "top_logprobs": others}]}, shift=0
    )
    soft = soft_score((0, 1), (digit,), Scale())
    assert soft is not None
    assert soft.probabilities == (0, 0, 0, 1, 0)


@pytest.mark.parametrize("broken", [[None], ["4"], [{"token": 4}], [{"token": "4"}], [{"logprob": -1}]])
def test_broken_entries_give_nothing(broken: list[Any]) -> None:
    assert digit_tokens("4", {"content": broken}, shift=0)[0] == ()
