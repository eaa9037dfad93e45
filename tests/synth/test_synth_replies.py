"""A reply holds exactly the true scores, and the reader finds them without a complaint."""

import pytest

from reeljudge.errors import UsageError
from reeljudge.rubrics import load_rubric, read_reply
from reeljudge.synth import reply_for, sample_clip, training_rows
from reeljudge.synth.replies import LABELS, RUBRICS

ROWS = [sample_clip(6, index, "test").row() for index in range(120)]


def test_dimensions_and_labels_are_those_of_the_packs() -> None:
    assert {name: load_rubric(name).names for name in RUBRICS} == RUBRICS
    pack = load_rubric("videoscore2")
    assert {name: pack.dimension(name).label for name in pack.names} == LABELS
    gradeo = load_rubric("gradeo")
    stages = {
        name: [stage.name for stage in gradeo.stages_of(gradeo.dimension(name))] for name in gradeo.names
    }
    written = {name: [*parts, "assessment"] for name, parts in ROWS[0]["rationales"]["gradeo"].items()}
    assert written == stages


def test_the_joint_reply_is_exact() -> None:
    row = ROWS[0]
    think = " ".join(row["rationales"]["videoscore2"].values())
    human = row["human"]
    assert reply_for(row, "videoscore2") == (
        f"<think>\n{think}\n</think>\n\n"
        f"(1) visual quality: {human['visual_quality']}\n"
        f"(2) text-to-video alignment: {human['text_alignment']}\n"
        f"(3) physical/common-sense consistency: {human['physical_consistency']}\n"
    )
    assert reply_for(row, "videoscore2", reasoning=False).startswith("(1) visual quality: ")


def test_the_reader_reads_the_true_scores_back() -> None:
    joint, each = load_rubric("videoscore2"), load_rubric("gradeo")
    for row in ROWS:
        reading = read_reply(reply_for(row, "videoscore2"), joint)
        assert {name: score.value for name, score in reading.scores.items()} == {
            name: row["human"][name] for name in joint.names
        }
        assert reading.flags == ()
        for name in each.names:
            reading = read_reply(reply_for(row, "gradeo", name), each, name)
            assert reading.scores[name].value == row["human"][name]
            assert reading.flags == ()
            assert {**row["rationales"]["gradeo"][name]}.items() <= dict(reading.stages).items()


def test_stages_can_be_left_out() -> None:
    row = ROWS[0]
    score = row["human"]["quality"]
    assert (
        reply_for(row, "gradeo", "quality", stages=()) == f"<ASSESSMENT>Rating Score: {score}</ASSESSMENT>\n"
    )
    some = reply_for(row, "gradeo", "quality", stages=("description",))
    assert some.startswith("<DESCRIPTION>")
    assert "<OVERVIEW>" not in some


def test_training_rows_are_as_agreed() -> None:
    row = ROWS[3]
    (joint,) = training_rows(row, "videoscore2")
    assert joint["dimension"] is None
    assert joint["scores"] == {name: row["human"][name] for name in RUBRICS["videoscore2"]}
    assert joint["reply"] == reply_for(row, "videoscore2")
    each = training_rows(row, "gradeo")
    assert [part["dimension"] for part in each] == list(RUBRICS["gradeo"])
    for part in [joint, *each]:
        assert {
            "id",
            "video",
            "prompt",
            "theme",
            "rubric",
            "dimension",
            "scores",
            "reply",
            "group",
            "split",
            "source",
        } <= set(part)
        assert ("stages" in part) != ("rationale" in part)
    assert len({part["id"] for part in [joint, *each]}) == 8


def test_wrong_names_are_refused() -> None:
    with pytest.raises(UsageError, match="no true scores under rubric"):
        reply_for(ROWS[0], "mine")
    with pytest.raises(UsageError, match="name none"):
        reply_for(ROWS[0], "videoscore2", "visual_quality")
    with pytest.raises(UsageError, match="Did you mean 'quality'"):
        reply_for(ROWS[0], "gradeo", "qualty")
