"""Relink in the background what imports and batches left to do, in small transactions; a crash costs only the part under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry

from services.enrichment import jobs
from services.enrichment.jobs import CHUNK, Job, Part, Reached
from services.enrichment.linking import Linking
from services.enrichment.metrics import RelinkMetrics
from services.enrichment.store import Store
from shared.backoff import backoff
from shared.bugs import Bug, confining_bugs
from shared.errors import Unavailable
from shared.events import until
from shared.postgres import Database, Transaction
from shared.stream.publisher import Publisher

log = structlog.get_logger()

PAUSE: Final = 0.5
FIRST_REST: Final = 10.0
LONGEST_REST: Final = 3600.0
"""Seconds that a job which met a bug is left alone, at first and at most."""
MOST_SINGLED_OUT: Final = 20
"""Bugs in one part after which its statements are no longer tried one by one: then the fault lies elsewhere."""


class Met(NamedTuple):
    """Statements, and the bug that was met in relinking them."""

    statements: Sequence[UUID]
    reason: str


class Relinker:
    """Works through the jobs that imports and batches leave, part by part.

    How far a job has come is committed together with what its last part says. So work goes on from there after a crash, and
    several processes share the parts of a job.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        linking: Linking,
        publisher: Publisher[Transaction],
        metrics: RelinkMetrics | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._linking = linking
        self._publisher = publisher
        self._metrics = metrics or RelinkMetrics(CollectorRegistry())

    async def run(self, stop: asyncio.Event) -> None:
        """Look for jobs until *stop* is set; the part that is under way then is given up, and another process does it later."""
        await until(stop, self._work())

    async def _work(self) -> None:
        """Look for jobs over and over, and wait for the end of outages."""
        while True:
            try:
                await self.turn()
                await self._show()
            except Unavailable as outage:
                log.warning("relinking waits", part=outage.part, reason=outage.reason)
            await asyncio.sleep(PAUSE)

    async def turn(self) -> bool:
        """Do the jobs that are due and publish what they say; return whether there were any.

        A job that meets a bug is postponed, and the others go on. Raises Unavailable.
        """
        some = False
        while job := await self._database.run(jobs.due_job):
            await self._go_on(job)
            await self._show()
            some = True
        if some:
            await self._publisher.drain()
        return some

    async def finish(self) -> None:
        """Do all jobs, due or not, and those that they leave in turn. Raises Bug for the first that is met, and Unavailable."""
        while job := await self._database.run(jobs.any_job):
            bug = await self._go_on(job)
            if bug is not None:
                raise Bug(f"Relinking met a bug in our code: {bug}")
        await self._publisher.drain()

    async def _go_on(self, job: Job) -> str | None:
        """Do the next part of a job, after publishing what was said before; return the reason of the first bug, if any."""
        await self._publisher.drain()
        try:
            with confining_bugs():
                part = await self._database.run(partial(self._part, job))
        except Bug as bug:
            rest = rest_after(job.failures)
            _log_bugs(job, [str(bug)], rest)
            await self._database.run(partial(jobs.postpone, job=job, reason=str(bug), seconds=rest))
            return str(bug)
        return await self._do(job, part)

    async def _part(self, job: Job, transaction: Transaction) -> Part:
        """Return the statements that are next in a job: at most CHUNK, except that identities may stand in more."""
        if job.identities is not None:
            return Part(sorted(await self._store.by_person(transaction, job.identities)), job.past(len(job.identities)))
        if job.statements is not None:
            return Part(job.statements, job.past(len(job.statements)))
        if job.artefacts is not None:
            built = await self._store.built_on_after(transaction, job.artefacts[0], job.behind, CHUNK) if job.artefacts else []
            return Part(built, Reached(job.at, built[-1]) if len(built) == CHUNK else job.past(1))
        page = await self._store.after(transaction, job.at, CHUNK)
        return Part([statement for statement, _ in page], Reached(page[-1][1]) if len(page) == CHUNK else None)

    async def _do(self, job: Job, part: Part) -> str | None:
        """Relink a part of a job, and set statements aside that meet a bug; return the reason of the first bug, if any."""
        met: list[Met] = []
        try:
            with confining_bugs():
                await self._database.run(partial(self._settle, job, part))
        except Bug:
            if part.statements:
                await self._by_halves(part.statements, met)
            await self._database.run(partial(self._set_aside, job, part.reached, met))
        if part.reached is None and not met:
            log.info("linked anew", job=job.id, everything=job.everything)
        return met[0].reason if met else None

    async def _settle(self, job: Job, part: Part, transaction: Transaction) -> None:
        """Relink a part of a job, unless another process has; a part of more than CHUNK statements becomes a job of its own."""
        await self._store.share_identities(transaction)
        if not await jobs.hold(transaction, job):
            return
        if len(part.statements) > CHUNK:
            await self._store.leave(transaction, part.statements)
        else:
            await self._link(part.statements, transaction)
        await jobs.move(transaction, job, part.reached)

    async def _by_halves(self, statements: Sequence[UUID], met: list[Met]) -> None:
        """Relink statements, by halves where that meets a bug; add to *met* those that are passed over because they still do."""
        try:
            with confining_bugs():
                await self._database.run(partial(self._link_alone, statements))
        except Bug as bug:
            if len(statements) == 1 or len(met) >= MOST_SINGLED_OUT:
                met.append(Met(statements, f"{bug}, over {_some(statements)}"))
                return
        else:
            return
        middle = len(statements) // 2
        await self._by_halves(statements[:middle], met)
        await self._by_halves(statements[middle:], met)

    async def _set_aside(self, job: Job, reached: Reached | None, met: Sequence[Met], transaction: Transaction) -> None:
        """Move a job past a part and leave the statements that *met* a bug to another job, unless another process has done so."""
        await self._store.share_identities(transaction)
        if not await jobs.hold(transaction, job):
            return
        await jobs.move(transaction, job, reached)
        if met:
            rest = rest_after(job.failures)
            _log_bugs(job, [each.reason for each in met], rest)
            statements = [statement for each in met for statement in each.statements]
            await jobs.set_aside(transaction, statements, job.failures + 1, met[0].reason, rest)

    async def _show(self) -> None:
        self._metrics.show(await self._database.run(jobs.left))

    async def _link_alone(self, statements: Sequence[UUID], transaction: Transaction) -> None:
        await self._store.share_identities(transaction)
        await self._link(statements, transaction)

    async def _link(self, statements: Sequence[UUID], transaction: Transaction) -> None:
        """Relink statements and store what is news; the transaction shares identities already."""
        await self._store.lock_artefacts(transaction, await self._store.artefacts_of(transaction, statements))
        await self._publisher.store(transaction, await self._linking.relink(transaction, set(statements)))


def rest_after(failures: int) -> float:
    """Return for how many seconds to leave a job alone that failed just now, after *failures* failures before."""
    return backoff(failures, first=FIRST_REST, longest=LONGEST_REST)


def _log_bugs(job: Job, reasons: Sequence[str], rest: float) -> None:
    """Log the bugs that a job met, and for how many seconds it is left alone."""
    log.error(
        "linking anew met a bug", job=job.id, bug=reasons[0], bugs=len(reasons), failures=job.failures + 1, rest=round(rest)
    )


def _some(statements: Sequence[UUID]) -> str:
    """Name the statement, or the first of several."""
    return f"statement {statements[0]}" if len(statements) == 1 else f"{len(statements)} statements, such as {statements[0]}"
