"""The same tests on all three logs: Kafka is the real broker, PostgreSQL the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
from aiokafka.admin import RecordsToDelete
from aiokafka.structs import TopicPartition
from prometheus_client import CollectorRegistry

from deploy.kafka.cluster import Cluster
from shared.contracts.topics import Topic
from shared.errors import Misconfigured
from shared.postgres import Database, Query
from shared.postgres.embedded import Server
from shared.postgres.embedded.server import Occupied
from shared.settings import PostgresSettings
from shared.stream import Log, MemoryLog, Partition, StreamMetrics
from shared.stream.kafka import KafkaLog
from shared.stream.postgres import PostgresLog
from shared.stream.settings import AppendSettings, KafkaSettings, PostgresLogSettings
from tests.contract.stream.stage import MemoryBooks, PostgresBooks, Stage, eventually
from tests.support.kafka import administrator

APPEND = AppendSettings(deadline=5.0)
OpenStage: TypeAlias = Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[Stage]]


@asynccontextmanager
async def memory_stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    log = MemoryLog()

    @asynccontextmanager
    async def outage() -> AsyncIterator[None]:
        log.faults.outage = True
        yield
        log.faults.outage = False

    async def same() -> Log:
        return log

    yield Stage(log, MemoryBooks(), log.recreate, log.forget, outage, same)


@asynccontextmanager
async def postgres_stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    settings: PostgresSettings = request.getfixturevalue("postgres_settings")
    server: Server = request.getfixturevalue("postgres_server")

    async def opened() -> PostgresLog:
        database = await Database.open(settings, schema="log", application="test-log")
        metrics = StreamMetrics(CollectorRegistry())
        return PostgresLog(database, PostgresLogSettings(session_timeout=1.0), APPEND, metrics)

    async def recreate(topic: Topic) -> None:
        await log_database.execute(
            Query("DELETE FROM record USING partition WHERE partition_id = partition.id AND topic = $1"), topic.name
        )
        await log_database.execute(Query("DELETE FROM partition WHERE topic = $1"), topic.name)
        await log.ensure([topic])

    async def forget(partition: Partition, before: int) -> None:
        forget_before = Query(
            'DELETE FROM record USING partition WHERE partition_id = id AND topic = $1 AND number = $2 AND "offset" < $3'
        )
        await log_database.execute(forget_before, partition.topic, partition.number, before)

    async def started() -> bool:
        try:
            await asyncio.to_thread(server.start)
        except Occupied:  # the backends of the killed server are still on their way out
            return False
        return True

    @asynccontextmanager
    async def outage() -> AsyncIterator[None]:
        await asyncio.to_thread(server.kill)
        try:
            yield
        finally:
            await eventually(started)

    log, log_database = await opened(), await Database.open(settings, schema="log", application="test-operator")
    async with _books(settings) as books:
        yield Stage(log, books, recreate, forget, outage, opened)
    await log.close()
    await log_database.close()


@asynccontextmanager
async def kafka_stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    cluster: Cluster = request.getfixturevalue("kafka_broker")
    settings: PostgresSettings = request.getfixturevalue("postgres_settings")
    kafka = KafkaSettings(bootstrap=cluster.bootstrap, session_timeout=6.0, request_timeout=5.0)

    async def opened() -> KafkaLog:
        return KafkaLog(kafka, APPEND, StreamMetrics(CollectorRegistry()))

    async def recreate(topic: Topic) -> None:
        async with administrator(kafka.bootstrap) as client:
            await client.delete_topics([topic.name])

        async def created() -> bool:
            try:
                await log.ensure([topic])
                ends = await log.ends(topic)
            except Misconfigured:
                return False
            return not any(ends.values())

        await eventually(created)

    async def forget(partition: Partition, before: int) -> None:
        async with administrator(kafka.bootstrap) as client:
            place = TopicPartition(partition.topic, partition.number)
            await client.delete_records({place: RecordsToDelete(before_offset=before)})

    @asynccontextmanager
    async def outage() -> AsyncIterator[None]:
        broker = cluster.brokers[0]
        await asyncio.to_thread(broker.freeze)
        try:
            yield
        finally:
            await asyncio.to_thread(broker.thaw)

    log = await opened()
    async with _books(settings) as books:
        yield Stage(log, books, recreate, forget, outage, opened)
    await log.close()


@asynccontextmanager
async def _books(settings: PostgresSettings) -> AsyncIterator[PostgresBooks]:
    """Open the schema of a service that consumes, with a table for what handlers write down."""
    database = await Database.open(settings, schema="impact", application="test-ledger")
    books = PostgresBooks(database)
    await books.open()
    yield books
    await database.close()


STAGES: dict[str, OpenStage] = {"memory": memory_stage, "postgres": postgres_stage, "kafka": kafka_stage}


@pytest.fixture(params=list(STAGES))
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """One of the three logs with its ledger, fresh for the test."""
    async with STAGES[request.param](request) as opened:
        yield opened
