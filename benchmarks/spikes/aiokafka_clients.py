"""The client configurations under test: what every check and every figure of the spike starts from."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka.cluster import Cluster
from deploy.kafka.layout import MESSAGE_MAX_BYTES

VALUE: Final = b"x" * 1300
_names: Final = itertools.count(1)

Check = Callable[[Cluster], Awaitable[str]]


@asynccontextmanager
async def producing(bootstrap: str, **changed: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Run an idempotent acks=all producer that takes records of 10 MiB; *changed* overrides its settings."""
    settings: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "enable_idempotence": True,
        "acks": "all",
        "linger_ms": 0,
        "max_request_size": MESSAGE_MAX_BYTES,
        "max_batch_size": 128 * 1024,
        "request_timeout_ms": 5000,
        "retry_backoff_ms": 50,
        "metadata_max_age_ms": 30_000,
    }
    producer = AIOKafkaProducer(**(settings | changed))
    await producer.start()
    try:
        yield producer
    finally:
        async with asyncio.timeout(20):
            await producer.stop()


@asynccontextmanager
async def consuming(bootstrap: str, *topics: str, **changed: Any) -> AsyncIterator[AIOKafkaConsumer]:
    """Run a consumer that never commits by itself and takes records of 10 MiB; *changed* overrides its settings."""
    settings: dict[str, Any] = {
        "bootstrap_servers": bootstrap,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "isolation_level": "read_uncommitted",
        "max_partition_fetch_bytes": MESSAGE_MAX_BYTES,
        "fetch_max_bytes": 2 * MESSAGE_MAX_BYTES,
        "fetch_max_wait_ms": 500,
        "request_timeout_ms": 5000,
        "retry_backoff_ms": 50,
        "session_timeout_ms": 6000,
        "heartbeat_interval_ms": 1000,
        "max_poll_interval_ms": 60_000,
    }
    consumer = AIOKafkaConsumer(*topics, **(settings | changed))
    await consumer.start()
    try:
        yield consumer
    finally:
        async with asyncio.timeout(20):
            await consumer.stop()


@asynccontextmanager
async def administering(cluster: Cluster) -> AsyncIterator[AIOKafkaAdminClient]:
    """Run an admin client."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap, request_timeout_ms=10_000)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def new_topic(cluster: Cluster, partitions: int = 1) -> str:
    """Create a topic and return its name once every broker's metadata has it."""
    name = f"spike-{next(_names)}"
    replicas = min(3, len(cluster.brokers))
    async with administering(cluster) as admin:
        answer = await admin.create_topics([NewTopic(name, partitions, replicas)])
        if any(code for _, code, *_ in answer.topic_errors):
            raise RuntimeError(f"create_topics answered {answer.topic_errors}")
    return name


async def everything(cluster: Cluster, topic: str, seconds: float = 20.0) -> list[Any]:
    """Return all records of *topic*'s partition 0."""
    place = TopicPartition(topic, 0)
    found: list[Any] = []
    async with asyncio.timeout(seconds), consuming(cluster.bootstrap) as consumer:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            found += (await consumer.getmany(timeout_ms=500)).get(place, [])
    return found
