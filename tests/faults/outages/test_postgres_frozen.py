"""PostgreSQL hangs for longer than a statement may take: an outage like any other, for whoever waits and for the pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.postgres import Database, Query
from shared.postgres.embedded import Server
from tests.support.postgres import frozen, settings_for

ONE = Query("SELECT 1")


@pytest.fixture
async def database(server: Server) -> AsyncIterator[Database]:
    settings = settings_for(server.dsn, pool_size=1, command_timeout=1.0, acquire_timeout=0.5)
    opened = await Database.open(settings, schema="public", application="test")
    yield opened
    await opened.close()


async def ask(database: Database) -> Any:
    return await database.fetchval(ONE)


async def ask_in_a_transaction(database: Database) -> Any:
    async with database.transaction() as transaction:
        return await transaction.fetchval(ONE)


@pytest.mark.parametrize("work", [ask, ask_in_a_transaction])
async def test_a_statement_that_hangs_is_an_outage_and_the_pool_recovers(
    server: Server, database: Database, work: Callable[[Database], Awaitable[Any]]
) -> None:
    assert await answer(database, ask) == 1  # the pool has a connection then

    with frozen(server):
        for _ in range(3):
            with pytest.raises(Unavailable):
                await work(database)

    async with asyncio.timeout(20):
        while await answer(database, work) != 1:  # noqa: ASYNC110  another process wakes up
            await asyncio.sleep(0.1)


async def answer(database: Database, work: Callable[[Database], Awaitable[Any]]) -> Any:
    try:
        return await work(database)
    except Unavailable:
        return None
