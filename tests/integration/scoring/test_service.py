"""The service as it runs: messages in the log become facts, and it says how it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from services.scoring.app import open_service
from services.scoring.rules import forget, until_in_force
from services.scoring.settings import Settings
from shared.clock import rfc3339
from shared.contracts import ENRICHED, OBJECTION, Objection, encode
from shared.postgres import Database, Query
from shared.service import Service, run
from shared.settings import HttpSettings, PostgresSettings
from shared.stream import Log, Outgoing, StreamMetrics, StreamSettings
from shared.stream.open import open_log
from shared.telemetry import new_registry
from tests.support.community import BEGIN, community, learner
from tests.support.oracle import impacts
from tests.support.scoring import ScoringBench

OLDER = Query("UPDATE rules SET version = '0-older'")


@pytest.fixture
async def log(postgres_settings: PostgresSettings) -> AsyncIterator[Log]:
    metrics = StreamMetrics(new_registry("test", "0"))
    opened = await open_log(StreamSettings(), postgres_settings, application="test", metrics=metrics)
    yield opened
    await opened.close()


async def test_the_service_scores_what_the_log_brings_and_buries_what_it_cannot_read(
    log: Log, postgres_settings: PostgresSettings
) -> None:
    messages = community(5, size=80)
    settings = Settings(postgres=postgres_settings, http=HttpSettings(port=0))
    stop = asyncio.Event()

    async with open_service(settings) as service, asyncio.TaskGroup() as group:
        group.create_task(run([service], stop))
        await log.append([Outgoing(ENRICHED, b"poison", key=b"x")])
        await log.append([Outgoing(ENRICHED, encode(message), key=message.id.encode()) for message in messages])
        metrics = await until_applied(service, len(messages) + 1)
        stop.set()

    database = await Database.open(postgres_settings, schema="impact", application="test")
    bench = ScoringBench(database)
    await bench.check(messages, BEGIN)
    await database.close()
    assert impacts(messages, BEGIN)
    assert 'symposia_dead_letter_records_total{group="scoring",topic="xapi.statement.enriched.v1"} 1.0' in metrics
    assert "symposia_e2e_freshness_seconds_count" in metrics


async def test_while_the_facts_are_of_older_rules_objections_are_heard_and_after_a_rebuild_all_is_scored(
    log: Log, postgres_settings: PostgresSettings
) -> None:
    messages = community(7, size=80)
    settings = Settings(postgres=postgres_settings, http=HttpSettings(port=0))
    stop = asyncio.Event()

    async with ScoringBench.open(postgres_settings) as bench:
        await bench.database.execute(OLDER)
        async with open_service(settings) as service, asyncio.TaskGroup() as group:
            group.create_task(run([service], stop))
            await log.append([Outgoing(ENRICHED, encode(message), key=message.id.encode()) for message in messages])
            await log.append([Outgoing(OBJECTION, encode(Objection(learner(1), objects=True, at=rfc3339(BEGIN))), key=b"1")])
            await until_applied(service, 1)
            meanwhile = await bench.digest()
            hindrance = await service.hindrance()
            await forget(bench.database)
            await until_applied(service, len(messages) + 1)
            stop.set()

        await bench.check(messages, BEGIN, frozenset({learner(1)}))
    assert meanwhile.facts == 0
    assert hindrance is not None
    assert "0-older" in hindrance


async def test_an_outage_is_waited_out_while_the_facts_are_of_older_rules() -> None:
    stop = asyncio.Event()
    database = await Database.open(
        PostgresSettings(url=SecretStr("postgresql://nobody@127.0.0.1:1/nothing")), schema="impact", application="test"
    )

    waiting = asyncio.create_task(until_in_force(database, stop))
    done, _ = await asyncio.wait({waiting}, timeout=0.5)
    stop.set()

    assert not done
    await asyncio.wait_for(waiting, 5)
    await database.close()


async def test_a_start_that_finds_the_tables_locked_waits_until_they_are_not(
    log: Log, postgres_settings: PostgresSettings
) -> None:
    messages = community(3, size=10)
    impatient = postgres_settings.model_copy(update={"lock_timeout": 0.1})
    stop = asyncio.Event()
    operator = await asyncpg.connect(postgres_settings.url.get_secret_value())

    async with open_service(Settings(postgres=impatient, http=HttpSettings(port=0))) as service, asyncio.TaskGroup() as group:
        await log.append([Outgoing(ENRICHED, encode(message), key=message.id.encode()) for message in messages])
        await operator.execute("BEGIN; LOCK TABLE impact.rules")
        group.create_task(run([service], stop))
        for waits in (True, False):
            while await operator.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)") is not waits:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await operator.close()
        await until_applied(service, len(messages))
        stop.set()


async def until_applied(service: Service, number: int) -> str:
    """Scrape until *number* records were applied or rejected."""
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url="http://scoring") as client,
        asyncio.timeout(30),
    ):
        while True:
            text = (await client.get("/metrics")).text
            counted = [line for line in text.splitlines() if line.startswith("symposia_consumer_records_total")]
            done = [float(line.rsplit(" ", 1)[1]) for line in counted if "applied" in line or "rejected" in line]
            if sum(done) >= number:
                return text
            await asyncio.sleep(0.05)
