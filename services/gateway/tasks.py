"""What runs behind the doors: what these need, and the consumers that settings ask for in this process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from services.gateway.attachments.sweeping import Sweep
from services.gateway.definitions.consuming import merging
from services.gateway.forwarding import forwarding
from services.gateway.parts import Parts
from services.gateway.persons.erasing import publisher_of
from services.gateway.recorder import GROUP as RECORDER_GROUP
from services.gateway.recorder import Recorder
from services.gateway.statements.announcing import CHANNEL, announce, read_announcement
from shared.contracts import RECEIVED
from shared.errors import Unavailable
from shared.postgres.listen import listen
from shared.service import Task
from shared.stream.consumer import Consumer
from shared.stream.metrics import StreamMetrics
from shared.stream.persisting import persisting
from shared.stream.postgres_ledger import PostgresLedger
from shared.stream.steps import Observer

SWEEP_SECONDS: Final = 3600.0

log = structlog.get_logger()


def tasks_of(parts: Parts, stream_metrics: StreamMetrics, observer: Observer) -> tuple[Task, ...]:
    """Return the tasks that the doors need, then those that settings ask for. Raises Misconfigured."""
    chosen = parts.settings.gateway
    tasks: list[Task] = [parts.keyring.run, parts.usage.run, _awaiting(parts), parts.horizon.run, _hearing(parts)]
    tasks.append(Sweep(parts.attachments, interval=SWEEP_SECONDS).run)
    if chosen.recorder:
        tasks += [_recording(parts, stream_metrics, observer), publisher_of(parts.database, parts.log).run]
    if chosen.definitions:
        tasks.append(merging(parts.database, parts.log, parts.settings.stream.consumer, stream_metrics))
    if chosen.forwarding:
        tasks.append(forwarding(parts.settings.secrets, parts.database, parts.clock, parts.registry))
    return tuple(tasks)


def _awaiting(parts: Parts) -> Task:
    """Follow the recorder for the answers that wait for it; if it starts with more than one batch to do, none waits at first."""

    async def expect() -> None:
        with suppress(Unavailable):  # then the first who waits will find out
            await parts.progress.expect(await parts.log.ends(RECEIVED), parts.settings.stream.consumer.batch_records)

    async def run(stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            expecting = group.create_task(expect())
            await parts.progress.run(stop)
            expecting.cancel()

    return run


def _hearing(parts: Parts) -> Task:
    """Listen for how far the recorder has come, in whatever process it runs."""

    def hear(payload: str) -> None:
        announced = read_announcement(payload)
        if announced is not None:
            parts.progress.heard(*announced)

    async def run(stop: asyncio.Event) -> None:
        await listen(parts.settings.postgres, CHANNEL, hear, stop, application=parts.name)

    return run


def _recording(parts: Parts, metrics: StreamMetrics, observer: Observer) -> Task:
    """Run the recorder."""
    consumer = Consumer(
        group=RECORDER_GROUP,
        topics=(RECEIVED,),
        handler=Recorder(keychain=parts.keychain, remembered=parts.remembered, observer=observer),
        log=parts.log,
        ledger=PostgresLedger(parts.database, announce),
        settings=parts.settings.stream.consumer,
        metrics=metrics,
        observer=observer,
    )
    return persisting(consumer, RECORDER_GROUP)
