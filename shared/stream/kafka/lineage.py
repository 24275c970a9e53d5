"""Which log stands behind a partition's name: another since its topic was made anew, perhaps a cut one since its leader changed.

aiokafka asks for metadata in a version that tells neither, so the question and its answer are spelled out here.
Source: Kafka's protocol guide, Metadata (key 3), version 10, of Kafka 2.8 and later.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from io import BytesIO
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

from shared.errors import Unavailable
from shared.stream.record import Partition

log = structlog.get_logger()

_BY_NAME: Final = bytes(16)
"""In place of a topic's id: it is asked for by its name."""


class Lineage(NamedTuple):
    """What a log of a partition is known by: the id of its topic, and the epoch of its leader, which rises with each new one."""

    topic: bytes
    epoch: int


UNTOLD: Final = Lineage(_BY_NAME, -1)
"""Of every log of a broker that speaks Kafka's protocol and has no such version of this question: nothing tells them apart."""


async def lineage_of(client: Any, partition: Partition) -> Lineage:
    """Return which log *partition* is, and warn where its broker never says. Raises Unavailable, errors of Kafka."""
    found = await lineages(client, [partition])
    if partition not in found:
        raise Unavailable("kafka", f"{partition.topic}/{partition.number} has no leader")
    if found[partition] == UNTOLD:
        log.warning("a topic that is made anew may pass unnoticed: the broker tells no ids", topic=partition.topic)
    return found[partition]


async def lineages(client: Any, partitions: Collection[Partition]) -> Mapping[Partition, Lineage]:
    """Return which log each of *partitions* is, where its leader says so; UNTOLD where it never will.

    Leaders alone are asked: each knows of a new log before it serves it. Raises errors of Kafka.
    """
    led = _by_leader(client, partitions)
    answers = await asyncio.gather(*(_told(client, leader, theirs) for leader, theirs in led.items()))
    return {partition: lineage for answer in answers for partition, lineage in answer.items()}


def _by_leader(client: Any, partitions: Collection[Partition]) -> Mapping[int, set[Partition]]:
    led: defaultdict[int, set[Partition]] = defaultdict(set)
    for partition in partitions:
        leader = client.cluster.leader_for_partition(TopicPartition(partition.topic, partition.number))
        if leader is not None and leader >= 0:
            led[leader].add(partition)
    return led


async def _told(client: Any, leader: int, partitions: Collection[Partition]) -> Mapping[Partition, Lineage]:
    """Ask *leader* about *partitions*, on the connection where no fetch waits for records."""
    question = _Question(sorted({partition.topic for partition in partitions}))
    try:
        answer = await client.send(leader, question, group=ConnectionGroup.COORDINATION)
    except NotImplementedError:  # by which aiokafka says that the broker has no version that we have
        return dict.fromkeys(partitions, UNTOLD)
    found = {
        Partition(name, number): Lineage(topic, epoch)
        for _, name, topic, _, numbered, *_ in answer.topics
        for _, number, _, epoch, *_ in numbered
    }
    return {partition: found[partition] for partition in partitions if partition in found}


class _Uuid(AbstractType):  # type: ignore[misc]  # aiokafka ships no types
    """An id of 16 bytes."""

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


class _Metadata(Response):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("in_sync", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequest(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 10
    RESPONSE_TYPE = _Metadata
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Question(Request[_MetadataRequest]):  # type: ignore[misc]  # aiokafka ships no types
    """Ask which logs stand behind the names of *topics*."""

    API_KEY = 3

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataRequest]) -> _MetadataRequest:
        tags: dict[int, bytes] = {}
        asked = [(_BY_NAME, topic, tags) for topic in self._topics]
        return request_struct_class(asked, *(False, False, False), tags)
