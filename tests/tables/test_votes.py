"""Votes in people's and judges' wordings."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from reeljudge.tables.votes import (
    GENAI_BENCH_HUMAN,
    GENAI_BENCH_JUDGE,
    Vote,
    read_vote,
)

A, B, TIE, GOOD, BAD, UNSURE = Vote.A, Vote.B, Vote.TIE, Vote.BOTH_GOOD, Vote.BOTH_BAD, Vote.UNDECIDED

READ = {
    A: [
        *(
            "leftvote",
            "[[A>B]]",
            "[[a>b]]",
            "[[ A > B ]]",
            "[['A'>'B']]",
            "[[A]]",
            "[[B<A]]",
            "A",
            "a",
            "left",
            "1",
        ),
        *("Video 1 better", "video 1 BETTER", "A is better", "Model A is better", "[[model a is better]]"),
        *("model_a", "Video A", "The first video is better.", "option A wins", "left vote", "A>B", "1.0"),
    ],
    B: [
        *("rightvote", "[[B>A]]", "[[A<B]]", "B", "right", "2", "Video 2 Better", "B is better", "second"),
        *("assistant B", "model_b", "[[Model B is better]]", "The second clip wins!"),
    ],
    TIE: [
        *("tievote", "[[A=B]]", "[[B=A]]", "[[[A]=[B]]]", "[[Tie]]", "tie", "Tied", "A tie", "draw", "both"),
        *("same", "Same", "equal", "Both are the same", "no preference", "neither is better"),
    ],
    GOOD: [
        "[[A=B=Good]]",
        "[[ A=B = Good ]]",
        "[['A'='B'='Good']]",
        "same good",
        "Both are good",
        "tie (good)",
    ],
    BAD: [
        *(
            "bothbad_vote",
            "[[A=B=Bad]]",
            "[[B=A=Bad]]",
            "same bad",
            "both bad",
            "Both are bad.",
            "tie (bothbad)",
        ),
        *("[[A==B==Bad]]", "neither is good"),
    ],
    UNSURE: ["Hard to judge", "hard to tell", "can't tell", "Not sure", "cannot decide", "can’t tell"],
}
UNREAD = [
    *(
        "",
        "   ",
        "[[]]",
        "[[A>]]",
        "[[>B]]",
        "[[A=Tie]]",
        "[[B=Good]]",
        "[[A=A]]",
        "[[A~B]]",
        "[[text_prompt]]",
    ),
    *(
        "[[A>B]] or [[B>A]]",
        "[[A>B]] 2. Model B is better: [[B>A]]",
        "[[A=B=Good]] 6. Both are bad [[A=B=Bad]]",
    ),
    *("[[C>A]]", "[[A=C=Good]]", "A is worse", "Video 3 better", "[[0.1, 0.2]]", "maybe A", "not A"),
    *("0", "-1", "3", "1.5", "-2"),
]


@pytest.mark.parametrize(
    ("vote", "wording"), [(vote, text) for vote, texts in READ.items() for text in texts]
)
def test_read(vote: Vote, wording: str) -> None:
    assert read_vote(wording) is vote


@pytest.mark.parametrize("wording", UNREAD)
def test_not_a_vote(wording: str) -> None:
    assert read_vote(wording) is None


def test_other_types() -> None:
    assert (read_vote(1), read_vote(2), read_vote(1.0)) == (A, B, A)
    assert read_vote(Vote.BOTH_BAD) is BAD
    for value in (None, 0, -1, 3, 1.5, True, False, float("nan"), float("inf"), ["A"], {"vote": "A"}):
        assert read_vote(value) is None, value


def test_every_wording_mirrors() -> None:
    """Swapping the names of the clips in a wording swaps the vote."""
    swaps = str.maketrans({"A": "B", "B": "A", "1": "2", "2": "1", ">": ">", "<": "<"})
    for wording in ("[[A>B]]", "[[B>A]]", "[[A<B]]", "[[A=B]]", "[[A=B=Good]]", "Video 1 better", "A", "2"):
        assert read_vote(wording.translate(swaps)) is read_vote(wording).mirrored


def test_mirroring_twice_changes_nothing() -> None:
    assert all(vote.mirrored.mirrored is vote for vote in Vote)


def test_exact_tables_are_read_alike_by_the_lenient_reader() -> None:
    for wording, vote in (GENAI_BENCH_HUMAN | GENAI_BENCH_JUDGE).items():
        lenient = read_vote(wording)
        assert lenient is vote or {lenient, vote} <= {TIE, GOOD, BAD}


@pytest.mark.corpus
def test_votes_of_public_sets() -> None:
    folder = os.environ.get("REELJUDGE_CORPUS")
    if not folder:
        pytest.skip("needs real labels: set REELJUDGE_CORPUS to a folder that holds labels/")

    def rows(name: str) -> list[dict]:
        return [json.loads(line) for line in (Path(folder) / "labels" / name).read_text("utf-8").splitlines()]

    preferences = Counter(read_vote(row["preference"]) for row in rows("uve_pairs.jsonl"))
    assert preferences == {A: 300, B: 300, BAD: 293, GOOD: 289}
    votes = rows("genai_bench_video_votes.jsonl")
    assert Counter(read_vote(row["human_vote"]) for row in votes) == {A: 146, B: 183, TIE: 68, BAD: 103}
    # Whatever the exact table reads, the lenient reader reads alike; it reads some more, and never a text
    # with two verdicts in it.
    for row in votes:
        for text in filter(None, row["model_vote"].values()):
            exact, lenient = GENAI_BENCH_JUDGE.get(text), read_vote(text)
            assert exact is None or lenient is exact
            assert lenient is None or text.count("[[") <= 1
