"""A connection that is given up where the server, or the network before it, says nothing any more, and a transaction on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

PARTING: Final = 2.0
"""Seconds in which a server answers that we go, or roll back."""


BUILT_IN: Final = 10_000
"""Types with an oid below it are the same on every server: `pg_type.dat` of PostgreSQL gives them their numbers by hand."""

_described: Final[dict[frozenset[int], Sequence[asyncpg.Record]]] = {}
_UNASKED: Final = SimpleNamespace(name="none")
"""In place of the statement that asks: asyncpg prepares what it interrupted anew where the one that asked has no name."""


class Connection(asyncpg.Connection):
    """What pools are made of: it ends within bounds, even where a firewall forgot it and nobody hears that it ends.

    What the built-in types are it asks once a process. asyncpg asks on each connection, which costs the server 15 ms, and whoever
    is first there as much, be it under a lock.
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
        """End in order or, after *timeout* seconds, as it is; asyncpg's pool, which gives none, would wait for ever."""
        with suppress(TimeoutError, OSError):
            await super().close(timeout=PARTING if timeout is None else timeout)


@asynccontextmanager
async def begun(connection: PoolConnectionProxy) -> AsyncIterator[None]:
    """Begin and commit, or roll back; unlike asyncpg's own, what broke the block stays what is raised."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        await _roll_back(connection, transaction)
        raise
    await transaction.commit()


async def _roll_back(connection: PoolConnectionProxy, transaction: asyncpg.transaction.Transaction) -> None:
    """Roll back, or give a connection up that does not come to rest, so that PostgreSQL does."""
    try:
        async with asyncio.timeout(PARTING):
            await transaction.rollback()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        if not is_closed(connection):
            connection.terminate()


def is_closed(connection: PoolConnectionProxy) -> bool:
    """Say whether *connection* is gone: a pool takes back at once what was closed, and then it does not even answer that."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True
