"""Wire enrichment: the only module that knows all its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from services.enrichment.handler import Enrichment
from services.enrichment.linking import Linking
from services.enrichment.metrics import RelinkMetrics
from services.enrichment.relink import Relinker
from services.enrichment.settings import Settings
from services.enrichment.store import Store
from shared.clock import Clock, utc_now
from shared.contracts import ENRICHED, RECORDED, dead_letters_of
from shared.http import create_app
from shared.postgres import Database, PostgresMetrics
from shared.service import Service
from shared.stream import Consumer, Observer, PostgresLedger, StreamMetrics, unobserved
from shared.stream.open import open_log
from shared.stream.publisher import Publisher
from shared.telemetry import new_registry

NAME = "enrichment"
SCHEMA = "records"
MIGRATIONS = ("shared.stream.migrations", "services.enrichment.migrations")


@asynccontextmanager
async def open_service(settings: Settings, *, clock: Clock = utc_now, observer: Observer = unobserved) -> AsyncIterator[Service]:
    """Open what enrichment works with, and yield it ready to run."""
    registry = new_registry(NAME, version("symposia"))
    metrics, postgres_metrics = StreamMetrics(registry, clock), PostgresMetrics(registry)
    async with AsyncExitStack() as stack:
        database = await Database.open(
            settings.postgres, schema=SCHEMA, application=NAME, packages=MIGRATIONS, metrics=postgres_metrics
        )
        stack.push_async_callback(database.close)
        log = await open_log(
            settings.stream, settings.postgres, application=NAME, metrics=metrics, postgres_metrics=postgres_metrics
        )
        stack.push_async_callback(log.close)
        await log.ensure([RECORDED, ENRICHED, dead_letters_of(RECORDED, NAME)])

        store, ledger = Store(), PostgresLedger(database)
        linking = Linking(store)
        publisher = Publisher(owner="relink", log=log, ledger=ledger, observer=observer)
        consumer = Consumer(
            group=NAME,
            topics=[RECORDED],
            handler=Enrichment(store, linking),
            log=log,
            ledger=ledger,
            settings=settings.stream.consumer,
            metrics=metrics,
            observer=observer,
        )
        relinker = Relinker(database, store, linking, publisher, RelinkMetrics(registry))
        app = create_app(service=NAME, registry=registry, ready=database.ready)
        yield Service(NAME, app, settings.http, (consumer.run, relinker.run, publisher.run))
