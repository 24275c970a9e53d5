"""A pool of connections to one schema on a primary that takes writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.pool import PoolConnectionProxy
from prometheus_client import CollectorRegistry

from shared.backoff import backoff
from shared.errors import Unavailable
from shared.postgres.connecting import Connecting, time_to_connect
from shared.postgres.connection import Connection, begun, is_closed
from shared.postgres.metrics import PostgresMetrics
from shared.postgres.migrate import check_versions
from shared.postgres.outage import (
    connecting_failed,
    forbidden,
    is_collision,
    is_lost,
    is_outage,
    is_silent,
    sqlstate,
    unavailable,
)
from shared.postgres.session import begin_session, pooled, startup

if TYPE_CHECKING:
    from shared.postgres.metrics import PoolMetrics
    from shared.postgres.queries import Query
    from shared.settings import PostgresSettings

T = TypeVar("T")

Transaction: TypeAlias = PoolConnectionProxy
"""A connection inside an open transaction. Set on it only what ends with the transaction: `SET LOCAL`, `…_xact_lock`."""

_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
_WRITABLE = "SELECT NOT (pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean)"


class Database:
    """A service's door to PostgreSQL; unqualified names in its SQL are found in its own schema, then in `public`.

    It connects on first use, so that a service starts, and says that it is not ready, while PostgreSQL is down.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        settings: PostgresSettings,
        *,
        schema: str,
        packages: Sequence[str],
        metrics: PoolMetrics,
        turns: asyncio.Semaphore | None = None,
        admitted: asyncio.Event | None = None,
        connecting: Connecting | None = None,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._schema = schema
        self._packages = tuple(packages)
        self._metrics = metrics
        self._turns = turns or nullcontext()
        self._admitted = admitted or asyncio.Event()
        self._connecting = connecting or Connecting(pool)

    @classmethod
    async def open(
        cls,
        settings: PostgresSettings,
        *,
        schema: str,
        application: str,
        packages: Sequence[str] = (),
        metrics: PostgresMetrics | None = None,
        session: Mapping[str, str] = MappingProxyType({}),
    ) -> Database:
        """Open a pool for *schema*; *packages* are the migrations that `ready` expects to have been applied.

        *session* holds further settings of PostgreSQL that every connection begins with. Raises ValueError for a *schema* that
        is not a plain identifier.
        """
        asked = {**pooled(settings, schema, application), **session}
        pool = asyncpg.create_pool(
            settings.url.get_secret_value(),
            min_size=0,
            max_size=settings.pool_size,
            timeout=time_to_connect(settings),
            command_timeout=settings.command_timeout,
            target_session_attrs=SessionAttribute.read_write,
            server_settings=startup(asked, settings.pooler),
            init=partial(begin_session, asked=asked, pooler=settings.pooler),
            reset=_keep,
            connection_class=Connection,
        )
        await pool
        measured = (metrics or PostgresMetrics(CollectorRegistry())).of(schema)
        return cls(pool, settings, schema=schema, packages=packages, metrics=measured)

    def patiently(self) -> Database:
        """Return a door for background work, which uses at most half of the pool and queues for it without a timeout.

        So it does not keep connections from other work, and does not fail after `acquire_timeout` because of its own number.
        """
        turns = asyncio.Semaphore(max(1, self._settings.pool_size // 2))
        return Database(
            self._pool,
            self._settings,
            schema=self._schema,
            packages=self._packages,
            metrics=self._metrics,
            turns=turns,
            admitted=self._admitted,
            connecting=self._connecting,
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction for one attempt: commit at the end of the block, roll back when it raises.

        Raises Unavailable for an outage (the outcome is then unknown); a deadlock or a serialisation failure as asyncpg's error.
        """
        async with self._connection() as connection, begun(connection):
            yield connection

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Return what *work* returns in a transaction, running it again after a deadlock or a serialisation failure.

        Raises Unavailable for an outage, or after the last attempt.
        """

        async def attempt() -> T:
            async with self.transaction() as transaction:
                return await work(transaction)

        return await self._insist(attempt)

    async def fetch(self, query: Query, *arguments: Any) -> list[asyncpg.Record]:
        """Return the rows of one statement in a transaction of its own; raises as `run` does."""
        return await self._insist(lambda: self._single(lambda connection: connection.fetch(query, *arguments)))

    async def fetchrow(self, query: Query, *arguments: Any) -> asyncpg.Record | None:
        """Return the first row of one statement in a transaction of its own, or None; raises as `run` does."""
        return await self._insist(lambda: self._single(lambda connection: connection.fetchrow(query, *arguments)))

    async def fetchval(self, query: Query, *arguments: Any) -> Any:
        """Return the first value of the first row of one statement, or None; raises as `run` does."""
        return await self._insist(lambda: self._single(lambda connection: connection.fetchval(query, *arguments)))

    async def execute(self, query: Query, *arguments: Any) -> str:
        """Execute one statement in a transaction of its own and return its status (`INSERT 0 1`); raises as `run` does."""
        return await self._insist(lambda: self._single(lambda connection: connection.execute(query, *arguments)))

    async def ready(self) -> None:
        """Raise Unavailable unless PostgreSQL is a primary that takes writes and has the migrations that the code expects."""
        async with self._connection() as connection:
            if not await connection.fetchval(_WRITABLE):
                await self._pool.expire_connections()
                raise Unavailable("postgres", "the server takes no writes")
            await check_versions(connection, self._schema, self._packages)

    async def close(self) -> None:
        """Close the connections; those in use are closed when they are returned, or after `command_timeout`."""
        await self._connecting.end()
        try:
            async with asyncio.timeout(self._settings.command_timeout):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Transaction]:
        """Lend a connection; turn outages into Unavailable, and what our login may not do into Misconfigured."""
        async with self._turns, self._lent() as connection:
            yield connection

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Transaction]:
        connection = await self._acquire()
        self._metrics.in_use.inc()
        try:
            yield connection
        except Exception as error:
            if refusal := forbidden(error):
                raise refusal from error
            if not is_outage(error, closed=is_closed(connection)):
                raise
            await self._note_outage(error, lost=is_silent(error) or is_lost(error))
            raise unavailable(error) from error
        finally:
            self._metrics.in_use.dec()
            await self._give_back(connection)

    async def _give_back(self, connection: Transaction) -> None:
        """Return a connection to the pool, which terminates it if the server does not answer.

        If it comes back closed, the pool's other connections may be lost too, so they are replaced.
        """
        if is_closed(connection):
            await self._pool.expire_connections()
        try:
            await self._pool.release(connection)
        except Exception as error:
            if not is_outage(error, closed=True):
                raise
            await self._note_outage(error, lost=True)

    async def _acquire(self) -> Transaction:
        started = perf_counter()
        try:
            connection: Transaction = await self._pool.acquire(timeout=self._settings.acquire_timeout)
        except Exception as error:
            dsn = self._settings.url.get_secret_value()
            failure = forbidden(error) or connecting_failed(error, dsn, admitted=self._admitted.is_set())
            if failure is None:
                raise
            if is_silent(error):
                self._connecting.begin()
            await self._note_outage(error, lost=is_lost(error))
            raise failure from error
        finally:
            self._metrics.acquire_seconds.observe(perf_counter() - started)
        self._admitted.set()
        return connection

    async def _note_outage(self, error: Exception, *, lost: bool) -> None:
        """Count an outage; if connections may be *lost*, have the pool replace each before it is used again."""
        self._metrics.outage(sqlstate(error))
        if lost:
            await self._pool.expire_connections()

    async def _single(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._connection() as connection:
            return await work(connection)

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Await *attempt*, and again after each collision, with random pauses that grow."""
        for number in range(1, self._settings.max_attempts + 1):
            try:
                return await attempt()
            except asyncpg.PostgresError as error:
                if not is_collision(error):
                    raise
                if number == self._settings.max_attempts:
                    raise unavailable(error) from error
                self._metrics.retried(sqlstate(error))
            await asyncio.sleep(backoff(number, first=_FIRST_PAUSE, longest=_LONGEST_PAUSE))
        raise AssertionError("max_attempts is at least 1")


async def _keep(connection: object) -> None:
    """Do not reset a returned session, which would cost a round trip: nothing that we set outlives its transaction."""
    del connection
