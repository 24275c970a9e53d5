"""What deliveries look for is found by keys, however small the tables were when the question was planned first."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.ingest.app import SCHEMA, SESSION
from services.ingest.learning import QUERIES
from shared.postgres import Database, Transaction
from shared.settings import PostgresSettings

ID = "5d0c3a52-6f0b-5c0e-9a55-0f5c8e7c2f1d"


@pytest.fixture
async def database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    database = await Database.open(postgres_settings, schema=SCHEMA, application="test", session=SESSION)
    yield database
    await database.close()


async def test_no_plan_of_a_look_is_kept_while_tables_grow(database: Database) -> None:
    async def look_often(connection: Transaction) -> int:
        for _ in range(12):
            await connection.fetch(QUERIES["met"], ["acme"] * 20, [ID] * 20, ["C1:1"] * 20, ["C1:1"] * 20)
        kept = "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE cardinality(parameter_types) = 4"
        return int(await connection.fetchval(kept))

    assert await database.run(look_often) == 0
