"""What PostgreSQL refuses a login: what is a mistake of the set-up, and what is waited out."""

import pytest

from shared.errors import Misconfigured, Unavailable
from shared.postgres import Database, Query
from tests.integration.postgres.test_database import PID
from tests.support.postgres import settings_for, statement, with_database


async def test_a_database_that_does_not_exist_is_a_mistake_in_the_settings(empty_database_url: str) -> None:
    missing = await Database.open(settings_for(with_database(empty_database_url, "missing")), schema="public", application="test")

    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        await missing.fetch(Query("SELECT 1"))

    await missing.close()


async def test_who_was_let_in_before_waits_where_he_is_refused(empty_database_url: str) -> None:
    await statement(empty_database_url, "CREATE ROLE let_in_before LOGIN")
    theirs = settings_for(empty_database_url.replace("//symposia@", "//let_in_before@"))
    known = await Database.open(theirs, schema="public", application="test")
    pid = await known.fetchval(PID)
    await statement(empty_database_url, f"ALTER ROLE let_in_before NOLOGIN; SELECT pg_terminate_backend({pid}, 5000)")

    for _ in range(2):
        with pytest.raises(Unavailable):
            await known.fetchval(PID)
    with pytest.raises(Unavailable, match="not permitted to log in"):
        await known.patiently().fetchval(PID)
    await statement(empty_database_url, "ALTER ROLE let_in_before LOGIN")
    again = await known.fetchval(PID)

    assert again != pid
    await known.close()
    await statement(empty_database_url, "DROP ROLE let_in_before")


async def test_what_a_login_may_not_do_is_a_mistake_in_its_grants(empty_database_url: str) -> None:
    await statement(empty_database_url, "CREATE SCHEMA closed; CREATE TABLE closed.migration (package text, number integer)")
    await statement(empty_database_url, "CREATE ROLE stranger_to_closed LOGIN")
    theirs = settings_for(empty_database_url.replace("//symposia@", "//stranger_to_closed@"))
    stranger = await Database.open(theirs, schema="closed", application="test", packages=["shared.stream.migrations"])

    with pytest.raises(Misconfigured, match=r"permission denied for schema closed.*--print-roles"):
        await stranger.ready()

    await stranger.close()
    await statement(empty_database_url, "DROP ROLE stranger_to_closed")
