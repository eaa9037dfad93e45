"""How many requests may be in flight: fewer when the server asks for it, more again when it answers."""

import asyncio
import time
from collections import deque
from types import TracebackType

_ONE_COMPLAINT = 1.0
"""Refusals within this many seconds count as one: they answer the same burst."""


class Throttle:
    """An upper bound on concurrent requests that halves on refusals and creeps back on successes.

    `async with throttle:` takes a place and gives it back. Belongs to one event loop.

    Args:
        most: never more than this in flight.
    """

    def __init__(self, most: int):
        self.most = most
        self.limit = float(most)
        self.active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed_until = 0.0
        self._last_complaint = -_ONE_COMPLAINT

    async def __aenter__(self) -> None:
        while True:
            pause = self._closed_until - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
            elif self.active < int(self.limit):
                self.active += 1
                return
            else:
                await self._turn()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.active -= 1
        self._wake()

    async def make_room(self) -> None:
        """For one who holds a place: step back, first in line, where fewer places are left than taken."""
        if self.active > int(self.limit):
            self.active -= 1
            try:
                while self.active >= int(self.limit):
                    await self._turn(first=True)
            finally:
                self.active += 1

    def slower(self, wait: float | None) -> None:
        """The server refused for want of room; where it says so, nothing new is sent for `wait` seconds."""
        now = time.monotonic()
        if wait is not None:
            self._closed_until = max(self._closed_until, now + wait)
        if now - self._last_complaint >= _ONE_COMPLAINT:
            self.limit = max(1.0, self.limit / 2)
        self._last_complaint = now

    def faster(self) -> None:
        """The server answered."""
        self.limit = min(float(self.most), self.limit + 1 / self.limit)
        self._wake()

    async def _turn(self, first: bool = False) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            self._waiting.appendleft(turn)
        else:
            self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake()  # this turn was given and not used
            elif turn in self._waiting:
                self._waiting.remove(turn)
            raise

    def _wake(self) -> None:
        free = int(self.limit) - self.active
        while free > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1
