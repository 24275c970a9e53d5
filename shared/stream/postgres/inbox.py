"""One member of a consumer group that reads the log in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.postgres import Database, load_queries
from shared.stream.background import end, spawn
from shared.stream.log import RECORD_BYTES
from shared.stream.membership import share
from shared.stream.postgres.appends import PartitionId
from shared.stream.postgres.tide import Tide
from shared.stream.record import Batch, Partition, Record
from shared.stream.wire import decode_headers

BEATS_PER_SESSION: Final = 3

_QUERIES = load_queries("shared.stream.postgres")


class PostgresInbox:
    """A lease on a share of the partitions, and a position in each of them."""

    def __init__(
        self,
        database: Database,
        tide: Tide,
        *,
        group: str,
        member: str,
        topics: Sequence[Topic],
        partitions: Mapping[Partition, PartitionId],
        session_timeout: float,
    ) -> None:
        self._database = database
        self._tide = tide
        self._group = group
        self._member = member
        self._topics = [topic.name for topic in topics]
        self._partitions = partitions
        self._session_timeout = session_timeout
        self._assigned: frozenset[Partition] = frozenset()
        self._positions: dict[Partition, int] = {}
        self._turn = 0
        self._beating: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Take a lease and keep prolonging it. Raises Unavailable."""
        await self._tide.watch(self._partitions.values())
        await self._beat()
        self._beating = spawn(self._beat_forever(), f"{self._group} lease")

    async def assignment(self) -> frozenset[Partition]:
        """Say which partitions this member reads now."""
        return self._assigned

    async def unsought(self) -> frozenset[Partition]:
        """Say which of them wait for a `seek`."""
        return self._assigned - self._positions.keys()

    async def fetch(self, limit: int, wait: float) -> Batch | None:
        """Return consecutive records of one assigned partition, taking partitions in turn. Raises Unavailable.

        Only the waiting ends after *wait* seconds: large records may take longer to read, and have to arrive some time.
        """
        partition = None
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                partition = await self._wait()
        return None if partition is None else await self._read(partition, limit)

    async def seek(self, partition: Partition, offset: int) -> None:
        """Read *partition* from *offset* next."""
        if partition in self._assigned:
            self._positions[partition] = offset

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset kept and the next one to be given. Raises Unavailable."""
        row = await self._database.fetchrow(_QUERIES["bounds"], partition.topic, partition.number)
        if row is None:
            raise Unavailable("log", f"{partition.topic}/{partition.number} is gone")
        return row["first"], row["next_offset"]

    async def commit(self, partition: Partition, offset: int) -> None:
        """Tell nobody: in this log the offset rows are in reach of whoever wants to know the lag."""

    async def close(self) -> None:
        """Give the lease back."""
        await end(self._beating)
        with suppress(Unavailable):
            await self._database.execute(_QUERIES["leave"], self._group, self._member)

    async def _wait(self) -> Partition | None:
        """Wait for a partition that rose and return it; return None when one waits for a `seek`."""
        while True:
            change = self._tide.change()
            if self._assigned - self._positions.keys():
                return None
            if (partition := self._risen()) is not None:
                return partition
            await change.wait()

    def _risen(self) -> Partition | None:
        """Return the next partition, in turn, that holds records from its position on."""
        partitions = sorted(self._positions)
        self._turn += 1
        for step in range(len(partitions)):
            partition = partitions[(self._turn + step) % len(partitions)]
            if self._tide.end(self._partitions[partition]) > self._positions[partition]:
                return partition
        return None

    async def _read(self, partition: Partition, limit: int) -> Batch | None:
        """Read on in *partition*; where retention took what was next, the partition waits for a `seek` again."""
        partition_id, start = self._partitions[partition], self._positions[partition]
        rows = await self._database.fetch(_QUERIES["fetch_records"], partition_id, start, limit, RECORD_BYTES)
        if not rows:
            self._positions.pop(partition, None)
            return None
        records = tuple(
            Record(
                partition,
                row["offset"],
                row["key"],
                row["value"],
                decode_headers(row["headers"]) if row["headers"] else (),
                row["timestamp"],
            )
            for row in rows
        )
        if partition in self._positions:
            self._positions[partition] = records[-1].offset + 1
        return Batch(partition, records, self._tide.end(partition_id))

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(self._session_timeout / BEATS_PER_SESSION)
            with suppress(Unavailable):
                await self._beat()

    async def _beat(self) -> None:
        """Prolong the lease and work out which partitions are ours among those who live."""
        others = await self._database.fetch(_QUERIES["beat"], self._group, self._member, self._topics, self._session_timeout)
        members = {row["id"]: frozenset(row["topics"]) for row in others} | {self._member: frozenset(self._topics)}
        assigned = share(members, self._partitions, self._member)
        if assigned != self._assigned:
            self._assigned = assigned
            self._positions = {partition: at for partition, at in self._positions.items() if partition in assigned}
            self._tide.stir()
