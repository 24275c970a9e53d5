"""Turn a batch of what was heard into statements: concurrently, and each by itself, so that a bad one does not harm the others.

What a delivery teaches has to be committed before the intake reads what that decides (decision 8). So the intake has its own
transactions, and the batch's transaction only moves the offset afterwards. After a crash, the same statements are told again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple

import structlog
from msgspec.structs import replace

from services.ingest.book import SourceBook
from services.ingest.domain.forgetting import without_erased
from services.ingest.domain.reading import Reading
from services.ingest.domain.source import Source, SourceId
from services.ingest.forgotten import Erased, ErasedSince, Forgotten, WasErased
from services.ingest.hearing import heard
from services.ingest.intake import Intake
from services.ingest.outages import telling_alone
from services.ingest.parts import Parts
from shared.bugs import Bug
from shared.clock import rfc3339
from shared.contracts import HEARD, Heard, decode, encode
from shared.errors import Misconfigured
from shared.events import rest
from shared.postgres import Transaction
from shared.service import Task
from shared.stream import Batch, Cause, Decision, Partition, Record, Rejection
from shared.stream.consumer import Consumer
from shared.stream.errors import RecordTooLarge
from shared.stream.metrics import StreamMetrics
from shared.stream.persisting import persisting
from shared.stream.postgres_ledger import PostgresLedger
from shared.stream.steps import Observer, unobserved
from shared.xapi.timestamps import instant

log = structlog.get_logger()

GROUP: Final = "telling"
AT_ONCE: Final = 100
"""Records of one batch: whoever is erased waits for it."""
BEAT: Final = 1.0
"""Seconds between two empty queries that keep the batch's idle transaction alive, which PostgreSQL would otherwise end."""
FEWEST: Final = 2
"""Connections that are needed: the batch's transaction holds one, and the intake needs another."""


class Said(NamedTuple):
    """What was heard of a source, when the door heard it, and the record that it came in."""

    record: Record
    source: SourceId
    heard_at: datetime
    known_since: datetime
    """When the door heard of it, where it was asked for; else when it was heard."""
    reading: Reading


class Telling:
    """The handler of `heard`."""

    def __init__(self, book: SourceBook, intake: Intake, erased_since: ErasedSince) -> None:
        self._book = book
        self._intake = intake
        self._erased_since = erased_since
        self._told: dict[Partition, int] = {}

    async def __call__(self, batch: Batch, transaction: Transaction) -> Decision:
        """Tell what *batch* says, what closes a channel before the rest; what cannot be told is rejected."""
        said, rejections = _read(batch.records)
        if said:
            await self._follow(batch)
            erased = await self._erased_since(min(each.known_since for each in said), transaction)
            async with _awake(transaction):
                rejections += await self._tell_all(_without(erased, said), erased.until)
            self._told[batch.partition] = batch.records[-1].offset + 1
        return Decision(rejections=tuple(rejections))

    async def _follow(self, batch: Batch) -> None:
        """Learn which channels are closed where another process told what stands before *batch*. Raises Unavailable."""
        if self._told.get(batch.partition) != batch.records[0].offset:
            await self._book.renew()

    async def _tell_all(self, said: Sequence[Said], until: datetime) -> list[Rejection]:
        """Tell *said*; return what could not be told. Raises Unavailable.

        What closes a channel is told before the rest, and who was seen where one after the other: when an attendance is to be
        looked at depends on what was seen of it before.
        """
        rejections, at_once = list[Rejection](), list[Said]()
        for each in sorted(said, key=lambda each: not each.reading.closed):
            if each.reading.closed or each.reading.sightings or each.reading.endings:
                rejections += await self._tell([each], until)
                if each.reading.closed:
                    self._book.close(each.source, each.reading.closed)
            else:
                at_once.append(each)
        return rejections + await self._tell(at_once, until)

    async def _tell(self, said: Sequence[Said], until: datetime) -> list[Rejection]:
        """Tell *said* at once; return what could not be told. Raises Unavailable."""
        sources = {name: await self._book.look_up(name) for name in sorted({each.source for each in said})}
        known = [(each, source) for each in said if (source := sources[each.source]) is not None]
        if len(known) < len(said):
            log.info("what was heard of a source that was removed since is not told", records=len(said) - len(known))
        outcomes = await asyncio.gather(*(self._take(source, each, until) for each, source in known), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [outcome for outcome in outcomes if isinstance(outcome, Rejection)]

    async def _take(self, source: Source, said: Said, until: datetime) -> Rejection | None:
        """Tell one delivery; return why it cannot be told, unless its source was removed meanwhile. Raises Unavailable."""
        try:
            with telling_alone():
                await self._intake.take(source, said.reading, rfc3339(said.heard_at), until)
        except (Bug, RecordTooLarge) as error:
            self._book.expire()
            if await self._book.look_up(said.source) is None:
                return None
            log.error("telling met a bug", source=said.source, bug=str(error))  # noqa: TRY400  its text may be somebody's
            return Rejection(said.record, f"telling it met an error of our own: {error}", Cause.ALONE)
        return None


def telling_of(parts: Parts) -> Telling:
    """Return the handler of what the doors heard."""
    return Telling(parts.book, parts.intake, Forgotten.of(parts.settings.secrets).since)


def task_of(parts: Parts, stream_metrics: StreamMetrics, observer: Observer = unobserved) -> Task:
    """Return what tells what the doors heard. Raises Misconfigured where it would wait for itself."""
    if parts.settings.postgres.pool_size < FEWEST:
        raise Misconfigured(f"SYMPOSIA_POSTGRES__POOL_SIZE is too small: ingest needs at least {FEWEST} connections.")
    settings = parts.settings.stream.consumer
    consumer = Consumer(
        group=GROUP,
        topics=(HEARD,),
        handler=telling_of(parts),
        log=parts.log,
        ledger=PostgresLedger(parts.database),
        settings=settings.model_copy(update={"batch_records": min(settings.batch_records, AT_ONCE)}),
        metrics=stream_metrics,
        observer=observer,
    )
    return persisting(consumer, GROUP)


@asynccontextmanager
async def _awake(transaction: Transaction) -> AsyncIterator[None]:
    """Keep *transaction*, which the block does not use, from being ended by PostgreSQL as idle."""
    over = asyncio.Event()
    beating = asyncio.create_task(_beat(transaction, over))
    try:
        yield
    finally:
        over.set()
        await beating


async def _beat(transaction: Transaction, over: asyncio.Event) -> None:
    while not over.is_set():
        await rest(over, BEAT)
        if not over.is_set():
            await transaction.execute("SELECT")


def _read(records: Iterable[Record]) -> tuple[list[Said], list[Rejection]]:
    said: list[Said] = []
    rejections: list[Rejection] = []
    for record in records:
        try:
            message = decode(record.value, Heard)
            heard_at, reading = instant(message.heard_at), decode(bytes(message.reading), Reading)
            known_since = instant(message.noticed_at) if message.noticed_at else heard_at
        except ValueError as error:
            rejections.append(Rejection(record, f"not what was heard: {error}"))
        else:
            said.append(Said(record, SourceId(message.source), heard_at, min(known_since, heard_at), reading))
    return said, rejections


def _without(erased: Erased, said: Sequence[Said]) -> Sequence[Said]:
    """Leave out whoever was erased after it was heard of: nobody is until the offset is free, for which an erasure waits."""
    return said if erased.was_erased is None else [_without_erased(each, erased.was_erased) for each in said]


def _without_erased(said: Said, was_erased: WasErased) -> Said:
    """Return *said* without them, and so its record, which is kept where it cannot be told."""
    reading = without_erased(said.reading, lambda name: was_erased(said.source, name, said.known_since))
    if reading == said.reading:
        return said
    written = heard(said.source, encode(reading), rfc3339(said.heard_at), rfc3339(said.known_since))
    return said._replace(reading=reading, record=replace(said.record, value=written))
