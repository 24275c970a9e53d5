"""Wire scoring: the only module that knows all its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

import structlog

from services.scoring.handler import GROUP, TOPICS, Scoring
from services.scoring.metrics import ScoringMetrics
from services.scoring.rules import adopt_rules, hindrance, until_in_force, waiting_out
from services.scoring.settings import Settings
from shared.clock import Clock, utc_now
from shared.contracts import OBJECTION, Topic, dead_letters_of
from shared.errors import Unavailable
from shared.http import create_app
from shared.postgres import Database, PostgresMetrics, Transaction
from shared.service import Service, Task
from shared.stream import Consumer, Observer, PostgresLedger, StreamMetrics, unobserved
from shared.stream.open import open_log
from shared.telemetry import new_registry

_log = structlog.get_logger()

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

        def reading(topics: Sequence[Topic]) -> Consumer[Transaction]:
            return Consumer(
                group=GROUP,
                topics=topics,
                handler=Scoring(metrics),
                log=log,
                ledger=PostgresLedger(database),
                settings=settings.stream.consumer,
                metrics=stream_metrics,
                observer=metrics.observing(observer),
            )

        app = create_app(service=NAME, registry=registry, ready=partial(_ready, database))
        task = _scoring(database, everything=reading(TOPICS), objections=reading((OBJECTION,)))
        yield Service(NAME, app, settings.http, (task,), partial(hindrance, database))


async def _ready(database: Database) -> None:
    """Raise Unavailable where statements cannot be scored now."""
    await database.ready()
    if words := await hindrance(database):
        raise Unavailable(NAME, f"{words}: `symposia replay --rebuild` makes them again")


def _scoring(database: Database, *, everything: Consumer[Transaction], objections: Consumer[Transaction]) -> Task:
    async def score(stop: asyncio.Event) -> None:
        """Consume; as long as the tables were made by other rules, until somebody replays, consume objections alone."""
        if words := await waiting_out(partial(hindrance, database), stop):
            _log.warning("nothing is scored until `symposia replay --rebuild`", reason=words)
            await _alongside(objections, until_in_force(database, stop))
        await waiting_out(partial(adopt_rules, database), stop)
        if not stop.is_set():
            await everything.run(stop)

    return score


async def _alongside(consumer: Consumer[Transaction], waiting: Coroutine[None, None, None]) -> None:
    """Let *consumer* run for as long as *waiting* takes."""
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(consumer.run(over))
        try:
            await waiting
        finally:
            over.set()
