"""How a client of Kafka is given up, and which errors of its surroundings are outages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.errors import Unavailable
from shared.stream.kafka.connection import outages, stop

Ending = Callable[[], Awaitable[None]]


class Part:
    """What aiokafka calls a client or a fetcher: it can be closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


class Leaving:
    """A consumer whose `stop` ends as *ending* does."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._fetcher = None
        self._client = Part()

    async def stop(self) -> None:
        await self._ending()

    @property
    def let_go(self) -> bool:
        return self._client.closed


async def cancels_itself() -> None:
    task = asyncio.create_task(asyncio.sleep(10))
    task.cancel()
    await task


async def breaks() -> None:
    raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


async def hangs() -> None:
    await asyncio.sleep(10)


@pytest.mark.parametrize("ending", [cancels_itself, breaks, hangs])
async def test_who_gives_a_consumer_up_goes_on_however_that_ends(ending: Ending) -> None:
    consumer = Leaving(ending)

    await stop(consumer, 0.05)

    assert consumer.let_go


async def test_who_is_cancelled_meanwhile_is_cancelled() -> None:
    leaving = asyncio.create_task(stop(Leaving(hangs), 5))
    await asyncio.sleep(0)
    leaving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_writing_to_a_connection_that_ended_is_an_outage_and_other_runtime_errors_are_none() -> None:
    with pytest.raises(Unavailable), outages():
        await breaks()
    with pytest.raises(RuntimeError, match="generator"), outages():
        raise RuntimeError("generator didn't yield")
