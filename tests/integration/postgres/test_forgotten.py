"""The network forgets the connections, as a firewall does that restarts, and neither end hears of it: others take their place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.errors import Unavailable
from shared.postgres import Database, Query
from shared.postgres.listen import listen
from tests.support.network import Network, network
from tests.support.postgres import settings_for, statement

SLEEP = Query("SELECT 1 FROM pg_sleep(0.1)")
ONE = Query("SELECT 1")
POOL = 4


@pytest.fixture
async def between(empty_database_url: str) -> AsyncIterator[Network]:
    async with network(empty_database_url) as opened:
        yield opened


@pytest.fixture
async def filled(between: Network) -> Database:
    """Return a pool that has all its connections."""
    return await pool(between, command_timeout=1.0)


@pytest.fixture
async def patient(between: Network) -> Database:
    """Return another, whose statements may take long."""
    return await pool(between, command_timeout=20.0)


async def pool(between: Network, *, command_timeout: float) -> Database:
    settings = settings_for(between.dsn, pool_size=POOL, command_timeout=command_timeout, acquire_timeout=0.5)
    database = await Database.open(settings, schema="public", application="test")
    await asyncio.gather(*(database.fetchval(SLEEP) for _ in range(POOL)))
    assert between.carried == POOL
    return database


async def test_only_the_first_statement_meets_silence(between: Network, filled: Database) -> None:
    between.forget()

    with pytest.raises(Unavailable):
        await filled.fetchval(ONE)

    assert await asyncio.gather(*(filled.fetchval(SLEEP) for _ in range(POOL))) == [1] * POOL
    await filled.close()


async def test_who_has_a_deadline_does_not_wait_for_the_rollback(between: Network, patient: Database) -> None:
    async def forgotten_midway() -> None:
        async with asyncio.timeout(0.5), patient.transaction() as transaction:
            await transaction.fetchval(ONE)
            between.forget()
            await transaction.fetchval(ONE)

    async with asyncio.timeout(10):
        with pytest.raises(TimeoutError):
            await forgotten_midway()

        assert await asyncio.gather(*(patient.fetchval(SLEEP) for _ in range(POOL))) == [1] * POOL
    await patient.close()


async def test_nothing_waits_for_the_forgotten_to_end(between: Network, filled: Database) -> None:
    before = asyncio.all_tasks()
    between.forget()
    with pytest.raises(Unavailable):
        await filled.fetchval(ONE)
    await asyncio.gather(*(filled.fetchval(SLEEP) for _ in range(POOL)))

    await filled.close()

    async with asyncio.timeout(5):
        while {task for task in asyncio.all_tasks() - before if "carry" not in repr(task)}:  # noqa: ASYNC110  asyncpg's own tasks
            await asyncio.sleep(0.05)


async def test_who_listens_hears_again(between: Network, empty_database_url: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    listening = asyncio.create_task(
        listen(settings_for(between.dsn, acquire_timeout=0.5), "news", heard.put_nowait, stop, application="test", silence=0.2)
    )
    await told(empty_database_url, heard)

    between.forget()
    await told(empty_database_url, heard)

    stop.set()
    await listening


async def told(url: str, heard: asyncio.Queue[str]) -> None:
    """Notify until it is heard."""
    while not heard.empty():
        heard.get_nowait()
    async with asyncio.timeout(10):
        while heard.empty():
            await statement(url, "NOTIFY news, 'it rains'")
            await asyncio.sleep(0.1)
    assert await heard.get() == "it rains"
