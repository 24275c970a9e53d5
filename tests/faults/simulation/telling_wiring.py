"""Ingest's telling, intake and sweep, wired over tables, log and ledger in memory: each call is another process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CollectorRegistry

from services.ingest.book import SourceBook
from services.ingest.intake import Intake
from services.ingest.reached import ToldUntil
from services.ingest.settings import WaitingSettings
from services.ingest.sweep import Sweep
from services.ingest.telling import GROUP
from shared.contracts import HEARD, Topic
from shared.stream import Consumer, ConsumerSettings, StreamMetrics
from tests.faults.simulation.stage import NEVER, Director
from tests.faults.simulation.telling_judge import metrics
from tests.faults.simulation.telling_parts import EndingLedger, GivesUpAtOnce, HeldLog, Kind, Offsets, Tables, TellingParts

TOPIC: Final = Topic(HEARD.name, partitions=2)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all processes of a history share, and how each is put together."""

    director: Director
    kind: Kind
    parts: TellingParts
    tables: Tables
    log: HeldLog
    ledger: EndingLedger

    def consumer(self, batch: int) -> Consumer[Any]:
        """Return a member that tells what was heard, *batch* records at a time."""
        book = self._book()
        return Consumer(
            group=GROUP,
            topics=[TOPIC],
            handler=self.parts.telling(book, self._intake(), self.tables.erased_since),
            log=self.log,
            ledger=self.ledger,
            settings=ConsumerSettings(
                batch_records=batch, fetch_wait=0.5, backoff=0.1, backoff_limit=1.0, attempts=1000, outbox_look=NEVER
            ),
            metrics=StreamMetrics(CollectorRegistry()),
            observer=self.director.observe,
        )

    def sweep(self) -> Sweep:
        """Return who tells what has waited long enough."""
        store = self.parts.store(self.tables, self.director)
        return Sweep(
            store=store,
            told_until=self._told_until(),
            book=self._book(),
            intake=self._intake(),
            clock=self.tables.clock,
            metrics=metrics(),
            waiting=WaitingSettings(),
        )

    def _intake(self) -> Intake:
        grace = 1e-6 if self.kind in {Kind.HASTY, Kind.LATE} else 86_400.0
        return Intake(
            store=self.parts.store(self.tables, self.director),
            log=self.log,
            clock=self.tables.clock,
            metrics=metrics(),
            waiting=WaitingSettings(grace=grace),
            home_page="https://symposia.acme.example",
            observer=self.director.observe,
        )

    def _book(self) -> SourceBook:
        return SourceBook(self.tables.load, self.tables.clock, 3600.0)

    def _told_until(self) -> ToldUntil:
        """Return what says until when all is told: of little patience, and in the end, that it is."""
        chosen = self.parts.told_until if self.kind is Kind.LATE and not self.tables.later else GivesUpAtOnce
        return chosen(self.log, Offsets(self.ledger, self.director), GROUP, self.tables.clock)  # type: ignore[arg-type]
