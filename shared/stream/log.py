"""The port of a log: append records durably, and read them by consumer group. Kafka, PostgreSQL and memory implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.contracts.topics import Topic
from shared.stream.record import Batch, Outgoing, Partition, Position


class Inbox(Protocol):
    """One member of a consumer group."""

    async def assignment(self) -> frozenset[Partition]:
        """Say which partitions this member reads now; changes come with rebalances, seen at the next `fetch`."""

    async def fetch(self, limit: int, wait: float) -> Batch | None:
        """Return consecutive records of one assigned partition, at most *limit*, or None after *wait* seconds without any.

        Partitions that were assigned since the last call are not read before `seek` was called for them.
        """

    async def seek(self, partition: Partition, offset: int) -> None:
        """Read *partition* from *offset* next."""

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is still kept and the offset that the next record will get."""

    async def commit(self, partition: Partition, offset: int) -> None:
        """Tell the log that records below *offset* are applied; advisory, for lag tools and autoscalers."""

    async def close(self) -> None:
        """Leave the group."""


class Log(Protocol):
    """A durable, ordered log of records in topics with partitions."""

    async def ensure(self, topics: Sequence[Topic]) -> None:
        """Create the topics that do not exist; check that the limits of those that do agree with ours.

        Raises Misconfigured where they do not.
        """

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records*, each partition's in the order given; return where they stand, once they are durable.

        Raises Unavailable after the deadline, or at once when too many bytes are under way: the outcome is unknown.
        """

    async def inbox(self, group: str, topics: Sequence[Topic]) -> Inbox:
        """Join *group* to read *topics*."""

    async def ends(self, topic: Topic) -> Mapping[Partition, int]:
        """Return for each partition the offset that the next record will get."""

    async def close(self) -> None:
        """Send what is under way, within the deadline, and let go of the log."""
