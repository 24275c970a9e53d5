"""Documents while PostgreSQL is away, or somebody holds a document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.targets import TARGETS
from shared.postgres import Query, migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings
from tests.support.gateway import Client, Doors, eventually, open_doors, settings_of
from tests.support.postgres import settings_for

PATH = "/xapi/activities/state"
BOOKMARK = {"activityId": "https://example.org/course", "agent": '{"mbox":"mailto:ann@example.org"}', "stateId": "bookmark"}
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")


@pytest.fixture
async def own_doors(server: Server) -> AsyncIterator[Doors]:
    await migrate(server.dsn, TARGETS)
    async with open_doors(settings_of(settings_for(server.dsn))) as opened:
        yield opened


async def status(client: Client, method: str) -> tuple[int, str]:
    """Ask for, store, merge or delete the bookmark; return the status and Retry-After."""
    content = b'{"page":3}' if method in {"PUT", "POST"} else None
    sent = {**client.headers, "Content-Type": "application/json"}
    response = await client.http.request(method, PATH, params=BOOKMARK, content=content, headers=sent)
    return response.status_code, response.headers.get("retry-after", "")


async def test_without_postgres_documents_answer_503_and_come_back(own_doors: Doors, server: Server) -> None:
    client = await own_doors.client()
    assert (await status(client, "PUT"))[0] == 204

    server.kill()
    away = [await status(client, method) for method in METHODS]
    server.start()

    assert [code for code, _ in away] == [503] * len(METHODS)
    assert all(int(retry_after) > 0 for _, retry_after in away)

    async def back() -> bool:
        return (await status(client, "GET"))[0] == 200

    await eventually(back, 60.0)


async def test_a_document_that_is_held_for_too_long_answers_503(postgres_settings: PostgresSettings) -> None:
    short = settings_of(postgres_settings.model_copy(update={"lock_timeout": 0.3}))
    async with open_doors(short) as doors:
        client = await doors.client()
        await status(client, "PUT")

        async with doors.database.transaction() as holder:
            await holder.execute(Query("SELECT 1 FROM document FOR UPDATE"))
            held, read = await asyncio.gather(status(client, "POST"), status(client, "GET"))

        assert (held[0], read[0]) == (503, 200)
        assert (await status(client, "POST"))[0] == 204
