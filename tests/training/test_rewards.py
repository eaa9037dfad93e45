"""Rewards: the published table, and that no trick earns anything."""

import pytest

from reeljudge.rubrics import load_rubric
from reeljudge.training.rewards import Reward, accuracy_reward, reply_reward, with_length_bonus

TRUTH = {"visual_quality": 3, "text_alignment": 4, "physical_consistency": 2}
THINK = (
    "<think>\nThe picture has moderate blur. The clip shows a red ball. The ball vanishes twice.\n"
    "</think>\n\n"
)


def answer(v: int = 3, t: int = 4, p: int = 2) -> str:
    return (
        f"(1) visual quality: {v}\n(2) text-to-video alignment: {t}\n"
        f"(3) physical/common-sense consistency: {p}\n"
    )


def reward(text: str, **options: object) -> Reward:
    return reply_reward(text, load_rubric("videoscore2"), TRUTH, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((3, 4, 2), 1.0),
        ((2, 4, 2), 0.7),
        ((3, 5, 2), 0.7),
        ((4, 5, 2), 0.4),
        ((4, 3, 1), 0.1),
        ((5, 4, 2), 0.0),  # one dimension off by two
        ((1, 4, 2), 0.0),
        ((4, 2, 2), 0.0),
    ],
)
def test_accuracy_is_the_published_table(scores: tuple[int, int, int], expected: float) -> None:
    assert accuracy_reward(dict(zip(TRUTH, scores, strict=True)), TRUTH) == expected
    assert reward(THINK + answer(*scores)).accuracy == expected


def test_a_dimension_without_a_score_earns_nothing() -> None:
    assert accuracy_reward({"visual_quality": 3, "text_alignment": 4}, TRUTH) == 0.0


ATTACKS = {
    "empty": "",
    "empty answer": THINK,
    "no thinking": answer(),
    "empty thinking": "<think>\n</think>\n\n" + answer(),
    "two answers that differ": THINK + answer() + "\n" + answer(5, 5, 5),
    "the same answer twice": THINK + answer() + "\n" + answer(),
    "label spam": THINK + "".join(f"(1) visual quality: {n}\n" for n in range(1, 6)) + answer(),
    "labels without end": THINK + answer() + "visual quality: " * 40,
    "answer inside the reasoning": "<think>\nThe picture is clean.\n" + answer() + "</think>\n",
    "answer before the reasoning": answer() + THINK,
    "answer on both sides": answer() + THINK + answer(),
    "reasoning never ends": "<think>\nThe picture has moderate blur here.\n" + answer(),
    "a tail of prose": THINK + answer() + "But then again everything looks fine to me. " * 20,
    "leaked label": THINK.replace("The clip", "The ground truth score is 3. The clip") + answer(),
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_earns_nothing(text: str) -> None:
    found = reward(text, format_weight=0.3)
    assert found == Reward(0.0, 0.0, 0.0)


def test_a_reply_that_was_cut_off_earns_nothing() -> None:
    assert reward(THINK + answer(), finish="stop").total == 1.0
    assert reward(THINK + answer(), finish="length", format_weight=0.3).total == 0.0


def test_the_format_reward_has_its_weight() -> None:
    assert reward(THINK + answer(5, 5, 5), format_weight=0.3) == Reward(0.0, 1.0, 0.3)
    assert reward(THINK + answer(), format_weight=0.3).total == pytest.approx(1.3)


def test_paper_exact_reads_the_published_pattern_anywhere() -> None:
    inside = "<think>\n" + answer() + "</think>\n"
    assert reward(inside, paper_exact=True).accuracy == 1.0
    # The first match counts, so the reasoning's scores win over the answer's.
    assert reward("<think>" + answer() + "</think>" + answer(5, 5, 5), paper_exact=True).accuracy == 1.0
    assert reward(answer(), paper_exact=True, format_weight=0.3) == Reward(1.0, 0.0, 1.0)
    # The published SFT target begins with a line break, which the published format pattern does not allow.
    assert reward("\n" + THINK + answer(), paper_exact=True).format == 0.0
    assert reward(THINK + answer(), paper_exact=True).format == 1.0


def test_staged_replies_are_rewarded_by_their_assessment() -> None:
    rubric = load_rubric("gradeo")
    stages = (
        "<OVERVIEW>First I describe the clip, then I score.</OVERVIEW>\n"
        "<DESCRIPTION>The clip shows one red ball.</DESCRIPTION>\n"
        "<ANALYSIS>The picture has strong blur. So the quality is bad.</ANALYSIS>\n"
    )
    good = stages + "<ASSESSMENT>Rating Score: 2</ASSESSMENT>\n"

    def earned(text: str) -> float:
        return reply_reward(text, rubric, {"quality": 2}, dimension="quality").total

    assert earned(good) == 1.0
    assert earned(good.replace("Score: 2", "Score: 3")) == 0.7
    assert earned("<ASSESSMENT>Rating Score: 2</ASSESSMENT>\n" + stages) == 0.0
    assert earned("<ASSESSMENT>Rating Score: 2</ASSESSMENT>\n") == 0.0
    assert earned(good + "<ASSESSMENT>Rating Score: 4</ASSESSMENT>\n") == 0.0


def test_the_length_bonus_needs_two_accurate_replies_of_the_right_length() -> None:
    good, poor = Reward(1.0, 1.0, 1.0), Reward(0.1, 1.0, 0.1)
    assert with_length_bonus([good, good, poor], [320, 512, 400], 0.2, (320, 512)) == [1.2, 1.2, 0.1]
    assert with_length_bonus([good, good, poor], [319, 513, 400], 0.2, (320, 512)) == [1.0, 1.0, 0.1]
    assert with_length_bonus([good, poor, poor], [400, 400, 400], 0.2, (320, 512)) == [1.0, 0.1, 0.1]
    assert with_length_bonus([good, good, poor], [400, 400, 400], 0.0, (320, 512)) == [1.0, 1.0, 0.1]
