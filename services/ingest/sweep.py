"""Tell what has waited long enough: for a thread's root that never came, or for more to be seen of who attended what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final

import structlog

from services.ingest.book import SourceBook
from services.ingest.domain.settlement import Waiting
from services.ingest.domain.source import Source
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.outages import telling_alone
from services.ingest.settings import WaitingSettings
from services.ingest.store import Store
from shared.bugs import Bug
from shared.clock import Clock, rfc3339
from shared.errors import Unavailable
from shared.events import rest
from shared.stream.errors import RecordTooLarge

log = structlog.get_logger()

LONGEST_PAUSE: Final = timedelta(seconds=30)
PUT_OFF: Final = timedelta(hours=1)


class Sweep:
    """Look for what is due, over and over; many processes may.

    What is heard and not told yet may be what something waits for: what is due is told once all is that was heard before.
    """

    def __init__(
        self,
        *,
        store: Store,
        told_until: Callable[[], Awaitable[datetime]],
        book: SourceBook,
        intake: Intake,
        clock: Clock,
        metrics: IngestMetrics,
        waiting: WaitingSettings,
    ) -> None:
        self._store = store
        self._told_until = told_until
        self._book = book
        self._intake = intake
        self._clock = clock
        self._metrics = metrics
        self._waiting = waiting

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until *stop* is set, waiting outages out."""
        pause = self._waiting.interval
        while not stop.is_set():
            try:
                while not stop.is_set() and await self.once() == self._waiting.batch:
                    pass
                self._metrics.waiting.set(await self._store.count())
                pause = self._waiting.interval
            except Unavailable as error:
                pause = min(pause * 2, LONGEST_PAUSE.total_seconds())
                log.warning("what waits is told later", part=error.part, reason=error.reason)
            await rest(stop, pause)

    async def once(self) -> int:
        """Tell one batch of what is due; return how much. Raises Unavailable where that cannot be done now."""
        now = self._clock()
        due = min(now, await self._told_until())
        derived = await self._store.derive(due, self._waiting.batch)
        overdue = await self._store.overdue(due, self._waiting.batch)
        if overdue:
            await self._book.renew()
        told = 0
        for name, group in groupby(overdue, key=attrgetter("source")):
            source = await self._book.get(name)
            if source is not None:
                of_source = list(group)
                await self._tell(source, of_source, rfc3339(now))
                told += len(of_source)
        return max(told, derived)

    async def _tell(self, source: Source, overdue: Sequence[Waiting], heard_at: str) -> None:
        """Tell *overdue*; what meets a bug of ours is put off, and its neighbours are told. Raises Unavailable."""
        try:
            with telling_alone():
                await self._intake.tell_overdue(source, overdue, heard_at)
        except (Bug, RecordTooLarge) as error:
            if len(overdue) > 1:
                for each in overdue:
                    await self._tell(source, [each], heard_at)
                return
            log.error("telling met a bug", source=source.id, bug=str(error))  # noqa: TRY400  its text may be somebody's
            await self._store.put_off(source.id, overdue[0].statement, self._clock() + PUT_OFF)
