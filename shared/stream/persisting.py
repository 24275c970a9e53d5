"""A consumer beside doors: an outage that outlasts its patience does not take them down with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import structlog

from shared.errors import Unavailable
from shared.stream.consumer import Consumer

_log = structlog.get_logger()


def persisting(consumer: Consumer, group: str) -> Callable[[asyncio.Event], Coroutine[None, None, None]]:
    """Return a task that runs *consumer* of *group*, again after each outage, until it is told to stop."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await consumer.run(stop)
            except Unavailable as outage:
                _log.warning("consumer waits", group=group, part=outage.part, reason=outage.reason)

    return run
