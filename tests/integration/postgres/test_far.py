"""A server that is so far away that to open a connection takes longer than anybody waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.errors import Unavailable
from shared.postgres import Database, Query
from tests.support.network import Network, network
from tests.support.postgres import settings_for

ONE = Query("SELECT 1")
WAITED = 0.3
"""Seconds that are waited for a connection: enough for one round trip of 0.12 s, not for the eight that it takes to open one."""


@pytest.fixture
async def between(empty_database_url: str) -> AsyncIterator[Network]:
    async with network(empty_database_url) as opened:
        opened.delay = 0.06
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
