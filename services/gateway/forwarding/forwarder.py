"""Send every target the statements that it lacks; each target has one sender at a time, in one of the replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog

from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.selection import Entry, select, voided_by
from services.gateway.forwarding.answers import TargetAway
from services.gateway.forwarding.lrs import Lrs, open_lrs
from services.gateway.forwarding.metrics import ForwardingMetrics, Outcome
from services.gateway.forwarding.packing import Packer
from services.gateway.forwarding.sending import batches, resend, send
from services.gateway.forwarding.store import SendingStore, Settled
from services.gateway.forwarding.target import ForwardingVault, Target, TargetName, TargetStanding
from shared.backoff import backoff
from shared.bugs import Bug, confining_bugs
from shared.clock import Clock
from shared.errors import Unavailable
from shared.events import rest
from shared.postgres import Database
from shared.vault import Sealed

LEASE_REQUESTS: Final = 7
"""Requests that have to fit into one lease: for a token and a statement, both repeated, two for a conflict, and one to spare."""
FLOOD: Final = 200
"""Statements refused in a row after which a target is paused, since then the statements are not what is wrong."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks at the targets, for one request, and for which a target that failed is left alone."""

    look: float = 1.0
    request: float = 20.0
    first_pause: float = 1.0
    longest_pause: float = 300.0

    def pause(self, failures: int, asked: float) -> float:
        """Return for how many seconds to leave a target alone that failed after *failures* failures; at least what it *asked*."""
        return max(asked, backoff(failures, first=self.first_pause, longest=self.longest_pause))


class Forwarder:
    """Runs a sender for each target that lacks statements and that no other process sends to."""

    def __init__(self, database: Database, vault: ForwardingVault, clock: Clock, metrics: ForwardingMetrics, pace: Pace) -> None:
        self._store = SendingStore(database, uuid4(), LEASE_REQUESTS * pace.request)
        self._attachments = AttachmentStore(database)
        self._vault = vault
        self._clock = clock
        self._metrics = metrics
        self._pace = pace

    async def run(self, stop: asyncio.Event) -> None:
        """Forward until *stop* is set; a request that is under way then is given up, and repeated by the next sender."""
        senders: dict[TargetName, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                for due in await self._due():
                    if due.name not in senders or senders[due.name].done():
                        senders[due.name] = group.create_task(self._serve(due), name=f"forwarding to {due.name}")
                await rest(stop, self._pace.look)
            for sender in senders.values():
                sender.cancel()

    async def _due(self) -> list[TargetStanding]:
        try:
            standings = await self._store.standings()
        except Unavailable as outage:
            log.warning("forwarding waits", part=outage.part, reason=outage.reason)
            return []
        self._metrics.show(standings)
        return [standing for standing in standings if standing.due]

    async def _serve(self, standing: TargetStanding) -> None:
        """Send a target all that it lacks, and release the claim on it."""
        name = standing.name
        try:
            await self._send_all(name, standing.failures)
        except Unavailable as outage:
            log.warning("forwarding waits", target=name, part=outage.part, reason=outage.reason)
        finally:
            with suppress(Unavailable):
                await self._store.release(name)

    async def _send_all(self, name: TargetName, failures: int) -> None:
        """Send until nothing is left or the target fails; a bug of ours counts as such a failure, so that other targets go on."""
        try:
            with confining_bugs(Sealed, TargetAway):
                target = await self._store.claim(name)
                if target is None:
                    return
                failures = target.failures
                authentication = self._vault.open_for(name, target.sealed)
                async with open_lrs(target, authentication, self._clock, self._pace.request) as lrs:
                    sender = _Sender(self._store, self._attachments, lrs, self._metrics)
                    while target is not None and await sender.turn(target):
                        failures = 0
                        target = await self._store.claim(name)
        except Bug as bug:
            log.error("forwarding met a bug", target=name, bug=str(bug))  # noqa: TRY400  the text may hold what somebody wrote
            await self._fail(name, TargetAway(f"made us meet an error of our own: {bug}"), failures)
        except Sealed as error:
            await self._fail(name, TargetAway(str(error)), failures)
        except TargetAway as away:
            await self._fail(name, away, failures)

    async def _fail(self, name: TargetName, away: TargetAway, failures: int) -> None:
        pause = self._pace.pause(failures, away.retry_after)
        self._metrics.failed(name)
        log.warning("target is away", target=name, failures=failures + 1, pause=round(pause, 1))
        await self._store.fail(name, away.reason, pause)


class _Sender:
    """Sends to one target while the claim on it lasts."""

    def __init__(self, store: SendingStore, attachments: AttachmentStore, lrs: Lrs, metrics: ForwardingMetrics) -> None:
        self._store = store
        self._attachments = attachments
        self._lrs = lrs
        self._metrics = metrics

    async def turn(self, target: Target) -> bool:
        """Send the letters that are to be sent once more, then the next page of the record; return whether there may be more.

        Raises TargetAway and Unavailable.
        """
        letters = await self._store.waiting(target.name)
        await self._resend(target, letters)
        entries = await self._store.page(target.cursor)
        if not entries:
            return bool(letters)
        voided = await self._store.by_ids(voided_by(target.selection, entries))
        selected = select(target.selection, entries, voided)
        reached = await self._send(target, selected)
        if reached is None or reached == entries[-1].seq:
            return reached is not None
        passed_over = await self._store.advance(target, reached, Settled(entries[-1].seq))
        self._metrics.settled(target.name, Outcome.PASSED_OVER, len(entries) - len(selected))
        return passed_over is not None

    async def _send(self, target: Target, entries: Sequence[Entry]) -> int | None:
        """Send *entries*; return the seq that the cursor has reached, or None where the target is no longer ours to send to."""
        cursor, failures = target.cursor, target.failures
        packer = await Packer.of(self._attachments, entries)
        for batch in batches(entries, packer.weight):
            async for settled in send(self._lrs, packer, batch, failures):
                refusals = await self._store.advance(target, cursor, settled)
                if refusals is None:
                    return None
                cursor, failures = settled.last, 0
                self._count(target.name, settled)
                if settled.refusals and refusals >= FLOOD:
                    await self._store.flooded(target.name, _flood(target.name, refusals, settled.refusals[0].status))
                    return None
        return cursor

    async def _resend(self, target: Target, letters: Sequence[Entry]) -> None:
        packer = await Packer.of(self._attachments, letters)
        async for settled in resend(self._lrs, packer, letters):
            await self._store.settle_letters(target.name, settled)
            self._count(target.name, settled)

    def _count(self, name: TargetName, settled: Settled) -> None:
        self._metrics.settled(name, Outcome.FORWARDED, len(settled.delivered))
        self._metrics.settled(name, Outcome.REFUSED, len(settled.refusals))


def _flood(name: TargetName, refusals: int, status: int) -> str:
    """Say that a target refuses everything, without its own words: they may quote a statement that is redacted later."""
    return f"{refusals} statements in a row were refused, with {status}: `symposia forwarding letters {name}` says why"
