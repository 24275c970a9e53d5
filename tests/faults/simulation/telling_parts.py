"""What tells what was heard, on the stage: ingest's tables, its log and its offsets in memory, held before each transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from services.ingest.domain.forgetting import what_is_left
from services.ingest.domain.interaction import AccountName, NativeId
from services.ingest.domain.reading import Part, Undecided
from services.ingest.domain.settlement import Waiting
from services.ingest.domain.source import Source, SourceId
from services.ingest.forgotten import Erased
from services.ingest.learning import Lesson, Look, Met
from services.ingest.reached import ToldUntil
from services.ingest.store import Opened
from services.ingest.telling import Telling
from shared.errors import Unavailable
from shared.stream import MemoryLedger, MemoryLog, MemoryTransaction, Outgoing
from shared.stream.record import Position
from shared.xapi.model import StatementId
from tests.faults.simulation.stage import CURRENT, Director, Order
from tests.support.remembering import MemoryStore

T = TypeVar("T")

MONDAY: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What a history is about beside misfortune: nothing, little patience, that after an outage, an erasure, a closed channel."""

    PATIENT = "patient"
    HASTY = "hasty"
    ERASING = "erasing"
    CLOSING = "closing"
    LATE = "late"


class Tables(MemoryStore):
    """What all processes of ingest share: what is known, what waits, and who was erased when, as *director* tells the time."""

    def __init__(self, director: Director, sources: Sequence[Source]) -> None:
        super().__init__()
        self._director = director
        self._sources = {source.id: source for source in sources}
        self.erased: dict[AccountName, datetime] = {}
        self.later = timedelta()

    def clock(self) -> datetime:
        """Tell the stage's time: it passes with each step."""
        return MONDAY + self.later + timedelta(milliseconds=self._director.step)

    @property
    def until(self) -> datetime:
        """Say when somebody was erased last."""
        return max(self.erased.values(), default=NEVER)

    async def load(self) -> Mapping[SourceId, Source]:
        """Return the sources with the channels that are known to be private."""
        closed = {source: frozenset(channel for owner, channel in self.closed if owner == source) for source in self._sources}
        return {name: replace(source, closed=closed[name]) for name, source in self._sources.items()}

    async def erased_since(self, time: datetime, transaction: object) -> Erased:
        """Return who was erased since *time*, and until when that is known."""
        del transaction
        since = {name: at for name, at in self.erased.items() if at >= time}
        return Erased(self.until, (lambda _, name, heard: since.get(name, NEVER) >= heard) if since else None)

    def forget(self, name: AccountName) -> None:
        """Forget whoever is called *name*, as an erasure does in its transaction."""
        self.erased[name] = self.clock()
        for key, known in self.known.items():
            if known.author == name:
                self.known[key] = msgspec.structs.replace(known, author=None)
        for waiting, (undecided, due) in list(self.pending.items()):
            left = what_is_left(undecided, lambda each: each == name)
            if left is None:
                del self.pending[waiting]
            else:
                self.pending[waiting] = left, due

    def names(self, name: AccountName) -> bool:
        """Say whether anything here names whoever is called *name*."""
        return name in {known.author for known in self.known.values()} or any(
            name in {undecided.interaction.actor, undecided.interaction.author} for undecided, _ in self.pending.values()
        )


class HeldStore:
    """The store of one process: it is held before each transaction, which may fail, or come to pass without an answer."""

    def __init__(self, tables: Tables, director: Director) -> None:
        self.tables = tables
        self._director = director

    async def learn(self, lesson: Lesson, look: Look) -> Met:
        """Remember *lesson*; once that is committed, look what it meets."""
        await self._held("learn", lambda: self._teach(look.source, lesson))
        return await self._held("look", lambda: self.tables.look(look))

    async def wait(self, source: SourceId, waiting: Sequence[tuple[StatementId, Undecided, datetime]], until: datetime) -> None:
        """Keep what has to wait."""

        async def work() -> None:
            self.put_off_erasing(until)
            await self.tables.wait(source, waiting, until)

        await self._held("wait", work)

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        """Return what waits that can be told by now."""
        return await self._held("open", lambda: self.tables.open(source, statements, artefacts))

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        """Return what has waited long enough."""
        return await self._held("overdue", lambda: self.tables.overdue(now, limit))

    async def derive(self, now: datetime, limit: int) -> int:
        """Derive nothing: nobody attends anything here."""
        del now, limit
        return 0

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        """Forget what waited."""
        if statements:
            await self._held("settle", lambda: self.tables.settle(source, statements))

    async def put_off(self, source: SourceId, statement: StatementId, due: datetime) -> None:
        """Let something wait longer."""
        await self._held("put off", lambda: self.tables.put_off(source, statement, due))

    async def withdraw(self, source: SourceId, threads: Sequence[tuple[NativeId, datetime]]) -> Sequence[str]:
        """Take threads back."""
        return await self._held("withdraw", lambda: self.tables.withdraw(source, threads))

    async def remember(self, source: SourceId, parts: Sequence[Part]) -> None:
        """Remember parts of threads."""
        await self._held("remember", lambda: self.tables.remember(source, parts))

    async def withdrawn(self, source: SourceId, roots: Sequence[NativeId]) -> Mapping[NativeId, datetime]:
        """Return which threads were taken back."""
        return await self._held("withdrawn", lambda: self.tables.withdrawn(source, roots))

    async def beneath(self, source: SourceId, beginnings: Sequence[str]) -> Sequence[str]:
        """Return what was said beneath something."""
        return await self._held("beneath", lambda: self.tables.beneath(source, beginnings))

    async def made_by(self, source: SourceId, accounts: Sequence[AccountName]) -> Sequence[str]:
        """Return what somebody made."""
        return await self._held("made by", lambda: self.tables.made_by(source, accounts))

    async def forget_texts(self, source: SourceId, addresses: Collection[str]) -> None:
        """Nothing that could not be told is kept on this stage."""

    async def count(self) -> int:
        """Count what waits."""
        return await self.tables.count()

    def put_off_erasing(self, until: datetime) -> None:
        """Raise Unavailable where somebody was erased after *until*."""
        if self.tables.until > until:
            raise Unavailable("ingest", "somebody was erased meanwhile")

    async def _teach(self, source: SourceId, lesson: Lesson) -> None:
        self.put_off_erasing(lesson.until)
        self.tables.teach(source, lesson)

    async def _held(self, step: str, work: Callable[[], Awaitable[T]]) -> T:
        order = await self._director.hold(step)
        if order is Order.FAIL:
            raise Unavailable("postgres", "the server is out of reach")
        answer = await work()
        if order is Order.LOSE:
            raise Unavailable("postgres", "the answer was lost")
        return answer


class Offsets:
    """How far the members of *ledger* have told what was heard, as a sweep asks for it."""

    def __init__(self, ledger: MemoryLedger, director: Director) -> None:
        self._ledger = ledger
        self._director = director

    async def fetch(self, query: str, group: str, topic: str) -> list[dict[str, int]]:
        """Return the offsets, partition by partition."""
        del query, group, topic
        await self._director.hold("offsets")
        return [
            {"partition": place.partition.number, "next_offset": mark.next_offset} for place, mark in self._ledger.marks.items()
        ]


class GivesUpAtOnce(ToldUntil):
    """Takes all for told that was heard, whatever lies in the log."""

    async def __call__(self) -> datetime:
        return self._clock()


class HeldLog(MemoryLog):
    """A log before which whoever appends is held."""

    def __init__(self, director: Director) -> None:
        super().__init__(lambda: MONDAY)
        self._director = director

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        """Append *records* once the director says so."""
        await self._director.hold("append")
        return await super().append(records)


class EndedTransaction(MemoryTransaction):
    """A transaction that PostgreSQL may end while its process does not look: its locks are free then."""

    ended = False

    async def execute(self, query: str) -> None:
        """Show that the process is not frozen. Raises Unavailable."""
        del query
        if self.ended:
            raise Unavailable("postgres", "the session was ended")

    async def end(self) -> None:
        """Free its locks; whoever holds it goes on."""
        self.ended = True
        await self.locks.aclose()


class EndingLedger(MemoryLedger):
    """A ledger that knows which transactions are *open*, by the process whose they are."""

    def __init__(self, *, lock_timeout: float) -> None:
        super().__init__(lock_timeout=lock_timeout)
        self.open_ones: dict[str, EndedTransaction] = {}

    async def end(self, process: str) -> None:
        """End the session of *process*, which goes on."""
        await self.open_ones[process].end()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        """Open a transaction that may be ended from outside. Raises Unavailable."""
        actor = CURRENT.get()
        name = actor.process if actor else ""
        self._check_outage()
        transaction = self.open_ones[name] = EndedTransaction(self.values)
        try:
            async with transaction.locks:
                yield transaction
                self._check_outage()
                await transaction.execute("COMMIT")
                transaction.commit()
        finally:
            self.open_ones.pop(name, None)
        if self.lost_commits:
            self.lost_commits -= 1
            raise Unavailable("memory ledger", "the commit's answer was lost")


@dataclass(frozen=True)
class TellingParts:
    """What the telling is made of; a rule is taken away by another class, in histories of one *kind*."""

    store: type[HeldStore] = HeldStore
    telling: type[Telling] = Telling
    told_until: type[ToldUntil] = ToldUntil
    kind: Kind | None = None
