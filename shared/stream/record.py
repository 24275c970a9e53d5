"""The values of the stream: what a handler hears (`Batch`) and what it says (`Decision`)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import msgspec
from typing_extensions import TypeVar

from shared.contracts.topics import Topic
from shared.postgres import Transaction

Header: TypeAlias = tuple[str, bytes]

T = TypeVar("T", default=Transaction)
"""The transaction that a ledger opens: PostgreSQL's, unless a ledger in memory is meant."""


class Partition(msgspec.Struct, frozen=True, order=True):
    """One partition of one topic."""

    topic: str
    number: int


class Position(msgspec.Struct, frozen=True):
    """Where an appended record stands in the log."""

    partition: Partition
    offset: int


class Record(msgspec.Struct, frozen=True):
    """One record of the log; *timestamp* is in milliseconds since 1970, as the log keeps it."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[Header, ...] = ()
    timestamp: int = 0

    def digest(self) -> bytes:
        """Say in 16 bytes what this record holds and when it was appended, so that a recreated topic is noticed."""
        key = b"-" if self.key is None else b"%d:%b" % (len(self.key), self.key)
        return hashlib.blake2b(b"%d %b %b" % (self.timestamp, key, self.value), digest_size=16).digest()


class Batch(msgspec.Struct, frozen=True):
    """Consecutive records of one partition, in the order of their offsets; never empty when a handler sees it.

    *end* is the offset that the partition's next record will get, as far as the log knew; 0 where it did not say.
    """

    partition: Partition
    records: tuple[Record, ...]
    end: int = 0


class Outgoing(msgspec.Struct, frozen=True):
    """A record to append: the topic's partition follows from *key*, or is the log's choice where there is none.

    *cause* is the record of the batch that it follows from, where the handler knows one: its trace goes on.
    """

    topic: Topic
    value: bytes
    key: bytes | None = None
    headers: tuple[Header, ...] = ()
    cause: Record | None = None

    def size(self) -> int:
        """Return how many bytes the key, the value and the headers take."""
        size = len(self.value) + len(self.key or b"")
        for name, value in self.headers:
            size += len(name) + len(value)
        return size


class Cause(StrEnum):
    """Why a record was refused, and so whether many refusals in a row should stop the consumer."""

    UNUSABLE = "unusable"
    """The record cannot be read. Many of these mean that the handler, or the topic, is wrong: the consumer stops."""
    CONFLICT = "conflict"
    """The record contradicts what is known. That is its sender's fault, and never stops the consumer."""
    ALONE = "alone"
    """The record can be read, but the handler met a bug over it and not over its neighbours, which must not be held up."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that a handler cannot use, and why; it goes to the dead letters, and its neighbours are not affected.

    Of conflicts with the same *digest*, one letter is kept and counts the others until somebody settles it. A letter that is
    *settled* from the start has no content, and cannot be replayed.
    """

    record: Record
    reason: str
    cause: Cause = Cause.UNUSABLE
    digest: bytes | None = None
    settled: bool = False

    def emptied(self, reason: str) -> Rejection:
        """Return this rejection without any content of its record, for a *reason* such as an erasure."""
        record = msgspec.structs.replace(self.record, key=None, value=b"", headers=())
        return replace(self, record=record, reason=reason, settled=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a handler decided about a batch: the records to emit, and those to refuse."""

    outgoing: tuple[Outgoing, ...] = ()
    rejections: tuple[Rejection, ...] = ()


Handler: TypeAlias = Callable[[Batch, T], Awaitable[Decision]]
"""Decide a batch inside an open transaction; raise `Unavailable` for an outage; anything else raised is a bug."""
