"""What ingest knows of artefacts and what waits for them, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import asyncpg
import msgspec

from services.ingest import attendances
from services.ingest.attendances import Due
from services.ingest.domain.attendance import derived
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId
from services.ingest.domain.reading import Ending, Known, Sighting, Undecided
from services.ingest.domain.settlement import Thread, Waiting, is_orphan
from services.ingest.domain.source import SourceId
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

SQL: Final = load_queries("services.ingest")
NOT_DUE: Final = Due()
OPENED_AT_ONCE: Final = 500
"""What one delivery can set free; the rest is set free when it is due."""


class Lesson(msgspec.Struct, frozen=True):
    """What one delivery teaches: artefacts, interactions that wait (each with the time when it is due), private channels.

    Attendances change by *sightings* and *endings*, and are looked at again when they are *due*.
    """

    known: tuple[Known, ...] = ()
    waiting: tuple[tuple[StatementId, Undecided, datetime], ...] = ()
    closed: tuple[ChannelId, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    endings: tuple[Ending, ...] = ()
    due: Due = NOT_DUE


class Opened(msgspec.Struct, frozen=True):
    """What waits for the artefacts of a delivery, and which of its own statements were told without what they waited for."""

    waiting: tuple[Waiting, ...]
    orphans: frozenset[StatementId]


class Store(Protocol):
    """What a delivery needs to remember; each method is one transaction. Raises Unavailable for an outage."""

    async def learn(self, source: SourceId, lesson: Lesson) -> int:
        """Remember *lesson*; telling it twice changes nothing. Return how many attendances it changes."""

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        """Return what waits under the ids *statements* or for *artefacts*, with all that is known by now."""

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        """Return what is due, marked for good as an orphan where what it waits for is still not known."""

    async def derive(self, now: datetime, limit: int) -> int:
        """Let what is to be told of at most *limit* attendances wait until it is overdue, at *now*; return how many are due."""

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        """Forget what waited under *statements*."""

    async def count(self) -> int:
        """Return how many interactions wait."""


class PostgresStore:
    """The store in the service's own schema."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def learn(self, source: SourceId, lesson: Lesson) -> int:
        """Remember *lesson*; telling it twice changes nothing. Return how many attendances it changes."""

        async def work(transaction: Transaction) -> int:
            if lesson.known:
                await transaction.execute(SQL["learn_artefacts"], source, *_columns(lesson.known))
            if lesson.waiting:
                await transaction.execute(SQL["await_artefacts"], source, *_waiting_columns(lesson.waiting))
            if lesson.closed:
                await transaction.execute(SQL["close_channels"], source, list(lesson.closed))
            if lesson.sightings or lesson.endings:
                return await attendances.see(transaction, source, lesson.sightings, lesson.endings, lesson.due)
            return 0

        return await self._database.run(work)

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        """Return what waits under the ids *statements* or for *artefacts*, with all that is known by now."""

        async def work(transaction: Transaction) -> Opened:
            rows = await transaction.fetch(SQL["open_pending"], source, statements, artefacts, OPENED_AT_ONCE)
            pending = [(StatementId(str(row["statement"])), _decoded(row["undecided"])) for row in rows]
            orphans = await _orphans(transaction, source, {*statements, *(statement for statement, _ in pending)})
            known = await _known(transaction, source, [undecided.target for _, undecided in pending])
            waiting = (
                Waiting(source, statement, undecided, _thread(undecided, known), orphan=statement in orphans)
                for statement, undecided in pending
            )
            return Opened(tuple(waiting), orphans)

        return await self._database.run(work)

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        """Return what is due, marked for good as an orphan where what it waits for is still not known."""

        async def work(transaction: Transaction) -> tuple[Waiting, ...]:
            rows = await transaction.fetch(SQL["overdue_pending"], now, limit)
            found: list[Waiting] = []
            for source in sorted({row["source"] for row in rows}):
                of_source = [row for row in rows if row["source"] == source]
                found += await _overdue_of(transaction, SourceId(source), of_source)
            return tuple(found)

        return await self._database.run(work)

    async def derive(self, now: datetime, limit: int) -> int:
        """Let what is to be told of at most *limit* attendances wait until it is overdue, at *now*; return how many are due."""

        async def work(transaction: Transaction) -> int:
            due, news = await attendances.derive(transaction, now, limit)
            for source, told in news.items():
                waiting = [(id_of(source, each), derived(each), now) for each in told]
                await transaction.execute(SQL["await_artefacts"], source, *_waiting_columns(waiting))
            return due

        return await self._database.run(work)

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        """Forget what waited under *statements*."""
        if statements:
            await self._database.execute(SQL["settle_pending"], source, list(statements))

    async def count(self) -> int:
        """Return how many interactions wait."""
        return int(await self._database.fetchval(SQL["count_pending"]))


async def _overdue_of(transaction: Transaction, source: SourceId, rows: Sequence[asyncpg.Record]) -> list[Waiting]:
    pending = [(StatementId(str(row["statement"])), _decoded(row["undecided"])) for row in rows]
    known = await _known(transaction, source, [undecided.target for _, undecided in pending])
    orphans = await _orphans(transaction, source, {statement for statement, _ in pending})
    fresh = {statement for statement, undecided in pending if is_orphan(undecided, _thread(undecided, known))} - orphans
    if fresh:
        await transaction.execute(SQL["mark_orphans"], source, sorted(fresh))
    orphans |= fresh
    return [
        Waiting(source, statement, undecided, _thread(undecided, known), orphan=statement in orphans)
        for statement, undecided in pending
    ]


async def _known(transaction: Transaction, source: SourceId, targets: Sequence[NativeId]) -> Mapping[NativeId, Known]:
    if not targets:
        return {}
    rows = await transaction.fetch(SQL["known_artefacts"], source, list(targets))
    return {NativeId(row["native"]): _known_of(row) for row in rows}


async def _orphans(transaction: Transaction, source: SourceId, statements: Iterable[StatementId]) -> frozenset[StatementId]:
    rows = await transaction.fetch(SQL["orphans"], source, sorted(statements))
    return frozenset(StatementId(str(row["statement"])) for row in rows)


def _thread(undecided: Undecided, known: Mapping[NativeId, Known]) -> Thread:
    target = known.get(undecided.target)
    return Thread(target, known.get(target.root) if target else None)


def _known_of(row: asyncpg.Record) -> Known:
    return Known(
        artefact=Artefact(NativeId(row["native"]), row["iri"], ArtefactType(row["type"])),
        root=NativeId(row["root"]),
        author=AccountName(row["author"]) if row["author"] is not None else None,
        question=row["question"],
        happened=row["happened"],
        spoken=row["spoken"],
    )


def _columns(known: Sequence[Known]) -> tuple[list[object], ...]:
    return (
        [each.artefact.native for each in known],
        [each.root for each in known],
        [each.artefact.iri for each in known],
        [each.artefact.type for each in known],
        [each.author for each in known],
        [each.question for each in known],
        [each.happened for each in known],
        [each.spoken for each in known],
    )


def _waiting_columns(waiting: Sequence[tuple[StatementId, Undecided, datetime]]) -> tuple[list[object], ...]:
    return (
        [UUID(statement) for statement, _, _ in waiting],
        [each.target for _, each, _ in waiting],
        [msgspec.json.encode(each) for _, each, _ in waiting],
        [due for _, _, due in waiting],
    )


def _decoded(waiting: bytes) -> Undecided:
    return msgspec.json.decode(waiting, type=Undecided)
