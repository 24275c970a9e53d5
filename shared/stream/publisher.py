"""Emit records outside the loop: stored in the transaction that decides them, published by a drainer of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Generic

import msgspec
import structlog

from shared.contracts.wire import SCHEMA_VERSION_HEADER, VERSIONED
from shared.errors import Unavailable
from shared.events import first
from shared.stream.ledger import Ledger
from shared.stream.log import Log
from shared.stream.outbox import drain
from shared.stream.record import Outgoing, T
from shared.stream.steps import Observer, unobserved

FIRST_LOOK: Final = 0.01
LONGEST_PAUSE: Final = 1.0

_log = structlog.get_logger()


class Publisher(Generic[T]):
    """An outbox under the key *owner*, for merges, reviews and relinks; every process of a service may drain it."""

    def __init__(self, *, owner: str, log: Log, ledger: Ledger[T], observer: Observer = unobserved) -> None:
        self._owner = owner
        self._log = log
        self._ledger = ledger
        self._observer = observer
        self._stored = asyncio.Event()
        self._draining = asyncio.Lock()

    async def store(self, transaction: T, outgoing: Sequence[Outgoing]) -> None:
        """Keep *outgoing* in the outbox if *transaction* commits; `run` then publishes it. Raises RecordTooLarge."""
        if outgoing:
            await self._ledger.store(self._owner, [_versioned(each) for each in outgoing], transaction)
            self._stored.set()

    async def drain(self) -> None:
        """Publish what is stored, oldest first, one caller at a time in this process. Raises Unavailable; the rest stays."""
        async with self._draining:
            await drain(self._owner, self._log, self._ledger, self._observer)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until *stop* is set: soon after a `store`, and now and then what a crash or another process left."""
        pause = FIRST_LOOK
        while not stop.is_set():
            try:
                await self.drain()
            except Unavailable as outage:
                _log.warning("publisher waits", owner=self._owner, part=outage.part, reason=outage.reason)
            pause = FIRST_LOOK if self._stored.is_set() else min(pause * 2, LONGEST_PAUSE)
            self._stored.clear()
            news = (self._stored,) if pause > FIRST_LOOK else ()
            await first(stop, *news, within=pause)


def _versioned(outgoing: Outgoing) -> Outgoing:
    """Name the schema version, unless *outgoing* does."""
    if any(name == SCHEMA_VERSION_HEADER for name, _ in outgoing.headers):
        return outgoing
    return msgspec.structs.replace(outgoing, headers=(*outgoing.headers, VERSIONED))
