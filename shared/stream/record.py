"""The values of the stream: what a handler hears (`Batch`) and what it says (`Decision`)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from shared.contracts.topics import Topic
from shared.postgres import Transaction

Header: TypeAlias = tuple[str, bytes]


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One partition of one topic."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where an appended record stands in the log."""

    partition: Partition
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log; *timestamp* is in milliseconds since 1970, as the log keeps it."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes
    headers: tuple[Header, ...] = ()
    timestamp: int = 0

    def digest(self) -> bytes:
        """Say in 16 bytes what this record holds, so that a recreated topic is noticed."""
        return hashlib.blake2b((self.key or b"") + b"\x00" + self.value, digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition, in the order of their offsets; never empty when a handler sees it."""

    partition: Partition
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to append: the topic's partition follows from *key*, or is the log's choice where there is none."""

    topic: Topic
    value: bytes
    key: bytes | None = None
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that a handler cannot use, and why; it goes to the dead letters and its neighbours go on."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a handler decided about a batch: what to say on, and what to refuse."""

    outgoing: tuple[Outgoing, ...] = ()
    rejections: tuple[Rejection, ...] = field(default=())


Handler: TypeAlias = Callable[[Batch, Transaction], Awaitable[Decision]]
"""Decide a batch inside an open transaction; raise `Unavailable` for an outage; anything else raised is a bug."""
