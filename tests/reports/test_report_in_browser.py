"""The page in a real browser: filters, pictures, hostile data, phones, a thousand clips."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM, Browser
from report_material import MakeRun, joint, row, write_clip

from reeljudge.reports import write_report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    found = Browser(tmp_path / "profile")
    yield found
    found.close()


@pytest.fixture
def mixed(make_run: MakeRun) -> Path:
    """Six clips: four scored, one without any number, one without a reply; a flag on c5; c0 is on disk."""
    scores = [(1, 2, 3), (5, 4, 4), (3, 3, 3), (2, 5, 5)]
    rows = [
        row(n, model="aspen" if n < 3 else "birch", human={"visual_quality": 1 + n % 5}) for n in range(7)
    ]
    rows[2]["prompt"] = "Ein grüner Würfel ＡＢＣ"
    replies = [joint(score) for score in scores]
    bare = joint((4, 4, 4)).partition("</think>")[2]  # no reasoning before the answer
    run = make_run("mixed", rows, [*replies, "nothing to say", bare, None])
    write_clip(run.parent / "mixed-clips" / "c0.mp4")
    return run


def test_filters_and_sorting(browser: Browser, mixed: Path, tmp_path: Path) -> None:
    report = write_report([mixed], tmp_path / "r.html")
    browser.open(report.path)
    everything = [f"c{n}" for n in range(7)]
    assert browser.ids() == everything
    assert browser.choose("model", "1") == ["c3", "c4", "c5", "c6"]
    assert browser.choose("status", "error") == ["c6"]
    assert browser.choose("status", "reason:missing_score") == ["c4"]
    assert browser.choose("status", "scored") == ["c3", "c5"]
    browser.run("[...document.querySelectorAll('#filters button')].at(-1).click()")
    assert browser.ids() == everything
    assert browser.choose("dimension", "visual_quality") == everything
    assert browser.choose("least", "3") == ["c1", "c2", "c5"]
    assert browser.choose("most", "4") == ["c2", "c5"]
    assert browser.choose("least", "") == ["c0", "c2", "c3", "c5"]
    assert browser.choose("most", "") == everything
    # Unscored clips come last, whichever way.
    assert browser.choose("sort", "up") == ["c0", "c3", "c2", "c5", "c1", "c4", "c6"]
    assert browser.choose("sort", "down") == ["c1", "c5", "c2", "c3", "c0", "c4", "c6"]
    assert browser.choose("sort", "people")[:2] == ["c1", "c5"]  # both 3 away
    assert browser.choose("flag", "is:missing_stage") == ["c5", "c4"]
    assert browser.choose("flag", "") != []
    assert browser.choose("search", "WÜRFEL abc") == ["c2"]
    assert browser.choose("search", "no such words") == []
    assert "No clip fits" in browser.run("document.getElementById('shown').textContent")
    assert browser.complaints == []


def test_pictures_load_and_nothing_else_does(browser: Browser, mixed: Path, tmp_path: Path) -> None:
    report = write_report([mixed], tmp_path / "r.html")
    browser.open(report.path)
    browser.run("document.querySelector('article').scrollIntoView()")
    browser.wait(1.5)
    assert browser.run("document.querySelector('video').duration") == pytest.approx(1.5, abs=0.2)
    assert browser.run("document.querySelector('.strip img').naturalWidth") > 96
    assert browser.complaints == []
    own = report.path.absolute().as_uri()
    assert [url for url in browser.requests if not url.startswith((own, "blob:", "data:"))] == []


def test_linked_videos_play(browser: Browser, mixed: Path, tmp_path: Path) -> None:
    report = write_report([mixed], tmp_path / "r.html", link_videos=True)
    browser.open(report.path)
    browser.run("document.querySelector('article').scrollIntoView()")
    browser.wait(1.5)
    assert browser.run("document.querySelector('video').duration") == pytest.approx(1.5, abs=0.2)


def test_hostile_data_runs_nothing(browser: Browser, make_run: MakeRun, tmp_path: Path) -> None:
    attack = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
    rows = [
        row(n, model=f"{attack}{n}", theme=attack) | {"prompt": f"{attack} {n}", "id": f"{attack}{n}"}
        for n in range(3)
    ]
    run = make_run("hostile", rows, [joint((n + 1, 2, 3), why=f"{attack} so.") for n in range(3)])
    browser.open(write_report([run, run], tmp_path / "r.html", title=attack).path)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.wait(0.3)
    assert browser.run("window.hacked") is None
    assert browser.run("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.run("document.querySelector('.prompt').textContent") == f"{attack} 0"
    assert browser.complaints == []


def test_two_runs_fit_a_phone_and_the_keyboard(browser: Browser, make_run: MakeRun, tmp_path: Path) -> None:
    rows = [row(n, model="generator-" + "x" * 80) for n in range(3)]
    runs = [
        make_run(
            name, [one | {"prompt": "w" * 900} for one in rows], [joint((n + 1, 2, 3)) for n in range(3)]
        )
        for name in ("one", "other")
    ]
    browser.resize(360, 740)
    browser.open(write_report(runs, tmp_path / "r.html").path)
    assert browser.run("document.documentElement.scrollWidth") == 360
    for dark in (False, True):
        browser.prefer(dark)
        ink, page = browser.run(
            "['color', 'backgroundColor'].map((name) => "
            "Number(getComputedStyle(document.body)[name].match(/\\d+/)[0]))"
        )
        assert (ink > page) is dark
    unfold = "document.querySelector('.unfold')"
    browser.run(f"{unfold}.focus()")
    for kind in ("keyDown", "keyUp"):
        browser.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            text="\r",
            windowsVirtualKeyCode=13,
        )
    assert browser.run(f"{unfold}.getAttribute('aria-expanded')") == "true"
    unnamed = "(one) => !one.labels.length && !one.ariaLabel"
    assert browser.run(f"[...document.querySelectorAll('input, select')].filter({unnamed}).length") == 0
    assert browser.complaints == []


def test_a_thousand_clips_are_drawn_on_demand(browser: Browser, make_run: MakeRun, tmp_path: Path) -> None:
    rows = [row(n, model=f"gen-{n % 7}") for n in range(1000)]
    run = make_run("many", rows, [joint((1 + n % 5, 1 + n % 4, 1 + n % 3)) for n in range(1000)])
    browser.open(write_report([run], tmp_path / "r.html").path)
    assert len(browser.ids()) <= 60
    assert browser.choose("search", "ball 999") == ["c999"]
    assert len(browser.choose("search", "")) <= 60
    for _ in range(3):
        browser.run("document.getElementById('more').click()")
    assert 80 <= len(browser.ids()) <= 200
    assert browser.choose("sort", "down")[0] == "c59"  # the first with 5, 4 and 3
    assert browser.complaints == []
