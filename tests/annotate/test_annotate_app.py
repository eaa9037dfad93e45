"""The web app through HTTP: rating, versions, and what raters get to see."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from annotate_server import REPLY, MakeTask

from reeljudge.annotate.task import Task

# Rating


def test_a_rating_arrives_with_everything(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    reply = ann.save(unit, scores={"quality": 4}, rationales={"quality": "  sharp "}, seconds=12.34)
    assert reply.status_code == 200
    assert reply.json()["version"] == "save-0001"
    (rating,) = quality.store.ratings()
    assert (rating.rater, rating.dimension, rating.score, rating.rationale) == ("ann", "quality", 4, "sharp")
    assert rating.seconds == 12.34
    assert rating.model == quality.clips[rating.id].model
    assert ann.page(unit)["answer"] == {
        "kind": "scores",
        "scores": {"quality": 4},
        "rationales": {"quality": "sharp"},
    }


def test_the_same_save_twice_is_one_rating(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    for _ in range(3):
        assert ann.save(unit, scores={"quality": 4}).status_code == 200
    assert len(list(quality.store.ratings())) == 1
    assert quality.store.history() == []


def test_a_changed_rating_replaces_the_first_which_is_kept(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    ann.save(unit, scores={"quality": 4})
    assert ann.save(unit, save="save-0002", base="save-0001", scores={"quality": 2}).status_code == 200
    assert [one.score for one in quality.store.ratings()] == [2]
    assert [row["score"] for row in quality.store.history()] == [4]


def test_a_stale_page_is_told_what_stands_there(quality: Task, enter: Any) -> None:
    ann, other_tab = enter(quality), enter(quality)
    unit = ann.units()[0]
    ann.save(unit, save="save-aaaa", scores={"quality": 4}, rationales={"quality": "fine"})
    reply = other_tab.save(unit, save="save-bbbb", base=None, scores={"quality": 1})
    assert reply.status_code == 409
    told = reply.json()
    assert told["error"] == "stale"
    assert told["version"] == "save-aaaa"
    assert told["answer"]["scores"] == {"quality": 4}
    assert [one.score for one in quality.store.ratings()] == [4]
    # Having seen it, the person insists.
    assert other_tab.save(unit, save="save-bbbb", base="save-aaaa", scores={"quality": 1}).status_code == 200
    assert [one.score for one in quality.store.ratings()] == [1]


BAD_ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"scores": {"quality": 6}}, "6 is not on the scale 1 to 5"),
    ({"scores": {"quality": 0}}, "0 is not on the scale"),
    ({"scores": {"quality": True}}, "valid integer"),
    ({"scores": {"quality": "4"}}, "valid integer"),
    ({"scores": {"quality": 3.5}}, "valid integer"),
    ({"scores": {}}, "Quality has no score yet"),
    ({"scores": {"quality": 4, "safety": 2}}, "does not ask for 'safety'"),
    ({"scores": {"quality": 4}, "rationales": {"quality": "x" * 10_001}}, "at most 10000 characters"),
    ({"scores": {"quality": 4}, "rationales": {"quality": "a\0b"}}, "null character"),
    ({"scores": {"quality": 4}, "rationales": {"quality": "\ud800"}}, "unicode string"),
    ({"scores": {"quality": 4}, "seconds": -1}, "greater than or equal to 0"),
    ({"scores": {"quality": 4}, "rater": "bob"}, "Extra inputs"),
    ({"scores": {"quality": 4}, "save": "../x"}, "match pattern"),
    ({"kind": "skip", "reason": "bored"}, "should be"),
    ({"kind": "decision", "decision": "accept"}, "asks for scores"),
]


def test_answers_that_cannot_be_stored(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    for answer, told in BAD_ANSWERS:
        body = {"kind": "scores", "save": "save-0001", **answer}
        reply = ann.client.put(f"/api/page/{unit}", content=json.dumps(body))
        assert reply.status_code == 422, answer
        assert told in reply.json()["message"], answer
    assert list(quality.store.ratings()) == []


def test_words_where_they_are_asked_for(make_task: MakeTask, enter: Any) -> None:
    task = make_task("gradeo", dimensions=["quality"], rationale="unless-top")
    ann = enter(task)
    unit = ann.units()[0]
    assert "say in a few words why it is a 4" in ann.save(unit, scores={"quality": 4}).json()["message"]
    assert ann.save(unit, scores={"quality": 5}).status_code == 200


def test_all_dimensions_on_one_page(make_task: MakeTask, enter: Any) -> None:
    task = make_task("videoscore2")
    ann = enter(task)
    unit = ann.units()[0]
    assert ann.page(unit)["dimensions"] == ["visual_quality", "text_alignment", "physical_consistency"]
    assert ann.save(unit, scores={"visual_quality": 4}).status_code == 422
    assert list(task.store.ratings()) == []  # never half a page
    scores = {"visual_quality": 4, "text_alignment": 3, "physical_consistency": 2}
    assert ann.save(unit, scores=scores, seconds=30).status_code == 200
    assert {one.dimension: one.score for one in task.store.ratings()} == scores
    assert sum(one.seconds or 0 for one in task.store.ratings()) == pytest.approx(30)


def test_skipping(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    first, second = ann.units()[:2]

    def skip(unit: str, **about: Any) -> Any:
        return ann.client.put(f"/api/page/{unit}", json={"kind": "skip", "save": "skip-0001", **about})

    assert "few words" in skip(first, reason="other").json()["message"]
    assert skip(first, reason="other", note="upside down").json()["state"] == "skipped"
    assert ann.page(first)["answer"] == {"kind": "skip", "reason": "other", "note": "upside down"}
    assert list(quality.store.ratings()) == []
    # A score brings it back; what is rated is not skipped.
    assert ann.save(first, save="save-0002", base="skip-0001", scores={"quality": 3}).status_code == 200
    ann.save(second, scores={"quality": 3})
    assert skip(second, base="save-0001", reason="blank").status_code == 422


def test_practice_tells_what_was_right_once(make_task: MakeTask, enter: Any, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        json.dumps({"id": "p0-gen0", "use": "pilot", "scores": {"quality": 4}, "rationale": "sharp"})
    )
    task = make_task("gradeo", dimensions=["quality"], gold=gold)
    ann = enter(task)
    (unit,) = ann.units()
    assert "feedback" not in ann.page(unit)
    told = ann.save(unit, scores={"quality": 3}).json()
    assert told["feedback"] == [{"dimension": "quality", "right": 4, "given": 3, "rationale": "sharp"}]
    assert told["pilot"] == "passed"
    again = ann.save(unit, save="save-0002", base="save-0001", scores={"quality": 4})
    assert "shown already" in again.json()["message"]


# What raters see


def test_nothing_gives_the_generator_away(make_task: MakeTask, enter: Any) -> None:
    task = make_task("gradeo", overlap=1)
    ann = enter(task)
    texts = [ann.client.get("/api/task").text]
    for unit in ann.units():
        texts.append(ann.client.get(f"/api/page/{unit}").text)
        video = ann.client.get(f"/api/page/{unit}/video")
        assert video.status_code == 200
        texts.append(str(video.headers))
    for text in texts:
        assert "gen0" not in text
        assert "gen1" not in text
        assert ".mp4" not in text


def test_prompt_and_theme_only_where_they_are_needed(make_task: MakeTask, enter: Any) -> None:
    task = make_task("gradeo", overlap=1, batches="single")
    ann = enter(task)
    shown: dict[str, tuple[bool, bool]] = {}
    while len(shown) < len(task.rubric.names):
        for page in ann.more()["pages"]:
            if page["state"] == "open":
                view = ann.page(page["unit"])
                name = view["dimensions"][0]
                shown[name] = (view["prompt"] is not None, view["theme"] is not None)
                ann.save(page["unit"], save=f"s-{page['unit']}", scores={name: 3})
    assert shown == {
        name: (name in ("alignment", "rationality"), name == "rationality") for name in task.rubric.names
    }


def test_videos_come_in_ranges(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    address = f"/api/page/{unit}/video"
    whole = ann.client.get(address)
    part = ann.client.get(address, headers={"range": "bytes=10-29"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 10-29/{len(whole.content)}"
    assert part.content == whole.content[10:30]
    assert ann.client.get(address, headers={"range": "bytes=99999999-"}).status_code == 416
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["last-modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_a_missing_video_is_said_without_its_name(quality: Task, enter: Any) -> None:
    for clip in quality.clips.values():
        clip.path.unlink()
    ann = enter(quality)
    unit = ann.units()[0]
    view = ann.page(unit)
    assert "cannot be opened" in view["problem"]
    reply = ann.client.get(f"/api/page/{unit}/video")
    assert reply.status_code == 404
    assert "gen" not in reply.text


# A database that goes away


def test_a_database_that_is_gone_says_so_and_comes_back(quality: Task, enter: Any, tmp_path: Path) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    away = tmp_path / "away"
    away.mkdir()
    database = tmp_path / "ratings.db"
    database.rename(away / "ratings.db")
    reply = ann.save(unit, scores={"quality": 4})
    assert reply.status_code == 503
    assert reply.json()["error"] == "database"
    assert "kept" in reply.json()["message"]
    assert str(tmp_path) not in reply.text
    assert ann.client.get("/api/task").status_code == 503
    (away / "ratings.db").rename(database)
    assert ann.save(unit, scores={"quality": 4}).status_code == 200
    with sqlite3.connect(database) as connection:
        assert connection.execute("select score from ratings").fetchall() == [(4,)]


# The page of whoever runs it


def test_admin_makes_links_and_exports(quality: Task, enter: Any) -> None:
    ann, admin = enter(quality), enter(quality, None)
    ann.save(ann.units()[0], scores={"quality": 4}, rationales={"quality": "=HYPERLINK(1)"})
    made = admin.client.post("/api/admin/raters", json={"name": " Bob  B. "}).json()
    assert made["name"] == "Bob B."
    assert made["link"].startswith("http://127.0.0.1:8321/#")
    rows = [json.loads(line) for line in admin.client.get("/api/admin/export.jsonl").text.splitlines()]
    assert [(row["rater"], row["score"], row["rationale"]) for row in rows] == [("ann", 4, "=HYPERLINK(1)")]
    table = admin.client.get("/api/admin/export.csv").text
    assert "'=HYPERLINK(1)" in table  # a spreadsheet must not run it
    told = admin.client.get("/api/admin/progress").json()
    assert (told["done"], told["needed"]) == (1, 12)
    for name in ("adjudicator:eve", "\u202egnp", "x" * 81, "  "):
        assert admin.client.post("/api/admin/raters", json={"name": name}).status_code == 422


def test_texts_are_checked_by_the_reader(make_task: MakeTask, enter: Any, tmp_path: Path) -> None:
    row = {
        "id": "p0-gen0",
        "rubric": "gradeo",
        "dimension": "quality",
        "scores": {"quality": 4},
        "reply": REPLY,
    }
    path = tmp_path / "chains.jsonl"
    path.write_text(json.dumps(row))
    task = make_task(None, check=path)
    ann = enter(task)
    (unit,) = ann.units()
    view = ann.page(unit)
    assert view["parts"] == [["reply", REPLY]]
    assert view["scores"] == {"quality": 4}

    def decide(**about: Any) -> Any:
        return ann.client.put(f"/api/page/{unit}", json={"kind": "decision", "save": "save-0001", **about})

    wrong = decide(decision="edit", parts=[["reply", REPLY.replace("4", "2")]])
    assert wrong.status_code == 422
    assert "the text says 2 for quality, but people's score is 4" in wrong.json()["message"]
    assert "no longer says a score" in decide(decision="edit", parts=[["reply", "words"]]).json()["message"]
    assert "nothing was edited" in decide(decision="edit", parts=[["reply", REPLY]]).json()["message"]
    edited = REPLY.replace("sharp", "sharp and steady")
    assert decide(decision="edit", parts=[["reply", edited]], note="typo").status_code == 200
    from reeljudge.annotate.export import decisions
    from reeljudge.annotate.lists import checked_rows

    (found,) = checked_rows(path, decisions(task.store, "gradeo"), task.rubric)
    assert found["reply"] == edited
    assert found["check"]["decision"] == "edit"
    assert found["check"]["rater"] == "ann"
    assert list(task.store.ratings()) == []
