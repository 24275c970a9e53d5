"""Link anew what an import touched, or a batch left: in the background, in small transactions; after a crash it goes on there."""

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
from shared.bugs import Bug, harming_nobody
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
"""Bugs of a part after which statements are not looked at one by one any more: it is not they that are wrong."""


class Met(NamedTuple):
    """Statements, and the bug that linking them anew met."""

    statements: Sequence[UUID]
    reason: str


class Relinker:
    """Works through the jobs that imports and batches leave, part by part; the place behind a part is kept with what it says.

    So whoever comes after a crash goes on there, and of several processes each does what the others have not.
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
        """Look for jobs until *stop* is set; the part under way then is given up, and done by whoever comes next."""
        await until(stop, self._work())

    async def _work(self) -> None:
        """Look for jobs over and over, and wait outages out."""
        while True:
            try:
                await self.turn()
                await self._show()
            except Unavailable as outage:
                log.warning("relinking waits", part=outage.part, reason=outage.reason)
            await asyncio.sleep(PAUSE)

    async def turn(self) -> bool:
        """Go on with what is due until none of it is left, and publish what it says; say whether there was any.

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
        """Do all the jobs that there are, and what they leave, until none is left. Raises Bug where one meets it, Unavailable."""
        while job := await self._database.run(jobs.any_job):
            bug = await self._go_on(job)
            if bug is not None:
                raise Bug(f"Linking anew met an error of our own: {bug}")
        await self._publisher.drain()

    async def _go_on(self, job: Job) -> str | None:
        """Do the next part of a job, once all that was said before is published; return the bug where it meets one."""
        await self._publisher.drain()
        try:
            with harming_nobody():
                part = await self._database.run(partial(self._part, job))
        except Bug as bug:
            rest = _told(job, [str(bug)])
            await self._database.run(partial(jobs.postpone, job=job, reason=str(bug), seconds=rest))
            return str(bug)
        return await self._do(job, part)

    async def _part(self, job: Job, transaction: Transaction) -> Part:
        """Return the statements that are next in a job: CHUNK at most, but for those of so many people."""
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
        """Link a part of a job anew; statements over which that meets a bug are set aside. Return the first bug."""
        met: list[Met] = []
        try:
            with harming_nobody():
                await self._database.run(partial(self._settle, job, part))
        except Bug:
            if part.statements:
                await self._by_halves(part.statements, met)
            await self._database.run(partial(self._set_aside, job, part.reached, met))
        if part.reached is None and not met:
            log.info("linked anew", job=job.id, everything=job.everything)
        return met[0].reason if met else None

    async def _settle(self, job: Job, part: Part, transaction: Transaction) -> None:
        """Link a part of a job anew, unless somebody else did; what is more than a transaction links is left as another job."""
        await self._store.share_identities(transaction)
        if not await jobs.hold(transaction, job):
            return
        if len(part.statements) > CHUNK:
            await self._store.leave(transaction, part.statements)
        else:
            await self._link(part.statements, transaction)
        await jobs.move(transaction, job, part.reached)

    async def _by_halves(self, statements: Sequence[UUID], met: list[Met]) -> None:
        """Link statements anew, by halves where that meets a bug: what meets it alone is passed over, and told in *met*."""
        try:
            with harming_nobody():
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
        """Let a job go on without what it met a bug over, which another one tries again later; unless somebody else did."""
        await self._store.share_identities(transaction)
        if not await jobs.hold(transaction, job):
            return
        await jobs.move(transaction, job, reached)
        if met:
            rest = _told(job, [each.reason for each in met])
            statements = [statement for each in met for statement in each.statements]
            await jobs.set_aside(transaction, statements, job.failures + 1, met[0].reason, rest)

    async def _show(self) -> None:
        self._metrics.stand(await self._database.run(jobs.left))

    async def _link_alone(self, statements: Sequence[UUID], transaction: Transaction) -> None:
        await self._store.share_identities(transaction)
        await self._link(statements, transaction)

    async def _link(self, statements: Sequence[UUID], transaction: Transaction) -> None:
        """Say anew what is known of statements, while identities stay as they are."""
        await self._store.lock_artefacts(transaction, await self._store.artefacts_of(transaction, statements))
        await self._publisher.store(transaction, await self._linking.relink(transaction, set(statements)))


def rest_after(failures: int) -> float:
    """Return how many seconds to leave a job alone that failed *failures* times before, and once more."""
    return backoff(failures, first=FIRST_REST, longest=LONGEST_REST)


def _told(job: Job, reasons: Sequence[str]) -> float:
    """Log what a job met, and return for how many seconds it is left alone."""
    rest = rest_after(job.failures)
    log.error(
        "linking anew met a bug", job=job.id, bug=reasons[0], bugs=len(reasons), failures=job.failures + 1, rest=round(rest)
    )
    return rest


def _some(statements: Sequence[UUID]) -> str:
    """Name the statement, or the first of several."""
    return f"statement {statements[0]}" if len(statements) == 1 else f"{len(statements)} statements, such as {statements[0]}"
