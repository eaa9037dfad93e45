"""The store: what was rated is there, once, as written; nothing is overwritten unseen or half written."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError
from sqlalchemy import Column, ForeignKey, Integer, Table, Text, event, select

from reeljudge.ratings import (
    ClipChanged,
    DuplicateRating,
    RatedClip,
    RatedRubric,
    Rating,
    RatingRefused,
    RatingStore,
    ScaleMismatch,
    UnknownClip,
    open_store,
)
from reeljudge.ratings.putting import Putting, Unit

Rate = Callable[..., Rating]

ODD = "  ‮ 视觉质量 'quoted' \"%s\" -- ; é é 🎬\n\tend "
"""Right-to-left marks, Chinese, quotes, percent signs, composed and decomposed letters, emoji, blanks."""


def test_what_is_put_comes_back_as_written(store: RatingStore, clips: list[RatedClip], rate: Rate) -> None:
    store.add_clips(clips)
    rating = rate(0, 4, rater=ODD, rationale=ODD, seconds=12.25, at="2025-04-20T20:45:59.251+08:00")
    assert store.put(rating) == "new"
    (found,) = store.ratings()
    assert found == rating.model_copy(update={"model": "g"})
    assert found.at == "2025-04-20T12:45:59.251Z"
    assert store.raters() == [ODD]
    assert store.rubrics() == ["videoscore2"]


def test_the_same_rating_again_is_no_error_and_another_one_is(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    store.add_clips(clips)
    first = rate(0, 4, rationale="sharp")
    assert store.put(first) == "new"
    assert store.put(first.model_copy(update={"at": "2030-01-01T00:00:00.000Z", "seconds": 3.0})) == "same"
    for other in (rate(0, 3, rationale="sharp"), rate(0, 4, rationale="blurred")):
        with pytest.raises(DuplicateRating, match=r"'c0'.*'visual_quality'.*'ann'.*scored it 4"):
            store.put(other)
    assert [rating.rationale for rating in store.ratings()] == ["sharp"]
    assert store.history() == []


def test_a_replaced_rating_is_kept_in_the_history(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    store.add_clips(clips)
    for score in (4, 2, 5):
        store.put(rate(0, score, rationale=f"because {score}"), replace=True)
    assert [rating.score for rating in store.ratings()] == [5]
    assert [(row["score"], row["rationale"]) for row in store.history("c0")] == [
        (4, "because 4"),
        (2, "because 2"),
    ]
    assert store.history("c1") == []
    # The time that a page was open may grow while nothing else changes: that is no new opinion, but is kept.
    assert store.put(rate(0, 5, rationale="because 5", seconds=9.0), replace=True) == "replaced"
    assert store.put(rate(0, 5, rationale="because 5"), replace=True) == "same"
    assert next(store.ratings()).seconds == 9.0


def test_many_are_stored_together_or_not_at_all(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    store.add_clips(clips)
    store.put(rate(0, 4))
    with pytest.raises(DuplicateRating):
        store.put_many([rate(1, 4), rate(2, 4), rate(0, 5)])
    assert [rating.id for rating in store.ratings()] == ["c0"]
    many = [rate(n, 4) for n in range(4)] + [rate(3, 4)]
    assert store.put_many(many) == {"new": 3, "same": 2, "replaced": 0}
    again = [rate(0, 1), rate(4, 2), rate(4, 3)]
    assert store.put_many(again, replace=True) == {"new": 1, "same": 0, "replaced": 2}
    assert {rating.id: rating.score for rating in store.ratings()} == {
        "c0": 1,
        "c1": 4,
        "c2": 4,
        "c3": 4,
        "c4": 3,
    }
    assert [(row["clip"], row["score"]) for row in store.history()] == [("c0", 4), ("c4", 2)]


@pytest.mark.parametrize(
    ("others", "error", "words"),
    [
        (
            {"score": 6},
            RatingRefused,
            "6 of 'visual_quality' is not on the scale 1-5 of rubric 'videoscore2'",
        ),
        ({"score": 0}, RatingRefused, "not on the scale 1-5"),
        ({"score": -1}, RatingRefused, "not on the scale 1-5"),
        ({"dimension": "visual_qualty"}, RatingRefused, "Did you mean 'visual_quality'"),
        ({"rubric": "videoscore"}, RatingRefused, "unknown rubric 'videoscore'.*Did you mean 'videoscore2'"),
        ({"id": "c77"}, UnknownClip, "clip 'c77' is not known"),
        ({"prompt": "a cube"}, ClipChanged, "another prompt: 'a ball 0'.*'a cube'"),
        ({"model": "gen-b"}, ClipChanged, "another model"),
    ],
)
def test_what_cannot_be_stored_is_told(
    store: RatingStore,
    clips: list[RatedClip],
    rate: Rate,
    others: dict[str, object],
    error: type[Exception],
    words: str,
) -> None:
    store.add_clips(clips)
    with pytest.raises(error, match=words):
        store.put(rate(0, 3, **others) if "score" not in others else rate(0, others["score"]))
    assert list(store.ratings()) == []


@pytest.mark.parametrize("score", [3.5, "4", True, None, float("nan"), float("inf"), 10**12])
def test_a_score_is_a_whole_number_and_nothing_is_made_one(rate: Rate, score: object) -> None:
    with pytest.raises(ValidationError):
        rate(0, score)


def test_whole_numbers_of_every_kind_are_scores(rate: Rate) -> None:
    assert [rate(0, score).score for score in (4, 4.0, np.int64(4), np.float32(4))] == [4, 4, 4, 4]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rater", " "),
        ("rater", "a\0b"),
        ("rationale", "\ud800"),
        ("seconds", -1),
        ("seconds", float("nan")),
        ("at", "yesterday"),
        ("id", ""),
    ],
)
def test_what_a_database_cannot_hold_is_refused_before(rate: Rate, field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        rate(0, 3, **{field: value})


def test_ratings_come_ordered_by_clip_dimension_and_rater_and_can_be_chosen(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    store.add_clips(clips)
    names = ["Zoe", "ann", "Émile", "bob"]
    dimensions = ["visual_quality", "text_alignment"]
    ratings = [rate(n, 3, rater=who, dimension=what) for who in names for n in (2, 0) for what in dimensions]
    store.put_many(ratings)
    keys = [(one.id, one.dimension, one.rater) for one in store.ratings()]
    assert keys == sorted(keys)  # by code point, in every database
    assert {one.rater for one in store.ratings(rater="Émile")} == {"Émile"}
    assert len(list(store.ratings(rubric="videoscore2", dimension="text_alignment", clip="c2"))) == 4
    assert list(store.ratings(rubric="gradeo")) == []
    assert store.raters() == sorted(names)


def test_clips_are_known_once_and_their_contents_do_not_change(
    store: RatingStore, clips: list[RatedClip]
) -> None:
    assert store.add_clips(clips) == 6
    assert store.add_clips(clips) == 0
    with pytest.raises(ClipChanged, match="clip 'c1' is known with another extra"):
        store.add_clips([clips[0], clips[1].model_copy(update={"extra": {"seed": 9}})])
    with pytest.raises(ClipChanged, match="another video"):
        store.add_clips(
            [RatedClip(id="new", video="a", prompt=""), RatedClip(id="new", video="b", prompt="")]
        )
    # What came bare, with rating rows, is completed by the manifest's clip; and bare again is no error.
    bare = RatedClip(id="late", video="late.mp4", prompt="p")
    store.add_clips([bare])
    whole = bare.model_copy(update={"group": "p", "model": "g", "human": {"safety": 3}, "extra": {"k": 1}})
    assert store.add_clips([whole, bare]) == 0
    assert list(store.clips()) == [*clips, whole]
    assert [clip.id for clip in store.clips(["c3", "c1", "c3", "nowhere"])] == ["c1", "c3"]


def test_what_a_clip_holds_must_be_json() -> None:
    clip = RatedClip(id="a", video="a.mp4", prompt="p", extra={"size": (1, 2), "deep": {3: None}})
    assert clip.extra == {"size": [1, 2], "deep": {"3": None}}
    for bad in (float("nan"), object(), {1, 2}):
        with pytest.raises(ValidationError, match="JSON"):
            RatedClip(id="a", video="a.mp4", prompt="p", extra={"bad": bad})


def test_rubrics_keep_their_scale_and_grow_only_when_asked(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    store.add_clips(clips)
    mine = RatedRubric(name="mine", low=0, high=10, dimensions=("motion",))
    store.add_rubric(mine)
    store.put(rate(0, 0, rubric="mine", dimension="motion"))
    with pytest.raises(ScaleMismatch, match=r"scale 0-10 .*not 1-5"):
        store.add_rubric(RatedRubric(name="mine", dimensions=("motion",)))
    wider = RatedRubric(name="mine", low=0, high=10, dimensions=("colour", "motion"))
    with pytest.raises(RatingRefused, match="no dimension 'colour'"):
        store.add_rubric(wider, extend=False)
    store.add_rubric(wider)
    assert store.rubric("mine").dimensions == ("motion", "colour")
    assert store.rubric("gradeo").dimensions[0] == "quality"
    with pytest.raises(RatingRefused, match=r"unknown rubric 'mne'.*Did you mean 'mine'"):
        store.rubric("mne")


def test_other_rooms_keep_tables_beside_the_ratings(store: RatingStore, clips: list[RatedClip]) -> None:
    notes = Table(
        "annotate_notes",
        store.metadata,
        Column("number", Integer, primary_key=True),
        Column("clip", Text, ForeignKey("ratings_clips.id")),
    )
    store.create_tables()
    store.create_tables()
    store.add_clips(clips)
    with store.writing() as connection:
        connection.execute(notes.insert().values(clip="c1"))
    with store.reading() as connection:
        assert connection.scalars(select(notes.c.clip)).all() == ["c1"]


def test_a_transaction_that_fails_leaves_nothing(store: RatingStore, clips: list[RatedClip]) -> None:
    def some_and_then_none() -> Iterator[RatedClip]:
        yield from clips
        raise RuntimeError("midway")

    with pytest.raises(RuntimeError, match="midway"):
        store.add_clips(some_and_then_none())
    assert list(store.clips()) == []


def test_twenty_writers_lose_nothing_and_double_nothing(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    """All rate the same clips at once; half of them send everything twice."""
    store.add_clips(clips)

    def write(rater: int) -> list[str]:
        ratings = [rate(n, 1 + (rater + n) % 5, rater=f"r{rater}") for n in range(6)]
        return [store.put(rating) for rating in ratings * (1 + rater % 2)]

    with ThreadPoolExecutor(20) as pool:
        outcomes = [outcome for done in pool.map(write, range(20)) for outcome in done]
    assert outcomes.count("new") == 120
    assert outcomes.count("same") == 60
    assert {(one.rater, one.id): one.score for one in store.ratings()} == {
        (f"r{rater}", f"c{n}"): 1 + (rater + n) % 5 for rater in range(20) for n in range(6)
    }


def test_of_two_who_write_the_same_rating_at_once_one_is_told(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    """The key is contested by writers that disagree: one rating stays, and every loser hears of it."""
    store.add_clips(clips)

    def write(writer: int) -> str:
        try:
            return store.put(rate(0, 1 + writer % 5))
        except DuplicateRating:
            return "refused"

    with ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(write, range(10)))
    assert outcomes.count("new") == 1
    assert outcomes.count("same") == 1
    assert outcomes.count("refused") == 8


def test_readers_see_one_moment_while_others_write(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    store.add_clips(clips)
    store.put_many([rate(n, 3) for n in range(3)])
    reading = store.ratings()
    assert next(reading).id == "c0"
    store.put_many([rate(n, 3) for n in range(3, 6)])
    assert [one.id for one in reading] == ["c1", "c2"]
    assert len(list(store.ratings())) == 6


@settings(max_examples=25, deadline=None)
@given(
    texts=some.lists(
        some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30),
        min_size=1,
        max_size=5,
    )
)
def test_every_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    with open_store(str(tmp_path_factory.mktemp("texts") / "ratings.db")) as store:
        store.add_clips([RatedClip(id="c", video="c.mp4", prompt="p")])
        shared = {"id": "c", "video": "c.mp4", "prompt": "p", "rubric": "videoscore2", "score": 3}
        for n, text in enumerate(texts):
            store.put(Rating(**shared, dimension="visual_quality", rater=f"r{n}", rationale=text))
        assert [one.rationale for one in store.ratings()] == [text or None for text in texts]


def test_a_rater_with_a_long_past_is_looked_up_by_the_whole_key(
    store: RatingStore, clips: list[RatedClip], rate: Rate
) -> None:
    """An index on raters alone would read all that a rater ever said, at every rating."""
    store.add_clips(clips)
    store.put(rate(0, 3))
    with store.reading() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("the planner of a server looks at the size of its tables")
        with store.engine.connect() as watched:
            seen: list[str] = []
            event.listen(watched, "before_cursor_execute", lambda *told: seen.append(told[2]), retval=False)
            Putting(watched, store.tables, store.rubric, False).put([Unit((rate(0, 3),))])
        (query,) = [text for text in seen if "FROM ratings " in text]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("x",) * query.count("?")).all()
    assert "clip=? AND rubric=? AND dimension=? AND rater=?" in str(plan)
