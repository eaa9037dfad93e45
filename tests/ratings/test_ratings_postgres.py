"""A PostgreSQL server that goes away in the middle of an import, and comes back."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres_server import PostgresServer, running_postgres

from reeljudge.errors import InputError
from reeljudge.ratings import StoreUnavailable, open_store
from reeljudge.ratings.imports import import_file
from reeljudge.ratings.imports.rows import RatingRows
from reeljudge.ratings.imports.units import Read, Refused
from reeljudge.tables import write_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One that may be stopped."""
    with running_postgres() as own:
        yield own


def test_a_server_that_goes_away_in_mid_import(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    row = {
        "video": "c.mp4",
        "prompt": "p",
        "rubric": "gradeo",
        "dimension": "safety",
        "rater": "a",
        "score": 3,
    }
    write_rows(path, [row | {"id": f"c{n}"} for n in range(3000)])
    read = RatingRows.rows

    def until_the_server_stops(self: RatingRows) -> Iterator[Read | Refused]:
        for number, one in enumerate(read(self)):
            if number == 2000:
                server.stop()
            yield one

    with open_store(server.url()) as store:
        monkeypatch.setattr(RatingRows, "rows", until_the_server_stops)
        with pytest.raises(StoreUnavailable, match="Nothing half was written") as caught:
            import_file(store, path, "reeljudge")
        assert "\n" not in str(caught.value)
        with pytest.raises(StoreUnavailable, match="see that the server runs"):
            store.raters()
        server.start()
        # The same store goes on: its dead connections are replaced.
        assert list(store.clips()) == []
        monkeypatch.setattr(RatingRows, "rows", read)
        assert import_file(store, path, "reeljudge").ratings["new"] == 3000
        assert import_file(store, path, "reeljudge").ratings["same"] == 3000


def test_databases_that_will_not_do(server: PostgresServer) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute("CREATE DATABASE closed")
    with psycopg.connect(server.url("closed"), autocommit=True) as connection:
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    with pytest.raises(InputError, match=r"encoding LATIN1 .*UTF8"):
        open_store(server.url("latin"))
    with pytest.raises(StoreUnavailable, match=r"permission denied|no schema has been"):
        open_store(server.url("closed").replace("postgres@", "guest@"))
    with pytest.raises(StoreUnavailable, match='database "nowhere" does not exist'):
        open_store(server.url("nowhere"))
    with pytest.raises(InputError, match="holds no ratings"):
        open_store(server.url("template1"), create=False)
