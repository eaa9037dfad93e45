"""Coverage by hand: counts, kinds of prompts, gaps in words."""

import json
from pathlib import Path

import pytest
from panel_material import simulated, written

from reeljudge.cli import main
from reeljudge.ratings import RatedClip, Rating, open_store
from reeljudge.ratings.coverage import coverage
from reeljudge.ratings.prompt_kinds import kinds_of, length_name, word_count

CLIPS = [
    RatedClip(id="a", video="a.mp4", prompt="two red balls roll to the left", model="one", theme="inertia"),
    RatedClip(id="b", video="b.mp4", prompt="two red balls roll to the left", model="one"),
    RatedClip(id="c", video="c.mp4", prompt="A dog runs. Then the camera zooms in.", model="two"),
    RatedClip(id="d", video="d.mp4", prompt="a cat", model=None),
]


@pytest.mark.parametrize(
    ("prompt", "words", "name"),
    [
        ("", 0, "0"),
        ("a cat", 2, "1-5"),
        ("a close-up of the dog's face, at night", 8, "6-10"),
        ("一只猫", 3, "1-5"),
        ("word " * 81, 81, "81+"),
        ("word " * 20, 20, "11-20"),
    ],
)
def test_words(prompt: str, words: int, name: str) -> None:
    assert word_count(prompt) == words
    assert length_name(words) == name


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("two red balls roll to the left", ["count", "colour", "spatial"]),
        ("A dog runs. Then the camera zooms in.", ["temporal", "camera", "animals", "several sentences"]),
        ("a predator reads Lettersburg", ["text"]),  # cues are whole words: no red, no letters
        ("oil painting of a woman", ["style", "people"]),
        ("rain", []),
        ("the end", []),
    ],
)
def test_kinds(prompt: str, kinds: list[str]) -> None:
    assert kinds_of(prompt) == kinds


def panel():
    found = written(
        {"a": {"x": 3, "y": 3}, "b": {"x": 4, "y": 3}, "c": {"x": 3}},
    )
    by_id = {clip.id: clip for clip in CLIPS}
    return type(found)(**{**found.__dict__, "clips": tuple(by_id[clip.id] for clip in found.clips)})


def test_counts_by_hand() -> None:
    found = coverage(CLIPS, [panel()])
    assert (found.clips, found.rated, found.prompts) == (4, 3, 3)
    assert found.generators == {"one": 2, "two": 1, "unknown": 1}
    assert found.themes == {"inertia": 1}
    assert found.clips_per_prompt == (1, 1.0, 2)
    assert found.words == (2, 7.0, 8)
    assert (found.lengths["1-5"], found.lengths["6-10"], found.lengths["81+"]) == (1, 2, 0)
    (shown,) = found.dimensions
    assert (shown.clips, shown.unrated, shown.ratings, shown.raters) == (3, 1, 5, 2)
    assert (shown.least, shown.median, shown.most) == (1, 2.0, 2)
    assert shown.overlap == {"1": 1, "2": 2}
    assert shown.scores == {"1": 0, "2": 0, "3": 4, "4": 1, "5": 0}
    assert shown.by_generator == {
        "one": {"clips": 2, "ratings": 4, "mean": 3.25},
        "two": {"clips": 1, "ratings": 1, "mean": 3.0},
    }
    json.dumps(found.to_dict(), allow_nan=False)


def test_gaps_in_words() -> None:
    gaps = coverage(CLIPS, [panel()]).gaps
    for words in (
        "1 of 4 clips have no rating at all.",
        "visual_quality: 1 of 3 rated clips have fewer than 2 ratings.",
        "visual_quality: scores 1, 2 and 5 are never given.",
        "1 of 4 clips name no generator.",
        "No prompt of 11-20, 21-40, 41-80 or 81+ words.",
    ):
        assert words in gaps
    assert any("2 of 3 rated clips have fewer" not in gap for gap in gaps)
    wanted = coverage(CLIPS, [panel()], overlap=5).gaps
    assert "visual_quality: 3 of 3 rated clips have fewer than 5 ratings." in wanted


def test_evenness_is_1_for_even_scores_and_0_for_one() -> None:
    even = written({f"c{n}": {"x": 1 + n % 5, "y": 1 + n % 5} for n in range(10)})
    assert coverage(even.clips, [even]).dimensions[0].evenness == pytest.approx(1)
    one = written({f"c{n}": {"x": 3} for n in range(4)})
    assert coverage(one.clips, [one]).dimensions[0].evenness == pytest.approx(0)
    assert (
        "visual_quality: no clip has two ratings, so nothing tells how reliable they are."
        in coverage(one.clips, [one]).gaps
    )


def test_near_duplicates_are_named_with_their_measure() -> None:
    close = CLIPS[3].model_copy(update={"prompt": "Two red balls roll to the LEFT, slowly"})
    found = coverage([*CLIPS[:3], close], [panel()], similarity=0.8)
    assert found.near_duplicates is not None
    assert "at least 0.8" in found.near_duplicates["measure"]
    assert found.near_duplicates["prompts"] == 2  # of three: a and b have the same one
    assert found.near_duplicates["groups"] == [[close.prompt, CLIPS[0].prompt]]
    assert any(gap.startswith("2 of 3 prompts are nearly the same") for gap in found.gaps)
    assert coverage([*CLIPS[:3], close], [panel()]).near_duplicates is None


def test_the_synthetic_set_covers_its_generators() -> None:
    panels, _ = simulated("careful:2", clips=80)
    found = coverage(panels["visual_quality"].clips, list(panels.values()))
    assert set(found.generators.values()) == {20}
    assert found.kinds["colour"] == found.prompts == 20
    assert not any("generator" in gap for gap in found.gaps)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, page = tmp_path / "r.db", tmp_path / "page.html"
    with open_store(str(path)) as store:
        store.add_clips(CLIPS)
        store.put_many(
            Rating(
                **{name: getattr(clip, name) for name in ("id", "video", "prompt", "theme", "model")},
                rubric="videoscore2",
                dimension="visual_quality",
                rater="x",
                score=2,
            )
            for clip in CLIPS[:2]
        )
    assert main(["ratings", "coverage", "--db", str(path), "--json", "--page", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["clips"], told["rated"]) == (4, 2)
    assert "Jaccard" in told["near_duplicates"]["measure"]
    assert "2 of 4 clips have no rating at all." in told["gaps"]
    text = page.read_text()
    assert "2 of 4 clips have no rating at all." in text
    assert "http" not in text.replace("http-equiv", "")
    assert main(["ratings", "coverage", "--db", str(path)]) == 0
    assert "gaps:" in capsys.readouterr().out
