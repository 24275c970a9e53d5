"""Consume what is recorded, without haste: whoever asks for one activity is answered from the record beside."""

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
"""Times as long as a turn took, of one partition, is the rest behind it, unless more waits there than a turn takes."""
LONGEST_REST: Final = 0.5
"""Seconds."""


def merging(database: Database, log: Log, settings: ConsumerSettings, metrics: StreamMetrics) -> Task:
    """Return the task that merges what statements say of activities, as a member of the group `definitions`.

    Where it is new to an installation whose log has forgotten the oldest statements, it begins with those that are kept: a replay
    tells it the others.
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
    """Let a few records become many before the next turn, which costs nearly the same for both; after a full one, more wait.

    So merging takes a tenth of the time, less where turns are slow, and is done at once where little was said.
    """

    def __init__(self, handler: Definitions, most: int) -> None:
        self._handler = handler
        self._most = most
        self._taken = 0
        self._begun = 0.0
        self.stop = asyncio.Event()
        """Ends a rest."""

    async def decide(self, batch: Batch, transaction: Transaction) -> Decision:
        """Decide *batch*, and remember how much it is."""
        self._taken = len(batch.records)
        return await self._handler(batch, transaction)

    async def __call__(self, step: StrEnum) -> None:
        """Rest after a turn."""
        match step:
            case Step.FETCHED:
                self._begun = monotonic()
            case Step.OFFSET_COMMITTED if self._taken < self._most:
                await rest(self.stop, min(LONGEST_REST, REST * (monotonic() - self._begun)))
