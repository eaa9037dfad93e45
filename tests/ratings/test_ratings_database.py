"""Where a store lies: paths and URLs, damaged and foreign files, kills, and what is not installed."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reeljudge.errors import InputError, MissingExtra, UsageError
from reeljudge.ratings import (
    RatedClip,
    StoreUnavailable,
    open_store,
)
from reeljudge.ratings.database import parse_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ratings.db", "sqlite:///ratings.db"),
        ("/a b/ratings#1?.db", "sqlite:////a b/ratings#1?.db"),
        ("sqlite:///ratings.db", "sqlite:///ratings.db"),
        ("postgres://me@host/r", "postgresql+psycopg://me@host/r"),
        ("postgresql://me@host/r", "postgresql+psycopg://me@host/r"),
        ("postgresql+psycopg://me@host:5433/r", "postgresql+psycopg://me@host:5433/r"),
    ],
)
def test_paths_and_urls(url: str, shown: str) -> None:
    parsed = parse_url(url)
    assert parsed.database == (url if "://" not in url else parsed.database)
    assert parsed.render_as_string(hide_password=False).startswith(shown.split("?")[0].split("#")[0])


@pytest.mark.parametrize("url", ["mysql://me@host/r", "sqlite://", "sqlite:///:memory:", "", "http://x"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(UsageError):
        open_store(url)


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_store("postgresql://me:sesame@127.0.0.1:9/ratings")
    assert "sesame" not in str(caught.value)
    assert "see that the server runs" in str(caught.value)


def test_files_that_are_no_store(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("some notes that are no database")
    with pytest.raises(InputError, match="not a SQLite database"):
        open_store(str(tmp_path / "notes.txt"))
    with pytest.raises(InputError, match="a folder"):
        open_store(str(tmp_path))
    with pytest.raises(InputError, match="there is no folder"):
        open_store(str(tmp_path / "nowhere" / "ratings.db"))
    with pytest.raises(InputError, match="no such database"):
        open_store(str(tmp_path / "typo.db"), create=False)
    assert not (tmp_path / "typo.db").exists()
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE ratings (stars INTEGER)")
    with pytest.raises(InputError, match="not reeljudge's"):
        open_store(str(tmp_path / "other.db"))
    with sqlite3.connect(tmp_path / "empty.db") as other:
        other.execute("CREATE TABLE things (n INTEGER)")
    with pytest.raises(InputError, match="holds no ratings"):
        open_store(str(tmp_path / "empty.db"), create=False)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ratings.db"
    open_store(str(path)).close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE ratings_about SET value = '99'")
    with pytest.raises(InputError, match="newer reeljudge"):
        open_store(str(path))


def test_a_damaged_file_is_told(tmp_path: Path, clips: list[RatedClip]) -> None:
    path = tmp_path / "ratings.db"
    with open_store(str(path)) as store:
        store.add_clips(clips)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + os.urandom(len(whole) - 4096))
    with pytest.raises(StoreUnavailable, match="cannot be used"), open_store(str(path)) as store:
        list(store.clips())


def test_a_writer_that_waits_too_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clips: list[RatedClip]
) -> None:
    monkeypatch.setattr("reeljudge.ratings.database.BUSY_SECONDS", 0.1)
    path = tmp_path / "ratings.db"
    with open_store(str(path)) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another program has held the database"):
            store.add_clips(clips)
        other.execute("ROLLBACK")
        other.close()
        assert store.add_clips(clips) == 6


KILLED = """
import os, signal, sys
from reeljudge.ratings import RatedClip, Rating, open_store
store = open_store(sys.argv[1])
def ratings():
    for n in range(5000):
        if n == 4000:
            os.kill(os.getpid(), signal.SIGKILL)
        yield Rating(id="c", video="c.mp4", prompt="p", rubric="videoscore2", dimension="visual_quality",
                     rater=f"r{n}", score=3)
with store.importing() as importing:
    importing.add_clips([RatedClip(id="c", video="c.mp4", prompt="p")])
    importing.put_many(ratings())
"""


def test_a_kill_in_the_middle_leaves_nothing_half(store_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, store_url], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store(store_url) as store:
        assert (list(store.clips()), list(store.ratings())) == ([], [])
        assert store.add_clips([RatedClip(id="c", video="c.mp4", prompt="p")]) == 1


WITHOUT_SQLALCHEMY = """
import sys
sys.modules["sqlalchemy"] = None
import reeljudge.ratings
from reeljudge.cli import main
sys.exit(main(["ratings", "import", "rows.jsonl", "--from", "reeljudge", "--db", "ratings.db"]))
"""


def test_what_is_not_installed_is_named_and_only_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SQLALCHEMY], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "pip install 'reeljudge[annotate]'" in done.stderr
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"reeljudge\[postgres\]"):
        open_store("postgresql://me@localhost/ratings")
