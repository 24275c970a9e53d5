"""Record what was admitted: into the log, and then as far as the recorder's verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from services.gateway.domain.admission import Admitted
from services.gateway.domain.repetition import repeats
from services.gateway.metrics import GatewayMetrics, Outcome, Unawaited
from services.gateway.recorder import Remembered
from services.gateway.statements.progress import Digests, Progress
from shared.aside import aside
from shared.contracts import RECEIVED, encode
from shared.contracts.wire import TRACEPARENT_HEADER, VERSIONED
from shared.errors import Unavailable
from shared.stream.log import Log
from shared.stream.record import Outgoing, Position
from shared.xapi.model import StatementId


@dataclass(frozen=True, slots=True)
class Confirmed:
    """All statements are in the record, with this content."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The log has the statements; the recorder, or PostgreSQL, is too slow to say more."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The recorder refused the request: *ids* are recorded with other content, *missing* not at all."""

    ids: tuple[StatementId, ...]
    missing: tuple[StatementId, ...]


Verdict: TypeAlias = Confirmed | Unconfirmed | Conflict


class Recording:
    """Appends to the log what was admitted, and waits for the verdict; a recorder in this process finds it *remembered*."""

    def __init__(self, log: Log, progress: Progress, metrics: GatewayMetrics, remembered: Remembered | None = None) -> None:
        self._log = log
        self._remembered = remembered or Remembered(0)
        self._progress = progress
        self._metrics = metrics

    async def record(self, admitted: Admitted, traceparent: str) -> Verdict:
        """Say what became of *admitted*. Raises Unavailable where the log did not take it in time: the outcome is unknown."""
        value = encode(admitted.received)
        headers = (VERSIONED, (TRACEPARENT_HEADER, traceparent.encode()))
        if self._progress.awaited:  # else the recorder is so far behind that what is remembered would only pile up
            self._remembered.keep(await aside(len(value), tuple, admitted.candidates()))
        before = self._progress.applied
        (position,) = await self._log.append([Outgoing(RECEIVED, value, headers=headers)])
        begun = asyncio.get_running_loop().time()
        recorded = await self._recorded(position, before, admitted)
        self._metrics.wait_seconds.observe(asyncio.get_running_loop().time() - begun)
        verdict = Unconfirmed() if recorded is None else judge(admitted, recorded)
        self._count(admitted, verdict)
        return verdict

    async def _recorded(self, position: Position, before: Mapping[int, int], admitted: Admitted) -> Digests | None:
        """Wait until the recorder has passed *position*; return None where it is too slow, or PostgreSQL is.

        Where it had passed that *before* anything stood there, the topic was made anew, and it has not seen this record. Where
        nothing is known of before, nothing recorded may mean that, too.
        """
        passed = before.get(position.partition.number)
        if passed is None or position.offset >= passed:
            with suppress(Unavailable):
                recorded = await self._progress.digests(position, tuple(admitted.digests), admitted.digests)
                return recorded if passed is not None else recorded or None
        self._metrics.unawaited(Unawaited.STANDS)
        return None

    def _count(self, admitted: Admitted, verdict: Verdict) -> None:
        outcome = {Confirmed: Outcome.ACCEPTED, Unconfirmed: Outcome.UNCONFIRMED, Conflict: Outcome.CONFLICT}[type(verdict)]
        self._metrics.statements(outcome, len(admitted.digests))
        if admitted.collapsed:
            self._metrics.statements(Outcome.COLLAPSED, admitted.collapsed)


def judge(admitted: Admitted, recorded: Digests) -> Confirmed | Conflict:
    """Compare what was sent with what is *recorded*: any id missing or of other content means that the request was refused."""
    missing = tuple(identifier for identifier in admitted.digests if identifier not in recorded)
    sent = zip(admitted.digests.items(), admitted.received.statements, strict=True)
    other = tuple(
        identifier
        for (identifier, digest), statement in sent
        if identifier in recorded and not repeats(recorded[identifier], digest, bytes(statement.body))
    )
    return Conflict(other, missing) if missing or other else Confirmed()
