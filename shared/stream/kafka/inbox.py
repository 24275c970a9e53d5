"""One member of a Kafka consumer group; where it reads from is decided by `seek`, never by Kafka."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.stream.background import end, spawn
from shared.stream.kafka.connection import MESSAGE_BYTES, connection, outages, stop
from shared.stream.record import Batch, Partition, Record
from shared.stream.settings import KafkaSettings

AT_ONCE_BYTES: Final = 2 * 1024 * 1024
"""Of all partitions in one answer of the broker, which is held several times over; a single batch that is larger comes whole."""

LONG_POLL_MS: Final = 50
"""How long a fetch waits at the broker: as long may a partition wait whose turn came while another fetch was under way."""

COMMIT_INTERVAL: Final = 1.0
JOIN_PATIENCE: Final = 30.0
LEAVE_PATIENCE: Final = 5.0


class KafkaInbox(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """A consumer of aiokafka whose partitions stand still until `seek`; a broken one is replaced at the next `fetch`."""

    def __init__(self, settings: KafkaSettings, *, group: str, topics: Sequence[Topic], poll_interval: float) -> None:
        self._settings = settings
        self._group = group
        self._topics = [topic.name for topic in topics]
        self._poll_interval = poll_interval
        self._consumer: Any = None
        self._assigned: frozenset[Partition] = frozenset()
        self._sought: set[Partition] = set()
        self._fetched: deque[Batch] = deque()
        self._applied: dict[Partition, int] = {}
        self._committing: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Join the group and wait for a first assignment. Raises Unavailable, Misconfigured."""
        self._consumer = AIOKafkaConsumer(
            **connection(self._settings),
            group_id=self._group,
            group_instance_id=self._settings.instance or None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            session_timeout_ms=round(self._settings.session_timeout * 1000),
            heartbeat_interval_ms=round(self._settings.session_timeout * 1000 / 3),
            max_poll_interval_ms=round(self._poll_interval * 1000),
            fetch_max_wait_ms=LONG_POLL_MS,
            fetch_max_bytes=AT_ONCE_BYTES,
            max_partition_fetch_bytes=MESSAGE_BYTES,
        )
        self._consumer.subscribe(self._topics, listener=self)
        try:
            with outages():
                async with asyncio.timeout(JOIN_PATIENCE):
                    await self._consumer.start()
        except BaseException:
            await self._leave()
            raise
        self._committing = spawn(self._commit_forever(), f"{self._group} offsets")

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Give everything up: Kafka's eager rebalance takes all and hands out anew."""
        del revoked
        self._assigned = frozenset()
        self._forget(self._sought.copy())

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Keep newly assigned partitions still, at a position of no meaning, until `seek` gives them one."""
        assigned = tuple(assigned)
        self._consumer.pause(*assigned)
        for each in assigned:
            self._consumer.seek(each, 0)
        self._assigned = frozenset(Partition(each.topic, each.partition) for each in assigned)
        self._forget(self._sought.copy())

    async def assignment(self) -> frozenset[Partition]:
        """Say which partitions this member reads now."""
        return self._assigned

    async def unsought(self) -> frozenset[Partition]:
        """Say which of them wait for a `seek`."""
        return self._assigned - self._sought

    async def fetch(self, limit: int, wait: float) -> Batch | None:
        """Return consecutive records of one assigned partition. Raises Unavailable, Misconfigured.

        Where there are fewer than *limit*, nothing is read ahead: what comes meanwhile is then read at once, and not the first of
        it alone, which aiokafka would keep, and leave the rest at the broker until that is taken.
        """
        if self._consumer is None:
            await self.join()
        if self._assigned - self._sought:
            return None
        if not self._fetched:
            self._consumer.resume(*map(_place, self._sought))
            await self._receive(limit, wait)
            if 0 < sum(len(batch.records) for batch in self._fetched) < limit:
                self._consumer.pause(*map(_place, self._sought))
        return self._fetched.popleft() if self._fetched else None

    async def seek(self, partition: Partition, offset: int) -> None:
        """Read *partition* from *offset* next."""
        if partition not in self._assigned:
            return
        self._forget({partition})
        place = _place(partition)
        self._consumer.seek(place, offset)
        self._consumer.resume(place)
        self._sought.add(partition)

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset kept and the next one to be given. Raises Unavailable."""
        place = _place(partition)
        with outages():
            async with asyncio.timeout(self._settings.request_timeout):
                first = await self._consumer.beginning_offsets([place])
                end = await self._consumer.end_offsets([place])
        return first[place], end[place]

    async def commit(self, partition: Partition, offset: int) -> None:
        """Note the offset, to be committed soon and in one request with the others."""
        self._applied[partition] = offset

    async def close(self) -> None:
        """Tell the last offsets and leave the group."""
        await end(self._committing)
        if self._consumer is not None:
            await self._commit()
        await self._leave()

    async def _receive(self, limit: int, wait: float) -> None:
        """Fetch from the brokers; what cannot be read any more waits for a `seek` again. Raises Unavailable, Misconfigured."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait + self._settings.request_timeout):
                    fetched = await self._consumer.getmany(timeout_ms=round(wait * 1000), max_records=limit)
                    self._fetched.extend(self._batch(place, records) for place, records in fetched.items() if records)
        except kafka.NoOffsetForPartitionError:
            return
        except kafka.OffsetOutOfRangeError as error:
            self._forget({Partition(place.topic, place.partition) for place in error.args[0]})
        except kafka.KafkaError as error:
            await self._give_up(error)

    def _batch(self, place: TopicPartition, records: Sequence[Any]) -> Batch:
        partition = Partition(place.topic, place.partition)
        end = self._consumer.highwater(place) if partition in self._assigned else None
        return Batch(partition, tuple(_record(partition, record) for record in records), end or 0)

    async def _give_up(self, error: kafka.KafkaError) -> None:
        """Leave a consumer that broke, so that the next fetch joins with another. Raises Unavailable, Misconfigured."""
        await end(self._committing)
        await self._leave()
        with outages():
            raise error

    def _forget(self, partitions: set[Partition]) -> None:
        """Drop what was fetched from *partitions*; they wait for a `seek`."""
        self._sought -= partitions
        self._fetched = deque(batch for batch in self._fetched if batch.partition not in partitions)

    async def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._assigned = frozenset()
        self._forget(self._sought.copy())
        if consumer is not None:
            await stop(consumer, LEAVE_PATIENCE)

    async def _commit_forever(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_INTERVAL)
            await self._commit()

    async def _commit(self) -> None:
        """Tell Kafka what was applied. Only lag tools and autoscalers read it, so an outage is theirs to see."""
        applied, self._applied = self._applied, {}
        offsets = {_place(partition): offset for partition, offset in applied.items() if partition in self._assigned}
        if offsets:
            with suppress(Unavailable), outages():
                async with asyncio.timeout(LEAVE_PATIENCE):
                    await self._consumer.commit(offsets)


def _place(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)


def _record(partition: Partition, record: Any) -> Record:
    """Turn what aiokafka fetched into ours; a null, which we never write, is read as empty."""
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Record(partition, record.offset, record.key, record.value or b"", headers, record.timestamp)
