"""What a process appended and reads itself comes from its memory, and is what the broker would have given; all else does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from uuid import uuid4

import pytest
from aiokafka.admin import NewTopic

from deploy.kafka.cluster import Cluster
from shared.contracts.topics import DAY_MS, Topic
from shared.stream import (
    Inbox,
    Outgoing,
    Partition,
    Record,
)
from shared.stream.kafka import KafkaLog
from shared.stream.kafka.connection import MESSAGE_BYTES
from shared.stream.kafka.tail import TAIL_BYTES
from tests.contract.stream.brokered import new_topic, opened
from tests.contract.stream.stage import PATIENCE, seek_all
from tests.support.kafka import administrator

ASKED = "Adding fetch request for partition %s at offset %d"
"""What aiokafka notes of each partition that it asks a broker for."""


@asynccontextmanager
async def reading(log: KafkaLog, topic: Topic) -> AsyncIterator[Inbox]:
    """Join a group of its own, and read a first record from the broker, so that what follows can come from memory."""
    await log.append([Outgoing(topic, b"first")])
    inbox = await log.inbox(f"readers-{uuid4().hex[:12]}", [topic])
    try:
        await seek_all(inbox)
        await read(inbox, 1)
        yield inbox
    finally:
        await inbox.close()


async def read(inbox: Inbox, count: int) -> list[Record]:
    """Read *count* records or more."""
    found: list[Record] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            assert not await inbox.unsought(), "the member was given up"
            batch = await inbox.fetch(500, 0.5)
            found.extend(batch.records if batch else ())
    return found


async def at_the_broker(cluster: Cluster, topic: Topic) -> list[Record]:
    """Return all that *topic* holds, read by a process that appended none of it."""
    async with opened(cluster) as log:
        inbox = await log.inbox(f"auditors-{uuid4().hex[:12]}", [topic])
        await seek_all(inbox)
        found = await read(inbox, (await log.ends(topic))[Partition(topic.name, 0)])
        await inbox.close()
    return found


def alike(topic: Topic, count: int) -> list[Outgoing]:
    """Return records of every shape."""
    headers = ((), (("traceparent", b"00-1"), ("n", b""), ("n", b"\xff\x00")))
    keys = (None, b"", b"key")
    return [Outgoing(topic, b"%d" % each, keys[each % 3], headers[each % 2]) for each in range(count)]


def asked(caplog: pytest.LogCaptureFixture, topic: Topic) -> int:
    """Say how often the broker was asked for *topic*."""
    return sum(record.msg == ASKED and record.args[0].topic == topic.name for record in caplog.records)  # type: ignore[index, union-attr]


@pytest.fixture
def asking(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Note what brokers are asked for."""
    caplog.set_level(logging.DEBUG, "aiokafka.consumer.fetcher")
    return caplog


@pytest.mark.parametrize("count", [1, 3, 100], ids=lambda count: f"{count} in an append")
async def test_what_is_read_from_memory_is_what_the_broker_gives(
    kafka_broker: Cluster, asking: pytest.LogCaptureFixture, count: int
) -> None:
    async with opened(kafka_broker) as log:
        topic = await new_topic(log)
        async with reading(log, topic) as inbox:
            await log.append(alike(topic, count))
            await inbox.fetch(500, 0.5)
            before = asked(asking, topic)

            await log.append(alike(topic, count))
            batch = await inbox.fetch(500, 0.5)

            assert asked(asking, topic) == before

    assert batch is not None
    there = (await at_the_broker(kafka_broker, topic))[1 + count :]
    assert batch.records == tuple(there)
    assert [record.digest() for record in batch.records] == [record.digest() for record in there]
    assert batch.end == 1 + 2 * count


async def test_a_process_alone_asks_the_broker_hardly_ever(kafka_broker: Cluster, asking: pytest.LogCaptureFixture) -> None:
    async with opened(kafka_broker) as log:
        topic = await new_topic(log)
        async with reading(log, topic) as inbox:
            began = monotonic()
            for number in range(200):
                await log.append([Outgoing(topic, b"%d" % number)])
                assert [record.value for record in await read(inbox, 1)] == [b"%d" % number]
            seconds = monotonic() - began

    assert asked(asking, topic) < 20 + 10 * seconds


async def test_what_waits_for_nobody_of_ours_is_read_from_the_broker(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log, opened(kafka_broker) as other:
        topic = await new_topic(log)
        async with reading(log, topic) as inbox:
            await log.append([Outgoing(topic, b"ours")])
            await read(inbox, 1)

            await other.append([Outgoing(topic, b"theirs")])

            assert [record.value for record in await read(inbox, 1)] == [b"theirs"]


async def test_what_two_processes_append_in_between_one_another_is_read_in_order(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log, opened(kafka_broker) as other:
        topic = await new_topic(log)

        async def write(writer: KafkaLog, times: Sequence[int]) -> None:
            for size in times:
                await writer.append(alike(topic, size))

        async with reading(log, topic) as inbox, asyncio.TaskGroup() as group:
            group.create_task(write(log, [1, 2, 40, 1, 1] * 20))
            group.create_task(write(other, [1, 1, 3, 35] * 10))
            found = await read(inbox, 20 * 45 + 10 * 40)

    assert found == (await at_the_broker(kafka_broker, topic))[1:]


async def test_what_no_tail_holds_any_more_is_read_from_the_broker(kafka_broker: Cluster) -> None:
    async with opened(kafka_broker) as log:
        topic = await new_topic(log)
        async with reading(log, topic) as inbox:
            for number in range(4):
                await log.append([Outgoing(topic, bytes([number]) * (TAIL_BYTES // 3))])

            found = await read(inbox, 4)

    assert [(record.offset, record.value[:1]) for record in found] == [(1 + each, bytes([each])) for each in range(4)]


async def test_what_is_sought_again_is_read_from_the_broker(kafka_broker: Cluster, asking: pytest.LogCaptureFixture) -> None:
    async with opened(kafka_broker) as log:
        topic = await new_topic(log)
        async with reading(log, topic) as inbox:
            await log.append(alike(topic, 5))
            await read(inbox, 5)
            await log.append(alike(topic, 5))
            before = asked(asking, topic)

            await inbox.seek(Partition(topic.name, 0), 3)
            found = await read(inbox, 8)

            assert asked(asking, topic) > before

    assert [record.offset for record in found] == list(range(3, 11))


async def test_a_topic_that_stamps_its_records_is_read_from_the_broker(kafka_broker: Cluster) -> None:
    topic = Topic(f"stamped.{uuid4().hex[:12]}.v1", partitions=1)
    limits = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(MESSAGE_BYTES),
        "retention.ms": str(DAY_MS),
    }
    async with administrator(kafka_broker.bootstrap) as client:
        await client.create_topics([NewTopic(topic.name, 1, 1, topic_configs=limits)])

    async with opened(kafka_broker) as log, reading(log, topic) as inbox:
        found: list[Record] = []
        for _ in range(5):
            await log.append(alike(topic, 3))
            found += await read(inbox, 3)

    assert found == (await at_the_broker(kafka_broker, topic))[1:]


async def test_a_member_lives_on_though_it_reads_from_memory_alone(
    kafka_broker: Cluster, asking: pytest.LogCaptureFixture
) -> None:
    async with opened(kafka_broker, poll_interval=1.5) as log:
        topic = await new_topic(log)
        async with reading(log, topic) as inbox:
            until, number = monotonic() + 5, 0
            while monotonic() < until:
                await log.append([Outgoing(topic, b"%d" % number)])
                assert [record.value for record in await read(inbox, 1)] == [b"%d" % number]
                number += 1

    assert asked(asking, topic) < number
