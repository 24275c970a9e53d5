"""What the parts of ingest share: the wiring hands it round, nothing else does."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.ingest.asking.backlog import Backlog
from services.ingest.book import SourceBook
from services.ingest.hearing import Hearing
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import Settings
from services.ingest.store import PostgresStore
from services.ingest.tallies import Tallies
from shared.clock import Clock
from shared.postgres import Database
from shared.stream.log import Log


@dataclass(frozen=True, slots=True)
class Parts:
    """What was opened and made once."""

    settings: Settings
    database: Database
    log: Log
    registry: CollectorRegistry
    clock: Clock
    metrics: IngestMetrics
    tallies: Tallies
    store: PostgresStore
    book: SourceBook
    hearing: Hearing
    intake: Intake
    backlog: Backlog
