"""What only Kafka does to a log: brokers die, sequences break, and topics come with limits of their own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import NewPartitions, NewTopic
from aiokafka.cluster import ClusterMetadata
from aiokafka.structs import TopicPartition
from prometheus_client import CollectorRegistry

from deploy.kafka.cluster import Cluster
from shared.clock import utc_now
from shared.contracts.topics import DAY_MS, Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream import (
    Batch,
    Consumer,
    Decision,
    GroupPartition,
    MemoryLedger,
    MemoryTransaction,
    Outgoing,
    Partition,
    Position,
    StreamMetrics,
    TopicRecreated,
)
from shared.stream.kafka import KafkaLog
from shared.stream.settings import AppendSettings, KafkaSettings
from tests.contract.stream.stage import QUICK, eventually
from tests.support.kafka import StartCluster, administrator

TOPIC = Topic("heard.v1", partitions=1)
PATIENT = QUICK.model_copy(update={"attempts": 10_000})


@asynccontextmanager
async def opened(cluster: Cluster, registry: CollectorRegistry | None = None) -> AsyncIterator[KafkaLog]:
    settings = KafkaSettings(bootstrap=cluster.bootstrap, session_timeout=6.0, request_timeout=2.0)
    log = KafkaLog(settings, AppendSettings(deadline=3.0), StreamMetrics(registry or CollectorRegistry()))
    yield log
    await log.close()


@asynccontextmanager
async def read(log: KafkaLog, ledger: MemoryLedger) -> AsyncIterator[Consumer[MemoryTransaction]]:
    """Have what *log* holds written down in *ledger*, as `heard`."""

    async def diary(batch: Batch, transaction: MemoryTransaction) -> Decision:
        transaction.write("heard", [*transaction.read("heard", []), *(record.value for record in batch.records)])
        return Decision()

    consumer: Consumer[MemoryTransaction] = Consumer(
        group="readers",
        topics=[TOPIC],
        handler=diary,
        log=log,
        ledger=ledger,
        settings=PATIENT,
        metrics=StreamMetrics(CollectorRegistry()),
    )
    yield consumer
    await consumer.close()


async def append(log: KafkaLog, value: bytes) -> Position | None:
    """Append *value*, and return nothing where the outcome is unknown."""
    try:
        return (await log.append([Outgoing(TOPIC, value, b"k")]))[0]
    except Unavailable:
        return None


async def test_a_killed_broker_costs_time_and_no_acknowledged_record(start_kafka: StartCluster) -> None:
    cluster = await asyncio.to_thread(start_kafka, 1)
    ledger, stop = MemoryLedger(), asyncio.Event()
    acknowledged: list[bytes] = []

    async with opened(cluster) as log, read(log, ledger) as consumer:
        await log.ensure([TOPIC])

        async def write(start: int, stop: int) -> None:
            for value in (b"%d" % number for number in range(start, stop)):
                position = await append(log, value)
                acknowledged.extend([value] if position else [])

        async def all_heard() -> bool:
            return set(ledger.values.get("heard", [])) >= set(acknowledged)

        async with asyncio.TaskGroup() as group:
            group.create_task(consumer.run(stop))
            await write(0, 50)
            await asyncio.to_thread(cluster.brokers[0].kill)
            await write(50, 52)
            await asyncio.to_thread(cluster.brokers[0].start)
            await eventually(lambda: has_written(acknowledged, write))
            await eventually(all_heard)
            stop.set()

    heard = ledger.values["heard"]
    assert len(heard) == len(set(heard)) == ledger.marks[GroupPartition("readers", Partition(TOPIC.name, 0))].next_offset


async def has_written(acknowledged: list[bytes], write: Any) -> bool:
    """Write once more and say whether the broker takes records again."""
    before = len(acknowledged)
    await write(100 + before, 101 + before)
    return len(acknowledged) > before


async def test_a_cut_log_that_grew_again_has_its_producer_replaced_and_its_reader_stopped(start_kafka: StartCluster) -> None:
    cluster = await asyncio.to_thread(start_kafka, 1)
    broker, registry, ledger = cluster.brokers[0], CollectorRegistry(), MemoryLedger()
    data, saved = broker.home / "data" / f"{TOPIC.name}-0", broker.home / "saved"

    async with opened(cluster, registry) as log, read(log, ledger) as consumer:
        await log.ensure([TOPIC])
        assert await append(log, b"kept")
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(shutil.copytree, data, saved)
        await asyncio.to_thread(broker.start)

        async def taken(value: bytes = b"vanishes") -> bool:
            return await append(log, value) is not None

        await eventually(taken)
        assert await taken()
        await turned(consumer, lambda: len(ledger.values.get("heard", [])) == 3)
        await asyncio.to_thread(broker.kill)
        await asyncio.to_thread(shutil.rmtree, data)
        await asyncio.to_thread(saved.rename, data)
        await asyncio.to_thread(broker.start)

        await eventually(lambda: taken(b"new"))
        assert [await taken(b"new") for _ in range(3)] == [True] * 3

        with pytest.raises(TopicRecreated, match="another record"):
            await turned(consumer, lambda: b"new" in ledger.values["heard"])

    assert ledger.values["heard"] == [b"kept", b"vanishes", b"vanishes"]
    assert (registry.get_sample_value("symposia_producer_rebuilds_total") or 0) >= 1
    assert registry.get_sample_value("symposia_producer_buffered_bytes") == 0


async def turned(consumer: Consumer[MemoryTransaction], until: Callable[[], bool]) -> None:
    """Let *consumer* take turns, whatever is away, until *until* says so."""
    async with asyncio.timeout(30):
        while not until():
            with suppress(Unavailable):
                await consumer.turn()


async def test_a_log_can_be_closed_while_no_broker_answers(start_kafka: StartCluster) -> None:
    cluster = await asyncio.to_thread(start_kafka, 1)
    async with opened(cluster) as log:
        await log.ensure([TOPIC])
        assert await append(log, b"before")
        inbox = await log.inbox("readers", [TOPIC])
        await asyncio.to_thread(cluster.brokers[0].kill)
        assert await append(log, b"lost") is None

        async with asyncio.timeout(30):
            await inbox.close()
            await log.close()


async def test_no_broker_at_all_is_unavailable() -> None:
    settings = KafkaSettings(bootstrap="127.0.0.1:9", request_timeout=1.0)
    log = KafkaLog(settings, AppendSettings(deadline=2.0), StreamMetrics(CollectorRegistry()))

    for attempt in (log.append([Outgoing(TOPIC, b"v")]), log.inbox("readers", [TOPIC]), log.ends(TOPIC), log.ensure([TOPIC])):
        with pytest.raises(Unavailable):
            await attempt

    await log.close()


async def test_a_cluster_that_names_no_broker_yet_is_asked_again(kafka_broker: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic(f"early-{uuid4().hex}.v1", partitions=1)
    for begin in ("ensure", "ends"):
        with monkeypatch.context() as patch:
            unheard = answers_unheard(patch, 2)
            async with opened(kafka_broker) as log:
                if begin == "ensure":
                    await log.ensure([topic])
                else:
                    assert await log.ends(topic) == {Partition(topic.name, 0): 0}
            assert unheard == [None, None]


def answers_unheard(patch: pytest.MonkeyPatch, count: int) -> list[None]:
    """Have a client that starts take *count* answers for those of a broker that has just begun, which name no broker."""
    unheard: list[None] = []
    hear = ClusterMetadata.update_metadata

    def update_metadata(cluster: ClusterMetadata, metadata: Any) -> None:
        if len(unheard) < count:
            unheard.append(None)
        else:
            hear(cluster, metadata)

    patch.setattr(ClusterMetadata, "update_metadata", update_metadata)
    return unheard


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max.message.bytes": "1000000"}, "max.message.bytes"),
        ({"max.message.bytes": "20000000", "retention.ms": "-1"}, "retention.ms"),
        ({"max.message.bytes": "20000000", "retention.ms": str(29 * DAY_MS)}, "retention.ms"),
        ({"max.message.bytes": "20000000", "retention.ms": str(DAY_MS), "cleanup.policy": "compact"}, "cleanup.policy"),
    ],
)
async def test_a_topic_with_other_limits_than_ours_is_misconfigured(
    kafka_broker: Cluster, limits: dict[str, str], said: str
) -> None:
    topic = Topic(f"limited.{uuid4().hex}.v1", partitions=1)
    async with administrator(kafka_broker.bootstrap) as client:
        await client.create_topics([NewTopic(topic.name, 1, 1, topic_configs=limits)])

    async with opened(kafka_broker) as log:
        with pytest.raises(Misconfigured, match=said):
            await log.ensure([topic])


async def test_a_clock_that_is_far_ahead_is_an_outage_in_words(kafka_broker: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic(f"dated.{uuid4().hex}.v1", partitions=1)
    async with opened(kafka_broker) as log:
        await log.ensure([topic])

        with monkeypatch.context() as ahead:
            ahead.setattr("shared.stream.kafka.sender.utc_now", lambda: utc_now() + timedelta(days=1))
            with pytest.raises(Unavailable, match="clock"):
                await log.append([Outgoing(topic, b"1", b"k")])

        assert (await log.append([Outgoing(topic, b"2", b"k")]))[0].offset == 0


async def test_lag_tools_see_the_offsets_that_were_applied(kafka_broker: Cluster) -> None:
    topic = Topic("lagging.v1", partitions=1)
    async with opened(kafka_broker) as log:
        await log.ensure([topic])
        inbox = await log.inbox("lagging", [topic])
        await inbox.commit(Partition(topic.name, 0), 7)
        await inbox.close()

    async with administrator(kafka_broker.bootstrap) as client:
        offsets = await client.list_consumer_group_offsets("lagging")
    assert offsets[TopicPartition(topic.name, 0)].offset == 7


async def test_partitions_that_somebody_added_stay_empty_and_are_seen(kafka_broker: Cluster) -> None:
    topic = Topic(f"widened-{uuid4().hex}.v1", partitions=2)
    async with opened(kafka_broker) as log, administrator(kafka_broker.bootstrap) as client:
        await log.ensure([topic])
        await client.create_partitions({topic.name: NewPartitions(4)})

        appended = await log.append([Outgoing(topic, b"v", b"%d" % number) for number in range(40)])
        ends = await log.ends(topic)

    assert {position.partition.number for position in appended} == {0, 1}
    assert sorted(ends.values())[:2] == [0, 0]
    assert len(ends) == 4
    assert sum(ends.values()) == 40
