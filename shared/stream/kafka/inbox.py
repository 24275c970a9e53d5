"""One member of a Kafka consumer group; where it reads from is decided by `seek`, never by Kafka."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.stream.kafka.access import Access
from shared.stream.kafka.commits import Commits
from shared.stream.kafka.connection import MESSAGE_BYTES, is_lost, outages, stop
from shared.stream.kafka.lineage import Lineage, lineage_of, lineages
from shared.stream.kafka.tail import Acknowledgements, Tail
from shared.stream.record import Batch, Partition, Record

AT_ONCE_BYTES: Final = 2 * 1024 * 1024
"""Of all partitions in one answer of the broker, which is held in memory several times; a larger batch still comes whole."""

LONG_POLL_MS: Final = 50
"""How long the broker holds a fetch open; records that arrive on another partition meanwhile may wait as long."""

MOMENT: Final = 0.02
"""Seconds to wait for the next record of this very process, before the broker is asked for those of others."""

TRUST: Final = 1.0
"""Seconds after which the broker is polled even if there are own records left: a member that does not poll is expelled."""

JOIN_PATIENCE: Final = 30.0
LEAVE_PATIENCE: Final = 5.0


class KafkaInbox(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """A consumer of aiokafka whose partitions stand still until `seek`; a broken one is replaced at the next `fetch`.

    Where one partition alone is read, what this process appended to it is read from memory, as long as nothing is missing.
    """

    def __init__(
        self,
        access: Access,
        acknowledgements: Acknowledgements,
        *,
        group: str,
        topics: Sequence[Topic],
        poll_interval: float,
    ) -> None:
        self._access = access
        self._settings = access.settings
        self._acknowledgements = acknowledgements
        self._group = group
        self._doing = f"read {', '.join(topic.name for topic in topics)} as group {group}"
        self._topics = [topic.name for topic in topics]
        self._poll_interval = poll_interval
        self._consumer: Any = None
        self._assigned: frozenset[Partition] = frozenset()
        self._sought: set[Partition] = set()
        self._fetched: deque[Batch] = deque()
        self._lineages: dict[Partition, Lineage] = {}
        """Which log each partition belonged to when its bounds were read, before the `seek`."""
        self._tail = Tail()
        self._ahead: tuple[Partition, int] | None = None
        self._asked = 0.0
        self._commits = Commits(group, self._doing)

    async def join(self) -> None:
        """Join the group and wait for a first assignment. Raises Unavailable, Misconfigured."""
        self._consumer = AIOKafkaConsumer(
            **self._access.client(),
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
        self._acknowledgements.join(self._topics, self._tail)
        self._consumer.subscribe(self._topics, listener=self)
        try:
            with outages(self._doing):
                async with asyncio.timeout(JOIN_PATIENCE):
                    await self._access.enter(self._consumer, self._doing)
        except BaseException:
            await self._leave()
            raise
        self._commits.begin(self._consumer)

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

        When fewer than *limit* records came, the partitions are paused until the next call. aiokafka would otherwise prefetch the
        first record that arrives meanwhile, and leave the others at the broker until that one is taken.
        """
        if self._consumer is None:
            await self.join()
        if self._assigned - self._sought:
            return None
        if not self._fetched and (ours := await self._ours(limit, wait)):
            return ours
        if not self._fetched:
            await self._look_for_topics()
            self._catch_up()
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
        """Return the first offset kept and the next one to be given, and note of which log. Raises Unavailable, Misconfigured."""
        place = _place(partition)
        with outages(self._doing):
            async with asyncio.timeout(self._settings.request_timeout):
                first = await self._consumer.beginning_offsets([place])
                end = await self._consumer.end_offsets([place])
                self._lineages[partition] = await lineage_of(self._client, partition)
        return first[place], end[place]

    async def commit(self, partition: Partition, offset: int) -> None:
        """Note the offset, to be committed soon and in one request with the others."""
        self._commits.note(_place(partition), offset)

    async def close(self) -> None:
        """Tell the last offsets and leave the group."""
        await self._commits.finish()
        await self._leave()

    @property
    def _client(self) -> Any:
        """Return what the consumer speaks with brokers by."""
        return self._consumer._client  # noqa: SLF001  no public way leads to it

    async def _ours(self, limit: int, wait: float) -> Batch | None:
        """Return the next records if this process appended them, after a moment in which more of them can gather."""
        if monotonic() - self._asked >= min(TRUST, self._poll_interval / 3):
            return None
        await self._tail.gather(limit, min(wait, MOMENT))
        if not (taken := self._tail.take(limit)):
            return None
        partition = taken[0].partition
        self._consumer.pause(_place(partition))
        self._ahead = partition, taken[-1].offset + 1
        return Batch(partition, taken, max(self._tail.end, self._consumer.highwater(_place(partition)) or 0))

    async def _look_for_topics(self) -> None:
        """Ask the broker for a missing topic: aiokafka would notice only minutes later that it is back. Raises Unavailable."""
        client = self._client
        if all(map(client.cluster.partitions_for_topic, self._topics)):
            return
        with outages(self._doing):
            async with asyncio.timeout(self._settings.request_timeout):
                await client.force_metadata_update()
        if gone := [topic for topic in self._topics if not client.cluster.partitions_for_topic(topic)]:
            raise Unavailable("kafka", f"there is no topic {', '.join(gone)}")

    def _catch_up(self) -> None:
        """Move the consumer past the records that were read from memory."""
        if self._ahead is not None:
            partition, offset = self._ahead
            self._consumer.seek(_place(partition), offset)
            self._ahead = None

    async def _receive(self, limit: int, wait: float) -> None:
        """Fetch from the brokers; what cannot be read any more waits for a `seek` again. Raises Unavailable, Misconfigured.

        If a connection ends in the wrong moment, uvloop raises a RuntimeError, which aiokafka does not expect. If that ends its
        heartbeats, it is raised here. If it ends its fetching, aiokafka logs a line, and the member stays in its group: only the
        task shows that nothing will ever come.
        """
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait + self._settings.request_timeout):
                    fetched = await self._consumer.getmany(timeout_ms=round(wait * 1000), max_records=limit)
                    self._fetched.extend(self._batch(place, records) for place, records in fetched.items() if records)
                    await self._drop_strangers()
                    self._trust()
        except kafka.NoOffsetForPartitionError:
            return
        except kafka.OffsetOutOfRangeError as error:
            self._forget({Partition(place.topic, place.partition) for place in error.args[0]})
        except (kafka.KafkaError, RuntimeError) as error:
            await self._give_up(error)
        if self._consumer._fetcher.error_future.done() or is_lost(self._client):  # noqa: SLF001  no public way leads to it
            await self._give_up(kafka.KafkaConnectionError("the client fetches no more"))

    async def _drop_strangers(self) -> None:
        """Drop records that may come from another log than the one whose bounds were read; their partitions wait for a `seek`.

        If a topic was created anew, or truncated, and has grown past our position, Kafka reports no offset out of range, and
        nothing else would show it. Raises Misconfigured.
        """
        doubtful = {batch.partition for batch in self._fetched}
        if self._tail.followed is not None:
            doubtful.add(self._tail.followed)
        try:
            with suppress(Unavailable), outages(self._doing):
                found = await lineages(self._client, doubtful)
                doubtful -= {each for each, lineage in found.items() if self._lineages.setdefault(each, lineage) == lineage}
        finally:
            self._forget(doubtful)
            for partition in doubtful:
                self._lineages.pop(partition, None)

    def _trust(self) -> None:
        """From the broker's last record on, continue with the records that this process appends itself."""
        self._asked = monotonic()
        if self._fetched and self._sought == {self._fetched[-1].partition}:
            last = self._fetched[-1].records[-1]
            self._tail.follow(last.partition, last.offset + 1)

    def _batch(self, place: TopicPartition, records: Sequence[Any]) -> Batch:
        partition = Partition(place.topic, place.partition)
        end = self._consumer.highwater(place) if partition in self._assigned else None
        return Batch(partition, tuple(_record(partition, record) for record in records), end or 0)

    async def _give_up(self, error: Exception) -> None:
        """Leave a consumer that broke, so that the next fetch joins with another. Raises Unavailable, Misconfigured, or a bug."""
        await self._commits.pause()
        await self._leave()
        with outages(self._doing):
            raise error

    def _forget(self, partitions: set[Partition]) -> None:
        """Drop what was fetched from *partitions*; they wait for a `seek`."""
        self._sought -= partitions
        if self._tail.followed in partitions:
            self._tail.forget()
        if self._ahead is not None and self._ahead[0] in partitions:
            self._ahead = None
        self._fetched = deque(batch for batch in self._fetched if batch.partition not in partitions)

    async def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._assigned = frozenset()
        self._forget(self._sought.copy())
        if consumer is not None:
            self._acknowledgements.leave(self._topics, self._tail)
            await stop(consumer, LEAVE_PATIENCE)


def _place(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)


def _record(partition: Partition, record: Any) -> Record:
    """Turn what aiokafka fetched into ours; a null, which we never write, is read as empty."""
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Record(partition, record.offset, record.key, record.value or b"", headers, record.timestamp)
