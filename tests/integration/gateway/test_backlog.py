"""The recorder is far behind: senders are answered on the log's acknowledgement, and find their statements later."""

from __future__ import annotations

from time import perf_counter
from uuid import uuid4

import orjson
import pytest
from prometheus_client import CollectorRegistry

from services.gateway.app import TOPICS_USED
from services.gateway.domain.admission import Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from shared.clock import utc_now
from shared.contracts import RECEIVED, encode
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.stream import Outgoing
from shared.stream.metrics import StreamMetrics
from shared.stream.postgres import PostgresLog
from shared.stream.settings import AppendSettings, PostgresLogSettings
from shared.xapi.guard import Limits
from shared.xapi.model import Version
from tests.support.gateway import Client, Doors, eventually, open_doors, settings_of, statement

BACKLOG = 1500
SENDER = Credential(KeyId("backlog"), "backlog", frozenset({Scope.ALL}), b'{"mbox":"mailto:lms@example.org"}', "mbox::lms", ())
ENOUGH, LONG = 2.0, 20.0


@pytest.fixture
async def backlog(postgres_settings: PostgresSettings) -> None:
    """Statements that the log has and no recorder has seen."""
    database = await Database.open(postgres_settings, schema="log", application="log")
    log = PostgresLog(database, PostgresLogSettings(), AppendSettings(deadline=15.0), StreamMetrics(CollectorRegistry()))
    await log.ensure(TOPICS_USED)
    writing = Writing(Version.V1_0_3, SENDER, utc_now(), Limits(), 1)
    sent = [admit(orjson.dumps(statement()), writing).received for _ in range(BACKLOG)]
    await log.append([Outgoing(RECEIVED, encode(each)) for each in sent])
    await log.close()


@pytest.mark.usefixtures("backlog")
async def test_a_statement_behind_a_backlog_is_answered_at_once_and_found_later(postgres_settings: PostgresSettings) -> None:
    sent = statement()
    async with open_doors(settings_of(postgres_settings, recorder=False, wait_seconds=LONG)) as doors:
        client = await doors.client()
        await eventually(lambda: not_awaited(doors))

        begun = perf_counter()
        answer = await client.post(sent)

        assert (answer.status_code, answer.json()) == (200, [sent["id"]])
        assert perf_counter() - begun < LONG / 4
        assert (await client.get(statementId=sent["id"])).status_code == 404
        assert await counted(doors, 'symposia_gateway_recorder_unawaited_total{reason="stands"}') == 1
        through = answer.headers["X-Experience-API-Consistent-Through"]

        async with open_doors(settings_of(postgres_settings)):
            await eventually(lambda: found(client, sent["id"]), 60.0)
            await eventually(lambda: awaited(doors))
            stored = (await client.get(statementId=sent["id"])).json()["stored"]
            assert through < stored
            await told_again(client, sent)


async def test_a_statement_without_a_backlog_is_waited_for(client: Client) -> None:
    await told_again(client, statement())


async def test_a_recorder_that_comes_too_late_is_not_waited_for_by_the_next_and_waited_for_once_it_is_quick(
    postgres_settings: PostgresSettings,
) -> None:
    async with open_doors(settings_of(postgres_settings, recorder=False, wait_seconds=ENOUGH)) as doors:
        client = await doors.client()
        first, others = statement(), [statement() for _ in range(20)]

        assert (await client.post(first)).status_code == 200
        begun = perf_counter()
        answers = [(await client.post(each)).status_code for each in others]

        assert answers == [200] * len(others)
        assert perf_counter() - begun < ENOUGH * len(others) / 4
        async with open_doors(settings_of(postgres_settings)):
            await eventually(lambda: awaited(doors), 60.0)
            assert set(await client.ids(limit="500")) == {first["id"], *(each["id"] for each in others)}


async def told_again(client: Client, first: dict[str, object]) -> None:
    """Post what is found at once, and what contradicts *first*."""
    new, other = statement(), {**first, "verb": {"id": "https://example.org/other"}}
    await client.post(first)

    assert (await client.post(new)).status_code == 200
    assert (await client.get(statementId=str(new["id"]))).status_code == 200
    assert (await client.post(other)).status_code == 409
    assert (await client.post({**new, "id": str(uuid4())})).status_code == 200


async def found(client: Client, identifier: str) -> bool:
    return (await client.get(statementId=identifier)).status_code == 200


async def counted(doors: Doors, sample: str) -> float:
    lines = (await doors.http.get("/metrics")).text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{sample} "))


async def awaited(doors: Doors) -> bool:
    return await counted(doors, "symposia_gateway_recorder_awaited") == 1


async def not_awaited(doors: Doors) -> bool:
    return not await awaited(doors)
