"""What is recorded behind a backlog: acknowledged by the log, and not kept in mind."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson
import pytest
from prometheus_client import CollectorRegistry

from services.gateway.domain.admission import Admitted, Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from services.gateway.metrics import GatewayMetrics
from services.gateway.recorder import Remembered
from services.gateway.statements.progress import Progress
from services.gateway.statements.recording import Recording, Unconfirmed
from shared.contracts import RECEIVED
from shared.stream import Partition
from shared.stream.memory import MemoryLog
from shared.xapi.guard import Limits
from shared.xapi.model import StatementId, Version
from tests.support.gateway import statement

SENDER = Credential(KeyId("key"), "lms", frozenset({Scope.ALL}), b'{"mbox":"mailto:lms@example.org"}', "mbox::lms", ())
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SOON, LONG = 0.05, 30.0


class EmptyRecorderBooks:
    """The books of a recorder that has never recorded anything."""

    async def applied(self) -> Mapping[int, int]:
        return {}

    async def digests(self, ids: Sequence[StatementId]) -> Mapping[StatementId, bytes]:
        del ids
        return {}


def admitted() -> Admitted:
    return admit(orjson.dumps(statement()), Writing(Version.V1_0_3, SENDER, MONDAY, Limits(), 1))


@pytest.mark.parametrize(("backlog", "patience", "kept"), [(0, SOON, True), (100, LONG, False)])
async def test_only_what_is_waited_for_is_remembered_for_the_recorder(backlog: int, patience: float, kept: bool) -> None:  # noqa: FBT001  what is expected
    metrics, log, remembered, sent = GatewayMetrics(CollectorRegistry()), MemoryLog(), Remembered(), admitted()
    await log.ensure([RECEIVED])
    progress = Progress(EmptyRecorderBooks(), poll=SOON, patience=patience, metrics=metrics)
    await progress.expect({Partition(RECEIVED.name, 0): backlog}, near=10)

    verdict = await Recording(log, progress, metrics, remembered).record(sent, "00-" + "1" * 32 + "-" + "2" * 16 + "-01")

    (received,) = sent.received.statements
    assert isinstance(verdict, Unconfirmed)
    assert (remembered.take(received, bytes(received.body)) is not None) == kept


class OtherRecorderBooks(EmptyRecorderBooks):
    """The books of a recorder that has read far in a log that is no more."""

    async def applied(self) -> Mapping[int, int]:
        return {0: 84}


@pytest.mark.parametrize("known", [True, False])
async def test_nothing_is_said_to_conflict_in_a_log_that_was_made_anew_behind_the_recorder(known: bool) -> None:  # noqa: FBT001  what is known before
    metrics, log = GatewayMetrics(CollectorRegistry()), MemoryLog()
    await log.ensure([RECEIVED])
    progress, stop = Progress(OtherRecorderBooks(), poll=SOON, patience=LONG, metrics=metrics), asyncio.Event()
    if known:
        progress.heard(0, 84)

    async with asyncio.TaskGroup() as group:
        group.create_task(progress.run(stop))
        verdict = await Recording(log, progress, metrics).record(admitted(), "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
        stop.set()

    assert isinstance(verdict, Unconfirmed)
