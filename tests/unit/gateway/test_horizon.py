import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.statements.horizon import Horizon
from shared.errors import Unavailable

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


class SlowRecord:
    """A record whose every reading tells a later time, once it is let."""

    def __init__(self) -> None:
        self.readings = 0
        self.down = False
        self.let = asyncio.Event()

    async def consistent_through(self) -> datetime:
        self.readings += 1
        number = self.readings
        await self.let.wait()
        if self.down:
            raise Unavailable("postgres", "away")
        return BEGIN + timedelta(seconds=number)


async def test_who_asks_while_a_reading_is_under_way_shares_the_next_one() -> None:
    record = SlowRecord()
    horizon = Horizon(record)

    first = asyncio.create_task(horizon.now())
    await asyncio.sleep(0)
    others = [asyncio.create_task(horizon.now()) for _ in range(15)]
    await asyncio.sleep(0)
    record.let.set()

    assert await first == BEGIN + timedelta(seconds=1)
    assert {await other for other in others} == {BEGIN + timedelta(seconds=2)}
    assert record.readings == 2


async def test_an_outage_is_told_to_all_who_waited_for_that_reading_and_to_nobody_after() -> None:
    record = SlowRecord()
    record.down = True
    horizon = Horizon(record)

    waiting = [asyncio.create_task(horizon.now()) for _ in range(16)]
    await asyncio.sleep(0)
    record.let.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    record.down = False

    assert all(isinstance(each, Unavailable) for each in told)
    assert record.readings == 2
    assert await horizon.now() > BEGIN


async def test_who_gives_up_leaves_the_reading_to_the_next() -> None:
    record = SlowRecord()
    horizon = Horizon(record)
    first, second = asyncio.create_task(horizon.now()), asyncio.create_task(horizon.now())
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.sleep(0)
    record.let.set()

    assert await second == BEGIN + timedelta(seconds=2)
    with pytest.raises(asyncio.CancelledError):
        await first
