"""A real server, and an xAPI client that somebody else wrote."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tincan import Activity, Agent, RemoteLRS, StateDocument, Statement

from services.gateway.app import open_issuer, open_service
from services.gateway.domain.credential import Scope
from services.gateway.settings import Settings
from shared.clock import utc_now
from shared.postgres import Database
from shared.service import run
from shared.settings import PostgresSettings
from tests.support.gateway import settings_of, statement


@pytest.fixture
def settings(postgres_settings: PostgresSettings) -> Settings:
    """Listen on a free port, and be known by it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = settings_of(postgres_settings)
    return given.model_copy(update={"http": given.http.model_copy(update={"port": port, "public_url": ""})})


@pytest.fixture
async def lrs(settings: Settings) -> AsyncIterator[RemoteLRS]:
    stop, started = asyncio.Event(), asyncio.Event()
    database = await Database.open(settings.postgres, schema="lrs", application="test")
    async with open_service(settings) as service, asyncio.TaskGroup() as group:
        group.create_task(run([service], stop, started=started))
        await started.wait()
        key = await open_issuer(settings, database).issue("tincan", [Scope.ALL], utc_now())
        yield RemoteLRS(endpoint=f"{settings.http.base_url}/xapi/", username=key.key_id, password=key.secret)
        stop.set()
    await database.close()


async def test_an_independent_client_writes_and_reads(lrs: RemoteLRS) -> None:
    sent = [Statement(statement()) for _ in range(5)]

    saved = await asyncio.to_thread(lrs.save_statement, sent[0])
    batch = await asyncio.to_thread(lrs.save_statements, sent[1:])
    found = await asyncio.to_thread(lrs.retrieve_statement, sent[0].id)

    assert saved.success, saved.data
    assert batch.success, batch.data
    assert found.success
    assert found.content.id == sent[0].id


async def test_an_independent_client_follows_more(lrs: RemoteLRS) -> None:
    sent = [Statement(statement()) for _ in range(7)]
    await asyncio.to_thread(lrs.save_statements, sent)

    pages = [await asyncio.to_thread(lrs.query_statements, {"limit": 3, "ascending": "true"})]
    while more(pages[-1]):
        pages.append(await asyncio.to_thread(lrs.more_statements, pages[-1].content))

    assert [len(page.content.statements) for page in pages] == [3, 3, 1]
    assert [each.id for page in pages for each in page.content.statements] == [each.id for each in sent]


async def test_an_independent_client_asks_with_booleans_as_python_writes_them(lrs: RemoteLRS) -> None:
    sent = [Statement(statement()) for _ in range(2)]
    await asyncio.to_thread(lrs.save_statements, sent)
    parameters = {"ascending": True, "related_agents": False, "related_activities": True}

    found = await asyncio.to_thread(lrs.query_statements, parameters)

    assert found.success, found.data
    assert [each.id for each in found.content.statements] == [each.id for each in sent]


async def test_an_independent_client_hears_of_a_conflict(lrs: RemoteLRS) -> None:
    first = statement()
    await asyncio.to_thread(lrs.save_statement, Statement(first))

    second = await asyncio.to_thread(lrs.save_statement, Statement({**first, "verb": {"id": "https://example.org/other"}}))

    assert not second.success
    assert second.response.status == 409


async def test_an_independent_client_keeps_states(lrs: RemoteLRS) -> None:
    course, ann = Activity(id="https://example.org/course"), Agent(mbox="mailto:ann@example.org")
    state = StateDocument(id="bookmark", activity=course, agent=ann, content="page 3", content_type="text/plain")

    saved = [await asyncio.to_thread(lrs.save_state, state) for _ in range(2)]
    found = await asyncio.to_thread(lrs.retrieve_state, course, ann, "bookmark")
    names = await asyncio.to_thread(lrs.retrieve_state_ids, course, ann)
    cleared = await asyncio.to_thread(lrs.clear_state, course, ann)
    gone = await asyncio.to_thread(lrs.retrieve_state_ids, course, ann)

    assert [each.response.status for each in saved] == [204, 204]
    assert bytes(found.content.content) == b"page 3"
    assert (names.content, cleared.success, gone.content) == (["bookmark"], True, [])


def more(page: Any) -> str | None:
    return page.content.more or None
