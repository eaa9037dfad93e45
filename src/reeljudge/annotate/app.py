"""The web app: who may do what, and the addresses of it."""

import hashlib
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from reeljudge.annotate.answers import Answers, AnyAnswer
from reeljudge.annotate.assignment import Assignment
from reeljudge.annotate.errors import NoSuchPage, NotAllowed, NotEntered, Refused
from reeljudge.annotate.export import export_csv, export_jsonl
from reeljudge.annotate.links import Links, clean_name, link
from reeljudge.annotate.playable import Videos
from reeljudge.annotate.progress import progress
from reeljudge.annotate.security import Gate
from reeljudge.annotate.task import Task
from reeljudge.annotate.views import claimed_view, page_view, rater_key, task_view
from reeljudge.errors import ClipError, ReeljudgeError, UsageError
from reeljudge.ratings import StoreUnavailable
from reeljudge.ratings.model import Model

_LOG = logging.getLogger(__name__)

STAY_SECONDS = 180 * 24 * 3600
"""How long a browser remembers who came by which link."""

STATIC = {
    "admin.css": "text/css",
    "admin.js": "text/javascript",
    "ask.js": "text/javascript",
    "build.js": "text/javascript",
    "check.js": "text/javascript",
    "conflicts.js": "text/javascript",
    "keys.js": "text/javascript",
    "messages.js": "text/javascript",
    "player.js": "text/javascript",
    "rate.css": "text/css",
    "rate.js": "text/javascript",
    "scores.js": "text/javascript",
    "server.js": "text/javascript",
    "work.js": "text/javascript",
}
"""Every file that is served from the package."""


class Enter(Model):
    """What opens the page: the secret of a personal link."""

    token: Annotated[str, Field(min_length=1, max_length=200)]


class Named(Model):
    """A rater's name, from the admin page."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class Nothing(Model):
    """An empty object: a request that says nothing more."""


class Service:
    """A task with everything that answers requests about it.

    Attributes:
        admin_token: of the person who started the server; it ends with the server.
    """

    def __init__(self, task: Task, url: str, port: int):
        self.task = task
        self.url = url
        self.links = Links(task.store)
        self.assignment = Assignment(task)
        self.answers = Answers(task, self.assignment)
        self.videos = Videos()
        self.admin_token = secrets.token_urlsafe(32)
        # Browsers do not tell ports apart where cookies are concerned.
        self.cookies = {"rater": f"reeljudge_rater_{port}", "admin": f"reeljudge_admin_{port}"}
        self._file = _identity(task)

    def check_database(self) -> None:
        """SQLite goes on writing to a file that was deleted or moved, and everything would be lost unseen.

        Raises:
            StoreUnavailable: the file is not the one that was opened.
        """
        if self._file is not None and _identity(self.task) != self._file:
            raise StoreUnavailable(
                f"{self.task.store.shown}: the database's file is gone or was replaced; put it back"
            )

    def is_admin(self, token: str) -> bool:
        if secrets.compare_digest(token.encode(), self.admin_token.encode()):
            return True
        who = self.links.who(token)
        return who is not None and who.rater is None


def make_app(
    task: Task, url: str = "http://127.0.0.1:8321", port: int = 8321, hosts: Iterable[str] = ()
) -> Any:
    """The ASGI app that serves a task; `app.state.service.admin_token` opens its admin page.

    Args:
        url: where people reach it; links begin with it.
        port: names the cookies. hosts: names under which it may be reached, besides addresses and localhost.
    """
    service = Service(task, url, port)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.videos.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan, redirect_slashes=False)
    app.state.service = service
    _add_errors(app)
    _add_files(app)
    _add_entering(app, service)
    _add_rating(app, service)
    _add_admin(app, service)
    app.add_middleware(Gate, hosts=tuple(hosts), origins=(urlsplit(url).netloc,))
    return app


def _identity(task: Task) -> tuple[int, int] | None:
    """Which file the database is; None for a database that is no file."""
    if task.store.engine.dialect.name != "sqlite":
        return None
    try:
        state = os.stat(str(task.store.engine.url.database))
    except OSError:
        return (0, 0)
    return state.st_dev, state.st_ino


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> JSONResponse:
        body = {"error": error.code, "message": str(error), **error.details}
        return JSONResponse(body, status_code=error.status)

    @app.exception_handler(StoreUnavailable)
    def unavailable(_: Request, error: StoreUnavailable) -> JSONResponse:
        # The text names hosts and paths of the machine: that is for its terminal, not for raters.
        _LOG.warning("%s", error)
        text = "The ratings database does not answer. What you typed is kept here and sent again."
        return JSONResponse(
            {"error": "database", "message": text}, status_code=503, headers={"retry-after": "3"}
        )

    @app.exception_handler(ReeljudgeError)
    def failed(_: Request, error: ReeljudgeError) -> JSONResponse:
        return JSONResponse({"error": "failed", "message": str(error)}, status_code=422)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(
            str(part) for part in first["loc"] if part not in ("body", "scores", "skip", "decision")
        )
        text = f"{field}: {first['msg']}" if field else str(first["msg"])
        return JSONResponse({"error": "bad_answer", "message": text}, status_code=422)

    @app.exception_handler(HTTPException)
    def other(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": "http", "message": str(error.detail)}, status_code=error.status_code)


def _add_files(app: FastAPI) -> None:
    folder = resources.files("reeljudge.annotate") / "static"

    def page(name: str) -> Response:
        return Response((folder / name).read_bytes(), media_type="text/html")

    @app.get("/")
    def index() -> Response:
        return page("rate.html")

    @app.get("/admin")
    def admin() -> Response:
        return page("admin.html")

    @app.get("/favicon.ico")
    def icon() -> Response:
        return Response((folder / "icon.svg").read_bytes(), media_type="image/svg+xml")

    @app.get("/static/{name}")
    def static(name: str, request: Request) -> Response:
        if name not in STATIC:
            raise HTTPException(404, "no such file")
        content = (folder / name).read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
        headers = {"cache-control": "no-cache", "etag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=STATIC[name], headers=headers)


def _add_entering(app: FastAPI, service: Service) -> None:
    secure = service.url.startswith("https://")

    @app.post("/api/enter")
    def enter(given: Enter, request: Request, response: Response) -> dict[str, Any]:
        service.check_database()
        if service.is_admin(given.token):
            _remember(response, request, service.cookies["admin"], given.token, secure)
            return {"role": "admin"}
        who = service.links.who(given.token)
        if who is None or who.rater is None:
            raise NotEntered("this link is not valid (any more); ask for a new one")
        _remember(response, request, service.cookies["rater"], given.token, secure)
        return {"role": "rater", "name": who.rater}

    @app.post("/api/leave")
    def leave(_: Nothing, response: Response) -> dict[str, Any]:
        for cookie in service.cookies.values():
            response.delete_cookie(cookie, path="/", httponly=True, samesite="strict")
        return {}


def _remember(response: Response, request: Request, name: str, token: str, secure: bool) -> None:
    response.set_cookie(
        name,
        token,
        max_age=STAY_SECONDS,
        path="/",
        httponly=True,
        samesite="strict",
        secure=secure or request.url.scheme == "https",
    )


def _rater(service: Service) -> Callable[[Request], str]:
    def rater(request: Request) -> str:
        service.check_database()
        who = service.links.who(request.cookies.get(service.cookies["rater"], ""))
        if who is None or who.rater is None:
            raise NotEntered("open your personal link to enter")
        if not service.task.may_enter(who.rater):
            raise NotAllowed("this round is for other raters; thank you for looking in")
        # A page that one rater left open must not write under the name of the next one in this browser.
        key = request.headers.get("x-reeljudge-rater")
        if key is not None and key != rater_key(who.rater):
            raise NotAllowed(
                f"this browser is now used by {who.rater}; what you typed is kept: open your own link"
            )
        return who.rater

    return rater


def _add_rating(app: FastAPI, service: Service) -> None:
    task, assignment, answers = service.task, service.assignment, service.answers
    rater_of = Depends(_rater(service))

    @app.get("/api/task")
    def show_task(rater: str = rater_of) -> dict[str, Any]:
        with task.store.writing() as connection:
            place = assignment.enter(connection, rater)
            pages = assignment.pages_of(connection, rater)
            total = assignment.available(connection, rater, pages)
        return task_view(task, place, total, pages)

    @app.post("/api/more")
    def more(_: Nothing, rater: str = rater_of) -> dict[str, Any]:
        claimed = assignment.claim(rater)
        with task.store.writing() as connection:
            place = assignment.enter(connection, rater)
            total = assignment.available(connection, rater, claimed.pages)
        return claimed_view(place, total, claimed)

    @app.get("/api/page/{unit}")
    def show_page(unit: str, rater: str = rater_of) -> dict[str, Any]:
        with task.store.reading() as connection:
            row = answers.page(connection, rater, unit)
            return page_view(task, answers, service.videos, connection, row)

    @app.put("/api/page/{unit}")
    def save(unit: str, given: AnyAnswer, rater: str = rater_of) -> dict[str, Any]:
        saved = answers.save(rater, unit, given)
        return {
            "version": saved.version,
            "state": saved.state,
            "feedback": saved.feedback,
            "pilot": saved.pilot,
        }

    @app.get("/api/page/{unit}/video")
    def video(unit: str, rater: str = rater_of) -> Response:
        with task.store.reading() as connection:
            row = answers.page(connection, rater, unit)
        try:
            found = service.videos.of(task.clips[row["clip"]])
        except ClipError:
            raise NoSuchPage("this clip's file cannot be opened") from None
        # The file's own name and date, which FileResponse would tell, may give the generator away.
        headers = {
            "etag": f'"{found.etag}"',
            "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
            "cache-control": "private, max-age=3600",
        }
        return FileResponse(found.path, media_type=found.kind, headers=headers)


def _add_admin(app: FastAPI, service: Service) -> None:
    task = service.task

    def admin(request: Request) -> None:
        service.check_database()
        if not service.is_admin(request.cookies.get(service.cookies["admin"], "")):
            raise NotEntered("open the admin link that the terminal shows")

    only_admin = [Depends(admin)]

    @app.get("/api/admin/progress", dependencies=only_admin)
    def show_progress() -> dict[str, Any]:
        return progress(task, service.assignment, service.links)

    @app.post("/api/admin/raters", dependencies=only_admin)
    def add_rater(given: Named) -> dict[str, Any]:
        name = clean_name(given.name)
        if not task.may_enter(name):
            raise UsageError(f"{name} may not enter this round; start it with --rater for each who may")
        return {"name": name, "link": link(service.url, service.links.make(name))}

    @app.post("/api/admin/revoke", dependencies=only_admin)
    def revoke(given: Named) -> dict[str, Any]:
        return {"name": given.name, "revoked": service.links.revoke(given.name)}

    @app.post("/api/admin/let-in", dependencies=only_admin)
    def let_in(given: Named) -> dict[str, Any]:
        if given.name not in service.links.raters():
            raise UsageError(f"there is no rater {given.name!r}")
        service.assignment.let_in(given.name)
        return {"name": given.name}

    @app.get("/api/admin/export.jsonl", dependencies=only_admin)
    def jsonl() -> Response:
        return _download(export_jsonl(task), "application/jsonl", "jsonl")

    @app.get("/api/admin/export.csv", dependencies=only_admin)
    def table() -> Response:
        return _download(export_csv(task), "text/csv; charset=utf-8", "csv")

    def _download(lines: Iterator[str], kind: str, suffix: str) -> Response:
        name = f"{task.kind}-{task.rubric.name}.{suffix}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(lines, media_type=kind, headers=headers)
