"""The store of ingest in memory: what one delivery teaches is there for the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from services.ingest.domain.attendance import derived
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import AccountName, ChannelId, NativeId
from services.ingest.domain.reading import Known, Part, Undecided
from services.ingest.domain.settlement import Patience, Thread, Waiting, is_orphan, settle
from services.ingest.domain.source import SourceId
from services.ingest.domain.threads import has_gone
from services.ingest.learning import Lesson, Look, Met
from services.ingest.store import Opened
from shared.xapi.model import StatementId
from tests.support.attendances import MemoryAttendances


class MemoryStore:
    """The store in memory: what one delivery teaches is there for the next."""

    def __init__(self) -> None:
        self.known: dict[tuple[SourceId, NativeId], Known] = {}
        self.pending: dict[tuple[SourceId, StatementId], tuple[Undecided, datetime]] = {}
        self.orphans: set[tuple[SourceId, StatementId]] = set()
        self.closed: set[tuple[SourceId, ChannelId]] = set()
        self.withdrawn_threads: dict[tuple[SourceId, NativeId], datetime] = {}
        self.parts: dict[tuple[SourceId, NativeId, str], Part] = {}
        self.attendances = MemoryAttendances()

    async def learn(self, lesson: Lesson, look: Look) -> Met:
        changed = self.teach(look.source, lesson)
        return replace(await self.look(look), attendances=changed)

    def teach(self, source: SourceId, lesson: Lesson) -> int:
        """Remember *lesson*; return how many attendances it changes."""
        for known in lesson.known:
            there = self.known.get((source, known.artefact.native))
            if there is None or (known.spoken and not there.spoken):
                self.known[source, known.artefact.native] = known
        self.closed |= {(source, channel) for channel in lesson.closed}
        return self.attendances.see(source, lesson.sightings, lesson.endings, lesson.due)

    async def look(self, look: Look) -> Met:
        """Return what *look* meets in the store."""
        found = await self.open(look.source, look.statements, look.artefacts)
        stand = [self._stands(look.source, id_of(look.source, each.interaction), each) for each in look.undecided]
        ready = [
            each
            for each in stand
            if (each.source, each.statement) not in self.pending and settle(each, Patience.WAITING) is not None
        ]
        return Met(bool(found.waiting), found.orphans, tuple(ready))

    async def wait(self, source: SourceId, waiting: Sequence[tuple[StatementId, Undecided, datetime]], until: datetime) -> None:
        del until  # there is nobody beside it who erases
        for statement, undecided, due in waiting:
            self.pending.setdefault((source, statement), (undecided, due))

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        found = [
            self._waiting(source, statement)
            for (owner, statement), (undecided, _) in self.pending.items()
            if owner == source and (statement in statements or self._depends(source, undecided.target, artefacts))
        ]
        return Opened(tuple(found), frozenset(each for each in statements if (source, each) in self.orphans))

    async def overdue(self, now: datetime, limit: int) -> tuple[Waiting, ...]:
        due = [key for key, (_, at) in self.pending.items() if at <= now][:limit]
        for source, statement in due:
            if is_orphan(self.pending[source, statement][0], self._waiting(source, statement).thread):
                self.orphans.add((source, statement))
        return tuple(self._waiting(*key) for key in sorted(due))

    async def derive(self, now: datetime, limit: int) -> int:
        due = list(self.attendances.derive(now, limit))
        for source, news in due:
            for each in news:
                self.pending.setdefault((source, id_of(source, each)), (derived(each), now))
        return len(due)

    async def settle(self, source: SourceId, statements: Sequence[StatementId]) -> None:
        for statement in statements:
            self.pending.pop((source, statement), None)

    async def put_off(self, source: SourceId, statement: StatementId, due: datetime) -> None:
        self.pending[source, statement] = (self.pending[source, statement][0], due)

    async def withdraw(self, source: SourceId, threads: Sequence[tuple[NativeId, datetime]]) -> Sequence[str]:
        roots, going = set[NativeId](), list(threads)
        while going:
            for root, at in going:
                self.withdrawn_threads[source, root] = max(at, self.withdrawn_threads.get((source, root), at))
            roots |= {root for root, _ in going}
            below = [each for (owner, root, _), each in self.parts.items() if owner == source and root in roots]
            gone = [(each, self.withdrawn_threads[source, each.root]) for each in below]
            going = [(each.native, at) for each, at in gone if has_gone(each, at) and each.native not in {"", *roots}]
        said = {each.artefact.iri for (owner, _), each in self.known.items() if owner == source and each.root in roots}
        parts = [each for (owner, root, _), each in self.parts.items() if owner == source and root in roots]
        return sorted(said | {each.iri for each in parts if has_gone(each, self.withdrawn_threads[source, each.root])})

    async def remember(self, source: SourceId, parts: Sequence[Part]) -> None:
        for each in parts:
            self.parts.setdefault((source, each.root, each.iri), each)

    async def withdrawn(self, source: SourceId, roots: Sequence[NativeId]) -> Mapping[NativeId, datetime]:
        return {root: self.withdrawn_threads[source, root] for root in roots if (source, root) in self.withdrawn_threads}

    async def beneath(self, source: SourceId, beginnings: Sequence[str]) -> Sequence[str]:
        known = [each for (owner, native), each in self.known.items() if owner == source and native.startswith(tuple(beginnings))]
        return sorted({each.artefact.iri for each in known})

    async def made_by(self, source: SourceId, accounts: Sequence[AccountName]) -> Sequence[str]:
        return [
            each.artefact.iri for (owner, _), each in sorted(self.known.items()) if owner == source and each.author in accounts
        ]

    async def forget_texts(self, source: SourceId, addresses: Collection[str]) -> None:
        """Nothing that could not be told is kept here."""

    async def count(self) -> int:
        return len(self.pending)

    def _depends(self, source: SourceId, target: NativeId, artefacts: Sequence[NativeId]) -> bool:
        known = self.known.get((source, target))
        return target in artefacts or (known is not None and known.root in artefacts)

    def _waiting(self, source: SourceId, statement: StatementId) -> Waiting:
        return self._stands(source, statement, self.pending[source, statement][0])

    def _stands(self, source: SourceId, statement: StatementId, undecided: Undecided) -> Waiting:
        target = self.known.get((source, undecided.target))
        root = self.known.get((source, target.root)) if target else None
        return Waiting(source, statement, undecided, Thread(target, root), orphan=(source, statement) in self.orphans)
