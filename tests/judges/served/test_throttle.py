import asyncio
import time

import pytest

from reeljudge.judges.served.throttle import Throttle


async def crowd(throttle: Throttle, count: int, seconds: float = 0.005) -> int:
    """The most that were inside at once."""
    inside = most = 0

    async def one() -> None:
        nonlocal inside, most
        async with throttle:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(seconds)
            inside -= 1

    await asyncio.gather(*(one() for _ in range(count)))
    return most


def test_never_more_than_allowed_and_no_fewer() -> None:
    async def check() -> None:
        assert await crowd(Throttle(4), 25) == 4

    asyncio.run(check())


def test_fewer_after_a_refusal_and_more_again() -> None:
    async def check() -> None:
        throttle = Throttle(8)
        throttle.slower(None)
        throttle.slower(None)  # the same burst
        assert throttle.limit == 4
        assert await crowd(throttle, 20) == 4
        for _ in range(100):
            throttle.faster()
        assert throttle.limit == 8

    asyncio.run(check())


def test_never_less_than_one() -> None:
    async def check() -> None:
        throttle = Throttle(1)
        throttle.slower(None)
        assert await crowd(throttle, 3) == 1

    asyncio.run(check())


def test_nothing_starts_while_the_server_asks_to_wait() -> None:
    async def check() -> None:
        throttle = Throttle(4)
        throttle.slower(0.1)
        began = time.monotonic()
        await crowd(throttle, 1, 0)
        assert time.monotonic() - began >= 0.099

    asyncio.run(check())


def test_a_place_is_given_back_by_failures_and_cancellations() -> None:
    async def check() -> None:
        throttle = Throttle(1)

        async def fail() -> None:
            async with throttle:
                raise RuntimeError("down")

        with pytest.raises(RuntimeError, match="down"):
            await fail()
        async with throttle:
            waiting = [asyncio.create_task(crowd(throttle, 1)) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await asyncio.sleep(0)
        waiting[1].cancel()  # its turn was just given to it
        assert await asyncio.wait_for(waiting[2], 2) == 1
        assert throttle.active == 0

    asyncio.run(check())


def test_stepping_back_for_a_limit_that_fell() -> None:
    async def check() -> None:
        throttle = Throttle(4)
        order: list[str] = []

        async def one(name: str) -> None:
            async with throttle:
                order.append(f"{name} in")
                await asyncio.sleep(0.02)
                await throttle.make_room()
                order.append(f"{name} out")

        first = [asyncio.create_task(one(name)) for name in "abcd"]
        await asyncio.sleep(0.005)
        throttle.limit = 1.0
        late = asyncio.create_task(one("e"))
        await asyncio.wait_for(asyncio.gather(*first, late), 2)
        assert order[:4] == ["a in", "b in", "c in", "d in"]
        assert order.index("e in") == 8  # those who stepped back come first
        assert throttle.active == 0

    asyncio.run(check())
