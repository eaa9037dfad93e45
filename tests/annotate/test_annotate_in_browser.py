"""The rating page in a real browser: keys, reload, lost connections, two tabs, phones, hostile texts."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from annotate_server import REPLY, MakeTask, Served, served

from reeljudge.annotate.task import Task

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
]
playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install playwright")

WAIT = 60_000
"""Milliseconds: a busy machine is slow, and that is no failure."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


OpenPage = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """open_page(link, width=, height=, context=): a tab whose complaints are collected in `page.told`."""
    contexts = []

    def make(
        link: str, width: int = 1280, height: int = 800, context: Any = None, ready: str = ".choice"
    ) -> Any:
        if context is None:
            context = browser.new_context(viewport={"width": width, "height": height})
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.told = []
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("console", lambda one: page.told.append(one.text) if one.type == "error" else None)
        page.goto(link)
        if ready:
            page.wait_for_selector(ready)
        return page

    yield make
    for context in contexts:
        context.close()


def until(page: Any, expression: str) -> None:
    """Wait until it is true. As a function: the page's own policy forbids to evaluate text."""
    page.wait_for_function(f"() => {expression}")


def saved(page: Any) -> None:
    until(page, "document.getElementById('state').textContent === 'Saved'")


def counter(page: Any) -> str:
    return page.inner_text("#counter")


def on_page(page: Any, number: int) -> None:
    until(page, f"document.getElementById('counter').textContent.startsWith('{number} /')")


def scores(task: Task, rater: str | None = None) -> list[int]:
    return sorted(one.score for one in task.store.ratings(rater=rater))


@pytest.fixture
def quality(make_task: MakeTask) -> Task:
    return make_task("gradeo", dimensions=["quality"], overlap=2)


@pytest.fixture
def server(quality: Task) -> Iterator[Served]:
    with served(quality) as found:
        yield found


def test_rating_by_keyboard(server: Served, quality: Task, open_page: OpenPage) -> None:
    page = open_page(server.link("ann"))
    assert counter(page) == "1 / 6"
    assert "#" not in page.url  # the link's secret is gone from the address bar
    page.keyboard.press("4")
    page.keyboard.press("w")
    page.keyboard.type("sharp; 5 lines, no 1 blurred")  # digits in the box are words
    page.keyboard.press("Control+Enter")
    on_page(page, 2)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # the first press marks the middle, 3; this one 4
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    on_page(page, 3)
    page.keyboard.press("ArrowLeft")
    on_page(page, 2)
    assert page.get_attribute(".choice.on", "aria-checked") == "true"
    page.keyboard.press("n")
    on_page(page, 3)
    for digit in "1235":
        page.keyboard.press(digit)
        page.keyboard.press("Enter")
        page.wait_for_timeout(50)
        until(page, "!document.querySelector('.choice.on') || !document.getElementById('rest').hidden")
    page.wait_for_selector("#rest h1")
    saved(page)
    assert page.inner_text("#rest h1") == "6 done"
    assert scores(quality) == [1, 2, 3, 3, 4, 5]
    first = next(one for one in quality.store.ratings() if one.score == 4)
    assert first.rationale == "sharp; 5 lines, no 1 blurred"
    assert first.seconds is not None
    assert first.seconds > 0
    assert page.told == []


def test_the_clip_plays_loops_steps_and_slows(server: Served, open_page: OpenPage) -> None:
    page = open_page(server.link("ann"))
    video = "document.querySelector('#player video')"
    until(page, f"{video}.readyState >= 2")
    assert page.evaluate(f"{video}.loop") is True
    until(page, f"{video}.currentTime > 0")
    page.keyboard.press("s")
    assert page.evaluate(f"{video}.playbackRate") == 0.5
    page.keyboard.press("s")
    page.keyboard.press("s")
    assert page.evaluate(f"{video}.playbackRate") == 1
    page.keyboard.press(" ")
    until(page, f"{video}.paused")
    for _ in range(9):
        before = page.inner_text(".frame")
        page.keyboard.press(".")
        number, count = (int(part) for part in before.split(" / "))
        until(page, f"document.querySelector('.frame').textContent === '{number % count + 1} / {count}'")
    assert count == 6
    page.keyboard.press(",")
    until(page, f"document.querySelector('.frame').textContent === '{number} / {count}'")
    picture = page.evaluate(f"[{video}.videoWidth, {video}.getBoundingClientRect().width]")
    assert picture[1] > 600  # small clips are shown large
    assert page.told == []


def test_what_was_typed_survives_a_reload(server: Served, quality: Task, open_page: OpenPage) -> None:
    page = open_page(server.link("ann"))
    page.keyboard.press("w")
    page.keyboard.type("half a thought")
    page.reload()
    page.wait_for_selector(".choice")
    assert page.input_value("textarea") == "half a thought"
    assert scores(quality) == []  # no score yet: a draft is no rating
    page.keyboard.press("2")
    saved(page)  # nothing was confirmed: what is complete is sent by itself after a moment
    page.reload()
    on_page(page, 2)  # one comes back to where there is something to do
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".choice.on")
    assert page.input_value("textarea") == "half a thought"
    assert [(one.score, one.rationale) for one in quality.store.ratings()] == [(2, "half a thought")]
    assert page.told == []


def test_two_raters_at_once(server: Served, quality: Task, open_page: OpenPage) -> None:
    pages = {name: open_page(server.link(name)) for name in ("ann", "bob")}
    for _ in range(3):
        for name, page in pages.items():
            here = counter(page)
            page.keyboard.press("5" if name == "ann" else "1")
            page.keyboard.press("Enter")
            page.wait_for_function(
                "(before) => document.getElementById('counter').textContent !== before", arg=here
            )
    for page in pages.values():
        saved(page)
    assert scores(quality, "ann") == [5, 5, 5]
    assert scores(quality, "bob") == [1, 1, 1]


def test_a_lost_connection_loses_nothing(server: Served, quality: Task, open_page: OpenPage) -> None:
    page = open_page(server.link("ann"))
    page.wait_for_timeout(300)
    page.context.set_offline(True)
    page.keyboard.press("4")
    page.keyboard.press("w")
    page.keyboard.type("typed in a tunnel")
    page.keyboard.press("Control+Enter")
    until(page, "document.getElementById('state').textContent.includes(': 1 kept here')")
    assert scores(quality) == []
    page.context.set_offline(False)
    saved(page)
    assert [(one.score, one.rationale) for one in quality.store.ratings()] == [(4, "typed in a tunnel")]


def test_an_answer_lost_on_the_way_is_no_conflict(server: Served, quality: Task, open_page: OpenPage) -> None:
    """The server stores a save, and the browser never hears of it; then the person changes the score."""
    page = open_page(server.link("ann"))
    cut = {"on": True}

    def swallow(route: Any) -> None:
        if route.request.method == "PUT" and cut["on"]:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/page/*", swallow)
    page.keyboard.press("4")
    until(page, "document.getElementById('state').textContent.includes(': 1 kept here')")
    assert scores(quality) == [4]
    cut["on"] = False
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    on_page(page, 2)
    saved(page)
    assert scores(quality) == [2]
    assert page.inner_text("#messages") == ""


def test_another_tab_changed_the_page(server: Served, quality: Task, open_page: OpenPage) -> None:
    first = open_page(server.link("ann"))
    second = open_page(server.url, context=first.context)
    first.keyboard.press("5")
    saved(first)
    second.keyboard.press("1")
    second.keyboard.press("w")
    second.keyboard.type("not so fast")
    second.wait_for_selector(".message.warn")
    told = second.inner_text(".message.warn")
    assert "changed in another tab" in told
    assert "Quality 5" in told
    assert second.input_value("textarea") == "not so fast"
    assert scores(quality) == [5]
    second.click("text=Keep mine")
    saved(second)
    assert [(one.score, one.rationale) for one in quality.store.ratings()] == [(1, "not so fast")]
    assert [row["score"] for row in quality.store.history()] == [5]


def test_a_database_that_goes_away(
    server: Served, quality: Task, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(server.link("ann"))
    database, away = tmp_path / "ratings.db", tmp_path / "away.db"
    page.wait_for_timeout(300)
    database.rename(away)
    page.keyboard.press("3")
    page.keyboard.press("w")
    page.keyboard.type("still here")
    until(page, "document.getElementById('state').textContent.includes('database does not answer')")
    assert page.input_value("textarea") == "still here"
    away.rename(database)
    saved(page)
    assert [(one.score, one.rationale) for one in quality.store.ratings()] == [(3, "still here")]


def test_hostile_texts_run_nothing(make_task: MakeTask, manifest: Path, open_page: OpenPage) -> None:
    attack = "</textarea><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for row in rows:
        row["prompt"] = row["theme"] = attack
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = make_task("gradeo", dimensions=["rationality"])
    with served(task) as server:
        page = open_page(server.link(attack[:60]))
        page.keyboard.press("4")
        page.keyboard.press("w")
        page.keyboard.type(attack)
        page.keyboard.press("Control+Enter")
        on_page(page, 2)
        page.keyboard.press("ArrowLeft")
        on_page(page, 1)
        assert page.input_value("textarea") == attack
        assert page.inner_text(".prompt p") == attack
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        admin = open_page(server.admin, ready="#raters table")
        for one in (page, admin):
            assert one.evaluate("window.hacked") is None
            assert one.locator("img").count() == 0
            assert one.told == []


def test_skipping_practice_and_the_end(make_task: MakeTask, open_page: OpenPage, tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    rows = [{"id": "p0-gen0", "use": "pilot", "scores": {"quality": 4}, "rationale": "sharp throughout"}]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = make_task("gradeo", dimensions=["quality"], gold=gold, rationale="required")
    with served(task) as server:
        page = open_page(server.link("ann"))
        assert "Practice round" in page.inner_text("#panel")
        page.keyboard.press("3")
        page.keyboard.type("a bit soft")  # the box is marked at once, as words are required
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".feedback")
        assert "this clip is a 4" in page.inner_text(".feedback")
        assert "sharp throughout" in page.inner_text(".feedback")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        until(page, "!document.querySelector('.feedback')")
        page.keyboard.press("5")
        page.keyboard.press("Control+Enter")
        assert "say in a few words why" in page.inner_text("#hint")
        page.keyboard.press("Escape")
        page.click("#skip")
        page.keyboard.press("2")
        page.click("dialog .act .main")
        until(page, "!document.querySelector('dialog').open")
        saved(page)
        assert list(task.store.ratings()) == []


def test_all_dimensions_on_one_page_and_a_phone(make_task: MakeTask, open_page: OpenPage) -> None:
    task = make_task("videoscore2")
    with served(task) as server:
        page = open_page(server.link("ann"))
        for digit in "432":
            page.keyboard.press(digit)
        page.keyboard.press("Enter")
        on_page(page, 2)
        saved(page)
        given = {one.dimension: one.score for one in task.store.ratings()}
        assert given == {"visual_quality": 4, "text_alignment": 3, "physical_consistency": 2}
        phone = open_page(server.link("bob"), 390, 844)
        assert phone.evaluate("document.documentElement.scrollWidth") == 390
        unnamed = "(one) => !one.labels?.length && !one.ariaLabel && !one.textContent.trim()"
        assert (
            phone.evaluate(
                f"[...document.querySelectorAll('input, textarea, button')].filter({unnamed}).length"
            )
            == 0
        )
        admin = open_page(server.admin, 390, 844, ready="#raters table")
        assert admin.evaluate("document.documentElement.scrollWidth") == 390
        assert page.told == phone.told == admin.told == []


def test_checking_texts(make_task: MakeTask, open_page: OpenPage, tmp_path: Path) -> None:
    rows = [
        {
            "id": f"p{n}-gen0",
            "rubric": "gradeo",
            "dimension": "quality",
            "scores": {"quality": 4},
            "reply": REPLY,
        }
        for n in range(3)
    ]
    path = tmp_path / "chains.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = make_task(None, check=path)
    with served(task) as server:
        page = open_page(server.link("ann"), ready=".check")
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        on_page(page, 2)
        page.fill(".check .text", REPLY.replace("Score: 4", "Score: 1"))
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".message")
        assert page.evaluate("document.querySelector('#messages').textContent.includes('score is 4')")
    from reeljudge.annotate.export import decisions

    assert [one["decision"] for one in decisions(task.store, "gradeo").values()] == ["accept"]
