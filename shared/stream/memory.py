"""The log in memory: the semantics of the durable ones, and their faults on demand, for tests and the simulation."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shared.clock import Clock, utc_now
from shared.contracts.topics import Topic
from shared.errors import Misconfigured, Unavailable
from shared.stream.log import weigh
from shared.stream.membership import share
from shared.stream.partitioning import Partitioner
from shared.stream.record import Batch, Outgoing, Partition, Position, Record


@dataclass
class Faults:
    """What goes wrong: an *outage* refuses everything; the next appends lose their acknowledgement, or happen twice."""

    outage: bool = False
    lost_acknowledgements: int = 0
    repeated_appends: int = 0

    def check(self) -> None:
        """Raise Unavailable during an outage."""
        if self.outage:
            raise Unavailable("memory log", "an outage was asked for")


class MemoryLog:
    """Topics in memory. *faults* may be set at any time; *committed* is what groups told of their offsets."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self.faults = Faults()
        self.committed: dict[tuple[str, Partition], int] = {}
        self.records: dict[Partition, list[Record]] = {}
        self.first: dict[Partition, int] = {}
        self.appended = asyncio.Condition()
        self.members: dict[str, dict[int, frozenset[str]]] = {}
        self._ids = itertools.count()
        self._partitioner = Partitioner()
        self._clock = clock

    async def ensure(self, topics: Sequence[Topic]) -> Sequence[Topic]:
        """Create the topics that do not exist. Raises Misconfigured where one has fewer partitions than ours."""
        self.faults.check()
        for topic in topics:
            there = self._partitions(topic.name)
            if there and len(there) < topic.partitions:
                raise Misconfigured(f"topic {topic.name} has {len(there)} partitions, fewer than {topic.partitions}")
            for number in range(len(there), topic.partitions):
                self.records[Partition(topic.name, number)] = []
        return ()

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records*. Raises Unavailable as the faults ask for, RecordTooLarge."""
        weigh(records)
        self.faults.check()
        positions = await self._append(records)
        if self.faults.repeated_appends:
            self.faults.repeated_appends -= 1
            positions = await self._append(records)
        if self.faults.lost_acknowledgements:
            self.faults.lost_acknowledgements -= 1
            raise Unavailable("memory log", "the acknowledgement was lost")
        return positions

    async def inbox(self, group: str, topics: Sequence[Topic]) -> MemoryInbox:
        """Join *group* to read *topics*."""
        self.faults.check()
        member = next(self._ids)
        self.members.setdefault(group, {})[member] = frozenset(topic.name for topic in topics)
        return MemoryInbox(self, group, member)

    async def ends(self, topic: Topic) -> Mapping[Partition, int]:
        """Return for each partition the offset that the next record will get."""
        self.faults.check()
        return {partition: self.end(partition) for partition in self._partitions(topic.name)}

    async def close(self) -> None:
        """Let go of nothing."""

    async def recreate(self, topic: Topic) -> None:
        """Delete *topic* with its records and create it again, empty."""
        for partition in self._partitions(topic.name):
            self.records[partition] = []
            self.first.pop(partition, None)

    async def forget(self, partition: Partition, before: int) -> None:
        """Delete the records of *partition* below the offset *before*, as retention does."""
        kept = [record for record in self.records[partition] if record.offset >= before]
        self.records[partition], self.first[partition] = kept, before

    def end(self, partition: Partition) -> int:
        """Return the offset that the next record of *partition* will get."""
        return self.first.get(partition, 0) + len(self.records[partition])

    def shares(self, group: str, member: int) -> frozenset[Partition]:
        """Return the partitions that *member* of *group* reads."""
        subscriptions = self.members[group]
        return share(subscriptions, self.records, member) if member in subscriptions else frozenset()

    async def _append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        positions = tuple(self._append_one(record) for record in records)
        async with self.appended:
            self.appended.notify_all()
        return positions

    def _append_one(self, outgoing: Outgoing) -> Position:
        partitions = self._partitions(outgoing.topic.name)
        if not partitions:
            raise Unavailable("memory log", f"there is no topic {outgoing.topic.name}")
        partition = partitions[self._partitioner.choose(outgoing, len(partitions))]
        offset = self.end(partition)
        timestamp = int(self._clock().timestamp() * 1000)
        self.records[partition].append(Record(partition, offset, outgoing.key, outgoing.value, outgoing.headers, timestamp))
        return Position(partition, offset)

    def _partitions(self, topic: str) -> list[Partition]:
        return sorted(partition for partition in self.records if partition.topic == topic)


class MemoryInbox:
    """One member of a group that reads a log in memory."""

    def __init__(self, log: MemoryLog, group: str, member: int) -> None:
        self._log = log
        self._group = group
        self._member = member
        self._positions: dict[Partition, int] = {}
        self._turn = 0

    async def assignment(self) -> frozenset[Partition]:
        """Say which partitions this member reads now."""
        return self._log.shares(self._group, self._member)

    async def unsought(self) -> frozenset[Partition]:
        """Say which of them wait for a `seek`."""
        assigned = await self.assignment()
        self._positions = {partition: at for partition, at in self._positions.items() if partition in assigned}
        return assigned - self._positions.keys()

    async def fetch(self, limit: int, wait: float) -> Batch | None:
        """Return consecutive records of one assigned partition, taking partitions in turn. Raises Unavailable."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait), self._log.appended:
                while True:
                    self._log.faults.check()
                    unsought = await self.unsought()
                    batch = self._next(limit)
                    if batch is not None or unsought:
                        return batch
                    await self._log.appended.wait()
        return None

    async def seek(self, partition: Partition, offset: int) -> None:
        """Read *partition* from *offset* next."""
        if partition in await self.assignment():
            self._positions[partition] = offset

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset kept and the next one to be given. Raises Unavailable."""
        self._log.faults.check()
        return self._log.first.get(partition, 0), self._log.end(partition)

    async def commit(self, partition: Partition, offset: int) -> None:
        """Note that records below *offset* are applied."""
        self._log.committed[self._group, partition] = offset

    async def close(self) -> None:
        """Leave the group."""
        self._log.members[self._group].pop(self._member, None)
        async with self._log.appended:
            self._log.appended.notify_all()

    def _next(self, limit: int) -> Batch | None:
        partitions = sorted(self._positions)
        self._turn += 1
        for step in range(len(partitions)):
            partition = partitions[(self._turn + step) % len(partitions)]
            if batch := self._read(partition, limit):
                return batch
        return None

    def _read(self, partition: Partition, limit: int) -> Batch | None:
        start = self._positions[partition] - self._log.first.get(partition, 0)
        if start < 0:
            del self._positions[partition]
            return None
        records = tuple(self._log.records[partition][start : start + limit])
        if not records:
            return None
        self._positions[partition] = records[-1].offset + 1
        return Batch(partition, records, self._log.end(partition))
