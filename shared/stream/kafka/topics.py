"""Topics: create those that do not exist, and check that the limits of those that do agree with ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.contracts.topics import DAY_MS, Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream.kafka.connection import MESSAGE_BYTES, connection, outages
from shared.stream.settings import KafkaSettings

MAX_MESSAGE_BYTES: Final = "max.message.bytes"
RETENTION_MS: Final = "retention.ms"
SEGMENT_MS: Final = "segment.ms"
PATIENCE: Final = 30.0

_DONE: Final = frozenset({kafka.NoError.errno, kafka.TopicAlreadyExistsError.errno})


async def ensure(settings: KafkaSettings, topics: Sequence[Topic]) -> None:
    """Create the *topics* that do not exist and check those that do. Raises Misconfigured, Unavailable."""
    client = AIOKafkaAdminClient(**connection(settings))
    with outages():
        async with asyncio.timeout(PATIENCE):
            try:
                await client.start()
                await _create(client, settings, topics)
                await _check(client, topics)
            finally:
                await client.close()


async def _create(client: AIOKafkaAdminClient, settings: KafkaSettings, topics: Sequence[Topic]) -> None:
    response = await _asked(client, [_new(topic, settings) for topic in topics])
    for name, code, *message in response.topic_errors:
        if code not in _DONE:
            error = kafka.for_code(code)
            said = f"topic {name} could not be created: {error.__name__} {message[0] if message else ''}"
            if issubclass(error, kafka.KafkaError) and error.retriable:
                raise Unavailable("kafka", said)
            raise Misconfigured(said)


async def _asked(client: AIOKafkaAdminClient, topics: Sequence[NewTopic]) -> Any:
    """Ask the controller to create *topics*, once there is one: until then aiokafka trips over its own None."""
    while True:
        try:
            return await client.create_topics(topics)
        except AttributeError:
            await asyncio.sleep(0.1)


def _new(topic: Topic, settings: KafkaSettings) -> NewTopic:
    """Describe *topic*; aiokafka takes the broker's default replication only beside an assignment, which may be empty.

    Kafka deletes whole segments, so that a record may outlive its retention by one: a day, instead of a week.
    """
    assignments: dict[int, list[int]] | None = {} if settings.replication < 0 else None
    limits = {MAX_MESSAGE_BYTES: str(MESSAGE_BYTES), RETENTION_MS: str(topic.retention_ms), SEGMENT_MS: str(DAY_MS)}
    return NewTopic(topic.name, topic.partitions, settings.replication, assignments, topic_configs=limits)


async def _check(client: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    names = [topic.name for topic in topics]
    partitions = await _partitions(client, names)
    configured = await _configured(client, names)
    for topic in topics:
        _compare(topic, partitions[topic.name], configured[topic.name])


async def _partitions(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """Return how many partitions each topic has, once the broker that answers knows all of them."""
    while True:
        described = await client.describe_topics(list(names))
        if not any(each["error_code"] for each in described):
            return {each["topic"]: len(each["partitions"]) for each in described}
        await asyncio.sleep(0.05)


def _compare(topic: Topic, partitions: int, configured: Mapping[str, str]) -> None:
    """Raise Misconfigured where a topic that exists takes less than we send, or keeps statements for longer than promised."""
    if partitions < topic.partitions:
        raise Misconfigured(f"topic {topic.name} has {partitions} partitions, fewer than {topic.partitions}: add some")
    if int(configured[MAX_MESSAGE_BYTES]) < MESSAGE_BYTES:
        raise Misconfigured(f"topic {topic.name} has {MAX_MESSAGE_BYTES}={configured[MAX_MESSAGE_BYTES]}: set {MESSAGE_BYTES}")
    kept = int(configured[RETENTION_MS])
    if kept < 0 or kept > topic.retention_ms:
        raise Misconfigured(f"topic {topic.name} has {RETENTION_MS}={kept}: set {topic.retention_ms} or less")


async def _configured(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what the brokers hold of the limits of each topic, once the one that is asked knows all of them."""
    wanted = {MAX_MESSAGE_BYTES: None, RETENTION_MS: None}
    while True:
        responses = await client.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, configs=dict(wanted)) for name in names]
        )
        with suppress(kafka.UnknownTopicOrPartitionError):
            return dict(_entries(responses))
        await asyncio.sleep(0.05)


def _entries(responses: Sequence[Any]) -> Iterator[tuple[str, dict[str, str]]]:
    for response in responses:
        for code, _, _, name, entries in response.resources:
            if code:
                raise kafka.for_code(code)(name)
            yield name, {entry[0]: entry[1] for entry in entries}
