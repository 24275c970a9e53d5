"""The port of a log: append records durably, and read them by consumer group. Kafka, PostgreSQL and memory implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from shared.contracts.topics import Topic
from shared.stream.errors import RecordTooLarge
from shared.stream.record import Batch, Outgoing, Partition, Position

RECORD_BYTES: Final = 10 * 1024 * 1024
"""The most that a record's key, value and headers take together; topics, producers and fetches agree on it."""

ENVELOPE_BYTES: Final = 64 * 1024
"""What a log may add to the bytes of a record, at most."""


class Inbox(Protocol):
    """One member of a consumer group."""

    async def assignment(self) -> frozenset[Partition]:
        """Say which partitions this member reads now; changes come with rebalances, seen after the next `fetch`."""

    async def unsought(self) -> frozenset[Partition]:
        """Say which of the assigned partitions wait for a `seek`: newly assigned, or assigned again."""

    async def fetch(self, limit: int, wait: float) -> Batch | None:
        """Return consecutive records of one assigned partition, at most *limit*, or None after *wait* seconds without any.

        Partitions that wait for a `seek` are not read; when some turn up, the answer may be None before *wait* is over.
        Raises Unavailable.
        """

    async def seek(self, partition: Partition, offset: int) -> None:
        """Read *partition* from *offset* next; nothing happens where it is not assigned any more."""

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """Return the first offset that is still kept and the offset that the next record will get. Raises Unavailable."""

    async def commit(self, partition: Partition, offset: int) -> None:
        """Tell the log that records below *offset* are applied; advisory, for lag tools and autoscalers: never waits or fails."""

    async def close(self) -> None:
        """Leave the group."""


class Log(Protocol):
    """A durable, ordered log of records in topics with partitions."""

    async def ensure(self, topics: Sequence[Topic]) -> Sequence[Topic]:
        """Create the topics that do not exist; check that the limits of those that do agree with ours.

        Return those whose limits are not for us to see. Raises Misconfigured where they do not agree, Unavailable.
        """

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records*, each partition's in the order given; return where they stand, once they are durable.

        Raises Unavailable after the deadline, or at once when too many bytes are under way: the outcome is unknown.
        Raises RecordTooLarge, before anything is appended.
        """

    async def inbox(self, group: str, topics: Sequence[Topic]) -> Inbox:
        """Join *group* to read *topics*. Raises Unavailable."""

    async def ends(self, topic: Topic) -> Mapping[Partition, int]:
        """Return for each partition the offset that the next record will get; none of a topic that is not there.

        Raises Unavailable.
        """

    async def close(self) -> None:
        """Send what is under way, within the deadline, and let go of the log."""


def weigh(records: Sequence[Outgoing]) -> int:
    """Return the bytes of *records*; raises RecordTooLarge where one has more than RECORD_BYTES."""
    weight = 0
    for record in records:
        size = record.size()
        if size > RECORD_BYTES:
            raise RecordTooLarge(f"a record for {record.topic.name} has {size} bytes, more than {RECORD_BYTES}")
        weight += size
    return weight
