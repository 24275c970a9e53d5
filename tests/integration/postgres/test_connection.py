"""A connection: what it asks the server about, and how often."""

import asyncpg
import pytest

from shared.postgres import Database, Query, connection
from shared.postgres.connection import BUILT_IN
from tests.support.postgres import settings_for, statement


async def test_built_in_types_are_asked_about_once_a_process_and_others_on_each_connection(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await statement(empty_database_url, "CREATE SCHEMA workshop; CREATE TYPE workshop.tool AS (name text, sizes smallint[])")
    built_in, ours = Query("SELECT ARRAY(SELECT ROW (7, 'saw'::text))"), Query("SELECT ROW ('saw', '{3}')::workshop.tool")
    asked: list[bool] = []
    ask = asyncpg.Connection._introspect_types  # type: ignore[attr-defined]

    async def _introspect_types(self: asyncpg.Connection, oids: set[int], *rest: float | None) -> object:
        asked.append(max(oids) < BUILT_IN)
        return await ask(self, oids, *rest)

    monkeypatch.setattr(connection, "_described", {})
    monkeypatch.setattr(asyncpg.Connection, "_introspect_types", _introspect_types)
    for _ in range(3):
        database = await Database.open(settings_for(empty_database_url), schema="workshop", application="test")
        assert await database.fetchval(built_in) == [(7, "saw")]
        assert await database.fetchval(ours) == ("saw", [3])
        await database.close()

    assert asked.count(True) == 1
    assert asked.count(False) == 3
