"""Twenty raters at once, with retries: nothing is lost, and nothing counts twice."""

import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from annotate_server import HEADERS, Served, plain_rows, served, write_clips

from reeljudge.annotate import Settings
from reeljudge.annotate.task import open_task
from reeljudge.ratings import RatingStore, open_store

sys.path.insert(0, str(Path(__file__).parents[1] / "ratings"))

from postgres_server import PostgresServer, running_postgres

pytestmark = pytest.mark.slow

RATERS = 20


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


def make_clips(folder: Path, prompts: int, generators: int) -> tuple[Path, list[str]]:
    """A manifest and its ids. One video serves all: this is about ratings."""
    rows = plain_rows(prompts, generators)
    manifest = write_clips(folder, rows[:1], frames=1)
    rows = [row | {"video": rows[0]["video"]} for row in rows]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return manifest, [row["id"] for row in rows]


def rate_all(server: Served, team: str = "a") -> dict[tuple[str, str], int]:
    """Twenty raters at once rate whatever they get; one save in ten is sent twice. (rater, page) -> score."""
    tokens = {f"{team}{n}": server.link(f"{team}{n}").partition("#")[2] for n in range(RATERS)}
    said: dict[tuple[str, str], int] = {}
    lock = threading.Lock()

    def work(name: str) -> None:
        dice = random.Random(name)
        with httpx.Client(base_url=server.url, headers=HEADERS, timeout=600) as client:
            assert client.post("/api/enter", json={"token": tokens[name]}).status_code == 200
            while True:
                told = client.post("/api/more", json={}).json()
                pages = [page for page in told["pages"] if page["state"] == "open"]
                if not pages:
                    return
                for page in pages:
                    score, save = dice.randint(1, 5), f"{name}-{page['unit']}"
                    body = {"kind": "scores", "save": save, "scores": {"quality": score}}
                    for _ in range(1 + (dice.random() < 0.1)):
                        reply = client.put(f"/api/page/{page['unit']}", json=body)
                        assert reply.status_code == 200, reply.text
                    with lock:
                        said[name, page["unit"]] = score

    with ThreadPoolExecutor(RATERS) as pool:
        for outcome in [pool.submit(work, name) for name in tokens]:
            outcome.result()
    return said


def check(store: RatingStore, said: dict[tuple[str, str], int], ids: list[str], each: int) -> None:
    ratings = list(store.ratings())
    assert len(said) == len(ratings) == each * len(ids)
    assert Counter(one.id for one in ratings) == dict.fromkeys(ids, each)
    assert set(Counter((one.id, one.rater) for one in ratings).values()) == {1}
    for name in {rater for rater, _ in said}:
        expected = Counter(score for (rater, _), score in said.items() if rater == name)
        assert Counter(one.score for one in ratings if one.rater == name) == expected
    assert store.history() == []


def test_twenty_raters_write_two_thousand_ratings(tmp_path: Path) -> None:
    manifest, ids = make_clips(tmp_path / "clips", 25, 4)
    with open_store(str(tmp_path / "ratings.db")) as store:
        task = open_task(manifest, store, "gradeo", Settings(overlap=RATERS), dimensions=["quality"])
        with served(task) as server:
            said = rate_all(server)
        assert len(said) == 2000
        check(store, said, ids, RATERS)


def test_overlap_holds_under_contention_in_postgresql(tmp_path: Path, postgres: PostgresServer) -> None:
    """Twenty raters at two servers of one task want pages that need three each; then the database goes."""
    manifest, ids = make_clips(tmp_path / "clips", 10, 4)
    with open_store(postgres.url()) as store, open_store(postgres.url()) as second_store:
        settings = Settings(overlap=3)
        task = open_task(manifest, store, "gradeo", settings, dimensions=["quality"])
        other = open_task(manifest, second_store, "gradeo", settings, dimensions=["quality"])
        with served(task) as server, served(other) as second, ThreadPoolExecutor(2) as pool:
            halves = [pool.submit(rate_all, one, team) for one, team in ((server, "a"), (second, "b"))]
            said = {key: score for half in halves for key, score in half.result().items()}
            check(store, said, ids, 3)
            with httpx.Client(base_url=server.url, headers=HEADERS, timeout=600) as client:
                token = server.link("late").partition("#")[2]
                assert client.post("/api/enter", json={"token": token}).status_code == 200
                postgres.stop()
                gone = client.get("/api/task")
                assert (gone.status_code, gone.json()["error"]) == (503, "database")
                postgres.start()
                assert client.get("/api/task").status_code == 200
