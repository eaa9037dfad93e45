"""What a report says, that it can be trusted with hostile data, and that it needs nothing but itself."""

import base64
import hashlib
import io
import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from report_material import MakeRun, joint, row, write_clip
from report_page import Page

from reeljudge.cli import main
from reeljudge.clips.decode import decode_here
from reeljudge.errors import InputError, UsageError
from reeljudge.reports import media, plots, write_report

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- <script> --!> ]]> <!-- pictures -->\n",
    "{{ 7 * 7 }} {% raw %} \" ' & \\ \u2028\u2029",
    "שלום עולם كرة حمراء \u202e reversed",
    "猫" * 20_000,
    "../../etc/passwd\x1b[31m",
]


def test_the_page_says_who_judged_what_and_how_much_of_it(small_run: Path, tmp_path: Path) -> None:
    written = write_report([small_run], tmp_path / "r.html", title="My clips")
    page = Page(written.path)
    assert (written.runs, written.clips, written.without_video) == (1, 4, 4)
    assert "My clips" in page.words
    assert "judged 4 clips of 2 generators, made from 4 prompts, on 3 dimensions of VideoScore2" in page.words
    assert "2 of 4 clips have every score; 1 in error, 1 partial" in page.words
    assert "Visual quality mean 3.00 · 3 of 4 scored" in page.words
    # People's means are 1.5, 2.5, 3.5 and 4.5, the judge's scores 2, 4, 3 and none: rounded half up, of the
    # four only the first is the same.
    row_of_quality = page.words.partition("Always the same")[2]
    assert "25%" in row_of_quality.partition("3/4")[0]


def test_histograms_speak_their_values(small_run: Path, tmp_path: Path) -> None:
    page = Page(write_report([small_run], tmp_path / "r.html").path)
    spoken = [
        attributes["aria-label"]
        for tag, attributes in page.elements
        if tag == "svg" and "aria-label" in attributes
    ]
    assert "Visual quality: how often each score was given. 1: 0, 2: 1, 3: 1, 4: 1, 5: 0, none: 1" in spoken
    # aspen has one clip with scores: 4, 3 and 4 are 75, 50 and 75 points.
    assert "aspen, points of 100: Visual quality 75, Text alignment 50, Physical consistency 75" in spoken


def test_confusion_counts_every_rated_clip_once(small_run: Path, tmp_path: Path) -> None:
    page = Page(write_report([small_run], tmp_path / "r.html").path)
    table = page.words.partition("rows: people, columns: judge")[2].split()
    lines = [table[6 + 7 * n : 13 + 7 * n] for n in range(5)]
    assert table[:6] == ["1", "2", "3", "4", "5", "none"]
    # People's means 1.5, 2.5, 3.5 and 4.5 round half up to 2, 3, 4 and 5; the judge gave 2, 4, 3 and none.
    assert lines == [
        ["1", *"000000"],
        ["2", *"010000"],
        ["3", *"000100"],
        ["4", *"001000"],
        ["5", *"000001"],
    ]


def test_the_data_holds_verdicts_as_they_stand_in_the_run(small_run: Path, tmp_path: Path) -> None:
    page = Page(write_report([small_run], tmp_path / "r.html").path)
    clips = page.data["clips"]
    assert [clip["id"] for clip in clips] == ["c0", "c1", "c2", "c3"]
    assert clips[0]["verdicts"][0]["scores"]["visual_quality"]["score"] == 2
    assert clips[0]["human"] == {"visual_quality": {"mean": 1.5, "given": [1.0, 2.0]}}
    partial, failed = clips[2]["verdicts"][0], clips[3]["verdicts"][0]
    assert partial["status"] == "partial"
    assert "score" not in partial["scores"]["text_alignment"]
    assert (failed["status"], failed["reason"]) == ("error", "backend_error")
    assert all("score" not in score for score in failed["scores"].values())


def test_the_page_asks_nothing_of_the_network(small_run: Path, tmp_path: Path) -> None:
    page = Page(write_report([small_run], tmp_path / "r.html").path)
    loads = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "srcset", "poster", "data", "action", "background")
        or (name == "href" and value[:1] != "#")
    ]
    assert loads == []
    assert "url(" not in page.scripts["style"]
    assert "@import" not in page.scripts["style"]
    assert "default-src 'none'" in page.policy
    assert "unsafe" not in page.policy
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.scripts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in page.policy
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "base", "embed")
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)


@pytest.mark.parametrize("field", ["prompt", "id", "model", "theme", "group"])
def test_hostile_text_stays_text(make_run: MakeRun, tmp_path: Path, field: str) -> None:
    """A page of hostile texts has exactly the elements that one of plain texts has."""
    pages = {}
    for name, texts in (
        ("hostile", HOSTILE),
        ("plain", [f"text {number}" for number in range(len(HOSTILE))]),
    ):
        rows = [
            row(number, model=f"m{number}", human={"visual_quality": 3}) | {field: text}
            for number, text in enumerate(texts)
        ]
        run = make_run(name, rows, [joint((3, 4, 5), why=f"{text[:5000]} It is fine.") for text in texts])
        pages[name] = Page(write_report([run], tmp_path / f"{name}.html", title=texts[0]).path)
        assert [clip[field] for clip in pages[name].data["clips"]] == texts
    assert Counter(tag for tag, _ in pages["hostile"].elements) == Counter(
        tag for tag, _ in pages["plain"].elements
    )
    assert list(pages["hostile"].scripts) == ["style", "data", "media", "script"]


def test_the_same_runs_give_the_same_bytes(small_run: Path, tmp_path: Path) -> None:
    for number in (0, 1):
        write_clip(small_run.parent / "small-clips" / f"c{number}.mp4")
    one, other = (write_report([small_run], tmp_path / name) for name in ("a.html", "b.html"))
    assert one.path.read_bytes() == other.path.read_bytes()
    assert (one.previews, one.strips, one.without_video) == (2, 2, 2)
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_previews_play_and_last_as_long_as_the_clip(small_run: Path, tmp_path: Path) -> None:
    write_clip(small_run.parent / "small-clips" / "c0.mp4", size=640)
    page = Page(write_report([small_run], tmp_path / "r.html").path)
    preview = tmp_path / "preview.mp4"
    preview.write_bytes(base64.b64decode(page.scripts["preview-0"]))
    frames = decode_here(preview)
    assert max(frames.source_width, frames.source_height) <= 256
    assert frames.total_frames / frames.fps == pytest.approx(12 / 8, abs=0.15)
    strip = Image.open(io.BytesIO(base64.b64decode(page.scripts["strip-0"])))
    assert strip.format == "JPEG"
    assert strip.height <= 96
    assert strip.width == strip.height * len(page.media[0]["times"])
    assert page.media[1]["trouble"] == "the video is not where the manifest says"


def test_past_the_budget_come_strips_and_then_nothing(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        write_clip(small_run.parent / "small-clips" / f"c{number}.mp4", size=256)
    full = Page(write_report([small_run], tmp_path / "r.html").path)
    preview, strip = (len(full.scripts[f"{kind}-0"]) for kind in ("preview", "strip"))
    budget = 1.5 * preview + 2.5 * strip  # room for one preview and two strips: all clips look alike
    monkeypatch.setattr(media, "PREVIEW_SHARE", 1.5 * preview / budget)
    some = write_report([small_run], tmp_path / "some.html", embed_budget=budget / 1e6)
    assert (some.previews, some.strips, some.without_video) == (1, 2, 2)
    shown = Page(some.path)
    assert [sorted(one) for one in shown.media][:2] == [["preview", "strip", "times"], ["strip", "times"]]
    assert shown.media[3]["trouble"] == "past the embed budget"
    none = write_report([small_run], tmp_path / "none.html", embed_budget=0)
    assert (none.previews, none.strips) == (0, 0)


def test_linked_videos_are_relative_and_not_copied(small_run: Path, tmp_path: Path) -> None:
    write_clip(small_run.parent / "small-clips" / "c0.mp4")
    (tmp_path / "out").mkdir()
    written = write_report([small_run], tmp_path / "out" / "r.html", link_videos=True)
    page = Page(written.path)
    assert written.previews == 0
    assert page.data["clips"][0]["href"] == "./../small-clips/c0.mp4"


def test_a_broken_video_is_named_and_costs_only_itself(small_run: Path, tmp_path: Path) -> None:
    folder = small_run.parent / "small-clips"
    write_clip(folder / "c0.mp4")
    (folder / "c1.mp4").write_bytes(b"no video")
    page = Page(write_report([small_run], tmp_path / "r.html").path)
    assert "the video cannot be shown: c1.mp4" in page.media[1]["trouble"]
    assert str(tmp_path) not in page.scripts["media"] + page.words  # the page goes to people elsewhere
    assert page.media[0]["preview"]


def test_two_judges_stand_side_by_side(make_run: MakeRun, tmp_path: Path) -> None:
    rows = [row(n) for n in range(3)]
    one = make_run("one", rows, [joint((1, 2, 3)), joint((2, 2, 3)), joint((3, 2, 3))])
    other = make_run("other", rows[:2], [joint((1, 2, 3)), joint((4, 2, 3))])
    page = Page(write_report([one, other], tmp_path / "r.html").path)
    assert [run["name"] for run in page.data["runs"]] == ["one", "other"]
    assert [len(clip["verdicts"]) for clip in page.data["clips"]] == [2, 2, 2]
    assert page.data["clips"][2]["verdicts"][1] is None
    # Over the two shared clips: means 1.5 and 2.5, the second run one point above, one of two the same.
    assert "Visual quality one other 1.50 2.50 +1.00 50% 1.00 2" in page.words
    assert "2 of 3 clips stand in every run" in page.words


def test_other_prompts_under_one_id_are_said(make_run: MakeRun, tmp_path: Path) -> None:
    one = make_run("one", [row(0)], [joint((1, 2, 3))])
    other = make_run("other", [row(0, prompt="a blue cube") | {"prompt": "a blue cube"}], [joint((2, 2, 3))])
    assert (
        "1 clips have other prompts in one run than in another (first: c0)"
        in Page(write_report([one, other], tmp_path / "r.html").path).words
    )


def test_one_dimension_and_no_generators_and_no_people(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("bare", [row(0), row(1)], [joint((1, 2, 3)), "no idea"])
    page = Page(write_report([run], tmp_path / "r.html").path)
    assert "Generators" not in page.words
    assert "Against people" not in page.words
    assert "1 of 2 clips have every score" in page.words


def test_seven_dimensions_with_a_reply_each(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("seven", [row(0, model="m", theme="gravity")], ["Score: 3"], rubric="gradeo")
    page = Page(write_report([run], tmp_path / "r.html").path)
    assert len(page.data["runs"][0]["dimensions"]) == 7
    assert sum(tag == "figure" for tag, _ in page.elements) == 8  # seven histograms, one radar


def test_human_scores_off_the_scale_are_not_compared(make_run: MakeRun, tmp_path: Path) -> None:
    rows = [row(n, human={"visual_quality": 40 + n}) for n in range(2)]
    run = make_run("percent", rows, [joint((1, 2, 3)), joint((2, 2, 3))])
    words = Page(write_report([run], tmp_path / "r.html").path).words
    assert "Visual quality: 2 of 2 clips have human scores off the scale 1-5" in words


def test_scores_that_hardly_vary_are_warned_of(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("same", [row(n) for n in range(12)], [joint((3, 1 + n % 5, 4)) for n in range(12)])
    words = Page(write_report([run], tmp_path / "r.html").path).words
    assert "visual_quality: scores hardly vary (12 of 12 are 3" in words


def test_a_thousand_clips_make_a_small_page(make_run: MakeRun, tmp_path: Path) -> None:
    rows = [
        row(n, model=f"gen-{n % 7}", group=f"g{n // 7}", human={"visual_quality": 1 + n % 5})
        for n in range(1000)
    ]
    replies = [joint((1 + n % 5, 1 + n % 4, 1 + n % 3), why="It moves. " * 30) for n in range(1000)]
    written = write_report([make_run("many", rows, replies)], tmp_path / "r.html")
    assert written.clips == 1000
    assert written.bytes < 3_000_000
    page = Page(written.path)
    assert len(page.data["clips"]) == 1000
    assert sum(tag == "article" for tag, _ in page.elements) == 0  # drawn on demand


def test_wrong_use_is_one_clear_error(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one run"):
        write_report([], tmp_path / "r.html")
    with pytest.raises(UsageError, match="embed-budget"):
        write_report([small_run], tmp_path / "r.html", embed_budget=-1)
    with pytest.raises(InputError, match="no such run folder"):
        write_report([tmp_path / "none"], tmp_path / "r.html")
    with pytest.raises(InputError, match="cannot be written"):
        write_report([small_run], tmp_path / "no" / "r.html")
    (small_run / "verdicts.jsonl").write_text("")
    with pytest.raises(InputError, match="no verdicts"):
        write_report([small_run], tmp_path / "r.html")


def test_the_command_writes_the_page(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "page.html"
    assert main(["report", str(small_run), "-o", str(target), "--title", "A <b>title</b>", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["clips"], told["bytes"]) == (str(target), 4, target.stat().st_size)
    assert "A <b>title</b>" in Page(target).words
    assert main(["report", str(small_run)]) == 2


def test_a_radar_has_no_corner_where_nothing_is_scored() -> None:
    values = [("A", 100.0), ("B", None), ("C", 0.0), ("D", 50.0)]
    drawn = plots.radar(values, [None] * 4, "gen <1>", 0)
    shape = drawn.partition('<polygon class="shape')[2].partition('points="')[2].partition('"')[0]
    # Middle (150, 108), radius 72: A straight up, C (below) in the middle as 0, D halfway to the left.
    assert shape == "150.0,36.0 150.0,108.0 114.0,108.0"
    assert 'aria-label="gen &lt;1&gt;, points of 100: A 100, B not scored, C 0, D 50"' in drawn
