"""What only the log in PostgreSQL does: leases, retention, shared commits, and wake-ups without a poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

import pytest
from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic
from shared.errors import Misconfigured, Unavailable
from shared.postgres import Database, Query
from shared.settings import PostgresSettings
from shared.stream import Outgoing, Partition, StreamMetrics, StreamSettings
from shared.stream.open import open_log
from shared.stream.postgres import PostgresLog
from shared.stream.settings import AppendSettings, ConsumerSettings, PostgresLogSettings
from tests.contract.stream.stage import eventually, seek_all

TOPIC = Topic("heard.v1", partitions=2)


@pytest.fixture
async def database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    """The log's schema, to look into."""
    opened = await Database.open(postgres_settings, schema="log", application="test")
    yield opened
    await opened.close()


@asynccontextmanager
async def opened(settings: PostgresSettings, append: AppendSettings | None = None, **changes: Any) -> AsyncIterator[PostgresLog]:
    database = await Database.open(settings, schema="log", application="test-log")
    log = PostgresLog(database, PostgresLogSettings(**changes), append or AppendSettings(), StreamMetrics(CollectorRegistry()))
    await log.ensure([TOPIC])
    yield log
    await log.close()


async def test_what_this_process_appends_is_heard_without_a_poll(postgres_settings: PostgresSettings) -> None:
    async with opened(postgres_settings, poll=3600.0) as log:
        inbox = await log.inbox("readers", [TOPIC])
        await seek_all(inbox)

        async with asyncio.TaskGroup() as group:
            fetch = group.create_task(inbox.fetch(10, 30.0))
            await log.append([Outgoing(TOPIC, b"news")])

        assert fetch.result() is not None
        await inbox.close()


async def test_appends_that_wait_together_are_committed_together(postgres_settings: PostgresSettings, database: Database) -> None:
    async with opened(postgres_settings) as log:
        await asyncio.gather(*(log.append([Outgoing(TOPIC, b"%d" % number)]) for number in range(200)))

    transactions = await database.fetchval(Query("SELECT count(DISTINCT xmin::text) FROM record"))
    assert await database.fetchval(Query("SELECT count(*) FROM record")) == 200
    assert transactions < 20


@pytest.mark.parametrize("portion", [1000, 3, 2, 1])
async def test_retention_deletes_what_is_older_and_keeps_the_offsets(
    postgres_settings: PostgresSettings, database: Database, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    monkeypatch.setattr("shared.stream.postgres.log.PORTION", portion)
    async with opened(postgres_settings) as log:
        await log.append([Outgoing(TOPIC, b"%d" % number, b"k") for number in range(5)])
        age = Query('UPDATE record SET "timestamp" = "timestamp" - $1 WHERE "offset" < 3')
        await database.execute(age, TOPIC.retention_ms + 60_000)
        (partition,) = (partition for partition, end in (await log.ends(TOPIC)).items() if end)
        inbox = await log.inbox("readers", [TOPIC])

        forgotten = await log.forget()

        assert forgotten == 3
        assert await inbox.bounds(partition) == (3, 5)
        await inbox.close()


REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE insufficient_privilege; END';
CREATE TRIGGER refusing BEFORE DELETE ON record EXECUTE FUNCTION refuse()
"""


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("ALTER TABLE record RENAME COLUMN partition_id TO odd", "ALTER TABLE record RENAME COLUMN odd TO partition_id"),
        (REFUSE, "DROP FUNCTION refuse CASCADE"),
    ],
    ids=["a bug", "a missing grant"],
)
async def test_what_stops_retention_once_is_met_again_and_ends_nothing(
    postgres_settings: PostgresSettings, database: Database, broken: LiteralString, mended: LiteralString
) -> None:
    async with opened(postgres_settings, retention_interval=0.02) as log:
        await log.append([Outgoing(TOPIC, b"old")])
        age = Query('UPDATE record SET "timestamp" = "timestamp" - $1')
        async with database.transaction() as hidden:
            await hidden.execute(age, TOPIC.retention_ms + 60_000)
            await hidden.execute(Query(broken))
        await asyncio.sleep(0.1)
        await database.execute(Query(mended))

        async def forgotten() -> bool:
            return not await database.fetchval(Query("SELECT count(*) FROM record"))

        await eventually(forgotten)


async def test_the_partitions_of_a_member_that_died_go_to_the_others_after_its_session(
    postgres_settings: PostgresSettings, database: Database
) -> None:
    async with opened(postgres_settings, session_timeout=0.6) as log:
        lease = Query("INSERT INTO member VALUES ('readers', 'dead', $1, clock_timestamp() + interval '0.5 seconds')")
        await database.execute(lease, [TOPIC.name])
        inbox = await log.inbox("readers", [TOPIC])
        assert len(await inbox.assignment()) == 1

        async def inherited() -> bool:
            return len(await inbox.assignment()) == 2

        await eventually(inherited)
        await inbox.close()
    assert await database.fetchval(Query("SELECT count(*) FROM member")) == 0


async def test_a_named_member_takes_its_own_place_again_at_once(postgres_settings: PostgresSettings, database: Database) -> None:
    lease = Query("INSERT INTO member VALUES ('readers', 'up', $1, clock_timestamp() + interval '1 hour')")
    await database.execute(lease, [TOPIC.name])

    async with opened(postgres_settings, instance="up") as log:
        inbox = await log.inbox("readers", [TOPIC])

        assert await inbox.assignment() == {Partition(TOPIC.name, 0), Partition(TOPIC.name, 1)}
        await inbox.close()


async def test_too_many_bytes_under_way_are_refused_at_once(postgres_settings: PostgresSettings) -> None:
    async with opened(postgres_settings, AppendSettings(inflight_bytes=1000)) as log:
        outcomes = await asyncio.gather(*(log.append([Outgoing(TOPIC, b"x" * 400)]) for _ in range(20)), return_exceptions=True)
        await log.append([Outgoing(TOPIC, b"x" * 5000)])

    assert 2 <= sum(not isinstance(outcome, BaseException) for outcome in outcomes) < 20
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes if isinstance(outcome, BaseException))


async def test_a_topic_that_nobody_created_is_misconfigured(postgres_settings: PostgresSettings) -> None:
    async with opened(postgres_settings) as log:
        with pytest.raises(Misconfigured, match="does not exist"):
            await log.append([Outgoing(Topic("unheard.v1"), b"v")])


async def test_a_lock_that_outlasts_the_poll_interval_is_misconfigured(postgres_settings: PostgresSettings) -> None:
    settings = StreamSettings(consumer=ConsumerSettings(poll_interval=5.0))

    with pytest.raises(Misconfigured, match="lock_timeout"):
        await open_log(settings, postgres_settings, application="test", metrics=StreamMetrics(CollectorRegistry()))
