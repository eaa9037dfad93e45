"""A rating page for tests: clips, tasks, and a server in a thread of this process."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from starlette.testclient import TestClient

from reeljudge.annotate.app import Service, make_app
from reeljudge.annotate.links import link
from reeljudge.annotate.task import Task
from reeljudge.clips import write_video

MakeTask = Callable[..., Task]

HERE = "http://127.0.0.1:8321"
HEADERS = {"x-reeljudge": "1", "content-type": "application/json"}
REPLY = (
    "<OVERVIEW>first the picture</OVERVIEW>\n<DESCRIPTION>a bar grows</DESCRIPTION>\n"
    "<ANALYSIS>sharp</ANALYSIS>\n<ASSESSMENT>Rating Score: 4</ASSESSMENT>"
)


def write_clips(folder: Path, rows: list[dict[str, Any]], frames: int = 6, size: int = 32) -> Path:
    """A manifest with a small video for each row; frames differ, so that stepping can be seen."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(rows):
        path = folder / row["video"]
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((frames, size, size, 3), 40 + 8 * (number % 20), np.uint8)
        for frame in range(frames):
            picture[frame, :, : (frame + 1) * size // frames, 0] = 220
        write_video(path, picture, 8)
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return manifest


def plain_rows(prompts: int, generators: int = 2) -> list[dict[str, Any]]:
    """`generators` clips of each of `prompts` prompts, with ids and names that give the generator away."""
    return [
        {
            "id": f"p{prompt}-gen{generator}",
            "video": f"videos/gen{generator}/p{prompt}.mp4",
            "prompt": f"prompt number {prompt}",
            "theme": f"theme {prompt}",
            "model": f"gen{generator}",
        }
        for prompt in range(prompts)
        for generator in range(generators)
    ]


class Served:
    """A running server: `url`, `service`, `link(rater)`, `admin`."""

    def __init__(self, service: Service, url: str):
        self.service = service
        self.url = url
        self.admin = link(url, service.admin_token, admin=True)

    def link(self, rater: str) -> str:
        return link(self.url, self.service.links.make(rater))


@contextmanager
def served(task: Task) -> Iterator[Served]:
    """The task on a free port of this machine, until the block ends."""
    from reeljudge.annotate.server import listen

    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    app = make_app(task, url, port)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    try:
        yield Served(app.state.service, url)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()


class Rater:
    """A browser of one rater."""

    def __init__(self, app: Any, token: str):
        self.client = TestClient(app, base_url=HERE, headers=HEADERS, raise_server_exceptions=False)
        reply = self.client.post("/api/enter", json={"token": token})
        assert reply.status_code == 200, reply.text

    def more(self) -> dict[str, Any]:
        return self.client.post("/api/more", json={}).json()

    def units(self) -> list[str]:
        return [page["unit"] for page in self.more()["pages"]]

    def page(self, unit: str) -> dict[str, Any]:
        return self.client.get(f"/api/page/{unit}").json()

    def save(self, unit: str, **answer: Any) -> Any:
        body = {"kind": "scores", "save": "save-0001", "base": None, **answer}
        return self.client.put(f"/api/page/{unit}", content=json.dumps(body))
