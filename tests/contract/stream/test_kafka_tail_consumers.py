"""Consumers that read from the memory of their process miss nothing, repeat nothing, and notice what the broker holds instead."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry

from deploy.kafka.cluster import Cluster
from shared.contracts.topics import Topic
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
    StreamMetrics,
    TopicRecreated,
)
from shared.stream.kafka import KafkaLog
from tests.contract.stream.brokered import new_topic, opened
from tests.contract.stream.stage import PATIENCE, QUICK, eventually
from tests.support.kafka import administrator


class Diary:
    """Consumers of one group that write down what they hear, in one ledger."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.ledger = MemoryLedger()

    async def hear(self, batch: Batch, transaction: MemoryTransaction) -> Decision:
        transaction.write("heard", [*self.heard_in(transaction), *(record.value for record in batch.records)])
        return Decision()

    def heard_in(self, transaction: MemoryTransaction) -> list[bytes]:
        found: list[bytes] = transaction.read("heard", [])
        return found

    @property
    def heard(self) -> list[bytes]:
        found: list[bytes] = self.ledger.values.get("heard", [])
        return found

    async def turned(self, consumer: Consumer[MemoryTransaction], count: int) -> None:
        """Let *consumer* take turns until it has heard *count* records."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < count:
                await consumer.turn()

    def consumer(self, log: KafkaLog) -> Consumer[MemoryTransaction]:
        return Consumer(
            group=f"{self.topic.name}-readers",
            topics=[self.topic],
            handler=self.hear,
            log=log,
            ledger=self.ledger,
            settings=QUICK.model_copy(update={"attempts": 10_000}),
            metrics=StreamMetrics(CollectorRegistry()),
        )


async def test_another_member_takes_over_where_the_first_read_from_memory(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log, opened(kafka_broker) as other:
        topic = await new_topic(log)
        diary, stops = Diary(topic), (asyncio.Event(), asyncio.Event())
        written: list[bytes] = []

        async def write(count: int) -> None:
            for _ in range(count):
                value = b"%d" % len(written)
                await log.append([Outgoing(topic, value)])
                written.append(value)

        async def all_heard() -> bool:
            return len(diary.heard) >= len(written)

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            first = group.create_task(diary.consumer(log).run(stops[0]))
            await write(50)
            await eventually(all_heard)
            group.create_task(diary.consumer(other).run(stops[1]))
            await write(200)
            stops[0].set()
            await write(50)
            await first
            await write(50)
            await eventually(all_heard)
            stops[1].set()

    assert diary.heard == written
    assert diary.ledger.marks[GroupPartition(f"{topic.name}-readers", Partition(topic.name, 0))].next_offset == len(written)


async def test_a_recreated_topic_is_noticed_though_this_process_filled_it(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log, opened(kafka_broker) as other:
        topic = await new_topic(log)
        diary, stop = Diary(topic), asyncio.Event()

        async def heard() -> bool:
            return len(diary.heard) == 20

        async with asyncio.TaskGroup() as group:
            group.create_task(diary.consumer(log).run(stop))
            for number in range(20):
                await log.append([Outgoing(topic, b"%d" % number)])
            await eventually(heard)
            stop.set()
        await recreated(topic, kafka_broker, other, log)

        with pytest.raises(TopicRecreated, match="another record"):
            async with asyncio.timeout(PATIENCE):
                await diary.consumer(log).run(asyncio.Event())

    assert diary.heard == [b"%d" % number for number in range(20)]


async def test_a_topic_that_is_recreated_and_filled_between_two_fetches_is_noticed(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log, opened(kafka_broker) as other:
        topic = await new_topic(log)
        diary = Diary(topic)
        consumer = diary.consumer(log)
        try:
            await other.append([Outgoing(topic, b"old")] * 3)
            await diary.turned(consumer, 3)
            await recreated(topic, kafka_broker, other, other)

            with pytest.raises(TopicRecreated, match="another record"):
                await diary.turned(consumer, 30)
        finally:
            await consumer.close()

    assert diary.heard == [b"old"] * 3


async def test_a_topic_that_is_gone_is_an_outage_in_words(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log:
        topic = await new_topic(log)
        diary = Diary(topic)
        consumer = diary.consumer(log)
        try:
            await log.append([Outgoing(topic, b"1")])
            await diary.turned(consumer, 1)
            async with administrator(kafka_broker.bootstrap) as client:
                await client.delete_topics([topic.name])

            with pytest.raises(Unavailable, match=f"there is no topic {topic.name}"):
                await diary.turned(consumer, 2)
        finally:
            await consumer.close()


async def recreated(topic: Topic, cluster: Cluster, looking: KafkaLog, filling: KafkaLog) -> None:
    """Delete *topic*, make it anew, and put 30 records into it."""

    async def created() -> bool:
        try:
            await looking.ensure([topic])
            return not any((await looking.ends(topic)).values())
        except Misconfigured:
            return False

    async def appended() -> bool:
        try:
            await filling.append([Outgoing(topic, b"new")] * 30)
        except Unavailable:
            return False
        return True

    async with administrator(cluster.bootstrap) as client:
        await client.delete_topics([topic.name])
    await eventually(created)
    await eventually(appended)
