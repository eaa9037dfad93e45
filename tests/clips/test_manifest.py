"""Manifests: every form and alias, unique ids, and for every mistake the row."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.clips import Clip, read_manifest
from reeljudge.errors import InputError
from reeljudge.tables import write_rows


def manifest(tmp_path, *rows, name="clips.jsonl"):
    write_rows(tmp_path / name, rows)
    return read_manifest(tmp_path / name)


def row(video="a.mp4", **more):
    return {"video": video, "prompt": "a ball", **more}


FULL = {
    "video": "videos/a b.mp4",
    "prompt": "ein Ball, rot",
    "id": "c1",
    "model": "gen-x",
    "group": "g1",
    "theme": "gravity",
    "human": {"quality": [4, 5], "alignment": 3.5},
    "licence": "CC0",
}


@pytest.mark.parametrize("name", ["m.jsonl", "m.json", "m.csv", "m.tsv", "m.parquet"])
def test_every_form_holds_the_same_clip(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    clips = manifest(tmp_path, FULL, name=name)
    assert len(clips) == 1
    assert list(clips) == [
        Clip(
            id="c1",
            video="videos/a b.mp4",
            path=tmp_path / "videos" / "a b.mp4",
            prompt="ein Ball, rot",
            model="gen-x",
            group="g1",
            theme="gravity",
            human={"quality": [4, 5], "alignment": 3.5},
            extra={"licence": "CC0"},
        )
    ]
    assert clips.path == tmp_path / name


def test_the_least_a_row_can_say(tmp_path):
    (clip,) = manifest(tmp_path, {"video": "x/ball.v2.mp4", "prompt": "a ball"})
    assert (clip.id, clip.group, clip.model, clip.theme) == ("ball.v2", "a ball", None, None)
    assert (clip.human, clip.extra) == ({}, {})


@pytest.mark.parametrize("video", ["video", "file", "path", "video_path", "videopath", "Video", " FILE "])
@pytest.mark.parametrize("prompt", ["prompt", "text", "caption", "text prompt", "Text Prompt"])
def test_aliases(tmp_path, video, prompt):
    (clip,) = manifest(tmp_path, {video: "a.mp4", prompt: "words", "file_size": 7})
    assert (clip.video, clip.prompt, clip.extra) == ("a.mp4", "words", {"file_size": 7})


def test_a_fields_own_name_wins_over_its_aliases(tmp_path):
    rows = [
        row(path="elsewhere.mp4", caption="other words"),
        {"path": "b.mp4", "file": None, "text": "words"},
    ]
    first, second = manifest(tmp_path, *rows)
    assert (first.video, first.prompt) == ("a.mp4", "a ball")
    assert first.extra == {"path": "elsewhere.mp4", "caption": "other words"}
    assert (second.video, second.prompt) == ("b.mp4", "words")


def test_a_manifest_is_read_as_often_as_one_likes(tmp_path):
    clips = manifest(tmp_path, row("a.mp4"), row("b.mp4"))
    one, two = iter(clips), iter(clips)
    assert [next(one).id, next(two).id, next(one).id, next(two).id] == ["a", "a", "b", "b"]
    assert list(clips) == list(clips)


def test_paths_are_relative_to_the_manifest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("some folder")
    folder.mkdir()
    (folder / "videos").mkdir()
    (folder / "videos" / "win.mp4").touch()
    rows = [
        row("../up.mp4"),
        row(str(tmp_path / "abs.mp4")),
        row("videos\\win.mp4"),
        row("ü/日本.mp4"),
        row("back\\slash.mp4"),
    ]
    up, absolute, windows, other, kept = manifest(folder, *rows)
    assert up.path == folder / "../up.mp4"
    assert absolute.path == tmp_path / "abs.mp4"
    assert windows.path.exists()
    assert (windows.id, windows.video) == ("win", "videos\\win.mp4")
    assert (other.id, other.path) == ("日本", folder / "ü" / "日本.mp4")
    assert kept.id == "slash"


class TestIds:
    def test_stems_are_made_unique_in_order(self, tmp_path):
        clips = manifest(tmp_path, row("a/x.mp4"), row("b/x.mp4"), row("c/x.webm"), row("y.mp4"))
        assert [clip.id for clip in clips] == ["x", "x-2", "x-3", "y"]

    def test_rows_added_at_the_end_change_no_id_before_them(self, tmp_path):
        rows = [row("a/x.mp4"), row("y.mp4"), row("b/x.mp4")]
        before = [clip.id for clip in manifest(tmp_path, *rows)]
        after = [clip.id for clip in manifest(tmp_path, *rows, row("c/x.mp4"), row("d/y.mp4"))]
        assert after[:3] == before == ["x", "y", "x-2"]

    def test_a_made_up_id_never_meets_another(self, tmp_path):
        rows = [row("x-2.mp4"), row("a/x.mp4"), row("b/x.mp4"), row("c/x.mp4", id="x-3"), row("d/x.mp4")]
        assert [clip.id for clip in manifest(tmp_path, *rows)] == ["x-2", "x", "x-4", "x-3", "x-5"]
        rows = [row("x.mp4"), row("other.mp4", id="x")]
        assert [clip.id for clip in manifest(tmp_path, *rows)] == ["x-2", "x"]

    def test_numbers_are_ids(self, tmp_path):
        assert [clip.id for clip in manifest(tmp_path, row(id=7), row(id=8.0), row(id="007"))] == [
            "7",
            "8",
            "007",
        ]

    def test_an_id_that_stands_twice_names_both_rows(self, tmp_path):
        with pytest.raises(InputError, match=r"m\.jsonl, line 2 and line 4: both rows have the id 'x'"):
            manifest(tmp_path, row(id="a"), row(id="x"), row("b.mp4"), row(id="x"), name="m.jsonl")
        with pytest.raises(InputError, match=r"m\.csv, line 2 and line 3: both rows have the id '1'"):
            manifest(tmp_path, row(id=1), row(id="1"), name="m.csv")

    @settings(max_examples=80, deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["x", "x-2", "x-3", "y", "x-2-2"]), st.booleans(), st.integers(0, 3)),
            min_size=1,
            max_size=12,
        )
    )
    def test_ids_are_unique_and_given_ones_are_kept(self, tmp_path_factory, drawn):
        rows, given_ids = [], set()
        for stem, has_id, folder in drawn:
            if has_id and stem not in given_ids:
                given_ids.add(stem)
                rows.append(row(f"{folder}/v.mp4", id=stem))
            else:
                rows.append(row(f"{folder}/{stem}.mp4"))
        clips = list(manifest(tmp_path_factory.mktemp("m"), *rows))
        assert len({clip.id for clip in clips}) == len(rows)
        for clip, source in zip(clips, rows, strict=True):
            assert clip.id == source.get("id", clip.id)
            assert clip.id.startswith(source.get("id") or Path(source["video"]).stem)


class TestHuman:
    @pytest.mark.parametrize(
        ("human", "expected"),
        [
            ({"q": 4}, {"q": 4}),
            ({"q": 4.5, "a": None}, {"q": 4.5}),
            ({"q": [4, None, 5]}, {"q": [4, None, 5]}),
            ({"q": "4", "a": "3.50"}, {"q": 4, "a": 3.5}),
            ('{"q": [1, 2]}', {"q": [1, 2]}),
            ("", {}),
            (None, {}),
        ],
    )
    def test_scores(self, tmp_path, human, expected):
        (clip,) = manifest(tmp_path, row(human=human))
        assert clip.human == expected

    def test_columns_of_a_csv(self, tmp_path):
        (tmp_path / "m.csv").write_text(
            'video,prompt,human.quality,human.motion,human.text\na.mp4,p,4,"[3, 4.5]",\n'
        )
        (clip,) = read_manifest(tmp_path / "m.csv")
        assert clip.human == {"quality": 4, "motion": [3, 4.5]}
        assert clip.extra == {}

    @pytest.mark.parametrize(
        ("human", "says"),
        [
            ({"q": "good"}, "line 1: human score 'q' is \"good\"; it must be a number"),
            ({"q": True}, "human score 'q' is true"),
            ({"q": {"r": 1}}, "human score 'q' is"),
            ({"q": [4, "x"]}, "human score 'q' is \"x\""),
            ([4, 5], "'human' must be an object"),
            (4, "'human' must be an object"),
            ('{"q": ', "'human' is not valid JSON"),
        ],
    )
    def test_what_is_no_score(self, tmp_path, human, says):
        with pytest.raises(InputError) as caught:
            manifest(tmp_path, row(human=human))
        assert says in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"prompt": "p"}, "line 2: no 'video' field (nor 'file', 'path', 'video_path', 'videopath'); "),
        (
            {"video": "a.mp4"},
            "line 2: no 'prompt' field (nor 'text', 'caption', 'text prompt'); the row's fields: ",
        ),
        ({"vidoe": "a.mp4", "prompt": "p"}, "line 2: no 'video' field. Did you mean 'video' by 'vidoe'?"),
        ({"video": "a.mp4", "Promt": "p"}, "Did you mean 'prompt' by 'Promt'?"),
        ({"videos": "a.mp4", "prompt": "p"}, "Did you mean 'video' by 'videos'?"),
        ({"video": None, "prompt": "p"}, "line 2: no 'video' (its field 'video' is empty)"),
        ({"video": "a.mp4", "caption": None}, "line 2: no 'prompt' (its field 'caption' is empty)"),
        ({"video": "a.mp4", "prompt": "  "}, "line 2: 'prompt' is empty"),
        ({"video": 3, "prompt": "p"}, "line 2: 'video' must be text, not 3"),
        ({"video": "a.mp4", "prompt": ["p"]}, "'prompt' must be text, not [\"p\"]"),
        ({"video": "a\0.mp4", "prompt": "p"}, "'video' holds a null character"),
        ({"video": "a.mp4", "prompt": "p", "id": True}, "'id' must be text, not true"),
        ({"video": "a.mp4", "prompt": "p", "id": " "}, "'id' must be text"),
        ({"video": "a.mp4", "prompt": "p", "model": {"name": "x"}}, "'model' must be text"),
        ({}, "no 'video' field"),
    ],
)
def test_a_mistake_in_any_row_is_known_at_once(tmp_path, bad, says):
    with pytest.raises(InputError) as caught:
        manifest(tmp_path, row(), bad)
    assert str(caught.value).startswith(str(tmp_path / "clips.jsonl"))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_csv_without_a_header(tmp_path):
    (tmp_path / "m.csv").write_text("a.mp4,a ball\nb.mp4,a cube\n")
    with pytest.raises(InputError, match=r"m\.csv, line 2: no 'video' field .* fields: 'a\.mp4', 'a ball'"):
        read_manifest(tmp_path / "m.csv")


def test_what_is_no_manifest(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "clip.mp4").write_bytes(b"video")
    (tmp_path / "header.csv").write_text("video,prompt\n")
    for name, says in (
        ("missing.jsonl", "no such file"),
        ("empty.jsonl", "the file is empty"),
        ("header.csv", "holds no rows"),
        ("clip.mp4", "a video, not a manifest; judge it with `reeljudge score`"),
    ):
        with pytest.raises(InputError, match=says):
            read_manifest(tmp_path / name)


def test_a_missing_video_is_no_mistake_of_the_manifest(tmp_path):
    (clip,) = manifest(tmp_path, row("nowhere.mp4"))
    assert not clip.path.exists()


class TestFolder:
    def make(self, folder, **prompts):
        for name, prompt in prompts.items():
            video = folder / name.replace("__", "/")
            video.parent.mkdir(parents=True, exist_ok=True)
            video.with_suffix(".mp4").touch()
            if prompt is not None:
                video.with_suffix(".txt").write_text(prompt, encoding="utf-8")
        return folder

    def test_prompts_stand_beside_the_videos(self, tmp_path):
        self.make(tmp_path, b="a ball\n", a="\ufeffein Würfel", sub__a="three\nlines\nof text")
        (tmp_path / "notes.md").touch()
        (tmp_path / ".hidden.mp4").touch()
        (tmp_path / "c.WEBM").touch()
        (tmp_path / "c.WEBM.txt").write_text("a film")
        clips = read_manifest(tmp_path)
        assert len(clips) == 4
        assert [(clip.id, clip.video, clip.prompt) for clip in clips] == [
            ("a", "a.mp4", "ein Würfel"),
            ("b", "b.mp4", "a ball"),
            ("c", "c.WEBM", "a film"),
            ("a-2", "sub/a.mp4", "three\nlines\nof text"),
        ]
        assert all(clip.path == tmp_path / clip.video for clip in clips)
        assert list(clips) == list(clips)

    def test_a_video_without_a_prompt(self, tmp_path):
        self.make(tmp_path, a="a ball", b=None, c=None)
        with pytest.raises(
            InputError, match=r"b\.mp4: 2 of 3 videos have no prompt: write it into b\.txt beside"
        ):
            read_manifest(tmp_path)

    def test_a_manifest_in_the_folder_is_pointed_at(self, tmp_path):
        self.make(tmp_path, a=None)
        (tmp_path / "manifest.jsonl").write_text(json.dumps(row()))
        with pytest.raises(InputError, match=r"or name the manifest itself: .*manifest\.jsonl"):
            read_manifest(tmp_path)

    def test_prompts_that_say_nothing(self, tmp_path):
        self.make(tmp_path, a=" \n")
        with pytest.raises(InputError, match=r"a\.txt: the prompt is empty"):
            read_manifest(tmp_path)
        (tmp_path / "a.txt").write_bytes(b"caf\xe9")
        with pytest.raises(InputError, match=r"a\.txt: not UTF-8"):
            read_manifest(tmp_path)

    def test_no_videos(self, tmp_path):
        with pytest.raises(InputError, match="no videos here"):
            read_manifest(tmp_path)


def many_rows(count):
    """Ten generators' clips of the same names: nine in ten ids must be made up."""
    return ({"video": f"gen{i % 10}/{i // 10:06d}.mp4", "prompt": f"prompt {i // 10}"} for i in range(count))


def test_memory_stays_flat(tmp_path):
    assert len(manifest(tmp_path, *many_rows(20))) == 20  # what is imported on the way counts elsewhere
    write_rows(tmp_path / "m.jsonl", many_rows(10_000))
    tracemalloc.start()
    try:
        clips = read_manifest(tmp_path / "m.jsonl")
        assert (len(clips), sum(1 for _ in clips)) == (10_000, 10_000)
        assert (
            tracemalloc.get_traced_memory()[1] < 400 * 10_000
        )  # bytes; the clips would take four times that
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_million_rows(tmp_path):
    resource = pytest.importorskip(
        "resource", reason="the system does not tell how much memory a process takes"
    )
    write_rows(tmp_path / "m.jsonl", many_rows(1_000_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clips = read_manifest(tmp_path / "m.jsonl")
    assert len(clips) == 1_000_000
    for clip in clips:
        last = clip
    assert (last.id, last.video) == ("099999-10", "gen9/099999.mp4")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


@pytest.mark.corpus
def test_the_real_manifest(corpus_videos):
    clips = list(read_manifest(corpus_videos[0].parent / "manifest.jsonl"))
    assert sorted(clip.path for clip in clips) == corpus_videos
    assert all(clip.prompt and clip.model for clip in clips)
    assert len({clip.id for clip in clips}) == len(clips)
