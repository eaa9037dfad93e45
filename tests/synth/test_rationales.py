"""Rationales are true, short, and of few words; what is changed in them is found out."""

import re
from functools import cache

import pytest

from reeljudge.synth import SynthClip, check_rationale, pooled, reply_for, sample_clip, vocabulary
from reeljudge.synth.facts import Fact, stated_facts
from reeljudge.synth.phrases import PLURAL, words_of
from reeljudge.synth.replies import RUBRICS
from reeljudge.synth.world import COLOURS, OBJECTS


@cache
def clips() -> tuple[SynthClip, ...]:
    return tuple(sample_clip(8, index, split) for index in range(150) for split in ("train", "test"))


def replies(clip: SynthClip) -> list[tuple[str | None, str]]:
    row = clip.row()
    joint = [(None, reply_for(row, "videoscore2"))]
    return joint + [(name, reply_for(row, "gradeo", name)) for name in RUBRICS["gradeo"]]


def test_true_rationales_are_true_and_name_every_flaw() -> None:
    for clip in clips():
        for dimension, reply in replies(clip):
            result = check_rationale(reply, clip.facts, dimension)
            assert result.share_true == 1.0, (reply, [fact for fact, true in result.stated if not true])
            assert result.share_named in (1.0, None), (reply, result.flaws)
        joint = check_rationale(reply_for(clip.row(), "videoscore2"), clip.facts)
        assert len(joint.flaws) == len(clip.facts["flaws"])


def test_each_text_of_videoscore2_is_true_by_itself() -> None:
    for clip in clips()[:100]:
        for dimension, text in clip.rationales["videoscore2"].items():
            result = check_rationale(text, clip.facts, dimension)
            assert result.share_true == 1.0
            assert result.share_named in (1.0, None)


def test_the_rationale_of_another_clip_is_found_out() -> None:
    results = [
        check_rationale(reply_for(other.row(), "videoscore2"), clip.facts)
        for clip, other in zip(clips(), clips()[8:], strict=False)
    ]
    share = pooled(results)
    assert share["share_true"] < 0.35
    assert share["share_named"] < 0.5


@pytest.mark.parametrize(
    "words", [OBJECTS, tuple(PLURAL.values()), tuple(COLOURS), ("one", "two", "three"), ("small", "large")]
)
def test_one_wrong_word_is_one_wrong_fact_or_more(words: tuple[str, ...]) -> None:
    tried = 0
    for clip in clips():
        text = clip.rationales["gradeo"]["quality"]["description"]
        found = next((word for word in words if re.search(rf"\b{word}\b", text)), None)
        if found is None:
            continue
        other = words[(words.index(found) + 1) % len(words)]
        result = check_rationale(re.sub(rf"\b{found}\b", other, text), clip.facts, "quality")
        wrong = [fact for fact, true in result.stated if not true]
        assert len(wrong) == 1, text
        tried += 1
    assert tried > 100


def test_a_wrong_level_is_a_false_fact_and_a_missing_sentence_an_unnamed_flaw() -> None:
    clip = next(c for c in clips() if c.visual and c.visual.level == 3 and c.alignment and c.physical)
    text = reply_for(clip.row(), "videoscore2")
    stronger = check_rationale(text.replace("strong", "severe"), clip.facts)
    assert [fact.topic for fact, true in stronger.stated if not true] == ["flaw"]
    assert stronger.share_named == 1.0  # the flaw is named, with a wrong level
    parts = clip.rationales["videoscore2"]
    without = check_rationale(parts["text_alignment"] + parts["physical_consistency"], clip.facts)
    assert without.share_true == 1.0
    assert [flaw for flaw, named in without.flaws if not named] == [("visual_quality", clip.visual.kind)]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("The picture has strong blur.", {("flaw", ("blur", 3))}),
        ("There is moderate pixelation.", {("flaw", ("low_resolution", 2))}),
        ("There is noise.", {("flaw", ("noise", None))}),
        ("The picture is clean and sharp.", {("none", "visual_quality")}),
        (
            "The clip shows two small red balls first moving up, then staying still on a striped background.",
            {
                ("count", 2),
                ("size", "small"),
                ("colour", "red"),
                ("object", "ball"),
                ("motions", ("up", "stay")),
                ("background", "striped"),
            },
        ),
        ("I see an empty cloudy background.", {("count", 0), ("background", "cloudy")}),
        ("The colour should be red.", {("wrong", ("colour", "red"))}),
        ("The motion asked for is falling.", {("wrong", ("motion", ("fall",)))}),
        ("The count should be three.", {("wrong", ("count", 3))}),
        ("The object asked for is an hourglass.", {("wrong", ("object", "hourglass"))}),
        ("The order of events is swapped.", {("wrong", ("order", None))}),
        ("The object asked for is missing.", {("wrong", ("missing", None))}),
        ("This costs three points.", {("points", 3)}),
        ("Everything matches the prompt.", {("none", "text_alignment")}),
        ("The moons change colour twice without cause.", {("object", "moon"), ("flaw", ("recolour", 2))}),
        ("The ball hangs in the air for a while.", {("object", "ball"), ("flaw", ("hang", 2))}),
        ("Nothing impossible happens.", {("none", "physical_consistency")}),
        ("Each thing keeps its shape and colour.", {("none", "identity")}),
        ("There are two warning signs.", {("signs", 2)}),
        ("There is no object.", {("objects", 0)}),
        ("No aspects please.", {("aspects", 0)}),
        ("The background is plain.", {("lively_background", False)}),
        ("The subject is not large.", {("large_subject", False)}),
        ("The colours do not contrast.", {("contrast", False)}),
        (
            "The theme is gravity. I expect one red ball falling, and things keep what they are.",
            {
                ("theme", "gravity"),
                ("asked count", 1),
                ("asked colour", "red"),
                ("asked object", "ball"),
                ("asked motions", ("fall",)),
            },
        ),
        ("So the quality is bad. First I describe the clip, then I score.", set()),
        ("(1) visual quality: 4\n<ASSESSMENT>Rating Score: 3</ASSESSMENT>", set()),
        ("Colourless green ideas sleep furiously.", {("colour", "green")}),
        ("", set()),
    ],
)
def test_what_a_sentence_states(text: str, facts: set[tuple[str, object]]) -> None:
    assert set(stated_facts(text)) == {Fact(*fact) for fact in facts}


def test_a_claim_that_nothing_is_wrong_is_false_where_something_is() -> None:
    flawed = next(c for c in clips() if c.visual and c.alignment and c.physical)
    text = "The picture is clean. Everything matches the prompt. Nothing impossible happens."
    result = check_rationale(text, flawed.facts)
    assert (result.share_true, result.share_named) == (0.0, 0.0)


def test_where_nothing_is_stated_there_is_no_share() -> None:
    clean = next(c for c in clips() if not c.facts["flaws"])
    result = check_rationale("Hm.", clean.facts)
    assert result.share_true is None
    assert result.share_named is None
    assert pooled([result]) == {
        "stated": 0,
        "true": 0,
        "share_true": None,
        "flaws": 0,
        "named": 0,
        "share_named": None,
    }


def test_few_words_and_plain_ones() -> None:
    known = vocabulary()
    assert len(known) < 350
    for clip in clips():
        texts = [clip.prompt, clip.theme, *clip.rationales["videoscore2"].values()]
        texts += [text for stages in clip.rationales["gradeo"].values() for text in stages.values()]
        joined = " ".join(texts)
        assert joined.isascii()
        assert set(words_of(joined)) <= known
        assert 12 <= len(words_of(" ".join(clip.rationales["videoscore2"].values()))) <= 60


def test_wording_varies_and_is_the_clips_own() -> None:
    clean = {clip.rationales["videoscore2"]["visual_quality"] for clip in clips() if clip.visual is None}
    assert len(clean) == 3
    assert sample_clip(8, 3).rationales == sample_clip(8, 3).rationales
