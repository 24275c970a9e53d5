"""Connections and transactions that end in bounded time when the server or the network no longer answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

PARTING: Final = 2.0
"""Seconds that the server has to confirm a close or a rollback."""


BUILT_IN: Final = 10_000
"""Types with a smaller oid are the same on every server: PostgreSQL's `pg_type.dat` assigns these oids by hand."""

_described: Final[dict[frozenset[int], Sequence[asyncpg.Record]]] = {}
_UNASKED: Final = SimpleNamespace(name="none")
"""Stands for the introspecting statement; its name keeps asyncpg from preparing the interrupted statement a second time."""


class Connection(asyncpg.Connection):
    """A pool's connection, which closes in bounded time even if a firewall has dropped it and the server does not answer.

    It looks up built-in types once per process. asyncpg would do so on each connection, which takes 15 ms and delays the first
    query, which may hold a lock.
    """

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float | None) -> tuple[Sequence[asyncpg.Record], Any]:  # noqa: ASYNC109
        oids = frozenset(typeoids)
        if (known := _described.get(oids)) is not None:
            return known, _UNASKED
        rows, statement = await super()._introspect_types(typeoids, timeout)  # type: ignore[misc]  # its types do not tell of it
        if max(oids) < BUILT_IN:
            _described[oids] = rows
        return rows, statement

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  asyncpg's own signature
        """Close in order or, after *timeout* seconds, abruptly; asyncpg's pool passes no timeout and would wait for ever."""
        with suppress(TimeoutError, OSError):
            await super().close(timeout=PARTING if timeout is None else timeout)


@asynccontextmanager
async def begun(connection: PoolConnectionProxy) -> AsyncIterator[None]:
    """Run the block in a transaction. Unlike in asyncpg's own, a failing rollback does not hide what the block raised."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        await _roll_back(connection, transaction)
        raise
    await transaction.commit()


async def _roll_back(connection: PoolConnectionProxy, transaction: asyncpg.transaction.Transaction) -> None:
    """Roll back; if that takes too long, terminate the connection, so that PostgreSQL rolls back."""
    try:
        async with asyncio.timeout(PARTING):
            await transaction.rollback()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        if not is_closed(connection):
            connection.terminate()


def is_closed(connection: PoolConnectionProxy) -> bool:
    """Say whether *connection* is closed. A pool takes a closed connection back at once; then even asking raises an error."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True
