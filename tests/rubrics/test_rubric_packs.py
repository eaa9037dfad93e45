"""The bundled packs: what is fixed by the two published systems, and that nothing is missing."""

from itertools import product

import pytest

from reeljudge.rubrics import RUBRICS, Rubric, ask, load_rubric, read_reply

VIDEOSCORE2, GRADEO = load_rubric("videoscore2"), load_rubric("gradeo")

GRADEO_ASPECTS = {
    "quality": ["clarity", "artifacts", "naturalness", "texture and detail"],
    "aesthetic": ["content", "composition", "color", "lighting"],
    "consistency": ["main subject", "background"],
    "alignment": ["object", "count", "color", "style", "spatial", "temporal", "action", "camera"],
    "rationality": ["human common sense"],
    "safety": [
        *("illegality", "harmfulness", "offensiveness", "discrimination", "misinformation", "sensitivity")
    ],
    "creativity": ["diversity", "narrativity", "monotony"],
}
USUAL = ["Poor", "Bad", "Average", "Good", "Perfect"]
GRADEO_LEVELS = {
    **dict.fromkeys(("quality", "aesthetic", "consistency", "alignment", "rationality"), USUAL),
    "safety": ["Severe Risk", "High Risk", "Moderate Risk", "Low Risk", "No Risk"],
    "creativity": [
        "Lack of Creativity",
        "Insufficient Creativity",
        "Average Creativity",
        "Good Creativity",
        "Exceptional Creativity",
    ],
}


def test_the_packs_that_are_bundled() -> None:
    assert RUBRICS == ("videoscore2", "gradeo")
    for name in RUBRICS:
        assert load_rubric(name).name == name
        assert load_rubric(name).scale.values == (1, 2, 3, 4, 5)
        assert load_rubric(name) is load_rubric(name)


def test_videoscore2_has_the_checkpoints_labels() -> None:
    assert VIDEOSCORE2.replies == "joint"
    assert VIDEOSCORE2.names == ("visual_quality", "text_alignment", "physical_consistency")
    labels = [dimension.label for dimension in VIDEOSCORE2.dimensions]
    assert labels == ["visual quality", "text-to-video alignment", "physical/common-sense consistency"]
    assert "think" in VIDEOSCORE2.reasoning_tags
    assert VIDEOSCORE2.stages == ()
    for dimension in VIDEOSCORE2.dimensions:
        names = [level.name for _, level in sorted(dimension.levels.items())]
        assert names == ["Very poor", "Relatively poor", "Medium", "Relatively good", "Very good"]
        # The published rubric has anchors for the ends alone; no level text is made up.
        assert all(level.text == "" for level in dimension.levels.values())
    assert [dimension.inputs for dimension in VIDEOSCORE2.dimensions] == [(), ("prompt",), ()]


def test_gradeo_has_seven_dimensions_from_low_to_high() -> None:
    assert GRADEO.replies == "each"
    assert GRADEO.names == tuple(GRADEO_ASPECTS)
    assert {d.name: list(d.aspects) for d in GRADEO.dimensions} == GRADEO_ASPECTS
    assert [len(d.aspects) for d in GRADEO.dimensions] == [4, 4, 2, 8, 1, 6, 3]
    assert {d.label for d in GRADEO.dimensions} == {"Rating Score"}


def test_gradeo_has_all_thirty_five_level_texts() -> None:
    texts = [d.levels[value].text for d in GRADEO.dimensions for value in range(1, 6)]
    assert len(texts) == len(set(texts)) == 35
    assert all(len(text.split()) >= 5 for text in texts)
    names = {d.name: [d.levels[value].name for value in range(1, 6)] for d in GRADEO.dimensions}
    assert names == GRADEO_LEVELS


def test_gradeo_has_the_stages_of_each_dimension() -> None:
    tags = {d.name: [stage.tag for stage in GRADEO.stages_of(d)] for d in GRADEO.dimensions}
    usual = ["OVERVIEW", "DESCRIPTION", "ANALYSIS", "ASSESSMENT"]
    assert tags.pop("alignment") == ["OVERVIEW", "PROMPT", "ANALYSIS", "ASSESSMENT"]
    assert tags.pop("rationality") == ["OVERVIEW", "REASONING", "ANALYSIS", "ASSESSMENT"]
    assert set(tags) == {"quality", "aesthetic", "consistency", "safety", "creativity"}
    assert all(one == usual for one in tags.values())
    assert GRADEO.answer_stage == "assessment"


def test_gradeo_shows_the_prompt_and_the_theme_where_they_are_inputs() -> None:
    inputs = {d.name: d.inputs for d in GRADEO.dimensions if d.inputs}
    assert inputs == {"alignment": ("prompt",), "rationality": ("prompt", "theme")}


def test_a_question_of_gradeo_holds_its_own_levels_and_no_others() -> None:
    for dimension, question in zip(GRADEO.dimensions, ask(GRADEO, "a cat"), strict=True):
        for other in GRADEO.dimensions:
            for level in other.levels.values():
                assert (level.text in question.text) == (other is dimension)
        for aspect in dimension.aspects:
            assert f"- {aspect}: " in question.text
        places = [question.text.index(f"<{stage.tag}>") for stage in GRADEO.stages_of(dimension)]
        assert places == sorted(places)
        assert "Rating Score: x" in question.text
        assert "{{" not in question.text


def test_the_question_of_videoscore2_asks_in_the_checkpoints_form() -> None:
    (question,) = ask(VIDEOSCORE2, "a cat")
    for number, dimension in enumerate(VIDEOSCORE2.dimensions, 1):
        assert f"({number}) {dimension.label}: N" in question.text
        assert dimension.definition in question.text
    assert "<think>" in question.text
    assert "</think>" in question.text


@pytest.mark.parametrize("rubric", [VIDEOSCORE2, GRADEO], ids=lambda rubric: rubric.name)
def test_no_question_holds_an_answer(rubric: Rubric) -> None:
    for question in ask(rubric, "a cat", "Physical Laws"):
        for asked in (question, None):
            reading = read_reply(question.text, rubric, question.dimension, question=asked)
            assert all(score.status == "unscored" for score in reading.scores.values())
            assert "prompt_echo" in reading.flags


FORMS = {
    "trained": "\n<think>\n{chain}\n</think>\n\n(1) visual quality: {}\n(2) text-to-video alignment: {}\n"
    "(3) physical/common-sense consistency: {}\n",
    "solution": "<answer>visual quality: {}; text-to-video alignment: {}; "
    "physical/common-sense consistency: {}</answer>",
    "prompted": "{chain}\nvisual quality: {};\ntext-to-video alignment: {},\n"
    "physical/common-sense consistency: {}",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_combination_of_scores_reads_back(form: str) -> None:
    chain = "The clip shows 3 dogs. It lasts 5 seconds and has 2 cuts."
    for values in product(range(1, 6), repeat=3):
        reading = read_reply(FORMS[form].format(*values, chain=chain), VIDEOSCORE2)
        assert tuple(score.value for score in reading.scores.values()) == values


def test_every_score_of_every_dimension_reads_back() -> None:
    for dimension in GRADEO.dimensions:
        *thoughts, last = GRADEO.stages_of(dimension)
        for value in range(1, 6):
            for change in (str.upper, str.lower, str.capitalize):
                told = "\n".join(f"<{change(s.tag)}>2 dogs, 4 cats.</{change(s.tag)}>" for s in thoughts)
                tag = change(last.tag)
                reading = read_reply(f"{told}\n<{tag}>Rating Score: {value}</{tag}>", GRADEO, dimension.name)
                assert reading.scores[dimension.name].value == value
                assert reading.flags == ()
                assert list(reading.stages) == [s.name for s in GRADEO.stages_of(dimension)]
