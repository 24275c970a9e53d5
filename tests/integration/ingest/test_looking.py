"""What deliveries look for is found by keys, however small the tables are when the question is planned."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.ingest.app import SCHEMA, SESSION
from services.ingest.learning import SQL
from shared.postgres import Database, Query, Transaction
from shared.settings import PostgresSettings

ID = "5d0c3a52-6f0b-5c0e-9a55-0f5c8e7c2f1d"


@pytest.fixture
async def database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    database = await Database.open(postgres_settings, schema=SCHEMA, application="test", session=SESSION)
    yield database
    await database.close()


async def test_the_look_of_a_group_reads_no_table_from_end_to_end(database: Database) -> None:
    await database.execute(Query("ANALYZE artefact, pending, orphan"))

    rows = await database.fetch(Query(f"EXPLAIN {SQL['met']}"), ["acme"], [ID], ["C1:1"], ["C1:1"])

    plan = "\n".join(row[0] for row in rows)
    assert plan.count("Index") >= 5
    assert "Seq Scan" not in plan


async def test_statements_in_turn_are_committed_one_by_one(database: Database, postgres_settings: PostgresSettings) -> None:
    other = await Database.open(postgres_settings, schema=SCHEMA, application="test")
    add = Query("INSERT INTO source (id, platform, workspace, sealed_secret, created_at) VALUES ('x', 'slack', 'w', '', now())")

    async def add_and_look(connection: Transaction) -> int:
        await connection.execute(add)
        return int(await other.fetchval(Query("SELECT count(*) FROM source WHERE id = 'x'")))

    seen = await database.in_turn(add_and_look)

    assert seen == 1
    await other.close()
