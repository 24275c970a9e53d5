"""The telling with one rule taken away, each by as small a change as takes it away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from services.ingest.domain.interaction import NativeId
from services.ingest.domain.reading import Undecided
from services.ingest.domain.settlement import Patience, settle
from services.ingest.domain.source import SourceId
from services.ingest.learning import Lesson, Look, Met
from services.ingest.store import Opened
from services.ingest.telling import Telling
from shared.errors import Unavailable
from shared.stream import Batch, Rejection
from shared.xapi.model import StatementId
from tests.faults.simulation.telling_parts import GivesUpAtOnce, HeldStore, Kind, TellingParts


class LooksFirst(HeldStore):
    """Looks what a delivery sets free before what it teaches is committed."""

    async def learn(self, lesson: Lesson, look: Look) -> Met:
        met = await self._held("look", lambda: self.tables.look(look))
        await self._held("learn", lambda: self._teach(look.source, lesson))
        return met


class OpensFirst(HeldStore):
    """Looks what can be told by now before what is to wait is committed."""

    async def wait(self, source: SourceId, waiting: Sequence[tuple[StatementId, Undecided, datetime]], until: datetime) -> None:
        opened = await super().open(source, [], [undecided.target for _, undecided, _ in waiting])
        await super().wait(source, waiting, until)
        self._opened = opened

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        if opened := self.__dict__.pop("_opened", None):
            return Opened(opened.waiting, frozenset())
        return await super().open(source, statements, artefacts)


class ForgetsFirst(HeldStore):
    """Forgets what waited as soon as it can be told."""

    async def open(self, source: SourceId, statements: Sequence[StatementId], artefacts: Sequence[NativeId]) -> Opened:
        opened = await super().open(source, statements, artefacts)
        told = [each.statement for each in opened.waiting if settle(each, Patience.WAITING) is not None]
        await self.tables.settle(source, told)
        return opened


class MarksNoOrphans(HeldStore):
    """Forgets that something was told without what it waited for."""

    async def overdue(self, now: datetime, limit: int) -> Any:
        overdue = await super().overdue(now, limit)
        self.tables.orphans.clear()
        return overdue


class ErasesAtAnyTime(HeldStore):
    """Relies on the offset to put erasures off."""

    def put_off_erasing(self, until: datetime) -> None:
        pass


class FollowsNobody(Telling):
    """Takes partitions over without reading what was learnt before."""

    async def _follow(self, batch: Batch) -> None:
        pass


class TakesOutagesForTold(Telling):
    """Goes on where something could not be told."""

    async def _take(self, *arguments: Any) -> Rejection | None:
        with suppress(Unavailable):
            return await super()._take(*arguments)
        return None


TELLING_RULES: Final[Mapping[str, TellingParts]] = {
    "what is taught is committed before it is looked what that sets free": TellingParts(LooksFirst, kind=Kind.PATIENT),
    "what is to wait is committed before it is looked what can be told": TellingParts(OpensFirst, kind=Kind.PATIENT),
    "what waits is forgotten once it is in the log": TellingParts(ForgetsFirst, kind=Kind.PATIENT),
    "what was told without what it waited for is told so for ever": TellingParts(MarksNoOrphans, kind=Kind.HASTY),
    "an erasure is put off by whoever remembers somebody": TellingParts(ErasesAtAnyTime, kind=Kind.ERASING),
    "whoever takes over reads what is closed": TellingParts(telling=FollowsNobody, kind=Kind.CLOSING),
    "nothing is given up while it lies in the log": TellingParts(told_until=GivesUpAtOnce, kind=Kind.LATE),
    "an outage is waited out": TellingParts(telling=TakesOutagesForTold, kind=Kind.PATIENT),
}
