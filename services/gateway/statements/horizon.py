"""Consistent-through as this process reads it: for all who ask at once one reading; true for ever after."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from shared.clock import rfc3339
from shared.errors import Unavailable
from shared.events import until

EVERY: Final = 1.0
QUIET: Final = 15
"""Readings without a request after which reading stops until the next one."""


class Clocked(Protocol):
    """What knows up to when the record is whole."""

    async def consistent_through(self) -> datetime:
        """Return the moment before which all that is stored can be read."""


class Horizon:
    """Spares answers that read nothing a round trip: what was consistent once stays consistent, so an older value is true too.

    Those that read share the round trip, since raising consistent-through is a write that waits for the disk.
    """

    def __init__(self, record: Clocked) -> None:
        self._record = record
        self._known = datetime(1970, 1, 1, tzinfo=UTC)
        self._asked = asyncio.Event()
        self._over = asyncio.Event()
        self._reading = False
        self._begun = 0
        self._ended = 0
        self._outage: Unavailable | None = None

    def recent(self) -> str:
        """Return the last reading (RFC 3339), and have the next one made."""
        self._asked.set()
        return rfc3339(self._known)

    async def now(self) -> datetime:
        """Return a reading that begins after this call; who calls while one is under way shares the next. Raises Unavailable."""
        asked = self._begun
        while self._ended <= asked:
            if self._reading:
                await self._over.wait()
            else:
                await self._read()
        if self._outage is not None:
            raise Unavailable(self._outage.part, self._outage.reason) from self._outage
        return self._known

    async def run(self, stop: asyncio.Event) -> None:
        """Read every second while there are requests, until *stop*."""
        await until(stop, self._read_on())

    async def _read(self) -> None:
        """Read, keep what came of it, and wake all who wait: whom it answers, and whom the next one will."""
        self._begun += 1
        self._reading = True
        try:
            self._known = max(self._known, await self._record.consistent_through())
            self._ended, self._outage = self._begun, None
        except Unavailable as outage:
            self._ended, self._outage = self._begun, outage
        finally:
            self._reading = False
            self._over.set()
            self._over.clear()

    async def _read_on(self) -> None:
        quiet = 0
        while True:
            with suppress(Unavailable):
                await self.now()
            quiet = 0 if self._asked.is_set() else quiet + 1
            if quiet >= QUIET:
                await self._asked.wait()
            self._asked.clear()
            await asyncio.sleep(EVERY)
