"""A process of ingest that tells what was heard, and freezes (SIGSTOP) where it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.ingest.app import open_service
from services.ingest.settings import IngestHttpSettings, IngestSettings, Settings, WaitingSettings
from shared.service import run, stop_on_signals
from shared.settings import LogLevel, PostgresSettings
from shared.stream.settings import ConsumerSettings, KafkaSettings, LogKind, StreamSettings
from shared.telemetry import configure_logs
from tests.faults.crash.member import KEY
from tests.support.postgres import settings_for

HOME_PAGE: Final = "https://symposia.acme.example"
SESSION: Final = 1.0
"""Seconds after which its group gives a member up."""
IDLE: Final = 1.5
"""Seconds after which PostgreSQL ends a transaction that asks for nothing."""
BATCH: Final = 10


@dataclass(frozen=True, slots=True)
class Order:
    """On which database and log to tell, and at which passage of which step to freeze (`<step>:<passage>`), if anywhere."""

    url: str
    kafka: str
    freeze_at: str = ""


def postgres_settings(url: str) -> PostgresSettings:
    """Return limits that one who is frozen soon reaches."""
    return settings_for(url, idle_in_transaction_timeout=IDLE, lock_timeout=5.0)


def stream_settings(kafka: str) -> StreamSettings:
    """Return small batches, and members that are soon given up."""
    return StreamSettings(
        kind=LogKind.KAFKA,
        consumer=ConsumerSettings(batch_records=BATCH, fetch_wait=0.1, poll_interval=10.0),
        kafka=KafkaSettings(bootstrap=kafka, session_timeout=SESSION),
    )


def main(order: Order) -> None:
    """Tell until told to stop."""
    configure_logs("teller", LogLevel.ERROR)
    asyncio.run(_serve(order))


async def _serve(order: Order) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    settings = Settings(
        postgres=postgres_settings(order.url),
        secrets=KEY,
        stream=stream_settings(order.kafka),
        http=IngestHttpSettings(port=0, public_url=HOME_PAGE),
        ingest=IngestSettings(waiting=WaitingSettings(grace=3600)),
    )
    async with open_service(settings, observer=_Freezer(order.freeze_at)) as service:
        await run([service], stop)


class _Freezer:
    """Stop this process at a passage of a step, until somebody continues it."""

    def __init__(self, freeze_at: str) -> None:
        self._step, _, passage = freeze_at.partition(":")
        self._left = int(passage or 0)

    async def __call__(self, step: StrEnum) -> None:
        if step.value == self._step:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGSTOP)
