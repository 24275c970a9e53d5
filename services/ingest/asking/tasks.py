"""What asks the platforms, as tasks beside the door: a consumer of what they named, and a look at what is due."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from services.ingest.asking.asker import Asker
from services.ingest.asking.asking import Asking
from services.ingest.asking.handler import GROUP, Noticing
from services.ingest.asking.metrics import AskingMetrics
from services.ingest.asking.platform import PlatformClient
from services.ingest.asking.store import AskingStore
from services.ingest.connectors.registry import CONNECTORS
from services.ingest.parts import Parts
from shared.contracts import NOTICED
from shared.service import Task
from shared.stream.consumer import Consumer
from shared.stream.metrics import StreamMetrics
from shared.stream.persisting import persisting
from shared.stream.postgres_ledger import PostgresLedger

LEASE: Final = 120.0
"""Seconds that one process may ask a platform without a word: longer than one request, its access token and its pace take."""


def tasks_of(parts: Parts, platforms: PlatformClient, stream_metrics: StreamMetrics) -> tuple[Task, ...]:
    """Return what asks the platforms by *platforms*."""
    consumer = Consumer(
        group=GROUP,
        topics=(NOTICED,),
        handler=Noticing(parts.clock),
        log=parts.log,
        ledger=PostgresLedger(parts.database),
        settings=parts.settings.stream.consumer,
        metrics=stream_metrics,
    )
    return persisting(consumer, GROUP), asking_of(parts, platforms).run


def asking_of(parts: Parts, platforms: PlatformClient) -> Asking:
    """Put together what looks for sources that have to be asked."""
    settings, metrics = parts.settings.ingest.asking, AskingMetrics(parts.registry)
    store, base = AskingStore(parts.database, uuid4(), LEASE), parts.settings.http.base_url
    asker = Asker(
        client=platforms,
        store=store,
        hearing=parts.hearing,
        clock=parts.clock,
        metrics=metrics,
        settings=settings,
        hook_of=lambda source: f"{base}/hooks/{source.platform}/{source.id}",
    )
    return Asking(
        book=parts.book,
        asker=asker,
        store=store,
        connectors=CONNECTORS,
        clock=parts.clock,
        metrics=metrics,
        backlog=parts.backlog,
        look=settings.look,
    )
