"""Sessions begin as ours do, whatever a server, database or role has by default, and a pooler that forgets it is noticed."""

from __future__ import annotations

from urllib.parse import urlsplit

import asyncpg
import pytest

from shared.errors import Misconfigured
from shared.postgres import Database, Query, Target, migrate
from shared.postgres.session import STEADY, begin_session, pooled, startup
from shared.settings import Pooler
from tests.support.postgres import settings_for, statement, with_database

THEIRS = {
    "default_transaction_isolation": "repeatable read",
    "standard_conforming_strings": "off",
    "timezone": "Pacific/Chatham",
    "statement_timeout": "1ms",
    "idle_session_timeout": "1ms",
    "search_path": "elsewhere",
    "client_encoding": "LATIN1",
    "bytea_output": "escape",
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "transform_null_equals": "on",
}


@pytest.fixture
async def odd_database_url(empty_database_url: str) -> str:
    """Return the URI of a database whose defaults are none of ours, and that has no schema `public`."""
    name = urlsplit(empty_database_url).path.lstrip("/")
    odd = "; ".join(f"ALTER DATABASE {name} SET {setting} = '{value}'" for setting, value in THEIRS.items())
    await statement(empty_database_url, f"DROP SCHEMA public; {odd}")
    return empty_database_url


async def test_sessions_of_a_pool_begin_alike_whatever_the_database_has_by_default(odd_database_url: str) -> None:
    database = await Database.open(settings_for(odd_database_url), schema="workshop", application="test")

    found = await database.fetch(Query("SELECT name, current_setting(name) AS value FROM unnest($1::text[]) name"), [*STEADY])

    assert {row["name"]: row["value"] for row in found} == STEADY
    await database.close()


async def test_migrations_run_whatever_the_database_has_by_default(odd_database_url: str) -> None:
    applied = await migrate(odd_database_url, [Target("impact", ("shared.stream.migrations", "services.scoring.migrations"))])

    assert applied


async def test_a_database_that_does_not_hold_every_letter_is_not_migrated(empty_database_url: str) -> None:
    narrow = f"{urlsplit(empty_database_url).path.lstrip('/')}_narrow"
    await statement(empty_database_url, f"CREATE DATABASE {narrow} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")

    with pytest.raises(Misconfigured, match="encoded in LATIN1"):
        await migrate(with_database(empty_database_url, narrow), [Target("log", ("shared.stream.postgres.migrations",))])

    await statement(empty_database_url, f"DROP DATABASE {narrow}")


async def test_a_session_that_did_not_begin_as_it_was_asked_to_is_a_misconfiguration(empty_database_url: str) -> None:
    asked = pooled(settings_for(empty_database_url), "workshop", "test")
    forgetful = await asyncpg.connect(empty_database_url, server_settings={"timezone": "UTC", "lock_timeout": "10s"})

    with pytest.raises(Misconfigured, match="drops the settings of our sessions: search_path, idle_in_transaction_session"):
        await begin_session(forgetful, asked, Pooler.NONE)

    await forgetful.close()


async def test_a_session_may_owe_how_it_begins_to_its_login(empty_database_url: str) -> None:
    asked = pooled(settings_for(empty_database_url), "workshop", "test")
    owed = {
        "search_path": "workshop, public",
        "lock_timeout": "'10s'",
        "idle_in_transaction_session_timeout": "30000",
        "timezone": "'UTC'",
    }
    told = "; ".join(f"ALTER ROLE owing SET {setting} = {value}" for setting, value in owed.items())
    await statement(empty_database_url, f"CREATE ROLE owing LOGIN; {told}")
    connection = await asyncpg.connect(empty_database_url.replace("//symposia@", "//owing@"))

    await begin_session(connection, asked, Pooler.NONE)

    await connection.close()
    await statement(empty_database_url, "DROP ROLE owing")


async def test_sessions_of_a_pooler_are_set_after_they_began(empty_database_url: str) -> None:
    settings = settings_for(empty_database_url, pooler=Pooler.SESSIONS)
    database = await Database.open(settings, schema="workshop", application="test")

    found = await database.fetchrow(
        Query("SELECT current_setting('search_path') AS path, current_setting('lock_timeout') AS wait")
    )

    assert startup(pooled(settings, "workshop", "test"), Pooler.SESSIONS) == {"application_name": "symposia-test"}
    assert found is not None
    assert (found["path"], found["wait"]) == ('"workshop", public', "10s")
    await database.close()


async def test_a_pooler_that_gives_one_session_to_two_is_a_misconfiguration(empty_database_url: str) -> None:
    asked = pooled(settings_for(empty_database_url), "workshop", "test")
    given_twice = await asyncpg.connect(empty_database_url)
    await begin_session(given_twice, asked, Pooler.SESSIONS)

    with pytest.raises(Misconfigured, match="gave us a session that somebody else had used"):
        await begin_session(given_twice, asked, Pooler.SESSIONS)

    await given_twice.execute("RESET ALL")  # as a pooler of sessions does, by DISCARD ALL, before it gives one to another
    await begin_session(given_twice, asked, Pooler.SESSIONS)
    await given_twice.close()
