"""Consume what is recorded at a low rate; a request for one activity also reads the statements that are not merged yet."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from time import monotonic
from typing import Final

from services.gateway.definitions.handler import GROUP, Definitions
from shared.contracts import RECORDED
from shared.events import rest
from shared.postgres import Database, Transaction
from shared.service import Task
from shared.stream import Batch, Decision
from shared.stream.consumer import Consumer
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.offsets import Beginning
from shared.stream.persisting import persisting
from shared.stream.postgres_ledger import PostgresLedger
from shared.stream.settings import ConsumerSettings
from shared.stream.steps import Step

REST: Final = 9.0
"""How many times as long as a turn of one partition took is the rest after it, unless the turn was full."""
LONGEST_REST: Final = 0.5
"""Seconds."""


def merging(database: Database, log: Log, settings: ConsumerSettings, metrics: StreamMetrics) -> Task:
    """Return the task that merges what statements say of activities, as a member of the group `definitions`.

    In an installation whose log no longer holds the oldest statements, a new group begins with those that it holds; a replay
    brings the others.
    """
    pace = Pace(Definitions(), settings.batch_records)
    consumer = Consumer(
        group=GROUP,
        topics=(RECORDED,),
        handler=pace.decide,
        log=log,
        ledger=PostgresLedger(database),
        settings=settings,
        metrics=metrics,
        observer=pace,
        beginning=Beginning.WITH_WHAT_IS_KEPT,
    )

    async def run(stop: asyncio.Event) -> None:
        pace.stop = stop
        await persisting(consumer, GROUP)(stop)

    return run


class Pace:
    """Rests after a turn that was not full, so that records gather: a turn for many costs hardly more than one for few.

    So merging takes a tenth of the time at most, and goes on at once while more waits than a turn takes.
    """

    def __init__(self, handler: Definitions, most: int) -> None:
        self._handler = handler
        self._most = most
        self._taken = 0
        self._begun = 0.0
        self.stop = asyncio.Event()
        """Ends a rest."""

    async def decide(self, batch: Batch, transaction: Transaction) -> Decision:
        """Decide *batch*, and remember its size."""
        self._taken = len(batch.records)
        return await self._handler(batch, transaction)

    async def __call__(self, step: StrEnum) -> None:
        """Rest after a turn."""
        match step:
            case Step.FETCHED:
                self._begun = monotonic()
            case Step.OFFSET_COMMITTED if self._taken < self._most:
                await rest(self.stop, min(LONGEST_REST, REST * (monotonic() - self._begun)))
