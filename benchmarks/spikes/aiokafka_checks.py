"""What aiokafka must do against this broker: each check returns what it saw or raises."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError

from benchmarks.spikes.aiokafka_clients import (
    administering,
    consuming,
    everything,
    new_topic,
    producing,
)
from deploy.kafka.cluster import Cluster
from deploy.kafka.layout import RECORD_BYTES


async def admin_creates_topics(cluster: Cluster) -> str:
    """Create a topic with settings, create it again, describe it, read its settings, delete it."""
    topic = f"admin-{cluster.brokers[0].port}"
    wanted = NewTopic(topic, 3, min(3, len(cluster.brokers)), topic_configs={"max.message.bytes": "1000000"})
    async with administering(cluster) as admin:
        first = (await admin.create_topics([wanted])).topic_errors
        again = (await admin.create_topics([wanted])).topic_errors
        described = await admin.describe_topics([topic])
        gone = await admin.delete_topics([topic])
    codes = [row[0][1] for row in (first, again, gone.topic_error_codes)]
    return f"error codes create/again/delete {codes}, {len(described[0]['partitions'])} partitions"


async def headers_and_keys_come_back(cluster: Cluster) -> str:
    """Send key, headers and an empty value; read them back."""
    topic = await new_topic(cluster)
    async with producing(cluster.bootstrap) as producer:
        sent = await producer.send_and_wait(topic, b"", key=b"k", headers=[("traceparent", b"00-1"), ("n", b"")])
    (record,) = await everything(cluster, topic)
    return f"offset {sent.offset}: key {record.key!r}, headers {record.headers}, timestamp type {record.timestamp_type}"


async def large_records_pass(cluster: Cluster) -> str:
    """Send 10 MiB and read them back; see that 11 MiB are refused before they leave."""
    topic = await new_topic(cluster)
    async with producing(cluster.bootstrap) as producer:
        began = time.monotonic()
        await producer.send_and_wait(topic, b"\x01" * RECORD_BYTES)
        took = time.monotonic() - began
        try:
            await producer.send_and_wait(topic, b"\x01" * (RECORD_BYTES + 128 * 1024))
            refused = "NOT refused"
        except KafkaError as error:
            refused = type(error).__name__
    (record,) = await everything(cluster, topic)
    return f"{len(record.value)} bytes back, sent in {took * 1000:.0f} ms; 10.1 MiB: {refused}"


async def manual_assignment_seeks(cluster: Cluster) -> str:
    """Assign by hand, seek, read positions, first and last offsets."""
    topic = await new_topic(cluster)
    place = TopicPartition(topic, 0)
    async with producing(cluster.bootstrap) as producer:
        for number in range(10):
            await producer.send_and_wait(topic, str(number).encode())
    async with consuming(cluster.bootstrap) as consumer:
        consumer.assign([place])
        consumer.seek(place, 7)
        batch = (await consumer.getmany(timeout_ms=2000))[place]
        bounds = (await consumer.beginning_offsets([place]))[place], (await consumer.end_offsets([place]))[place]
        return f"from {batch[0].offset}: {len(batch)} records, bounds {bounds}, position {await consumer.position(place)}"


async def commits_and_lag(cluster: Cluster) -> str:
    """Commit with metadata in a group, resume there, and read lag as an outsider."""
    topic = await new_topic(cluster)
    place = TopicPartition(topic, 0)
    async with producing(cluster.bootstrap) as producer:
        for number in range(10):
            await producer.send_and_wait(topic, str(number).encode())
    async with consuming(cluster.bootstrap, topic, group_id=topic, auto_offset_reset="earliest") as consumer:
        await consumer.getmany(timeout_ms=5000)
        await consumer.commit({place: (4, "note")})
    async with consuming(cluster.bootstrap, topic, group_id=topic) as consumer:
        resumed = (await consumer.getone()).offset
    async with administering(cluster) as admin, consuming(cluster.bootstrap) as outsider:
        offsets = await admin.list_consumer_group_offsets(topic)
        lag = (await outsider.end_offsets([place]))[place] - offsets[place].offset
    return f"resumed at {resumed}, lag {lag}, metadata {offsets[place].metadata!r}"


async def two_members_share(cluster: Cluster) -> str:
    """Let a second member join a group and leave it again; time both rebalances."""
    topic = await new_topic(cluster, 4)
    began = time.monotonic()
    async with AsyncExitStack() as first_stack:
        joined = consuming(cluster.bootstrap, topic, group_id=topic, auto_offset_reset="earliest")
        first = await first_stack.enter_async_context(joined)
        await _until(lambda: _polled(first, 4))
        alone = time.monotonic() - began
        began = time.monotonic()
        async with consuming(cluster.bootstrap, topic, group_id=topic, auto_offset_reset="earliest") as second:
            await _until(lambda: _polled(first, 2))
            await _until(lambda: _polled(second, 2))
            shared = time.monotonic() - began
        began = time.monotonic()
        await _until(lambda: _polled(first, 4))
        return f"alone {alone:.2f} s, shared 2+2 after {shared:.2f} s, alone again after {time.monotonic() - began:.2f} s"


async def an_unknown_topic_is_refused(cluster: Cluster) -> str:
    """Send to a topic that does not exist."""
    async with producing(cluster.bootstrap, request_timeout_ms=2000) as producer:
        began = time.monotonic()
        outcome = await _outcome(producer.send_and_wait("never-created", b"x"), 10)
        return f"{outcome} after {time.monotonic() - began:.1f} s"


async def a_recreated_topic_is_survived(cluster: Cluster) -> str:
    """Delete and recreate a topic under a running idempotent producer."""
    topic = await new_topic(cluster)
    async with producing(cluster.bootstrap) as producer, administering(cluster) as admin:
        for _ in range(3):
            await producer.send_and_wait(topic, b"before")
        await admin.delete_topics([topic])
        await asyncio.sleep(1)
        await admin.create_topics([NewTopic(topic, 1, min(3, len(cluster.brokers)))])
        outcomes = [await _outcome(producer.send_and_wait(topic, b"after"), 6) for _ in range(3)]
    async with producing(cluster.bootstrap) as rebuilt:
        outcomes.append("rebuilt: " + await _outcome(rebuilt.send_and_wait(topic, b"after"), 6))
    return ", ".join(outcomes)


async def a_recreated_topic_reaches_a_consumer(cluster: Cluster) -> str:
    """Delete and recreate a topic under a running consumer that had read three records."""
    topic = await new_topic(cluster)
    place = TopicPartition(topic, 0)
    async with (
        producing(cluster.bootstrap) as producer,
        consuming(cluster.bootstrap) as consumer,
        administering(cluster) as admin,
    ):
        for _ in range(3):
            await producer.send_and_wait(topic, b"before")
        consumer.assign([place])
        consumer.seek(place, 0)
        while await consumer.position(place) < 3:
            await consumer.getmany(timeout_ms=1000)
        await admin.delete_topics([topic])
        await asyncio.sleep(1)
        await admin.create_topics([NewTopic(topic, 1, min(3, len(cluster.brokers)))])
        async with producing(cluster.bootstrap) as rebuilt:
            for _ in range(5):
                await rebuilt.send_and_wait(topic, b"after")
        try:
            batch = (await consumer.getmany(timeout_ms=5000)).get(place, [])
        except KafkaError as error:
            return type(error).__name__
    return f"silently goes on with offsets {[record.offset for record in batch]} of the new topic"


async def _polled(consumer: Any, partitions: int) -> bool:
    """Poll once and say whether *consumer* now has *partitions* partitions."""
    await consumer.getmany(timeout_ms=50)
    return len(consumer.assignment()) == partitions


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask *condition* until it holds."""
    while not await condition():  # noqa: ASYNC110  # the group's state is the broker's; nothing signals it
        await asyncio.sleep(0.01)


async def _outcome(sending: Awaitable[Any], seconds: float) -> str:
    """Name how *sending* ended within *seconds*."""
    try:
        async with asyncio.timeout(seconds):
            await sending
    except TimeoutError:
        return f"pending after {seconds:g} s"
    except KafkaError as error:
        return type(error).__name__
    return "sent"
