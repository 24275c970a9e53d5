"""The stage of the contract suite: one of the three logs, with its ledger, and ways to do to it what happens to logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.postgres import Database, Query
from shared.stream import (
    Batch,
    Beginning,
    Consumer,
    ConsumerSettings,
    DeadLetter,
    Decision,
    GroupPartition,
    Handler,
    Inbox,
    Ledger,
    Log,
    MemoryLedger,
    Observer,
    Outgoing,
    Partition,
    Position,
    PostgresLedger,
    StreamMetrics,
    unobserved,
)

QUICK = ConsumerSettings(fetch_wait=0.05, backoff=0.01, backoff_limit=0.05, attempts=5, outbox_look=0.5)
PATIENCE = 30.0
_NUMBERS = count(1)


class Books(Protocol):
    """A ledger, the effects that handlers leave in it, and what an operator may look at."""

    @property
    def ledger(self) -> Ledger[Any]:
        """Return the ledger."""

    async def write(self, values: Sequence[bytes], transaction: Any) -> None:
        """Write *values* down, in order, in the transaction."""

    async def effects(self) -> list[bytes]:
        """Return what was committed, in order."""

    async def outbox(self) -> int:
        """Return how many rows wait in the outbox."""

    async def letters(self) -> list[tuple[int, str, int, bytes]]:
        """Return the offset, reason, attempts and value of each dead letter."""

    async def delete_row(self, place: GroupPartition) -> None:
        """Take the offset row away."""

    async def next_offset(self, place: GroupPartition) -> int | None:
        """Return how far the group has read."""


class MemoryBooks:
    def __init__(self) -> None:
        self.ledger = MemoryLedger(lock_timeout=0.2)

    async def write(self, values: Sequence[bytes], transaction: Any) -> None:
        transaction.write("effects", [*transaction.read("effects", []), *values])

    async def effects(self) -> list[bytes]:
        return list(self.ledger.values.get("effects", []))

    async def outbox(self) -> int:
        return len(self.ledger.rows)

    async def letters(self) -> list[tuple[int, str, int, bytes]]:
        return [_summary(letter) for letter in self.ledger.letters]

    async def delete_row(self, place: GroupPartition) -> None:
        del self.ledger.marks[place]

    async def next_offset(self, place: GroupPartition) -> int | None:
        mark = self.ledger.marks.get(place)
        return None if mark is None else mark.next_offset


class PostgresBooks:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger = PostgresLedger(database)

    async def open(self) -> None:
        await self.database.execute(Query("CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, value bytea NOT NULL)"))

    async def write(self, values: Sequence[bytes], transaction: Any) -> None:
        await transaction.execute("INSERT INTO effect (value) SELECT unnest($1::bytea[])", list(values))

    async def effects(self) -> list[bytes]:
        return [row["value"] for row in await self.database.fetch(Query("SELECT value FROM effect ORDER BY id"))]

    async def outbox(self) -> int:
        return int(await self.database.fetchval(Query("SELECT count(*) FROM outbox")))

    async def letters(self) -> list[tuple[int, str, int, bytes]]:
        rows = await self.database.fetch(Query('SELECT "offset", reason, attempts, value FROM dead_letter ORDER BY id'))
        return [(row["offset"], row["reason"], row["attempts"], row["value"]) for row in rows]

    async def delete_row(self, place: GroupPartition) -> None:
        query = Query("DELETE FROM consumer_offset WHERE group_name = $1 AND topic = $2 AND partition = $3")
        await self.database.execute(query, place.group, place.partition.topic, place.partition.number)

    async def next_offset(self, place: GroupPartition) -> int | None:
        query = Query("SELECT next_offset FROM consumer_offset WHERE group_name = $1 AND topic = $2 AND partition = $3")
        value: int | None = await self.database.fetchval(query, place.group, place.partition.topic, place.partition.number)
        return value


@dataclass
class Stage:
    """A log, its books, and what happens to logs: *recreate*, *forget* (retention) and *outage*."""

    log: Log
    books: Books
    recreate: Callable[[Topic], Awaitable[None]]
    forget: Callable[[Partition, int], Awaitable[None]]
    outage: Callable[[], AbstractAsyncContextManager[None]]
    another_log: Callable[[], Awaitable[Log]]
    metrics: StreamMetrics = field(default_factory=lambda: StreamMetrics(CollectorRegistry()))

    async def topic(self, partitions: int = 1) -> Topic:
        """Create a topic that no other test knows."""
        topic = Topic(f"test.{uuid4().hex[:12]}.v1", partitions=partitions)
        await self.log.ensure([topic])
        return topic

    @asynccontextmanager
    async def consumer(
        self,
        handler: Handler[Any],
        *topics: Topic,
        group: str = "readers",
        log: Log | None = None,
        settings: ConsumerSettings = QUICK,
        observer: Observer = unobserved,
        beginning: Beginning = Beginning.WITH_THE_FIRST_RECORD,
    ) -> AsyncIterator[Consumer[Any]]:
        """Run a member of *group* for as long as the block lasts; leaving it is what a process death is to the group."""
        consumer: Consumer[Any] = Consumer(
            group=group,
            topics=topics,
            handler=handler,
            log=log or self.log,
            ledger=self.books.ledger,
            settings=settings,
            metrics=self.metrics,
            observer=observer,
            beginning=beginning,
        )
        try:
            yield consumer
        finally:
            await consumer.close()

    async def append(self, topic: Topic, *values: bytes, key: bytes | None = b"k") -> tuple[Position, ...]:
        """Append *values* under one key."""
        return await self.log.append([Outgoing(topic, value, key) for value in values])

    async def everything(self, topic: Topic) -> list[bytes]:
        """Return all values of *topic*, partition by partition."""
        return [record.value for batch in await self.batches(topic) for record in batch.records]

    async def batches(self, topic: Topic) -> list[Batch]:
        """Read all that *topic* holds, as a group that nobody else is in."""
        ends = {partition: end for partition, end in (await self.log.ends(topic)).items() if end}
        inbox = await self.log.inbox(f"auditor-{next(_NUMBERS)}", [topic])
        found: list[Batch] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while ends:
                    await seek_all(inbox)
                    batch = await inbox.fetch(1000, 0.05)
                    if batch is not None:
                        found.append(batch)
                        if batch.records[-1].offset + 1 >= ends[batch.partition]:
                            del ends[batch.partition]
        finally:
            await inbox.close()
        return sorted(found, key=lambda batch: (batch.partition, batch.records[0].offset))

    def diary(self, say: Topic | None = None) -> Handler[Any]:
        """Return a handler that writes values down, and says each of them on where *say* is a topic."""

        async def handler(batch: Batch, transaction: Any) -> Decision:
            await self.books.write([record.value for record in batch.records], transaction)
            if say is None:
                return Decision()
            return Decision(tuple(Outgoing(say, record.value, record.key, cause=record) for record in batch.records))

        return handler


async def seek_all(inbox: Inbox) -> None:
    """Read all that waits for a seek from its beginning."""
    for partition in await inbox.unsought():
        await inbox.seek(partition, (await inbox.bounds(partition))[0])


async def turns(consumer: Consumer[Any], until: Callable[[], Awaitable[bool]]) -> None:
    """Let *consumer* take turns until *until* says so."""
    async with asyncio.timeout(PATIENCE):
        while not await until():
            await consumer.turn()


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until *holds* does."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.01)


class LogAround:
    """A log that passes everything on to another: what goes wrong on the way is for subclasses."""

    def __init__(self, log: Log) -> None:
        self.log = log

    async def ensure(self, topics: Sequence[Topic]) -> Sequence[Topic]:
        return await self.log.ensure(topics)

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        return await self.log.append(records)

    async def inbox(self, group: str, topics: Sequence[Topic]) -> Inbox:
        return await self.log.inbox(group, topics)

    async def ends(self, topic: Topic) -> Mapping[Partition, int]:
        return await self.log.ends(topic)

    async def close(self) -> None:
        await self.log.close()


class Unacknowledged(LogAround):
    """A log that appends and does not say so, *times* times."""

    def __init__(self, log: Log, times: int = 1) -> None:
        super().__init__(log)
        self.times = times

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        positions = await super().append(records)
        if self.times:
            self.times -= 1
            raise Unavailable("log", "the acknowledgement was lost")
        return positions


class Unreachable(LogAround):
    """A log that takes nothing while *down*."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.down = True

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        if self.down:
            raise Unavailable("log", "no broker answers")
        return await super().append(records)


class Elsewhere(LogAround):
    """A log to which a member looks alone in its group: so two members read the same partition, as a zombie does."""

    async def inbox(self, group: str, topics: Sequence[Topic]) -> Inbox:
        return await super().inbox(f"{group}-elsewhere-{next(_NUMBERS)}", topics)


def _summary(letter: DeadLetter) -> tuple[int, str, int, bytes]:
    return letter.record.offset, letter.reason, letter.attempts, letter.record.value
