"""What the loop is there to prevent: a recorder that commits effects and offset apart, and looks for no repetition.

The same harness must catch it: killed between the two transactions it doubles what it did, or loses it, whichever comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from services.gateway.app import PACKAGES
from services.gateway.definitions.consuming import merging
from services.gateway.recorder import GROUP as RECORDER_GROUP
from services.gateway.recorder import store
from services.gateway.recorder.messages import recorded
from services.gateway.recorder.requests import read
from services.gateway.recorder.ruling import Known, rule
from services.gateway.settings import Settings
from services.together import Part
from shared.clock import utc_now
from shared.contracts import RECEIVED, RECORDED
from shared.http import create_app
from shared.postgres import Database, Query
from shared.service import Service
from shared.stream import Batch, Log, Observer, PostgresLedger, StreamMetrics, unobserved
from shared.stream.offsets import GroupPartition, after
from shared.stream.open import open_log
from shared.stream.record import Partition
from shared.telemetry import new_registry

LAST: Final = Query("SELECT coalesce(max(seq), 0) AS seq, coalesce(max(stored), 'epoch') AS stored FROM statement")
PLACE: Final = GroupPartition(RECORDER_GROUP, Partition(RECEIVED.name, 0))
WITHOUT_GUARD: Final = "ALTER TABLE lrs.statement DROP CONSTRAINT statement_id_key"
"""What lets an id stand twice in the record; the real recorder needs no such guard."""


class NaiveStep(StrEnum):
    """The only place that matters."""

    BETWEEN = "naive-between"


@dataclass(frozen=True, slots=True)
class NaiveRecorder:
    """Records what it reads; *offset_first* says which of its two transactions comes first."""

    database: Database
    log: Log
    observer: Observer
    offset_first: bool

    async def run(self, stop: asyncio.Event) -> None:
        """Take batches until *stop* is set."""
        ledger = PostgresLedger(self.database)
        await ledger.open(PLACE)
        inbox = await self.log.inbox(RECORDER_GROUP, (RECEIVED,))
        async with ledger.transaction() as transaction:
            start = (await ledger.claim(PLACE, transaction)).next_offset
        while not stop.is_set():
            if await inbox.unsought():
                await inbox.seek(PLACE.partition, start)
            batch = await inbox.fetch(10, 0.1)
            if batch is not None:
                await self._settle(batch, ledger)
        await inbox.close()

    async def _settle(self, batch: Batch, ledger: PostgresLedger) -> None:
        acts = [partial(self._record, batch), partial(self._advance, batch, ledger)]
        first, second = reversed(acts) if self.offset_first else acts
        await first()
        await self.observer(NaiveStep.BETWEEN)
        await second()

    async def _record(self, batch: Batch) -> None:
        async with self.database.transaction() as transaction:
            (last,) = await transaction.fetch(LAST)
            ruling = rule([read(record) for record in batch.records], Known(last["seq"], last["stored"], {}, {}, {}))
            await store.copy_statements(ruling.fresh, transaction)
        await self.log.append([recorded(fresh.row) for fresh in ruling.fresh])

    async def _advance(self, batch: Batch, ledger: PostgresLedger) -> None:
        async with ledger.transaction() as transaction:
            await ledger.advance(PLACE, after(batch), transaction)


@asynccontextmanager
async def open_service(settings: Settings, *, offset_first: bool, observer: Observer = unobserved) -> AsyncIterator[Service]:
    """Open the naive recorder as the gateway would be."""
    registry = new_registry("naive", "0")
    database = await Database.open(settings.postgres, schema="lrs", application="naive", packages=PACKAGES)
    metrics = StreamMetrics(registry, utc_now)
    log = await open_log(settings.stream, settings.postgres, application="naive", metrics=metrics)
    await log.ensure((RECEIVED, RECORDED))
    app = create_app(service="naive", registry=registry, ready=database.ready)
    recorder = NaiveRecorder(database, log, observer, offset_first)
    definitions = merging(database, log, settings.stream.consumer, metrics)
    yield Service("naive", app, settings.http, (recorder.run, definitions))
    await log.close()
    await database.close()


NAIVE: Final = {
    "effects-first": Part(Settings, partial(open_service, offset_first=False)),
    "offset-first": Part(Settings, partial(open_service, offset_first=True)),
}
"""Two naive orders, as services by name."""
