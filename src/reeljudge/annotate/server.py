"""Serving the app until it is told to stop."""

import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from reeljudge.annotate.app import make_app
from reeljudge.annotate.links import link
from reeljudge.annotate.task import Task
from reeljudge.errors import UsageError


def serve(
    task: Task,
    host: str = "127.0.0.1",
    port: int = 8321,
    url: str | None = None,
    hosts: Iterable[str] = (),
    ready: Callable[[str, str], None] | None = None,
) -> None:
    """Serve a task; returns when the process is interrupted.

    Args:
        host: the address to listen at; this machine alone by default. port: 0 for any that is free.
        url: how people reach it where that differs (behind a proxy); its host is allowed.
        hosts: further names under which it may be reached.
        ready: called with the address and the admin link once connections are taken.

    Raises:
        UsageError: the port is taken, or the address is none of this machine's.
    """
    import uvicorn

    listening = listen(host, port)
    number = listening.getsockname()[1]
    address = url or f"http://{_shown(host)}:{number}"
    names = {*hosts, urlsplit(address).hostname or "", host} - {""}
    app = make_app(task, address, number, names)
    service = app.state.service
    service.links.note_served(task.key, address)
    # Requests are not logged: they hold nothing that is needed, and a log is one more place for a name.
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_keep_alive=30
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    server = uvicorn.Server(config)
    if ready is not None:
        ready(address, link(address, service.admin_token, admin=True))
    try:
        server.run(sockets=[listening])
    finally:
        listening.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, OverflowError) as error:
        raise UsageError(f"--host {host}: no such address ({error})") from None
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        why = error.strerror or str(error)
        raise UsageError(f"{host}:{port} cannot be listened at ({why}); choose another with --port") from None
    listening.listen(256)
    return listening


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
