"""PostgreSQL goes while the log stays: running gateways go on taking statements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter

import pytest
from prometheus_client import CollectorRegistry

from services.gateway.app import TOPICS_USED
from services.targets import TARGETS
from shared.postgres import Database, migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings
from shared.stream.metrics import StreamMetrics
from shared.stream.postgres import PostgresLog
from shared.stream.settings import AppendSettings, PostgresLogSettings
from tests.support.attachments import attachment, part, parts_of, send, statements_part
from tests.support.gateway import Client, Doors, eventually, settings_of, statement, wired_doors
from tests.support.postgres import frozen, settings_for

ENOUGH = 3.0
FEW = 6


@pytest.fixture
async def log(postgres_settings: PostgresSettings) -> AsyncIterator[PostgresLog]:
    """A log on a server of its own, as Kafka would be."""
    database = await Database.open(postgres_settings, schema="log", application="log")
    opened = PostgresLog(database, PostgresLogSettings(), AppendSettings(deadline=15.0), StreamMetrics(CollectorRegistry()))
    await opened.ensure(TOPICS_USED)
    yield opened
    await opened.close()


@pytest.fixture
async def doors(server: Server, log: PostgresLog) -> AsyncIterator[Doors]:
    await migrate(server.dsn, TARGETS)
    settings = settings_of(settings_for(server.dsn), wait_seconds=ENOUGH)
    async with wired_doors(settings, log) as opened:
        yield opened


async def test_known_senders_go_on_while_postgres_is_down_and_all_is_found_afterwards(doors: Doors, server: Server) -> None:
    client = await doors.client()
    sent = [statement() for _ in range(40)]
    assert (await client.post(sent[0])).status_code == 200
    assert (await doors.http.get("/readyz")).status_code == 200

    server.kill()
    first = await timed(client, sent[1])
    next_ones = [await timed(client, each) for each in sent[2:20]]
    together = await asyncio.gather(*(client.post(each) for each in sent[20:]))
    read, unknown, ready = (
        await client.get(),
        await doors.http.get("/xapi/statements", headers=stranger()),
        await doors.http.get("/readyz"),
    )
    server.start()

    assert first[0] == 200
    assert {status for status, _ in next_ones} == {200}
    assert max(seconds for _, seconds in next_ones) < ENOUGH / 2
    assert {answer.status_code for answer in together} == {200}
    assert (read.status_code, unknown.status_code, ready.status_code) == (503, 503, 200)
    assert int(read.headers["retry-after"]) > 0

    async def all_found() -> bool:
        page = await client.get(limit="500")
        return page.status_code == 200 and {each["id"] for each in page.json()["statements"]} == {each["id"] for each in sent}

    await eventually(all_found, 60.0)


async def test_conflicts_are_told_again_once_the_recorder_is_back(doors: Doors, server: Server) -> None:
    client = await doors.client()
    sent = statement()
    await client.post(sent)
    server.kill()
    other = {**sent, "verb": {"id": "https://example.org/other"}}
    unnoticed = await client.post(other)
    server.start()

    async def told() -> bool:
        return (await client.post(other)).status_code == 409

    assert unnoticed.status_code == 200
    await eventually(told, 60.0)
    assert (await client.get(statementId=sent["id"])).json()["verb"] == sent["verb"]


async def test_access_tokens_are_issued_and_believed_while_postgres_is_down(doors: Doors, server: Server) -> None:
    client = await doors.client()
    form = {"grant_type": "client_credentials"}
    assert (await client.post(statement())).status_code == 200

    server.kill()
    issued = await doors.http.post("/oauth/token", data=form, headers={"Authorization": client.headers["Authorization"]})
    headers = {**client.headers, "Authorization": f"Bearer {issued.json()['access_token']}"}
    posted = await doors.http.post("/xapi/statements", json=statement(), headers=headers)
    server.start()

    assert (issued.status_code, posted.status_code) == (200, 200)


async def test_attachments_wait_for_postgres(doors: Doors, server: Server) -> None:
    client = await doors.client()
    sent = statement(attachments=[attachment(b"an essay")])
    assert (await client.post(statement())).status_code == 200

    server.kill()
    refused = await send(client, statements_part(sent), part(b"an essay"))
    server.start()

    async def taken() -> bool:
        return (await send(client, statements_part(sent), part(b"an essay"))).status_code == 200

    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    await eventually(taken, 60.0)
    answer = await client.get(statementId=sent["id"], attachments="true")
    assert [content for _, content in parts_of(answer)][1:] == [b"an essay"]


async def test_reads_are_refused_in_time_while_postgres_hangs_and_leave_nothing_behind(server: Server, log: PostgresLog) -> None:
    await migrate(server.dsn, TARGETS)
    settings = settings_of(settings_for(server.dsn), wait_seconds=ENOUGH, read_seconds=ENOUGH)
    postgres = settings.postgres.model_copy(update={"acquire_timeout": 2.0, "pool_size": FEW})
    async with wired_doors(settings.model_copy(update={"postgres": postgres}), log) as doors:
        client = await doors.client()
        sent = statement()
        assert (await client.post(sent)).status_code == 200
        page = (await client.get(limit="1")).json()
        asked = [("/xapi/statements", {}), ("/xapi/statements", {"statementId": sent["id"]})]
        asked += [("/xapi/activities", {"activityId": sent["object"]["id"]})]

        with frozen(server):
            begun = perf_counter()
            answers = await asyncio.gather(*(client.get(path, **parameters) for path, parameters in asked * 10))
            waited = perf_counter() - begun

        assert {(answer.status_code, int(answer.headers["retry-after"]) > 0) for answer in answers} == {(503, True)}
        assert waited < postgres.command_timeout / 2

        async def read_again() -> bool:
            return (await client.get(limit="1")).status_code == 200

        await eventually(read_again, 60.0)
        many = await asyncio.gather(*(client.get(path, **parameters) for path, parameters in asked * 10))
        assert {answer.status_code for answer in many} == {200}
        assert (await client.get(limit="1")).json() == page


async def timed(client: Client, body: object) -> tuple[int, float]:
    begun = perf_counter()
    response = await client.post(body)
    return response.status_code, perf_counter() - begun


def stranger() -> dict[str, str]:
    return {"Authorization": "Bearer symposia_unknown_secret", "X-Experience-API-Version": "1.0.3"}
