"""Connections to a server that is far away, or slow to answer, are opened even where nobody waits for them so long.

Who waits for a connection gives up after `acquire_timeout`, and so the connection that was being opened would be given up: where
the eight round trips of that take longer, none would ever be, and a pool that lost its connections would stand without for good.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import asyncpg

from shared.postgres.outage import connecting_failed

PATIENCE: Final = 10.0
"""Seconds in which a connection has to be open, whoever still waits for it."""


class Connecting:
    """Opens connections of a pool beside those who were given up waiting for one: one at a time, for whoever asks next."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._opening: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Open another connection, unless one is being opened, or all that there may be are there and merely lent."""
        if self._pool.get_size() < self._pool.get_max_size() and (self._opening is None or self._opening.done()):
            self._opening = asyncio.create_task(self._open(), name="a connection that nobody waits for")

    async def end(self) -> None:
        """Give up what is being opened."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])

    async def _open(self) -> None:
        """Open a connection and leave it in the pool; who asks next is told why there is none."""
        try:
            connection = await self._pool.acquire(timeout=PATIENCE)
        except Exception as error:
            if connecting_failed(error) is None:
                raise
            return
        with suppress(asyncpg.InterfaceError, OSError, TimeoutError):  # it ended meanwhile
            await self._pool.release(connection)
