"""Wire ingest by hand: the only module that knows all its parts, reads its settings and the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry

from services.ingest.asking.backlog import Backlog
from services.ingest.asking.handler import GROUP
from services.ingest.asking.platform import open_platforms
from services.ingest.asking.tasks import tasks_of
from services.ingest.book import SourceBook
from services.ingest.hearing import Hearing
from services.ingest.intake import Intake
from services.ingest.metrics import IngestMetrics
from services.ingest.parts import Parts
from services.ingest.reached import ToldUntil
from services.ingest.routes import Door
from services.ingest.settings import Settings
from services.ingest.sources import Sources
from services.ingest.store import PostgresStore
from services.ingest.sweep import Sweep
from services.ingest.tallies import Tallies, TallyWriter
from services.ingest.telling import GROUP as TELLING
from services.ingest.telling import task_of
from services.ingest.vault import Vault
from shared.clock import Clock, utc_now
from shared.contracts import HEARD, NOTICED, RECEIVED, dead_letters_of
from shared.http import create_app
from shared.postgres import Database, PostgresMetrics
from shared.service import Service, Task
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.steps import Observer, unobserved
from shared.telemetry import new_registry

NAME: Final = "ingest"
SCHEMA: Final = "ingest"
PACKAGES: Final = ("shared.stream.migrations", "services.ingest.migrations")
SESSION: Final = {"plan_cache_mode": "force_custom_plan"}
"""A plan that was made while a table was small is not kept while it grows: it would read the table from end to end."""


@asynccontextmanager
async def open_service(settings: Settings, *, clock: Clock = utc_now, observer: Observer = unobserved) -> AsyncIterator[Service]:
    """Open ingest: its database, the log, the door, the telling, the sweep of what waits, the tallies, and the asking.

    Raises Misconfigured where there is no master key, and Unavailable where the log cannot be reached.
    """
    registry = new_registry(NAME, version("symposia"))
    measured, stream_metrics = PostgresMetrics(registry), StreamMetrics(registry, clock)
    async with AsyncExitStack() as stack:
        database = await Database.open(
            settings.postgres, schema=SCHEMA, application=NAME, packages=PACKAGES, metrics=measured, session=SESSION
        )
        stack.push_async_callback(database.close)
        stream_log = await open_log(
            settings.stream, settings.postgres, application=NAME, metrics=stream_metrics, postgres_metrics=measured
        )
        stack.push_async_callback(stream_log.close)
        await stream_log.ensure((HEARD, RECEIVED, NOTICED, dead_letters_of(NOTICED, GROUP)))
        parts = parts_of(settings, database, stream_log, registry, clock=clock, observer=observer)
        if settings.ingest.background:
            platforms = await stack.enter_async_context(open_platforms(settings.ingest.asking, clock))
            tasks = (task_of(parts, stream_metrics, observer), sweep_of(parts), *tasks_of(parts, platforms, stream_metrics))
        else:
            tasks = ()
        yield serving(parts, tasks)


def parts_of(
    settings: Settings,
    database: Database,
    stream_log: Log,
    registry: CollectorRegistry,
    *,
    clock: Clock = utc_now,
    observer: Observer = unobserved,
) -> Parts:
    """Make what the door, the telling, the sweep, the tallies and the asking share."""
    chosen, store, tallies = settings.ingest, PostgresStore(database), Tallies(clock)
    metrics = IngestMetrics(registry, tallies)
    intake = Intake(
        store=store,
        log=stream_log,
        clock=clock,
        metrics=metrics,
        waiting=chosen.waiting,
        home_page=settings.http.base_url,
        observer=observer,
    )
    hearing = Hearing(stream_log, clock, metrics)
    book = SourceBook(Sources(database, Vault.of(settings.secrets)).load, clock, chosen.door.refresh)
    backlog = Backlog(chosen.asking.crowd)
    return Parts(settings, database, stream_log, registry, clock, metrics, tallies, store, book, hearing, intake, backlog)


def sweep_of(parts: Parts) -> Task:
    """Return what tells what has waited long enough."""
    sweep = Sweep(
        store=parts.store,
        told_until=ToldUntil(parts.log, parts.database, TELLING, parts.clock),
        book=parts.book,
        intake=parts.intake,
        clock=parts.clock,
        metrics=parts.metrics,
        waiting=parts.settings.ingest.waiting,
    )
    return sweep.run


def serving(parts: Parts, tasks: tuple[Task, ...] = ()) -> Service:
    """Put the door, the tallies and further *tasks* together."""
    settings, chosen = parts.settings, parts.settings.ingest
    door = Door(
        book=parts.book,
        hearing=parts.hearing,
        backlog=parts.backlog,
        clock=parts.clock,
        metrics=parts.metrics,
        settings=chosen.door,
        base_url=settings.http.base_url,
    )
    tallying = TallyWriter(parts.tallies, parts.database, parts.clock, chosen.tally_interval)
    app = create_app(service=NAME, registry=parts.registry, ready=_Readiness(parts.database), routes=door.routes())
    return Service(NAME, app, settings.http, (tallying.run, *tasks))


class _Readiness:
    """Ready once PostgreSQL was: an outage is answered with 503 delivery by delivery, not by taking the door away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._was_ready = False

    async def __call__(self) -> None:
        """Raise Unavailable until the tables are there."""
        if not self._was_ready:
            await self._database.ready()
            self._was_ready = True
