"""The ways a poster may learn that the recorder's offset row has passed its record."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import asyncpg

READ_OFFSET: Final = "SELECT next_offset FROM stream_offset"
CHANNEL: Final = "recorded"


class Horizon:
    """How far the recorder has come, and who waits for it to come further."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.anyone = asyncio.Event()
        self._order = itertools.count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    async def passed(self, offset: int) -> None:
        """Wait until the record at *offset* is recorded."""
        if offset < self.next_offset:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (offset, next(self._order), future))
        self.anyone.set()
        await future

    def advance(self, next_offset: int) -> None:
        """Release everyone whose record lies before *next_offset*."""
        self.next_offset = max(self.next_offset, next_offset)
        while self._waiting and self._waiting[0][0] < self.next_offset:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
        if not self._waiting:
            self.anyone.clear()


Told = Callable[[Horizon, str], AbstractAsyncContextManager[None]]


def polled(milliseconds: float) -> Told:
    """Return a way to read the offset row every *milliseconds*, by one poller, while anyone waits."""

    @asynccontextmanager
    async def told(horizon: Horizon, dsn: str) -> AsyncIterator[None]:
        connection = await asyncpg.connect(dsn)

        async def poll() -> None:
            while await horizon.anyone.wait():
                horizon.advance(await connection.fetchval(READ_OFFSET))
                await asyncio.sleep(milliseconds / 1000)

        async with asyncio.TaskGroup() as tasks:
            poller = tasks.create_task(poll())
            yield
            poller.cancel()
        await connection.close()

    return told


@asynccontextmanager
async def notified(horizon: Horizon, dsn: str) -> AsyncIterator[None]:
    """LISTEN on a connection of its own; the recorder's transaction sends the offset with NOTIFY."""
    connection = await asyncpg.connect(dsn)

    def hear(*message: Any) -> None:
        horizon.advance(int(message[3]))

    await connection.add_listener(CHANNEL, hear)
    try:
        yield
    finally:
        await connection.close()


@asynccontextmanager
async def in_process(_horizon: Horizon, _dsn: str) -> AsyncIterator[None]:
    """Nothing to do: the recorder of this process advances the horizon itself, after its commit."""
    yield
