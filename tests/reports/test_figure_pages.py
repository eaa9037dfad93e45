"""The pages without scripts: consensus, reliability, coverage, motion."""

import sys
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from chromium import CHROMIUM, Browser

from reeljudge.clips import Clip
from reeljudge.clips.motion import Motion
from reeljudge.clips.motion_filter import Measured, sort_clips
from reeljudge.clips.motion_limits import distributions
from reeljudge.errors import InputError
from reeljudge.ratings.consensus import find_consensus
from reeljudge.ratings.coverage import coverage
from reeljudge.ratings.reliability import reliability
from reeljudge.reports import figures
from reeljudge.reports.motion_page import write_motion_page
from reeljudge.reports.ratings_page import write_consensus_page, write_coverage_page, write_reliability_page

sys.path.append(str(Path(__file__).parents[1] / "ratings"))
from panel_material import written

ATTACK = "</title><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"


def pages(folder: Path) -> list[Path]:
    """One of each kind, with hostile names throughout."""
    rng = np.random.default_rng(0)
    panel = written(
        {
            f"{ATTACK}{clip}": {f"{ATTACK}{rater}": int(rng.integers(1, 6)) for rater in range(4)}
            for clip in range(14)
        },
        model=ATTACK,
        theme=ATTACK,
    )
    consensus = find_consensus(panel)
    known = {clip.id: {panel.dimension: 3} for clip in panel.clips}
    names = [panel.raters[:2], panel.raters[2:]]
    trust = reliability(panel, dict(zip((ATTACK, "b"), names, strict=True)), resamples=50)
    covered = coverage(panel.clips, [panel], similarity=0.8)
    measured = [
        Measured(
            Clip(f"{ATTACK}{place}", "v.mp4", Path("v.mp4"), ATTACK, ATTACK),
            Motion(5, 8, 64, 64, flow, flow / 20, flow / 50, 0),
        )
        for place, flow in enumerate((0.0, 0.1, 1.0, 5.0, 20.0))
    ]
    measured.append(Measured(Clip("c", "v", Path("v"), "p"), None, "video_unreadable", ATTACK))
    limits = {"flow": (0.05, 10.0)}
    found = sort_clips(measured, limits)
    motions = [one.motion for one in measured if one.motion is not None]
    told = {"clips": 6, "kept": 3, "dropped": 2, "broken": 1, "distributions": distributions(motions)}
    return [
        write_consensus_page(
            folder / "consensus.html", [consensus], [consensus.against_truth(known)], title=ATTACK
        ),
        write_reliability_page(folder / "reliability.html", [trust], (ATTACK, "b")),
        write_coverage_page(folder / "coverage.html", covered),
        write_motion_page(folder / "motion.html", found, limits, told),
    ]


def test_pages_hold_nothing_foreign(tmp_path: Path) -> None:
    for page in pages(tmp_path):
        text = page.read_text()
        assert "<script" not in text, page.name
        assert "<img" not in text, page.name
        assert "&lt;script&gt;window.hacked" in text, page.name
        assert "default-src 'none'" in unescape(text)
        assert " style=" not in text.partition("</style>")[2], page.name  # the policy would refuse it
        assert "nan" not in text.partition("</style>")[2].replace("unanswered", ""), page.name


def test_what_a_motion_page_says(tmp_path: Path) -> None:
    text = pages(tmp_path)[3].read_text()
    assert "3 of 6 clips are kept, 2 dropped, 1 broken." in text
    assert "at least 0.05" in text
    assert "at most 10" in text
    assert text.count('class="chip"') == 2


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    panel = written({"a": {"x": 1, "y": 1}})
    with pytest.raises(InputError, match="cannot be written"):
        write_coverage_page(tmp_path / "no" / "page.html", coverage(panel.clips, [panel]))


def test_figures_of_nothing_and_of_one_value() -> None:
    assert "no values" in figures.distribution([], "m")
    assert figures.distribution([3.0], "m").count('class="bar"') == 1
    zeros = figures.distribution([0.0, 0.0, 1.0], "m", (0.5, None), log=True)
    assert zeros.count("hollow") == 1
    assert ">2</text>" in zeros
    assert figures.dot(None, None, 0, 1) == ""
    assert figures.columns({}, "none")
    assert figures.stacked([("a", 0)], "none").count("<rect") == 0
    assert figures.share_bar(5, 0)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium")
def test_in_a_browser(tmp_path: Path) -> None:
    browser = Browser(tmp_path / "profile")
    try:
        for page in pages(tmp_path):
            for width in (1280, 390):
                browser.resize(width, 800)
                browser.open(page)
                assert browser.run("document.documentElement.scrollWidth") == width, (page.name, width)
                assert browser.run("window.hacked") is None
                assert browser.run("document.querySelectorAll('svg[role=img]').length") >= 1
            for dark in (False, True):
                browser.prefer(dark)
                ink, ground = browser.run(
                    "['color', 'backgroundColor'].map((name) => "
                    "Number(getComputedStyle(document.body)[name].match(/\\d+/)[0]))"
                )
                assert (ink > ground) is dark
        assert browser.complaints == []
        assert all(url.startswith("file:") or url == "about:blank" for url in browser.requests)
    finally:
        browser.close()
