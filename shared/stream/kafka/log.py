"""The log in Apache Kafka."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.topics import Topic
from shared.stream.inflight import InFlight
from shared.stream.kafka import topics as kafka_topics
from shared.stream.kafka.access import Access
from shared.stream.kafka.connection import outages, stop
from shared.stream.kafka.inbox import KafkaInbox
from shared.stream.kafka.sender import KafkaSender
from shared.stream.kafka.tail import Acknowledgements
from shared.stream.metrics import StreamMetrics
from shared.stream.producer import Producer
from shared.stream.record import Outgoing, Partition, Position
from shared.stream.settings import AppendSettings, KafkaSettings


class KafkaLog:
    """Topics of a Kafka cluster; *poll_interval* is how long a member of a group may stay away between two fetches."""

    def __init__(
        self, settings: KafkaSettings, append: AppendSettings, metrics: StreamMetrics, *, poll_interval: float = 60.0
    ) -> None:
        self._settings = settings
        self._access = Access(settings)
        self._poll_interval = poll_interval
        self._in_flight = InFlight(append.inflight_bytes, metrics.buffered_bytes)
        self._deadline = append.deadline
        self._metrics = metrics
        self._acknowledgements = Acknowledgements()
        self._producers: dict[str, Producer] = {}
        self._reader: Any = None
        self._reading = asyncio.Lock()

    async def ensure(self, topics: Sequence[Topic]) -> Sequence[Topic]:
        """Create the topics that do not exist, check those that do; return those whose limits we may not see.

        Raises Misconfigured, Unavailable.
        """
        return await kafka_topics.ensure(self._access, topics)

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records*, acknowledged by all in-sync replicas. Raises Unavailable, RecordTooLarge, Misconfigured.

        Each topic has a producer of its own, as one has one request under way at a broker: topics do not wait for each other.
        """
        topics = {record.topic.name for record in records}
        if len(topics) == 1:
            return await self._producer(topics.pop()).append(records)
        positions: dict[int, Position] = {}
        for topic, indices in _by_topic(records).items():
            appended = await self._producer(topic).append([records[index] for index in indices])
            positions.update(zip(indices, appended, strict=True))
        return tuple(positions[index] for index in range(len(records)))

    async def inbox(self, group: str, topics: Sequence[Topic]) -> KafkaInbox:
        """Join *group* to read *topics*. Raises Unavailable, Misconfigured."""
        inbox = KafkaInbox(self._access, self._acknowledgements, group=group, topics=topics, poll_interval=self._poll_interval)
        await inbox.join()
        return inbox

    async def ends(self, topic: Topic) -> Mapping[Partition, int]:
        """Return for each partition the offset that the next record will get; none of a topic that is not there.

        Raises Unavailable.
        """
        with outages(f"look at {topic.name}"):
            async with self._reading, asyncio.timeout(self._settings.request_timeout):
                reader = await self._reader_started()
                if reader.partitions_for_topic(topic.name) is None and not await kafka_topics.described(reader, [topic.name]):
                    return {}
                ends = await reader.end_offsets([TopicPartition(topic.name, number) for number in range(topic.partitions)])
                known = {TopicPartition(topic.name, number) for number in reader.partitions_for_topic(topic.name) or ()}
                if added := known - ends.keys():
                    ends |= await reader.end_offsets(added)
        return {Partition(place.topic, place.partition): end for place, end in ends.items()}

    async def close(self) -> None:
        """Send what is under way, within the deadline, and let go of the cluster."""
        await asyncio.gather(*(producer.close() for producer in self._producers.values()))
        reader, self._reader = self._reader, None
        if reader is not None:
            await stop(reader, self._settings.request_timeout)

    def _producer(self, topic: str) -> Producer:
        """Return the producer of *topic*, which starts when it is first used."""
        producer = self._producers.get(topic)
        if producer is None:
            producer = self._producers[topic] = Producer(
                lambda: KafkaSender(self._access, self._acknowledgements),
                self._in_flight,
                deadline=self._deadline,
                metrics=self._metrics,
            )
        return producer

    async def _reader_started(self) -> Any:
        if self._reader is None:
            reader = AIOKafkaConsumer(**self._access.client(), enable_auto_commit=False)
            try:
                await self._access.enter(reader, "look at topics")
            except BaseException:
                await stop(reader, self._settings.request_timeout)
                raise
            self._reader = reader
        return self._reader


def _by_topic(records: Sequence[Outgoing]) -> Mapping[str, Sequence[int]]:
    """Return which of *records* go to which topic, by their indices."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        found[record.topic.name].append(index)
    return found
