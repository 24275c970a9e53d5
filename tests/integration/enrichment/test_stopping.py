"""A process that is to end does not first do all the relinking that is left: the jobs wait for the next process."""

from __future__ import annotations

import asyncio

import asyncpg

from shared.postgres import Query
from shared.settings import PostgresSettings
from tests.integration.enrichment.conftest import House


async def test_who_links_anew_ends_in_the_midst_of_a_job(house: House, postgres_settings: PostgresSettings) -> None:
    await house.database.execute(Query("INSERT INTO relink DEFAULT VALUES"))
    operator = await asyncpg.connect(postgres_settings.url.get_secret_value())
    await operator.execute("BEGIN; LOCK TABLE records.relink")
    stop = asyncio.Event()
    running = asyncio.create_task(house.relinker.run(stop))
    while not await operator.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    stop.set()

    async with asyncio.timeout(5):
        await running
    await operator.close()
    assert await house.database.fetchval(Query("SELECT count(*) FROM relink")) == 1
