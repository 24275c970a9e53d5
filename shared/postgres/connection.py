"""Connections, and transactions on them, that are given up when the server or the network no longer answers."""

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
"""Types with an oid below it are the same on every server: `pg_type.dat` of PostgreSQL gives them their numbers by hand."""

_described: Final[dict[frozenset[int], Sequence[asyncpg.Record]]] = {}
_UNASKED: Final = SimpleNamespace(name="none")
"""Stands for the introspecting statement; its name keeps asyncpg from preparing the interrupted statement a second time."""


class Connection(asyncpg.Connection):
    """A pool's connection, which closes in bounded time even if a firewall has dropped it and nobody answers.

    It looks the built-in types up once per process. asyncpg would do so on each connection, which costs the server 15 ms, and
    delays the first query as long, even one that holds a lock.
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
        """Close in order or, after *timeout* seconds, abruptly; asyncpg's pool passes no timeout, and would wait for ever."""
        with suppress(TimeoutError, OSError):
            await super().close(timeout=PARTING if timeout is None else timeout)


@asynccontextmanager
async def begun(connection: PoolConnectionProxy) -> AsyncIterator[None]:
    """Begin and commit, or roll back. Unlike with asyncpg's own, a failing rollback does not hide what the block raised."""
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
