"""Topics: create those that do not exist, and check that the limits of those that do agree with ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.protocol.metadata import MetadataRequest

from shared.contracts.topics import DAY_MS, Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream.kafka.access import Access
from shared.stream.kafka.connection import FORBIDDEN, MESSAGE_BYTES, forbidden, outages
from shared.stream.settings import KafkaSettings

MAX_MESSAGE_BYTES: Final = "max.message.bytes"
RETENTION_MS: Final = "retention.ms"
SEGMENT_MS: Final = "segment.ms"
CLEANUP_POLICY: Final = "cleanup.policy"
DELETE: Final = "delete"
"""What is compacted takes no record without a key, loses some before they are read, and keeps others for ever."""
PATIENCE: Final = 30.0

_DONE: Final = frozenset({kafka.NoError.errno, kafka.TopicAlreadyExistsError.errno})


async def ensure(access: Access, topics: Sequence[Topic]) -> Sequence[Topic]:
    """Create the *topics* that do not exist and check those that do; return those whose limits our user may not see.

    Nothing is asked of who may not create topics where an administrator made them. Raises Misconfigured, Unavailable.
    """
    client = AIOKafkaAdminClient(**access.client())
    names = [topic.name for topic in topics]
    with outages("look at topics"):
        async with asyncio.timeout(PATIENCE):
            try:
                await access.enter(client, "look at topics")
                partitions = await described(client, names)
                if missing := [topic for topic in topics if topic.name not in partitions]:
                    await _create(client, access.settings, missing)
                    partitions = await _all_described(client, names)
                return await _check(client, topics, partitions)
            finally:
                await client.close()


async def described(client: Any, names: Sequence[str]) -> dict[str, int]:
    """Return how many partitions those of the topics *names* have that exist, without having the broker create the others.

    Raises Misconfigured where our user may not know, and errors of Kafka.
    """
    brokers = client._client  # noqa: SLF001  the public ways create what they ask for, or ask for all topics
    answer = await brokers.send(await _broker(brokers), MetadataRequest(list(names), allow_auto_topic_creation=False))
    found: dict[str, int] = {}
    hidden: list[str] = []
    for code, name, _, partitions in answer.topics:
        match kafka.for_code(code):
            case kafka.NoError:
                found[name] = len(partitions)
            case kafka.TopicAuthorizationFailedError:
                hidden.append(name)
            case kafka.UnknownTopicOrPartitionError:
                pass
            case error:
                raise error(name)
    if hidden:
        raise forbidden(f"look at {', '.join(hidden)}", kafka.TopicAuthorizationFailedError())
    return found


async def _broker(brokers: Any) -> int:
    """Return a broker to ask, once one is named: a cluster that has just begun names none, and aiokafka does not ask again."""
    while (broker := brokers.get_random_node()) is None:
        await brokers.force_metadata_update()
        await asyncio.sleep(0.05)
    return int(broker)


async def _create(client: AIOKafkaAdminClient, settings: KafkaSettings, topics: Sequence[Topic]) -> None:
    response = await _asked(client, [_new(topic, settings) for topic in topics])
    for name, code, *message in response.topic_errors:
        if code in _DONE:
            continue
        error = kafka.for_code(code)
        if error in FORBIDDEN:
            raise Misconfigured(f"topic {name} is not there, and our user may not create it: docs/operations.md says how to.")
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
    limits = {
        MAX_MESSAGE_BYTES: str(MESSAGE_BYTES),
        RETENTION_MS: str(topic.retention_ms),
        SEGMENT_MS: str(DAY_MS),
        CLEANUP_POLICY: DELETE,
    }
    return NewTopic(topic.name, topic.partitions, settings.replication, assignments, topic_configs=limits)


async def _all_described(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """Return how many partitions each topic has, once the broker that answers knows all of them."""
    while True:
        with suppress(kafka.LeaderNotAvailableError):
            partitions = await described(client, names)
            if len(partitions) == len(names):
                return partitions
        await asyncio.sleep(0.05)


async def _check(client: AIOKafkaAdminClient, topics: Sequence[Topic], partitions: Mapping[str, int]) -> Sequence[Topic]:
    """Raise Misconfigured where a topic's limits do not agree with ours; return those that our user may not see."""
    configured = await _configured(client, [topic.name for topic in topics])
    for topic in topics:
        if partitions[topic.name] < topic.partitions:
            has = partitions[topic.name]
            raise Misconfigured(f"topic {topic.name} has {has} partitions, fewer than {topic.partitions}: add some")
        if limits := configured.get(topic.name):
            _compare(topic, limits)
    return [topic for topic in topics if topic.name not in configured]


def _compare(topic: Topic, configured: Mapping[str, str]) -> None:
    """Raise Misconfigured where a topic takes less than we send, keeps statements for longer than promised, or thins them out."""
    if int(configured[MAX_MESSAGE_BYTES]) < MESSAGE_BYTES:
        raise Misconfigured(f"topic {topic.name} has {MAX_MESSAGE_BYTES}={configured[MAX_MESSAGE_BYTES]}: set {MESSAGE_BYTES}")
    kept = int(configured[RETENTION_MS])
    if kept < 0 or kept > topic.retention_ms:
        raise Misconfigured(f"topic {topic.name} has {RETENTION_MS}={kept}: set {topic.retention_ms} or less")
    if (policy := configured[CLEANUP_POLICY]) != DELETE:
        raise Misconfigured(f"topic {topic.name} has {CLEANUP_POLICY}={policy}: set {DELETE}")


async def _configured(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the limits of each topic that our user may see, once the broker that is asked knows all of them."""
    wanted = {MAX_MESSAGE_BYTES: None, RETENTION_MS: None, CLEANUP_POLICY: None}
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
            if code == kafka.TopicAuthorizationFailedError.errno:
                continue
            if code:
                raise kafka.for_code(code)(name)
            yield name, {entry[0]: entry[1] for entry in entries}
