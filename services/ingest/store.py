"""What ingest knows of artefacts and what waits for them, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import asyncpg
import msgspec
from msgspec.structs import replace

from services.ingest import attendances
from services.ingest.domain.attendance import derived
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import AccountName, NativeId
from services.ingest.domain.reading import Known, Part, Reading, Undecided
from services.ingest.domain.settlement import Thread, Waiting, is_orphan
from services.ingest.domain.source import SourceId
from services.ingest.domain.taken_back import without_texts
from services.ingest.learning import QUERIES, Lesson, Look, Met, known_of, learn, look_around, meet, put_off_erasing, wait
from services.ingest.merging import Merging
from shared.contracts import Heard, decode, encode
from shared.postgres import Database, Transaction
from shared.stream.dead_letters import DeadLetters
from shared.xapi.model import StatementId
from shared.xapi.timestamps import instant

LOOKED_THROUGH: Final = 10_000
"""Artefacts among which one statement looks for those of a channel that is deleted."""
OPENED_AT_ONCE: Final = 500
"""What one delivery can set free; the rest is set free when it is due."""


class Opened(msgspec.Struct, frozen=True):
    """What waits for the artefacts of a delivery, and which of its own statements were told without what they waited for."""

    waiting: tuple[Waiting, ...]
    orphans: frozenset[StatementId]


class Store(Protocol):
    """What a delivery needs to remember; each method is one transaction. Raises Unavailable for an outage."""

    async def learn(self, lesson: Lesson, look: Look) -> Met:
        """Remember *lesson*, then look: what waits for a delivery, and what of its own need not wait. Twice changes nothing.

        Raises Unavailable where somebody was erased whom *lesson* does not leave out.
        """

    async def wait(self, source: SourceId, waiting: Sequence[tuple[StatementId, Undecided, datetime]], until: datetime) -> None:
        """Keep each interaction until it is opened or overdue, once, however often it is delivered.

        Whoever was erased *until* a time is left out of it; raises Unavailable where somebody was since.
        """

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        """Return what waits under the ids *statements* or for *artefacts*, with all that is known by now."""

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        """Return what is due, marked for good as an orphan where what it waits for is still not known."""

    async def derive(self, now: datetime, limit: int) -> int:
        """Let what is to be told of at most *limit* attendances wait until it is overdue, at *now*; return how many are due."""

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        """Forget what waited under *statements*."""

    async def put_off(self, source: SourceId, statement: StatementId, due: datetime) -> None:
        """Let what waits under *statement* wait until it is *due* later."""

    async def withdraw(self, source: SourceId, threads: Sequence[tuple[NativeId, datetime]]) -> Sequence[str]:
        """Remember that *threads* were taken back whole, and when; return the addresses of what is known of them."""

    async def remember(self, source: SourceId, parts: Sequence[Part]) -> None:
        """Remember *parts* of threads, each once."""

    async def withdrawn(self, source: SourceId, roots: Sequence[NativeId]) -> Mapping[NativeId, datetime]:
        """Return those of *roots* whose threads were taken back whole, and when that was last."""

    async def beneath(self, source: SourceId, beginnings: Sequence[str]) -> Sequence[str]:
        """Return the addresses of all that is known whose names begin with one of *beginnings*."""

    async def made_by(self, source: SourceId, accounts: Sequence[AccountName]) -> Sequence[str]:
        """Return the addresses of all that *accounts* are known to have made."""

    async def forget_texts(self, source: SourceId, addresses: Collection[str]) -> None:
        """Take what was written at *addresses* out of the dead letters of what was heard of *source*."""

    async def count(self) -> int:
        """Return how many interactions wait."""


class PostgresStore:
    """The store in the service's own schema; what deliveries ask of it at the same time is done together."""

    def __init__(self, database: Database) -> None:
        self._database = database.patiently()
        self._meeting = Merging(partial(meet, self._database), "learning")

    async def learn(self, lesson: Lesson, look: Look) -> Met:
        """Remember *lesson*, then look: what waits for a delivery, and what of its own need not wait. Twice changes nothing.

        Raises Unavailable where somebody was erased whom *lesson* does not leave out.
        """
        if lesson.artefacts_only:
            return await self._meeting((lesson, look))
        attendances = await self._database.run(lambda transaction: learn(transaction, look.source, lesson))
        [met] = await look_around(self._database, [look])
        return replace(met, attendances=attendances)

    async def wait(self, source: SourceId, waiting: Sequence[tuple[StatementId, Undecided, datetime]], until: datetime) -> None:
        """Keep each interaction until it is opened or overdue, once, however often it is delivered.

        Whoever was erased *until* a time is left out of it; raises Unavailable where somebody was since.
        """

        async def work(transaction: Transaction) -> None:
            await put_off_erasing(transaction, until)
            await wait(transaction, [(source, *each) for each in waiting])

        await self._database.run(work)

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        """Return what waits under the ids *statements* or for *artefacts*, with all that is known by now."""
        return await self._database.run(lambda transaction: _open(transaction, source, statements, artefacts))

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        """Return what is due, marked for good as an orphan where what it waits for is still not known."""

        async def work(transaction: Transaction) -> tuple[Waiting, ...]:
            rows = await transaction.fetch(QUERIES["overdue_pending"], now, limit)
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
            told = [(source, each) for source, found in news.items() for each in found]
            await wait(transaction, [(source, id_of(source, each), derived(each), now) for source, each in told])
            return due

        return await self._database.run(work)

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        """Forget what waited under *statements*."""
        if statements:
            await self._database.execute(QUERIES["settle_pending"], source, list(statements))

    async def put_off(self, source: SourceId, statement: StatementId, due: datetime) -> None:
        """Let what waits under *statement* wait until it is *due* later."""
        await self._database.execute(QUERIES["put_off_pending"], source, statement, due)

    async def withdraw(self, source: SourceId, threads: Sequence[tuple[NativeId, datetime]]) -> Sequence[str]:
        """Remember that *threads* were taken back whole, and when; return the addresses of what is known of them.

        What holds something itself is taken back with its thread, and so on.
        It is committed before it is read what is known: who learns of a reply meanwhile sees the one or is seen by the other.
        """
        gone, seen, going = dict[str, None](), set[NativeId](), list(threads)
        while going:
            roots, times = [root for root, _ in going], [at for _, at in going]
            await self._database.execute(QUERIES["withdraw_threads"], source, roots, times)
            rows = await self._database.fetch(QUERIES["said_in_threads"], source, roots)
            seen |= set(roots)
            gone |= dict.fromkeys(row["iri"] for row in rows)
            going = [(NativeId(row["native"]), row["at"]) for row in rows if row["native"] and row["native"] not in seen]
        return list(gone)

    async def remember(self, source: SourceId, parts: Sequence[Part]) -> None:
        """Remember *parts* of threads, each once."""
        roots, addresses = [each.root for each in parts], [each.iri for each in parts]
        times = [instant(each.happened) if each.happened else None for each in parts]
        names = [each.native for each in parts]
        await self._database.execute(QUERIES["remember_parts"], source, roots, addresses, times, names)

    async def withdrawn(self, source: SourceId, roots: Sequence[NativeId]) -> Mapping[NativeId, datetime]:
        """Return those of *roots* whose threads were taken back whole, and when that was last."""
        rows = await self._database.fetch(QUERIES["withdrawn_threads"], source, list(roots))
        return {NativeId(row["root"]): row["at"] for row in rows}

    async def beneath(self, source: SourceId, beginnings: Sequence[str]) -> Sequence[str]:
        """Return the addresses of all that is known whose names begin with one of *beginnings*."""
        found, behind = set[str](), ""
        while rows := await self._database.fetch(QUERIES["said_beneath"], source, list(beginnings), behind, LOOKED_THROUGH):
            found.update(row["iri"] for row in rows if row["iri"] is not None)
            behind = rows[-1]["native"]
        return sorted(found)

    async def made_by(self, source: SourceId, accounts: Sequence[AccountName]) -> Sequence[str]:
        """Return the addresses of all that *accounts* are known to have made."""
        return [row["iri"] for row in await self._database.fetch(QUERIES["made_by"], source, list(accounts))]

    async def forget_texts(self, source: SourceId, addresses: Collection[str]) -> None:
        """Take what was written at *addresses* out of the dead letters of what was heard of *source*."""
        letters, gone = DeadLetters(self._database), frozenset(addresses)
        async for letter, value in letters.naming(msgspec.json.encode(source), {msgspec.json.encode(each) for each in gone}):
            left = _without_texts(value, gone)
            if left is None:
                await letters.empty_these([letter], "redacted")
            else:
                await self._database.execute(QUERIES["overwrite_letter"], letter, left)

    async def count(self) -> int:
        """Return how many interactions wait."""
        return int(await self._database.fetchval(QUERIES["count_pending"]))


async def _open(
    transaction: Transaction, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]
) -> Opened:
    rows = await transaction.fetch(QUERIES["open_pending"], source, statements, artefacts, OPENED_AT_ONCE)
    pending = [(StatementId(str(row["statement"])), _decoded(row["undecided"])) for row in rows]
    orphans = await _orphans(transaction, source, {*statements, *(statement for statement, _ in pending)})
    known = await _known(transaction, source, [undecided.target for _, undecided in pending])
    waiting = (
        Waiting(source, statement, undecided, _thread(undecided, known), orphan=statement in orphans)
        for statement, undecided in pending
    )
    return Opened(tuple(waiting), orphans)


async def _overdue_of(transaction: Transaction, source: SourceId, rows: Sequence[asyncpg.Record]) -> list[Waiting]:
    pending = [(StatementId(str(row["statement"])), _decoded(row["undecided"])) for row in rows]
    known = await _known(transaction, source, [undecided.target for _, undecided in pending])
    orphans = await _orphans(transaction, source, {statement for statement, _ in pending})
    fresh = {statement for statement, undecided in pending if is_orphan(undecided, _thread(undecided, known))} - orphans
    if fresh:
        await transaction.execute(QUERIES["mark_orphans"], source, sorted(fresh))
    orphans |= fresh
    return [
        Waiting(source, statement, undecided, _thread(undecided, known), orphan=statement in orphans)
        for statement, undecided in pending
    ]


async def _known(transaction: Transaction, source: SourceId, targets: Sequence[NativeId]) -> Mapping[NativeId, Known]:
    if not targets:
        return {}
    rows = await transaction.fetch(QUERIES["known_artefacts"], source, list(targets))
    found = (known_of(row) for row in rows)
    return {each.artefact.native: each for each in found if each is not None}


async def _orphans(transaction: Transaction, source: SourceId, statements: Iterable[StatementId]) -> frozenset[StatementId]:
    rows = await transaction.fetch(QUERIES["orphans"], source, sorted(statements))
    return frozenset(StatementId(str(row["statement"])) for row in rows)


def _thread(undecided: Undecided, known: Mapping[NativeId, Known]) -> Thread:
    target = known.get(undecided.target)
    return Thread(target, known.get(target.root) if target else None)


def _without_texts(value: bytes, addresses: Collection[str]) -> bytes | None:
    """Return a `heard` message without what was written at *addresses*; None where it cannot be read."""
    try:
        message = decode(value, Heard)
        reading = decode(bytes(message.reading), Reading)
    except ValueError:
        return None
    return encode(replace(message, reading=msgspec.Raw(encode(without_texts(reading, addresses)))))


def _decoded(waiting: bytes) -> Undecided:
    return msgspec.json.decode(waiting, type=Undecided)
