"""The log in PostgreSQL: offsets come from a counter row for each partition, so that commit order is offset order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Final
from uuid import uuid4

import structlog

from shared.bugs import Bug, confining_bugs
from shared.contracts.topics import Topic
from shared.errors import Misconfigured, Unavailable
from shared.postgres import Database, load_queries
from shared.stream.background import end, spawn
from shared.stream.inflight import InFlight
from shared.stream.log import weigh
from shared.stream.metrics import StreamMetrics
from shared.stream.partitioning import Partitioner
from shared.stream.postgres.appends import Appends, PartitionId
from shared.stream.postgres.inbox import PostgresInbox
from shared.stream.postgres.tide import Tide
from shared.stream.record import Outgoing, Partition, Position
from shared.stream.settings import AppendSettings, PostgresLogSettings

_QUERIES = load_queries("shared.stream.postgres")
_log = structlog.get_logger()

PORTION: Final = 1000
"""Records past retention that one statement deletes: what an import brought in an hour is past it in an hour, too."""


class PostgresLog:
    """Topics in the schema that *database* was opened for; closing the log closes the database too."""

    def __init__(self, database: Database, settings: PostgresLogSettings, append: AppendSettings, metrics: StreamMetrics) -> None:
        self._database = database
        self._settings = settings
        self._deadline = append.deadline
        self._metrics = metrics
        self._tide = Tide(database, settings.poll)
        self._appends = Appends(database, InFlight(append.inflight_bytes, metrics.buffered_bytes), self._tide.rise)
        self._partitioner = Partitioner()
        self._topics: dict[str, list[tuple[PartitionId, Partition]]] = {}
        self._retention: dict[str, int] = {}
        self._forgetting: asyncio.Task[None] | None = None

    async def ensure(self, topics: Sequence[Topic]) -> Sequence[Topic]:
        """Create the topics that do not exist, and delete from now on what is past its retention.

        Raises Unavailable, and Misconfigured where a topic has fewer partitions than ours: adding some moves keys to others.
        """
        names = [topic.name for topic in topics]
        await self._database.execute(_QUERIES["create_partitions"], names, [topic.partitions for topic in topics])
        await self._load(names)
        for topic in topics:
            there = len(self._topics[topic.name])
            if there < topic.partitions:
                raise Misconfigured(f"topic {topic.name} has {there} partitions, fewer than {topic.partitions}")
            self._retention[topic.name] = topic.retention_ms
        if self._forgetting is None:
            self._forgetting = spawn(self._forget_forever(), "log retention")
        return ()

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records* in one transaction, together with what else is waiting. Raises Unavailable, RecordTooLarge."""
        if not records:
            return ()
        size = weigh(records)
        started = perf_counter()
        try:
            async with asyncio.timeout(self._deadline):
                addressed = [await self._address(record) for record in records]
                answer = self._appends.put([(partition_id, record) for partition_id, _, record in addressed], size)
                offsets = await asyncio.shield(answer)
        except TimeoutError:
            self._metrics.append_failures.inc()
            raise Unavailable("log", f"no acknowledgement within {self._deadline:g} s") from None
        except Unavailable:
            self._topics.clear()
            self._metrics.append_failures.inc()
            raise
        self._metrics.append_seconds.observe(perf_counter() - started)
        return tuple(Position(partition, offset) for (_, partition, _), offset in zip(addressed, offsets, strict=True))

    async def inbox(self, group: str, topics: Sequence[Topic]) -> PostgresInbox:
        """Join *group* to read *topics*. Raises Unavailable."""
        await self._load([topic.name for topic in topics])
        partitions = {partition: partition_id for topic in topics for partition_id, partition in self._topics.get(topic.name, ())}
        inbox = PostgresInbox(
            self._database,
            self._tide,
            group=group,
            member=self._settings.instance or str(uuid4()),
            topics=topics,
            partitions=partitions,
            session_timeout=self._settings.session_timeout,
        )
        await inbox.join()
        return inbox

    async def ends(self, topic: Topic) -> Mapping[Partition, int]:
        """Return for each partition the offset that the next record will get. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["partitions_of"], [topic.name])
        return {Partition(row["topic"], row["number"]): row["next_offset"] for row in rows}

    async def forget(self) -> int:
        """Delete the records that are past their topic's retention and return how many they were. Raises Unavailable."""
        count = 0
        for topic, retention_ms in self._retention.items():
            for partition_id, _ in self._topics.get(topic, ()):
                count += await self._forget(partition_id, retention_ms)
        return count

    async def _forget(self, partition_id: PartitionId, retention_ms: int) -> int:
        """Delete the records of one partition that are past its retention, PORTION at a time, and return how many they were."""
        count = behind = 0
        while row := await self._database.fetchrow(_QUERIES["forget_records"], partition_id, retention_ms, PORTION, behind):
            count += row["records"]
            if row["records"] < PORTION:
                break
            behind = row["behind"]
        return count

    async def close(self) -> None:
        """Commit what is under way, within the deadline, and close the database."""
        await self._appends.close(self._deadline)
        await self._tide.close()
        await end(self._forgetting)
        await self._database.close()

    async def _address(self, record: Outgoing) -> tuple[PartitionId, Partition, Outgoing]:
        """Choose the partition of *record*. Raises Misconfigured where its topic does not exist."""
        name = record.topic.name
        if name not in self._topics:
            await self._load([name])
        partitions = self._topics[name]
        partition_id, partition = partitions[self._partitioner.choose(record, len(partitions))]
        return partition_id, partition, record

    async def _load(self, topics: Sequence[str]) -> None:
        """Learn the partitions of *topics*. Raises Unavailable, Misconfigured where one does not exist."""
        rows = await self._database.fetch(_QUERIES["partitions_of"], topics)
        for topic in topics:
            found = [(row["id"], Partition(topic, row["number"])) for row in rows if row["topic"] == topic]
            if not found:
                raise Misconfigured(f"topic {topic} does not exist; `symposia migrate` or any consumer of it creates it")
            self._topics[topic] = found

    async def _forget_forever(self) -> None:
        """Forget at intervals; an outage is waited out, a bug or a missing grant is met again: else the disk would fill."""
        while True:
            await asyncio.sleep(self._settings.retention_interval)
            try:
                with confining_bugs():
                    forgotten = await self.forget()
                _log.info("records past retention deleted", records=forgotten)
            except Unavailable as outage:
                _log.warning("retention waits", part=outage.part, reason=outage.reason)
            except Misconfigured as error:
                _log.error("retention is not permitted", reason=str(error))
            except Bug as bug:
                _log.error("retention met a bug", bug=str(bug))
