"""Consume what is recorded, without haste: whoever asks for one activity is answered from the record beside."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from services.gateway.definitions.handler import GROUP, Definitions
from shared.contracts import RECORDED
from shared.postgres import Database
from shared.stream.consumer import Consumer
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.offsets import Beginning
from shared.stream.postgres_ledger import PostgresLedger
from shared.stream.settings import ConsumerSettings
from shared.stream.steps import Step

BETWEEN_TURNS: Final = 0.5
"""Seconds between two turns, each of one partition."""
AT_ONCE: Final = 2000
"""Statements that one turn takes at most: with its pause, about four thousand a second."""


def consumer_of(database: Database, log: Log, settings: ConsumerSettings, metrics: StreamMetrics) -> Consumer:
    """Return the member of the group `definitions` that merges what statements say of activities.

    Where it is new to an installation whose log has forgotten the oldest statements, it begins with those that are kept: a replay
    tells it the others.
    """
    return Consumer(
        group=GROUP,
        topics=(RECORDED,),
        handler=Definitions(),
        log=log,
        ledger=PostgresLedger(database),
        settings=settings.model_copy(update={"batch_records": AT_ONCE}),
        metrics=metrics,
        observer=_pause,
        beginning=Beginning.WITH_WHAT_IS_KEPT,
    )


async def _pause(step: StrEnum) -> None:
    """Let a few records become many before the next turn, which costs nearly the same for both."""
    if step is Step.OFFSET_COMMITTED:
        await asyncio.sleep(BETWEEN_TURNS)
