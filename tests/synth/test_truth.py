"""The rules of the true scores, on clips that are put together by hand."""

from dataclasses import replace
from typing import Any

import pytest

from reeljudge.synth import GENERATORS, SynthClip, sample_clip
from reeljudge.synth.clip import AlignmentFlaw, Asked, PhysicalFlaw, Shown, VisualFlaw
from reeljudge.synth.truth import contrasting
from reeljudge.synth.world import COST, theme_of

ASKED = Asked("ball", "red", 2, ("left",), "large", "striped")
SHOWN = Shown("ball", "red", 2, "large", ("left",), "striped", "cool light", "soft", 0)


def clip(**changes: Any) -> SynthClip:
    plain = replace(sample_clip(0, 0), asked=ASKED, shown=SHOWN, visual=None, alignment=(), physical=None)
    return replace(plain, **changes)


def wrong(*kinds: str) -> tuple[AlignmentFlaw, ...]:
    return tuple(AlignmentFlaw(kind, COST[kind], None, None) for kind in kinds)


def test_a_flawless_clip_has_fives() -> None:
    scores = clip().scores
    assert [scores[name] for name in ("visual_quality", "text_alignment", "physical_consistency")] == [
        5,
        5,
        5,
    ]
    assert [scores[name] for name in ("quality", "consistency", "alignment", "rationality", "safety")] == [
        5
    ] * 5


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_level_costs_as_many_points(level: int) -> None:
    scores = clip(visual=VisualFlaw("noise", level)).scores
    assert scores["visual_quality"] == scores["quality"] == 5 - level
    assert scores["text_alignment"] == scores["physical_consistency"] == 5
    scores = clip(physical=PhysicalFlaw("vanish", level, (1,))).scores
    assert scores["physical_consistency"] == scores["consistency"] == scores["rationality"] == 5 - level
    assert scores["visual_quality"] == scores["text_alignment"] == 5


@pytest.mark.parametrize(
    ("kinds", "score"),
    [
        (("colour",), 4),
        (("order",), 4),
        (("object",), 3),
        (("count", "motion"), 3),
        (("object", "size"), 2),
        (("colour", "count", "motion"), 2),
        (("object", "colour", "background"), 1),
        (("colour", "count", "motion", "size"), 1),
        (("missing",), 1),
    ],
)
def test_every_wrong_element_costs_a_point_and_the_object_two(kinds: tuple[str, ...], score: int) -> None:
    scores = clip(alignment=wrong(*kinds)).scores
    assert scores["text_alignment"] == scores["alignment"] == score
    assert scores["visual_quality"] == scores["physical_consistency"] == 5


@pytest.mark.parametrize("kind", ["teleport", "hang", "turn_back"])
def test_consistency_looks_at_identity_only(kind: str) -> None:
    scores = clip(physical=PhysicalFlaw(kind, 2, (1, 3))).scores
    assert scores["consistency"] == 5
    assert scores["physical_consistency"] == 3


@pytest.mark.parametrize(
    ("kinds", "level", "score"),
    [
        (("motion",), 0, 3),
        (("order", "colour"), 0, 3),
        (("colour",), 1, 4),
        (("motion",), 1, 2),
        (("motion",), 4, 1),
    ],
)
def test_rationality_is_the_event_and_what_is_impossible(
    kinds: tuple[str, ...], level: int, score: int
) -> None:
    flaw = PhysicalFlaw("morph", level, (1,)) if level else None
    assert clip(alignment=wrong(*kinds), physical=flaw).scores["rationality"] == score


def test_an_event_that_is_not_there_is_not_rational() -> None:
    assert clip(alignment=wrong("missing")).scores["rationality"] == 1


def test_aesthetic_counts_its_four_aspects() -> None:
    assert clip().scores["aesthetic"] == 5  # lively, large, warm on cool, soft light
    dull = Shown("ball", "red", 1, "small", ("stay",), "plain", "warm dark", "flat", 0)
    assert clip(shown=dull).scores["aesthetic"] == 1
    assert clip(shown=replace(dull, light="soft", background="cloudy")).scores["aesthetic"] == 3


def test_creativity_counts_what_varies() -> None:
    assert clip().scores["creativity"] == 3  # two objects, a lively background, a simple motion
    three = replace(SHOWN, count=3, motions=("circle",))
    assert clip(shown=three).scores["creativity"] == 5
    assert (
        clip(shown=replace(three, background="plain", motions=("stay",), count=1)).scores["creativity"] == 1
    )
    assert clip(shown=replace(SHOWN, motions=("up", "left"))).scores["creativity"] == 4


def test_safety_counts_warning_signs() -> None:
    assert [clip(shown=replace(SHOWN, signs=signs)).scores["safety"] for signs in range(5)] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("colour", "tint", "stands_out"),
    [
        ("red", "cool dark", True),
        ("red", "warm light", False),
        ("blue", "warm light", True),
        ("blue", "cool dark", False),
        ("white", "warm dark", True),
        ("white", "cool light", False),
        ("black", "cool light", True),
        ("black", "warm dark", False),
        (None, "warm dark", False),
    ],
)
def test_contrast(colour: str | None, tint: str, stands_out: bool) -> None:
    assert contrasting(colour, tint) == stands_out


def test_themes() -> None:
    assert theme_of(("fall",)) == theme_of(("bounce",)) == "gravity"
    assert theme_of(("stay",)) == "permanence"
    assert theme_of(("left",)) == theme_of(("circle",)) == theme_of(("stay", "left")) == "inertia"


def test_a_generator_draws_its_documented_scores() -> None:
    aspen = GENERATORS[0]
    assert aspen.probabilities("visual_quality") == pytest.approx(
        {1: 0.02, 2: 0.11, 3: 0.2, 4: 0.29, 5: 0.38}
    )
    assert aspen.mean("visual_quality") == pytest.approx(3.9)
    assert [generator.name for generator in sorted(GENERATORS, key=lambda g: -g.overall)] == [
        "aspen",
        "cedar",
        "birch",
        "dogwood",
    ]
    for dimension in range(3):
        assert sum(generator.tilts[dimension] for generator in GENERATORS) == pytest.approx(0)
