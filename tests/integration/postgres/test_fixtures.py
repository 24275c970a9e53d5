import asyncpg


async def test_a_fresh_database_has_every_services_schema(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        found = {row["nspname"] for row in await connection.fetch("SELECT nspname FROM pg_namespace")}
    finally:
        await connection.close()

    assert {"log", "ingest", "lrs", "records", "impact"} <= found
