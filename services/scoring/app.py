"""Wire scoring: the only module that knows all its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Final

from services.scoring.handler import GROUP, TOPICS, Scoring
from services.scoring.metrics import ScoringMetrics
from services.scoring.rules import adopt_rules
from services.scoring.settings import Settings
from shared.clock import Clock, utc_now
from shared.contracts import dead_letters_of
from shared.http import create_app
from shared.postgres import Database, PostgresMetrics
from shared.service import Service, Task
from shared.stream import Consumer, Observer, PostgresLedger, StreamMetrics, unobserved
from shared.stream.open import open_log
from shared.telemetry import new_registry

NAME: Final = "scoring"
SCHEMA: Final = "impact"
MIGRATIONS: Final = ("shared.stream.migrations", "services.scoring.migrations")


@asynccontextmanager
async def open_service(settings: Settings, *, clock: Clock = utc_now, observer: Observer = unobserved) -> AsyncIterator[Service]:
    """Open what scoring works with, and yield it ready to run."""
    registry = new_registry(NAME, version("symposia"))
    postgres_metrics, stream_metrics = PostgresMetrics(registry), StreamMetrics(registry, clock)
    metrics = ScoringMetrics(registry, clock)
    async with AsyncExitStack() as stack:
        database = await Database.open(
            settings.postgres, schema=SCHEMA, application=NAME, packages=MIGRATIONS, metrics=postgres_metrics
        )
        stack.push_async_callback(database.close)
        log = await open_log(
            settings.stream, settings.postgres, application=NAME, metrics=stream_metrics, postgres_metrics=postgres_metrics
        )
        stack.push_async_callback(log.close)
        await log.ensure([*TOPICS, *(dead_letters_of(topic, GROUP) for topic in TOPICS)])

        consumer = Consumer(
            group=GROUP,
            topics=TOPICS,
            handler=Scoring(metrics),
            log=log,
            ledger=PostgresLedger(database),
            settings=settings.stream.consumer,
            metrics=stream_metrics,
            observer=metrics.observing(observer),
        )
        app = create_app(service=NAME, registry=registry, ready=database.ready)
        yield Service(NAME, app, settings.http, (_scoring(database, consumer),))


def _scoring(database: Database, consumer: Consumer) -> Task:
    async def score(stop: asyncio.Event) -> None:
        """Make sure that the tables are of our rules, then consume."""
        await adopt_rules(database)
        await consumer.run(stop)

    return score
