"""Open connections to a server that is far away, or slow to answer, even if this takes longer than callers wait for one.

A caller gives up after `acquire_timeout`, and with it the connection that the pool was opening for it. If the eight round trips
of opening one took longer than that, a pool that had lost its connections would never get one again.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import asyncpg

from shared.postgres.outage import connecting_failed
from shared.settings import PostgresSettings

PATIENCE: Final = 10.0
"""Seconds that opening a connection takes at most, whether or not somebody still waits for it."""


def time_to_connect(settings: PostgresSettings) -> float:
    """Return the seconds within which a connection has to be open: longer than callers wait for one."""
    return max(PATIENCE, settings.acquire_timeout)


class Connecting:
    """Opens connections of a pool in the background, one at a time, when callers have given up waiting for one."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._opening: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to open a connection, unless one is being opened already, or the pool is full and its connections are in use."""
        if self._pool.get_size() < self._pool.get_max_size() and (self._opening is None or self._opening.done()):
            self._opening = asyncio.create_task(self._open(), name="a connection that nobody waits for")

    async def end(self) -> None:
        """Stop opening a connection."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])

    async def _open(self) -> None:
        """Open a connection and leave it in the pool; if this fails, the next caller meets the error and is told."""
        try:
            connection = await self._pool.acquire(timeout=PATIENCE)
        except Exception as error:
            if connecting_failed(error) is None:
                raise
            return
        with suppress(asyncpg.InterfaceError, OSError, TimeoutError):  # it ended meanwhile
            await self._pool.release(connection)
