"""Consistent-through as this process last read it: true for ever, and recent while there are requests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from shared.clock import rfc3339
from shared.errors import Unavailable

EVERY: Final = 1.0
QUIET: Final = 15
"""Readings without a request after which reading stops until the next one."""


class Clocked(Protocol):
    """What knows up to when the record is whole."""

    async def consistent_through(self) -> datetime:
        """Return the moment before which all that is stored can be read."""


class Horizon:
    """Spares answers that read nothing a round trip: what was consistent once stays consistent, so an older value is true too."""

    def __init__(self, record: Clocked) -> None:
        self._record = record
        self._known = datetime(1970, 1, 1, tzinfo=UTC)
        self._asked = asyncio.Event()

    def recent(self) -> str:
        """Return the last reading (RFC 3339), and have the next one made."""
        self._asked.set()
        return rfc3339(self._known)

    def seen(self, through: datetime) -> None:
        """Take a newer reading that somebody made."""
        self._known = max(self._known, through)

    async def run(self, stop: asyncio.Event) -> None:
        """Read every second while there are requests, until *stop*."""
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read_on())
            await stop.wait()
            reading.cancel()

    async def _read_on(self) -> None:
        quiet = 0
        while True:
            with suppress(Unavailable):
                self.seen(await self._record.consistent_through())
            quiet = 0 if self._asked.is_set() else quiet + 1
            if quiet >= QUIET:
                await self._asked.wait()
            self._asked.clear()
            await asyncio.sleep(EVERY)
