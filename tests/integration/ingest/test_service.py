"""The whole service, as it runs alone: its own process, a real socket, the log in PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import httpx
import pytest
from prometheus_client import CollectorRegistry

from deploy.kafka.layout import free_ports
from services.ingest.intake import IntakeStep
from services.ingest.store import PostgresStore
from shared.clock import utc_now
from shared.contracts import RECEIVED, Received, decode
from shared.settings import PostgresSettings
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.record import Partition
from shared.stream.settings import StreamSettings
from shared.stream.steps import Step
from tests.integration.ingest.conftest import KEY, House
from tests.support.ingest import Ear, Sent
from tests.support.slack import slack_conversation

NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""The doors speak plain HTTP: whom to trust besides is not read anew for each request."""


@asynccontextmanager
async def running(house: House, port: int, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m services.ingest` until the end of the block."""
    chosen = {
        "DATABASE_URL": house.settings.postgres.url.get_secret_value(),
        "SYMPOSIA_SECRETS__KEY": KEY.get_secret_value(),
        "SYMPOSIA_HTTP__PORT": str(port),
        "SYMPOSIA_HTTP__PUBLIC_URL": "https://symposia.acme.example",
        "SYMPOSIA_INGEST__WAITING__GRACE": "600",
        **environment,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.ingest", env={**os.environ, **chosen})
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until *condition*, which may be a coroutine function, is true."""
    async with asyncio.timeout(seconds):
        while True:
            outcome = condition()
            if await outcome if asyncio.iscoroutine(outcome) else outcome:
                return
            await asyncio.sleep(0.05)


async def is_ready(port: int) -> bool:
    async with httpx.AsyncClient(timeout=5, verify=NOBODY) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        except httpx.TransportError:
            return False


async def deliver(port: int, sent: Sent) -> int:
    """Send *sent*, signed now, and return the status: 0 where the process died under it."""
    async with httpx.AsyncClient(timeout=10, verify=NOBODY) as client:
        url = f"http://127.0.0.1:{port}/hooks/{sent.source.platform}/{sent.source.id}"
        try:
            return (await client.post(url, content=sent.body, headers=sent.signed(datetime.now(UTC)))).status_code  # noqa: TID251
        except httpx.TransportError:
            return 0


@asynccontextmanager
async def opened_log(postgres: PostgresSettings) -> AsyncIterator[Log]:
    log = await open_log(StreamSettings(), postgres, application="test", metrics=StreamMetrics(CollectorRegistry(), utc_now))
    yield log
    await log.close()


async def told(log: Log) -> set[tuple[str, bytes]]:
    """Return the id and bytes of every statement in the log."""
    inbox, statements = await log.inbox("test", [RECEIVED]), set[tuple[str, bytes]]()
    partition, offset = Partition(RECEIVED.name, 0), 0
    end = (await log.ends(RECEIVED))[partition]
    await until(lambda: assigned(inbox))
    await inbox.seek(partition, 0)
    while offset < end:
        batch = await inbox.fetch(500, 1.0)
        for record in batch.records if batch else ():
            offset = record.offset + 1
            statements |= {(each.id, bytes(each.body)) for each in decode(record.value, Received).statements}
    await inbox.close()
    return statements


async def assigned(inbox: object) -> bool:
    return bool(await inbox.assignment())  # type: ignore[attr-defined]


async def expected() -> set[tuple[str, bytes]]:
    ear = Ear()
    await ear.hear(*slack_conversation())
    return ear.told()


async def test_a_conversation_through_the_running_service_is_in_the_log(house: House) -> None:
    (port,) = free_ports(1)

    async with running(house, port), opened_log(house.settings.postgres) as log:
        await until(lambda: is_ready(port))
        statuses = [await deliver(port, sent) for sent in slack_conversation()[::-1] * 2]
        await until(lambda: all_is_told(log))

    assert set(statuses) == {200}


PASSAGES: Final[dict[StrEnum, int]] = {
    IntakeStep.LEARNT: 3,
    IntakeStep.APPENDED: 3,
    IntakeStep.SETTLED: 3,
    Step.DECIDED: 1,
    Step.ADVANCED: 1,
    Step.COMMITTED: 1,
}


@pytest.mark.parametrize("step", PASSAGES)
async def test_a_process_killed_at_any_step_loses_and_doubles_nothing(house: House, step: StrEnum) -> None:
    (port,), script = free_ports(1), slack_conversation()
    async with running(house, port, SYMPOSIA_CRASH_AT=f"{step}:{PASSAGES[step]}") as process:
        await until(lambda: is_ready(port))
        statuses = [await deliver(port, sent) for sent in script]
        await process.wait()

    async with running(house, port), opened_log(house.settings.postgres) as log:
        await until(lambda: is_ready(port))
        again = [await deliver(port, sent) for sent, status in zip(script, statuses, strict=True) if status != 200]
        await until(lambda: all_is_told(log))
        await until(lambda: nothing_waits(house))

    assert set(again) <= {200}


async def all_is_told(log: Log) -> bool:
    return await told(log) == await expected()


async def nothing_waits(house: House) -> bool:
    return await PostgresStore(house.database).count() == 0
