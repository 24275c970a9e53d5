"""The local tail: what this process appended and its own inbox has not read yet, so that no broker needs to be asked for it."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from shared.stream.record import Outgoing, Partition, Record

TAIL_BYTES: Final = 8 * 1024 * 1024
"""What a tail keeps at most; the oldest record is dropped first, and then read from the broker."""

RECORD_OVERHEAD: Final = 512
"""What a record takes in memory besides its key, value and headers, roughly."""

_STAMPED_BY_US: Final = 0
"""How aiokafka says that a record keeps the timestamp that it was sent with (`CreateTime`)."""


class Tail:
    """The acknowledged records of one partition, from the offset that its reader wants next; only contiguous runs are given.

    It follows nothing until the broker has given the reader a batch, and nothing any more once offsets do not rise: then the
    topic is another one, or was cut, and the broker has to be asked. What others append is a gap, which the broker fills.
    """

    def __init__(self, limit: int = TAIL_BYTES) -> None:
        self._limit = limit
        self._partition: Partition | None = None
        self._next = 0
        self._newest = -1
        self._kept: deque[Record] = deque()
        self._bytes = 0
        self._under_way = 0
        self._answered = asyncio.Event()

    @property
    def followed(self) -> Partition | None:
        """Return the partition whose records are kept, if any are."""
        return self._partition

    @property
    def end(self) -> int:
        """Return the offset that the next record will get, as far as it is known here."""
        return max(self._newest + 1, self._next)

    def expects(self, limit: int) -> bool:
        """Say whether more of ours is to come soon: what is under way joins what is kept, and after one of ours comes another."""
        if self._partition is None:
            return False
        if self._kept and self._kept[0].offset == self._next:
            return self._under_way > 0 and len(self._kept) < limit
        return self._newest == self._next - 1

    def follow(self, partition: Partition, offset: int) -> None:
        """Keep what is acknowledged of *partition* from *offset* on: the broker has given all before."""
        if partition != self._partition:
            self.forget()
            self._partition = partition
        self._next = offset
        self._drop_read()

    def forget(self) -> None:
        """Keep nothing, until another `follow`."""
        self._partition = None
        self._newest = -1
        self._kept.clear()
        self._bytes = 0

    def add(self, record: Record) -> None:
        """Keep an acknowledged *record*, where its partition is followed and it was not read yet."""
        if record.partition != self._partition:
            return
        if record.offset <= self._newest:
            self.forget()
            return
        self._newest = record.offset
        if record.offset < self._next:
            return
        self._kept.append(record)
        self._bytes += _weight(record)
        while self._bytes > self._limit:
            self._drop_oldest()

    def sent(self) -> int:
        """Note an append that is under way; return the first offset that it can get in this log: all before are taken."""
        self._under_way += 1
        return self.end

    def answered(self) -> None:
        """Note that it is answered for."""
        self._under_way -= 1
        self._answered.set()

    async def gather(self, limit: int, patience: float) -> None:
        """Wait for what is expected of ours until an append is answered for, at most *patience* seconds."""
        if self.expects(limit):
            self._answered.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._answered.wait()

    def take(self, limit: int) -> tuple[Record, ...]:
        """Return at most *limit* records, without a gap from the next wanted on, and want what comes behind them."""
        taken: list[Record] = []
        while self._kept and self._kept[0].offset == self._next and len(taken) < limit:
            taken.append(self._drop_oldest())
            self._next += 1
        return tuple(taken)

    def _drop_read(self) -> None:
        while self._kept and self._kept[0].offset < self._next:
            self._drop_oldest()

    def _drop_oldest(self) -> Record:
        oldest = self._kept.popleft()
        self._bytes -= _weight(oldest)
        return oldest


class Acknowledgements:
    """The tails of this process, which are given what it appended, as a fetch would give it."""

    def __init__(self) -> None:
        self._tails: defaultdict[str, list[Tail]] = defaultdict(list)

    def join(self, topics: Sequence[str], tail: Tail) -> None:
        """Give *tail* what is appended to *topics* from now on."""
        for topic in topics:
            self._tails[topic].append(tail)

    def leave(self, topics: Sequence[str], tail: Tail) -> None:
        """Give *tail* nothing more."""
        for topic in topics:
            self._tails[topic].remove(tail)

    def expect(self, sent: asyncio.Future[Any], records: Sequence[Outgoing], timestamp: int) -> None:
        """Pass on *records*, all of one topic and sent with *timestamp* in one batch, once *sent* says where they stand."""
        tails = [tail for tail in self._tails.get(records[0].topic.name, ()) if tail.followed is not None]
        if tails:
            followed = [_Followed(tail, tail.followed, tail.sent()) for tail in tails]
            sent.add_done_callback(partial(_pass_on, followed, records, timestamp))


class _Followed(NamedTuple):
    """A tail, and where in its partition a record stands *at_least* that is sent now."""

    tail: Tail
    partition: Partition | None
    at_least: int

    def add(self, record: Record) -> None:
        """Give the tail *record*, unless it stands where the log held another: then it is another log, or was cut."""
        if record.partition == self.partition and record.offset < self.at_least:
            self.tail.forget()
        self.tail.add(record)


def _pass_on(tails: Sequence[_Followed], records: Sequence[Outgoing], timestamp: int, sent: asyncio.Future[Any]) -> None:
    """Give acknowledged *records* to *tails*."""
    for followed in tails:
        for record in _acknowledged(records, timestamp, sent):
            followed.add(record)
        followed.tail.answered()


def _acknowledged(records: Sequence[Outgoing], timestamp: int, sent: asyncio.Future[Any]) -> Iterator[Record]:
    """Yield *records* as a fetch would give them, unless that is not certain.

    Where the broker names a timestamp, it is its own, or, where a repeated attempt found the batch appended, the newest of the
    batch: which of the two is not said.
    """
    if sent.cancelled() or sent.exception() is not None:
        return
    first = sent.result()
    if first.offset < 0 or first.timestamp_type != _STAMPED_BY_US:
        return
    partition = Partition(first.topic, first.partition)
    for offset, each in enumerate(records, first.offset):
        yield Record(partition, offset, each.key, each.value, each.headers, timestamp)


def _weight(record: Record) -> int:
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.value) + len(record.key or b"") + headers + RECORD_OVERHEAD
