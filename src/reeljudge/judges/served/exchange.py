"""One request and its answer over HTTP: bounded concurrency, retries, and what the server does not take."""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

import reeljudge
from reeljudge.judges.served.address import Address
from reeljudge.judges.served.dialect import Dialect
from reeljudge.judges.served.replies import NotACompletion
from reeljudge.judges.served.throttle import Throttle
from reeljudge.judges.served.trouble import (
    CLOSED,
    Trouble,
    Words,
    from_garbage,
    from_refusal,
    from_transport,
    read_words,
)

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10.0
LONGEST_BACKOFF = 60.0
_LOG_EVERY = 10.0

Body = dict[str, Any]
Check = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class Exchange:
    """A request that was answered.

    Attributes:
        body: the chat completion.
        notes: what it took to get it, where it took more than one attempt.
    """

    body: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class Server:
    """A connection to one server, shared by all requests. Belongs to one event loop.

    Args:
        address: where it is.
        model: what it is asked for.
        timeout: seconds for one attempt, from the first byte sent to the last received.
        retries: attempts after the first.
        concurrency: most requests in flight.
        backoff: seconds before the first retry; doubled each time, with jitter.
    """

    def __init__(
        self,
        address: Address,
        model: str,
        timeout: float,
        retries: int,
        concurrency: int,
        backoff: float = 1.0,
    ):
        self.address = address
        self.model = model
        self.timeout = timeout
        self.retries = retries
        self.backoff = backoff
        self.dialect = Dialect()
        self.throttle = Throttle(concurrency)
        self._logged = -_LOG_EVERY
        headers = {"User-Agent": f"reeljudge/{reeljudge.__version__}"}
        if address.authorization is not None:
            headers["Authorization"] = address.authorization
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=concurrency),
            # Proxies of the environment are for other machines than this one.
            trust_env=not address.loopback,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def chat(
        self,
        build: Callable[[Dialect], Body],
        check: Check | None = None,
        retries: int | None = None,
    ) -> Exchange:
        """Ask for one chat completion until it is there or cannot be had.

        Args:
            build: the body, without the model, in the server's dialect as it is known at that moment.
            check: raises `NotACompletion` for a body that is none; that is tried again.
            retries: attempts after the first, where not the server's own number.

        Raises:
            Trouble: no reply; says whether any other request can succeed.
        """
        left = self.retries if retries is None else retries
        tried: list[str] = []
        stale = False
        # The place is kept while waiting for the next attempt: else every other request would run
        # into the same wall meanwhile.
        async with self.throttle:
            while True:
                sent = {"model": self.model, **build(self.dialect)}
                try:
                    body = await self._attempt(sent, check)
                except _Rejected as rejected:
                    if self.dialect.learn(sent, rejected.words.text, rejected.words.param):
                        continue
                    raise rejected.plain from None
                except Trouble as trouble:
                    if trouble.kind == CLOSED and not stale:
                        stale = True  # once, at once and not counted
                        continue
                    if trouble.full:
                        self.throttle.slower(trouble.wait)
                    if not trouble.again or len(tried) >= left:
                        tries = f" ({len(tried) + 1} attempts)" if tried else ""
                        raise _with_text(trouble, f"{trouble}{tries}") from None
                    wait = self._wait(len(tried), trouble.wait)
                    tried.append(trouble.kind)
                    self._say(f"{trouble}; trying again in {wait:.1f} s ({len(tried)} of {left})")
                else:
                    self.throttle.faster()
                    return Exchange(body, _retried(tried))
                await asyncio.sleep(wait)
                await self.throttle.make_room()

    async def get(self, url: str, seconds: float, show_key: bool = True) -> tuple[int, Any]:
        """Status and JSON body of a GET, None for a body that is no JSON.

        Raises:
            Trouble: no answer within `seconds`.
        """
        request = self._client.build_request("GET", url)
        if not show_key:
            request.headers.pop("Authorization", None)
        try:
            async with asyncio.timeout(seconds):
                response = await self._client.send(request)
        except (httpx.HTTPError, TimeoutError) as error:
            raise from_transport(error, self.address, seconds) from None
        return response.status_code, _json(response.content)

    async def _attempt(self, sent: Body, check: Check | None) -> Mapping[str, Any]:
        try:
            # httpx bounds each read; a server that dribbles would hold a place for ever.
            async with asyncio.timeout(self.timeout):
                response = await self._client.post(
                    f"{self.address.base}/chat/completions",
                    content=json.dumps(sent).encode(),
                    headers={"Content-Type": "application/json"},
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise from_transport(error, self.address, self.timeout) from None
        body = _json(response.content)
        if response.status_code != 200:
            words = read_words(response.content, body, self.address)
            self._refuse(response.status_code, response.headers, words)
        if not isinstance(body, Mapping):
            raise from_garbage("no JSON object", self.address)
        if body.get("error") and not body.get("choices"):
            # Some gateways answer 200 and put the error into the body.
            words = read_words(response.content, body, self.address)
            blame = body["error"]
            code = blame.get("code") if isinstance(blame, Mapping) else None
            self._refuse(code if isinstance(code, int) else 500, response.headers, words)
        if check is not None:
            try:
                check(body)
            except NotACompletion as error:
                raise from_garbage(str(error), self.address) from None
        return body

    def _refuse(self, status: int, headers: httpx.Headers, words: Words) -> None:
        plain = from_refusal(status, headers, words, self.model, self.address)
        if status in (400, 422) and not plain.whole:
            raise _Rejected(plain, words)
        raise plain

    def _wait(self, attempt: int, asked: float | None) -> float:
        if asked is not None:
            return asked + random.uniform(0, 0.1 * self.backoff)
        most = min(LONGEST_BACKOFF, self.backoff * 2**attempt)
        return random.uniform(most / 2, most)

    def _say(self, text: str) -> None:
        now = time.monotonic()
        level = logging.WARNING if now - self._logged >= _LOG_EVERY else logging.DEBUG
        if level == logging.WARNING:
            self._logged = now
        log.log(level, "%s", text)


class _Rejected(Trouble):
    """A 400 or 422: a field may be to blame."""

    def __init__(self, plain: Trouble, words: Words):
        super().__init__(str(plain), plain.kind)
        self.plain = plain
        self.words = words


def _with_text(trouble: Trouble, text: str) -> Trouble:
    trouble.args = (text,)
    return trouble


def _retried(tried: list[str]) -> tuple[str, ...]:
    return (f"answered at attempt {len(tried) + 1} (before: {', '.join(tried)})",) if tried else ()


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
