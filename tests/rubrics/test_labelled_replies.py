"""The reader against replies that were labelled by hand from its specification."""

import pytest
from labelled import REASONS, Labelled, labelled_replies

from reeljudge.rubrics import read_reply

REPLIES = labelled_replies()


@pytest.mark.parametrize("reply", REPLIES, ids=[reply.name for reply in REPLIES])
def test_a_reply_is_read_as_a_careful_person_reads_it(reply: Labelled) -> None:
    reading = read_reply(reply.text, reply.rubric, reply.dimension, reply.finish, reply.question)
    read = {
        name: score.value if score.status == "scored" else score.reason
        for name, score in reading.scores.items()
    }
    wanted = {
        name: read.get(name) if value == "unscored" and read.get(name) in REASONS else value
        for name, value in reply.expect.items()
    }
    assert read == wanted, reply.note
    if reply.flags is not None:
        assert set(reading.flags) == reply.flags, reply.note
    if reply.rationale is not None:
        assert (reading.rationale is not None) == reply.rationale, reply.note
    if reply.stages is not None:
        assert reply.stages <= set(reading.stages), reply.note


def test_there_are_enough_labels_of_every_kind() -> None:
    assert len(REPLIES) >= 1000
    assert len([reply for reply in REPLIES if len(reply.text.split()) >= 300]) >= 40
    reasons = [value for reply in REPLIES for value in reply.expect.values() if isinstance(value, str)]
    assert {*REASONS} <= set(reasons)
    flags = [flag for reply in REPLIES for flag in reply.flags or ()]
    wanted = {"missing_stage", "premature_score", "contradiction", "leaked_label", "prompt_echo"}
    assert wanted <= set(flags)
    assert {"videoscore2", "gradeo", "nine", "ten", "one", "zh", "de", "nested", "signed"} == {
        reply.rubric.name for reply in REPLIES
    }
