"""A real PostgreSQL server of the test's own, in a temporary folder, reached by a socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import pytest

WAIT_SECONDS = 120


def find_binaries() -> Path | None:
    """The folder of initdb and postgres: on PATH, else where Debian puts them."""
    for folder in sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True):
        if Path(folder, "initdb").exists() and Path(folder, "postgres").exists():
            return Path(folder)
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("postgres") else None


class PostgresServer:
    """Started when made; `stop` and `start` as often as one likes; `remove` ends it for good."""

    def __init__(self, binaries: Path):
        self.binaries = binaries
        # The server refuses to run as root; its folder must be its user's, and sockets have short names.
        self.user = "postgres" if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.process: subprocess.Popen[bytes] | None = None
        self.data = self.folder / "data"
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        arguments = [self.binaries / "postgres", "-D", self.data, "-k", self.folder]
        arguments += ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"]
        log = open(self.folder / "log", "ab")  # noqa: SIM115 - the server writes into it
        self.process = subprocess.Popen(
            list(map(str, arguments)), stdout=log, stderr=log, user=self.user, cwd=self.folder
        )
        log.close()
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            ready = subprocess.run(
                [self.binaries / "pg_isready", "-q", "-h", self.folder, "-U", "postgres"], check=False
            )
            if ready.returncode == 0:
                return
            time.sleep(0.2)
        raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """At once, as when the machine loses power: connections are cut."""
        if self.process is not None:
            self._run("pg_ctl", "stop", "-D", self.data, "-m", "immediate")
            self.process.wait(WAIT_SECONDS)
            self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: object) -> None:
        subprocess.run(
            [self.binaries / program, *map(str, arguments)],
            check=True,
            capture_output=True,
            user=self.user,
            cwd=self.folder,
        )


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server for as long as it is needed; the test skips where PostgreSQL is not installed."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("needs PostgreSQL's initdb and postgres (Debian: apt-get install postgresql)")
    server = PostgresServer(binaries)
    yield server
    server.remove()
