"""`symposia person erase` that does not come to its end says how far it came, and is done again by the same names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import urlsplit

import pytest

from services.enrichment.imports import Importer, Kind
from shared.postgres import Database
from tests.support.cli import symposia
from tests.support.dump import tables_holding
from tests.support.house import KEY
from tests.support.postgres import settings_for, statement

ADA = b"external_id,name,email\nHR-1,Ada Lovelace,ada@acme.example\n"
TRACES = ("HR-1", "Ada Lovelace", "ada@acme.example")
ROLES = ", ".join(f"symposia_{schema}" for schema in ("log", "ingest", "lrs", "records", "impact"))


@pytest.fixture
async def clerk(database_url: str) -> AsyncIterator[str]:
    """Return the URI by which a member of every service's role comes to a database that knows Ada."""
    name = f"clerk_{urlsplit(database_url).path[1:]}"
    await statement(database_url, f"CREATE ROLE {name} IN ROLE {ROLES}")
    database = await Database.open(settings_for(database_url), schema="records", application="test")
    assert not (await Importer(database).take(Kind.PEOPLE, ADA)).faults
    await database.close()
    yield f"{database_url}{'&' if '?' in database_url else '?'}role={name}"
    await statement(database_url, f"DROP ROLE {name}")


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("INSERT ON lrs.erasure", "Done: -. Not done, or not as a whole: record, links, impact, ingest, profile."),
        ("SELECT ON impact.dead_letter", "Done: record, links. Not done, or not as a whole: impact, ingest, profile."),
        ("DELETE ON records.learner", "Done: record, links, impact, ingest. Not done, or not as a whole: profile."),
    ],
)
async def test_where_a_right_is_missing_it_says_how_far_it_came_and_goes_on_once_it_is_given(
    clerk: str, database_url: str, tmp_path: Path, missing: str, told: str
) -> None:
    schema, _, table = missing.rpartition(" ")[2].partition(".")

    async def erase() -> CompletedProcess[str]:
        command = ("person", "erase", "external:HR-1", "--yes", "--no-wait", "--home", tmp_path)
        assert KEY.key is not None
        settings = {"DATABASE_URL": clerk, "SYMPOSIA_SECRETS__KEY": KEY.key.get_secret_value()}
        return await asyncio.to_thread(symposia, *command, **settings)

    await statement(database_url, f"REVOKE {missing} FROM symposia_{schema}")
    refused = await erase()
    await statement(database_url, f"GRANT {missing} TO symposia_{schema}")
    finished = await erase()

    assert refused.returncode == 1
    assert f"{told} Run the same command again" in refused.stderr.replace("\n", " ")
    assert f"permission denied for table {table}" in refused.stderr
    assert finished.returncode == 0, finished.stderr
    assert await tables_holding(settings_for(database_url), TRACES) == {}
