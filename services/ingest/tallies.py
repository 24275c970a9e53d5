"""How each source does, for its operators: counted in memory, and added to the tables every few seconds.

No delivery waits for it. An outage delays the numbers; a process that is killed loses its last few seconds, and a commit whose
answer was lost is added twice: nothing but what an operator sees rests on them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import structlog

from services.ingest.domain.source import SourceId
from shared.clock import Clock
from shared.errors import Unavailable
from shared.events import rest
from shared.postgres import Database, Transaction, load_queries

log = structlog.get_logger()

QUERIES: Final = load_queries(__package__, "tallies.sql")
SPAN: Final = timedelta(minutes=10)
KEPT: Final = timedelta(days=8)
WITHIN: Final = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0, 3600.0, 86400.0, 604800.0, 31536000.0)
"""Seconds by which lags are told apart; what took longer than the last counts as that."""


class What(StrEnum):
    """What is counted of a source."""

    EVENT = "event"
    IGNORED = "ignored"
    REFUSED = "refused"
    LAG = "lag"


class Tally(NamedTuple):
    """One line of the count: of which source, in the span that begins when, what, and why."""

    source: SourceId
    span: datetime
    what: What
    reason: str


@dataclass(slots=True)
class Counted:
    """What was counted and not written yet."""

    numbers: Counter[Tally] = field(default_factory=Counter)
    heard: dict[SourceId, datetime] = field(default_factory=dict)


class Tallies:
    """Count in memory: as many lines as there are sources, spans of an outage, and reasons."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted = Counted()
        self._span = datetime.min.replace(tzinfo=UTC)

    def heard(self, source: SourceId, events: int) -> None:
        """Count genuine *events* of a source."""
        now = self._clock()
        self._counted.heard[source] = now
        self._add(source, now, What.EVENT, "", events)

    def ignored(self, source: SourceId, reason: str) -> None:
        """Count what was heard and is not ours."""
        self._add(source, self._clock(), What.IGNORED, reason, 1)

    def refused(self, source: SourceId, reason: str) -> None:
        """Count a delivery that was refused; only for sources that there are, or strangers would fill the memory."""
        self._add(source, self._clock(), What.REFUSED, reason, 1)

    def told(self, source: SourceId, seconds: float) -> None:
        """Count a statement that was in the log *seconds* after what it tells."""
        within = WITHIN[min(bisect_left(WITHIN, seconds), len(WITHIN) - 1)]
        self._add(source, self._clock(), What.LAG, f"{within:g}", 1)

    def take(self) -> Counted:
        """Return what was counted, and begin anew."""
        counted, self._counted = self._counted, Counted()
        return counted

    def put_back(self, counted: Counted) -> None:
        """Count again what could not be written."""
        self._counted.numbers.update(counted.numbers)
        self._counted.heard = counted.heard | self._counted.heard

    def _add(self, source: SourceId, now: datetime, what: What, reason: str, number: int) -> None:
        if not self._span <= now < self._span + SPAN:
            self._span = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
        self._counted.numbers[Tally(source, self._span, what, reason)] += number


class TallyWriter:
    """Write what *tallies* counted every *interval* seconds."""

    def __init__(self, tallies: Tallies, database: Database, clock: Clock, interval: float) -> None:
        self._tallies = tallies
        self._database = database
        self._clock = clock
        self._interval = interval
        self._forgotten: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Write over and over, and once more at *stop*."""
        while not stop.is_set():
            await rest(stop, self._interval)
            await self.flush()

    async def flush(self) -> None:
        """Add what was counted to the tables; in an outage keep it for the next time."""
        counted = self._tallies.take()
        try:
            if counted.numbers:
                await self._database.run(lambda transaction: _write(transaction, counted))
                counted = Counted()
            await self._forget()
        except Unavailable as outage:
            log.warning("what was counted is written later", part=outage.part, reason=outage.reason)
            self._tallies.put_back(counted)

    async def _forget(self) -> None:
        """Forget what is old, once in a span."""
        now = self._clock()
        if self._forgotten is None or now - self._forgotten >= SPAN:
            await self._database.execute(QUERIES["forget_tallies"], now - KEPT)
            self._forgotten = now


async def _write(transaction: Transaction, counted: Counted) -> None:
    lines = sorted(counted.numbers)
    await transaction.execute(
        QUERIES["add_tallies"],
        [line.source for line in lines],
        [line.span for line in lines],
        [line.what for line in lines],
        [line.reason for line in lines],
        [counted.numbers[line] for line in lines],
    )
    sources = sorted(counted.heard)
    await transaction.execute(QUERIES["note_heard"], sources, [counted.heard[source] for source in sources])
