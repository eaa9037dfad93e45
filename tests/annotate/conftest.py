"""Clips, a store and a task for the rating page."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from annotate_server import MakeTask, Rater, plain_rows, write_clips
from sqlalchemy import event

from reeljudge.annotate import Settings
from reeljudge.annotate.app import make_app
from reeljudge.annotate.task import Task, open_task
from reeljudge.ratings import RatingStore, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RatingStore]:
    with open_store(str(tmp_path / "ratings.db")) as found:
        found.engine.dispose()

        @event.listens_for(found.engine, "connect")
        def _hurry(connection: Any, record: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF").close()  # nothing here has to survive a power cut

        yield found


@pytest.fixture(scope="session")
def six_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("six") / "clips", plain_rows(3)).parent


@pytest.fixture
def manifest(six_clips: Path, tmp_path: Path) -> Path:
    """Three prompts, two generators: six clips, as a copy that a test may break."""
    return Path(shutil.copytree(six_clips, tmp_path / "clips")) / "manifest.jsonl"


@pytest.fixture
def make_task(manifest: Path, store: RatingStore) -> MakeTask:
    """A task over `manifest`: `make_task("gradeo", overlap=2, dimensions=["quality"])`."""

    def make(rubric: str | None = "gradeo", **options: Any) -> Task:
        names = ("dimensions", "gold", "adjudicate", "check", "raters", "show_opinions")
        opening = {name: options.pop(name) for name in names if name in options}
        settings = Settings(**options) if options else None
        return open_task(manifest, store, rubric, settings, **opening)

    return make


@pytest.fixture
def enter() -> Iterator[Any]:
    """enter(task, "ann"): a browser in which ann has opened her link."""
    apps: dict[int, Any] = {}

    def make(task: Task, rater: str | None = "ann") -> Rater:
        app = apps.setdefault(id(task), make_app(task))
        service = app.state.service
        return Rater(app, service.admin_token if rater is None else service.links.make(rater))

    yield make
    for app in apps.values():
        app.state.service.videos.close()


@pytest.fixture
def quality(make_task: MakeTask) -> Task:
    return make_task("gradeo", dimensions=["quality"], overlap=2)
