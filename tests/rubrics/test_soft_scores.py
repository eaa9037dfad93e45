"""Soft scores against values worked out by hand, and their place in a reply."""

import math
import re

import pytest

from reeljudge.rubrics import (
    Scale,
    SoftScore,
    load_rubric,
    read_reply,
    soft_score,
    upstream_soft_score,
)
from reeljudge.verdicts import DigitToken

FIVE = Scale(min=1, max=5)


def logits(probabilities: dict[str, float], shift: float = 0.0) -> dict[str, float]:
    """Raw logits that give these probabilities, whatever is added to all of them."""
    return {text: math.log(p) + shift for text, p in probabilities.items()}


def token(
    start: int, text: str, probabilities: dict[str, float], shift: float = 0.0, seen: float = 1.0
) -> DigitToken:
    alternatives = logits(probabilities, shift)
    return DigitToken(start=start, end=start + len(text), text=text, alternatives=alternatives, seen=seen)


def test_the_expected_score_is_an_expectation() -> None:
    # 1 x 0.05 + 2 x 0.05 + 3 x 0.2 + 4 x 0.6 + 5 x 0.1 = 3.65
    digit = token(10, "4", {"1": 0.05, "2": 0.05, "3": 0.2, "4": 0.6, "5": 0.1})
    soft = soft_score((10, 11), [digit], FIVE)
    assert soft is not None
    assert soft.probabilities == pytest.approx((0.05, 0.05, 0.2, 0.6, 0.1))
    assert soft.expected == pytest.approx(3.65)
    assert soft.confidence(4) == pytest.approx(0.6)
    assert soft.coverage == 1.0


@pytest.mark.parametrize("shift", [-300.0, -5.0, 0.0, 12.5, 900.0])
def test_only_differences_of_logits_count(shift: float) -> None:
    digit = token(0, "5", {"1": 0.1, "5": 0.5, "3": 0.2}, shift)
    soft = soft_score((0, 1), [digit], FIVE)
    assert soft is not None
    # normalised over the digits: 0.1, 0.2 and 0.5 of 0.8
    assert soft.probabilities == pytest.approx((0.125, 0.0, 0.25, 0.0, 0.625))
    assert soft.expected == pytest.approx(0.125 + 0.75 + 3.125)


def test_the_published_formula_is_the_top_digit_times_its_share() -> None:
    assert upstream_soft_score((0.1, 0.1, 0.1, 0.2, 0.5), FIVE) == pytest.approx(2.5)
    assert upstream_soft_score((0.1, 0.1, 0.1, 0.2, 0.5), FIVE) != pytest.approx(3.9)  # the expectation
    # Probabilities that do not sum to 1 are normalised: 0.4 of 0.5.
    assert upstream_soft_score((0.0, 0.0, 0.4, 0.1, 0.0), FIVE) == pytest.approx(3 * 0.8)
    # The first of equally likely values counts.
    assert upstream_soft_score((0.0, 0.5, 0.0, 0.5, 0.0), FIVE) == pytest.approx(1.0)


def test_stored_values_of_the_published_formula_are_plausible() -> None:
    """Values like 3.99995 are what a digit at p = 0.9999875 gives; the expectation is then 4 as well."""
    spread = (1e-7, 2e-7, 9.6e-6, 0.9999875, 2.6e-6)
    assert upstream_soft_score(spread, FIVE) == pytest.approx(3.99995, abs=1e-6)
    digit = token(0, "4", dict(zip("12345", spread, strict=True)))
    soft = soft_score((0, 1), [digit], FIVE)
    assert soft is not None
    assert soft.expected == pytest.approx(4.0, abs=2e-5)


def test_the_published_formula_needs_some_probability() -> None:
    with pytest.raises(ValueError, match="sum to 0"):
        upstream_soft_score((0.0, 0.0, 0.0, 0.0, 0.0), FIVE)


@pytest.mark.parametrize(("before", "after"), [(" ", ""), ("", ";"), (" ", "/"), ("(", ")"), (": ", "\n")])
def test_a_token_that_carries_neighbours_is_compared_with_its_like(before: str, after: str) -> None:
    spread = {
        f"{before}{digit}{after}": p for digit, p in zip("12345", (0.1, 0.1, 0.1, 0.3, 0.4), strict=True)
    }
    strangers = {"1": 0.9, "5.": 0.9, "x4": 0.9} if before + after else {}
    digit = token(20, f"{before}4{after}", {**spread, **strangers})
    soft = soft_score((20 + len(before), 21 + len(before)), [digit], FIVE)
    assert soft is not None
    assert soft.probabilities == pytest.approx((0.1, 0.1, 0.1, 0.3, 0.4))
    assert soft.expected == pytest.approx(0.1 + 0.2 + 0.3 + 1.2 + 2.0)


def test_a_full_width_digit_is_compared_with_full_width_digits() -> None:
    digit = token(3, "４", {"３": 0.25, "４": 0.75, "4": 0.5})
    soft = soft_score((3, 4), [digit], FIVE)
    assert soft is not None
    assert soft.expected == pytest.approx(3.75)


def test_digits_that_a_server_did_not_show_count_as_nothing_and_coverage_says_so() -> None:
    digit = token(0, "4", {"4": 0.7, "3": 0.1}, seen=0.85)
    soft = soft_score((0, 1), [digit], FIVE)
    assert soft is not None
    assert soft.probabilities == pytest.approx((0.0, 0.0, 0.125, 0.875, 0.0))
    assert soft.expected == pytest.approx(3.875)
    assert soft.coverage == 0.85


def test_a_value_that_is_impossible_has_probability_nought() -> None:
    digit = DigitToken(start=0, end=1, text="4", alternatives={"4": 1.0, "5": -math.inf, "3": math.nan})
    soft = soft_score((0, 1), [digit], FIVE)
    assert soft is not None
    assert soft.probabilities == (0.0, 0.0, 0.0, 1.0, 0.0)
    assert soft.expected == 4.0


@pytest.mark.parametrize("alternatives", [{}, {"x": 1.0}, {"4": -math.inf}, {"4": math.nan}, {"9": 1.0}])
def test_without_any_shown_value_there_is_no_soft_score(alternatives: dict[str, float]) -> None:
    digit = DigitToken(start=0, end=1, text="4", alternatives=alternatives)
    assert soft_score((0, 1), [digit], FIVE) is None


def test_what_cannot_be_located_has_no_soft_score() -> None:
    digit = token(10, "4", {"4": 0.9, "3": 0.1})
    assert soft_score((10, 11), [], FIVE) is None
    assert soft_score((11, 12), [digit], FIVE) is None  # no token there
    assert soft_score((10, 12), [digit], FIVE) is None  # two digits
    wrong = DigitToken(start=10, end=13, text="4", alternatives={"4": 1.0})
    assert soft_score((10, 11), [wrong], FIVE) is None  # text and offsets disagree
    other = token(10, " 4", {" 4": 1.0})
    assert soft_score((10, 11), [other], FIVE) is None  # the character there is no digit


def test_a_scale_from_nought_to_nine_has_soft_scores() -> None:
    scale = Scale(min=0, max=9)
    digit = token(0, "0", {"0": 0.5, "9": 0.5})
    soft = soft_score((0, 1), [digit], scale)
    assert soft is not None
    assert len(soft.probabilities) == 10
    assert soft.expected == pytest.approx(4.5)
    assert soft.confidence(0) == soft.confidence(9) == pytest.approx(0.5)
    assert upstream_soft_score(soft.probabilities, scale) == 0.0  # nought times its share


@pytest.mark.parametrize("scale", [Scale(min=1, max=10), Scale(min=-2, max=2), Scale(min=8, max=12)])
def test_where_a_value_is_no_single_digit_there_are_no_soft_scores(scale: Scale) -> None:
    digit = token(0, "1", {"1": 0.9, "2": 0.1})
    assert soft_score((0, 1), [digit], scale) is None


def test_an_expected_score_stays_within_its_scale() -> None:
    for spread in ((1.0, 1e-9, 1e-9, 1e-9, 1e-9), (1e-9, 1e-9, 1e-9, 1e-9, 1.0), (0.2,) * 5):
        digit = token(0, "3", dict(zip("12345", spread, strict=True)))
        soft = soft_score((0, 1), [digit], FIVE)
        assert soft is not None
        assert 1.0 <= soft.expected <= 5.0
        assert sum(soft.probabilities) == pytest.approx(1.0)
        weighted = sum(value * p for value, p in zip(FIVE.values, spread, strict=True)) / sum(spread)
        assert soft.expected == pytest.approx(weighted)


REPLY = (
    "<think>\nmulti-dimensional analysis:\nDim-1 (visual quality: the boats are stretched), Dim-2, Dim-3.\n"
    "Visual quality: 1 frame is lost. 10 boats.\n</think>\n\n"
    "(1) visual quality: 3\n(2) text-to-video alignment: 4\n(3) physical/common-sense consistency: 4\n"
)


def digits_of(text: str) -> list[DigitToken]:
    """One token per digit, sure of itself (p = 0.99998, the rest shared out)."""
    return [
        token(match.start(), match.group(), {d: 0.99998 if d == match.group() else 5e-6 for d in "12345"})
        for match in re.finditer(r"\d", text)
    ]


def test_soft_scores_stand_at_the_final_answer_and_not_in_the_chain() -> None:
    """A published locator takes the first label and the next digit: the 1 of "Dim-1" became a score."""
    rubric = load_rubric("videoscore2")
    reading = read_reply(REPLY, rubric)
    digits = digits_of(REPLY)
    expected: dict[str, SoftScore] = {}
    for name, score in reading.scores.items():
        assert score.span is not None
        soft = soft_score(score.span, digits, rubric.scale)
        assert soft is not None
        expected[name] = soft
    assert [round(soft.expected) for soft in expected.values()] == [3, 4, 4]
    upstream = [upstream_soft_score(soft.probabilities, rubric.scale) for soft in expected.values()]
    assert upstream == pytest.approx([3 * 0.99998, 4 * 0.99998, 4 * 0.99998], rel=1e-6)
    # What the published locator finds in this reply:
    first_label = REPLY.lower().index("visual quality:")
    first_digit = re.compile(r"\d").search(REPLY, first_label)
    assert first_digit is not None
    misled = soft_score(first_digit.span(), digits, rubric.scale)
    assert misled is not None
    assert upstream_soft_score(misled.probabilities, rubric.scale) < 3


@pytest.mark.parametrize(
    "form",
    [
        "visual quality: {}; text-to-video alignment: {}, physical/common-sense consistency: {}",
        "(1) visual quality: {}/5\n(2) text-to-video alignment: {}.0\n"
        "(3) physical/common-sense consistency: **{}**",
        "\ufeff(1) vis\u00adual quality: {}\n(2) text‑to‑video\u200b alignment：{}\n"
        "(3) physical consistency → {}",
        "e\u0301 è\u0300 visual quality: {}\ntext-to-video alignment: {}\n"
        "physical/common-sense consistency: {}\ufe0f\u20e3",
    ],
)
def test_spans_lead_to_the_tokens_of_the_reply_as_it_was_written(form: str) -> None:
    rubric = load_rubric("videoscore2")
    text = "<think>1 2 3 4 5</think>\n" + form.format(2, 3, 5)
    reading = read_reply(text, rubric)
    digits = digits_of(text)
    softs = [
        soft_score(score.span, digits, rubric.scale) if score.span else None
        for score in reading.scores.values()
    ]
    assert [soft and round(soft.expected) for soft in softs] == [2, 3, 5]


def placed(text: str, spread_at: dict[int, dict[str, float]]) -> list[DigitToken]:
    """One token per digit: with the spread given for its place, else sure of itself."""
    sure = digits_of(text)
    return [
        token(one.start, one.text, spread_at[one.start]) if one.start in spread_at else one for one in sure
    ]


def test_the_same_digit_earlier_in_the_reply_is_not_looked_at() -> None:
    """A 4 stands in the chain, a draft, other stages and a list mark; only the answer's counts."""
    rubric = load_rubric("gradeo")
    text = (
        "<think>4 dogs. Rating Score: 4 of 5 at first.</think>\n<OVERVIEW>4</OVERVIEW>"
        "<DESCRIPTION>4 of 4</DESCRIPTION><ANALYSIS>Rating Score: 4</ANALYSIS>"
        "<ASSESSMENT>4. Rating Score: 4/5 (4 dogs)</ASSESSMENT>"
    )
    place = text.index("4/5")
    spread = {"3": 0.25, "4": 0.5, "5": 0.25}
    reading = read_reply(text, rubric, "quality")
    span = reading.scores["quality"].span
    assert span == (place, place + 1)
    soft = soft_score(span, placed(text, {place: spread}), rubric.scale)
    assert soft is not None
    assert soft.probabilities == pytest.approx((0.0, 0.0, 0.25, 0.5, 0.25))


def test_of_two_equal_answers_the_last_is_looked_at() -> None:
    rubric = load_rubric("videoscore2")
    block = "visual quality: 4\ntext-to-video alignment: 3\nphysical/common-sense consistency: 2\n"
    text = f"<think>ok</think>\n{block}\nSo, finally:\n{block}"
    last = text.rindex("quality: 4") + len("quality: ")
    span = read_reply(text, rubric).scores["visual_quality"].span
    assert span == (last, last + 1)
    soft = soft_score(span, placed(text, {last: {"4": 0.75, "5": 0.25}}), rubric.scale)
    assert soft is not None
    assert soft.expected == pytest.approx(4.25)


def test_a_withdrawn_answer_has_no_soft_score() -> None:
    rubric = load_rubric("videoscore2")
    text = (
        "<think>ok</think>\nvisual quality: 4. Actually, 3.\ntext-to-video alignment: 3\n"
        "physical/common-sense consistency: 2\n"
    )
    scores = read_reply(text, rubric).scores
    assert [score.span is None for score in scores.values()] == [True, False, False]


def test_a_token_of_several_digits_is_compared_in_its_own_place() -> None:
    """ "4/5" as one token: its rivals are "1/5" to "5/5", whatever stands at the 5."""
    digit = token(8, "4/5", {"3/5": 0.25, "4/5": 0.5, "5/5": 0.25, "4/4": 0.9})
    soft = soft_score((8, 9), [digit], FIVE)
    assert soft is not None
    assert soft.expected == pytest.approx(4.0)


def test_alternatives_without_what_was_written_are_of_another_step() -> None:
    digit = token(0, "4", {"1": 0.6, "2": 0.4})
    assert soft_score((0, 1), [digit], FIVE) is None


def test_a_digit_alone_among_the_shown_is_no_certainty() -> None:
    """A server's top five may be "4", " four", "4.", "A", "good": one digit of the scale."""
    digit = token(0, "4", {"4": 0.3, "4.": 0.1}, seen=0.7)
    soft = soft_score((0, 1), [digit], FIVE)
    assert soft is not None
    assert soft.probabilities == (0.0, 0.0, 0.0, 1.0, 0.0)
    assert soft.coverage == 0.7


def test_a_value_with_a_leading_nought_has_no_single_digit() -> None:
    rubric = load_rubric("gradeo")
    score = read_reply("Rating Score: 04", rubric, "quality").scores["quality"]
    assert (score.value, score.span) == (4, (14, 16))
    assert soft_score((14, 16), digits_of("Rating Score: 04"), rubric.scale) is None
