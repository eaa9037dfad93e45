"""Stores of ratings to test with: every test that takes `store` runs on SQLite and on a real PostgreSQL."""

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from reeljudge.cli import main
from reeljudge.ratings import RatedClip, Rating, RatingStore, open_store

sys.path.insert(0, str(Path(__file__).parent))

from postgres_server import PostgresServer, running_postgres

Ran = tuple[int, str, str]
_numbers = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that all tests share; each makes a database of its own."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "ratings.db")
    import psycopg

    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture
def store(store_url: str) -> Iterator[RatingStore]:
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `reeljudge ratings ...`: (exit status, stdout, stderr)."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = main(["ratings", *(str(argument) for argument in arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def clips() -> list[RatedClip]:
    return [
        RatedClip(id=f"c{n}", video=f"videos/c{n}.mp4", prompt=f"a ball {n}", model="g", extra={"seed": n})
        for n in range(6)
    ]


@pytest.fixture
def rate() -> Callable[..., Rating]:
    """rate(clip number, score, **others) -> a rating by ann on visual_quality."""

    def make(n: int, score: object, **others: object) -> Rating:
        fields = {
            "id": f"c{n}",
            "video": f"videos/c{n}.mp4",
            "prompt": f"a ball {n}",
            "rubric": "videoscore2",
            "dimension": "visual_quality",
            "rater": "ann",
            "score": score,
        }
        return Rating.model_validate(fields | others)

    return make
