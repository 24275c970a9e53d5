"""A server that is so far away that to open a connection takes longer than anybody waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.errors import Unavailable
from shared.postgres import Database, Query
from shared.postgres.listen import listen
from tests.support.network import Network, network
from tests.support.postgres import settings_for, statement

ONE = Query("SELECT 1")
WAITED = 0.1
"""Seconds that are waited for a connection: not enough for the eight round trips that it takes to open one."""


@pytest.fixture
async def between(empty_database_url: str) -> AsyncIterator[Network]:
    async with network(empty_database_url) as opened:
        opened.delay = 0.01
        yield opened


async def test_what_nobody_waits_for_any_more_is_opened_all_the_same(between: Network) -> None:
    far = settings_for(between.dsn, acquire_timeout=WAITED)
    database = await Database.open(far, schema="public", application="test")
    with pytest.raises(Unavailable):
        await database.fetchval(ONE)

    async with asyncio.timeout(10):
        while True:
            try:
                assert await database.fetchval(ONE) == 1
            except Unavailable:
                continue
            break

    await database.close()


async def test_a_pool_that_is_closed_opens_nothing_more(between: Network) -> None:
    database = await Database.open(settings_for(between.dsn, acquire_timeout=WAITED), schema="public", application="test")
    with pytest.raises(Unavailable):
        await database.fetchval(ONE)

    await database.close()

    assert "a connection that nobody waits for" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_who_listens_has_time_to_connect(between: Network, empty_database_url: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    settings = settings_for(between.dsn, acquire_timeout=WAITED)
    listening = asyncio.create_task(listen(settings, "news", heard.put_nowait, stop, application="test"))

    async with asyncio.timeout(10):
        while heard.empty():
            await statement(empty_database_url, "NOTIFY news, 'it rains'")
            await asyncio.sleep(0.05)

    stop.set()
    await listening
