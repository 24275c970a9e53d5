"""Where a group stands in a partition, and what follows from it: pure decisions about offsets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from shared.stream.errors import OffsetGap, TopicRecreated
from shared.stream.record import Batch, Partition


@dataclass(frozen=True, slots=True)
class GroupPartition:
    """A partition as a group reads it: what an offset row is about, and whose outbox is drained with it."""

    group: str
    partition: Partition

    @property
    def owner(self) -> str:
        """Return the key of its outbox."""
        return f"{self.group}/{self.partition.topic}/{self.partition.number}"


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a group has read: the next offset to apply, and the digest of the last applied record, if any was."""

    next_offset: int = 0
    last_digest: bytes | None = None


class Beginning(Enum):
    """Where a group begins that has applied nothing yet."""

    WITH_THE_FIRST_RECORD = auto()
    """It needs all that was ever appended: what the log forgot before it came is a gap."""
    WITH_WHAT_IS_KEPT = auto()
    """What the log forgot can be told to it again from somewhere else."""


def begins_late(mark: Mark, first: int, beginning: Beginning) -> bool:
    """Say whether a group at *mark* begins with the *first* record that is kept, and not with the first that ever was."""
    return mark == Mark() and first > 0 and beginning is Beginning.WITH_WHAT_IS_KEPT


def start_of(mark: Mark, bounds: tuple[int, int], place: GroupPartition) -> int:
    """Return the offset to seek: one back from *mark*, so that the last applied record is compared with the log's.

    Raises OffsetGap where records that were not applied are gone, TopicRecreated where the log ends before *mark*.
    """
    first, end = bounds
    if first > mark.next_offset:
        raise OffsetGap(f"{place.owner}: applied up to {mark.next_offset}, but the log starts at {first}")
    if end < mark.next_offset:
        raise TopicRecreated(f"{place.owner}: applied up to {mark.next_offset}, but the log ends at {end}")
    if mark.last_digest is None or mark.next_offset == first:
        return mark.next_offset
    return mark.next_offset - 1


def unapplied(batch: Batch, mark: Mark, place: GroupPartition) -> Batch:
    """Return the records of *batch* that *mark* has not passed yet; none are left where all were applied.

    Raises TopicRecreated where the last applied record differs from the log's, OffsetGap where offsets are missing before or
    inside what is new.
    """
    fresh = tuple(record for record in batch.records if record.offset >= mark.next_offset)
    _compare_last_applied(batch, mark, place)
    expected = mark.next_offset
    if fresh and fresh[0].offset != expected:
        raise OffsetGap(f"{place.owner}: offset {expected} was next, but the log went on at {fresh[0].offset}")
    for before, after in pairwise(fresh):
        if after.offset != before.offset + 1:
            raise OffsetGap(f"{place.owner}: offset {before.offset + 1} was next, but the log went on at {after.offset}")
    return Batch(batch.partition, fresh, batch.end)


def after(batch: Batch) -> Mark:
    """Return the mark of a group that applied *batch*."""
    last = batch.records[-1]
    return Mark(last.offset + 1, last.digest())


def _compare_last_applied(batch: Batch, mark: Mark, place: GroupPartition) -> None:
    for record in batch.records:
        if record.offset == mark.next_offset - 1 and mark.last_digest not in (None, record.digest()):
            raise TopicRecreated(f"{place.owner}: offset {record.offset} holds another record than the one that was applied")
