"""Link anew what an import touched, or a batch left: in the background, in small transactions, and again after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import CollectorRegistry

from services.enrichment import jobs
from services.enrichment.jobs import Job
from services.enrichment.linking import Linking
from services.enrichment.metrics import RelinkMetrics
from services.enrichment.store import Store
from shared.backoff import backoff
from shared.bugs import Bug, harming_nobody
from shared.errors import Unavailable
from shared.events import until
from shared.portions import portions
from shared.postgres import Database, Transaction
from shared.stream.publisher import Publisher
from shared.xapi.model import Ifi, Iri

log = structlog.get_logger()

CHUNK: Final = 200
PEOPLE: Final = 100
"""Identities whose statements are looked for at once: those of everybody are the whole record, which no query returns in time."""
PAUSE: Final = 0.5
FIRST: Final = UUID(int=0)
FIRST_REST: Final = 10.0
LONGEST_REST: Final = 3600.0
"""Seconds that a job which met a bug is left alone, at first and at most."""
MOST_SINGLED_OUT: Final = 20
"""Bugs of a job after which statements are not looked at one by one any more: it is not they that are wrong."""


class Relinker:
    """Works through the jobs that imports and batches leave; doing one twice says nothing twice, since only news is said."""

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
        """Look for jobs until *stop* is set; what is under way then is given up, and done again by whoever comes next."""
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
        """Do the jobs that are due, and publish what they say; say whether there were any, for one may leave another.

        A job that meets a bug is postponed, and the others go on. Raises Unavailable.
        """
        due = await self._database.run(jobs.due_jobs)
        for job in due:
            if await self._do(job) is not None:
                await self._show()
        return bool(due)

    async def finish(self) -> None:
        """Do all the jobs that there are, and what they leave, until none is left. Raises Bug where one meets it, Unavailable."""
        while left := await self._database.run(jobs.all_jobs):
            for job in left:
                bug = await self._do(job)
                if bug is not None:
                    raise Bug(f"Linking anew met an error of our own: {bug}")

    async def _do(self, job: Job) -> str | None:
        """Do all of a job that can be done, then forget it; where it met a bug postpone it, and return the first one."""
        met: list[str] = []
        try:
            with harming_nobody():
                async for chunk in self._chunks(job):
                    await self._relink(chunk, met)
        except Bug as bug:
            met.append(str(bug))
        if met:
            rest = rest_after(job.failures)
            failures = job.failures + 1
            log.error("linking anew met a bug", job=job.id, bug=met[0], bugs=len(met), failures=failures, pause=round(rest))
            await self._database.run(partial(jobs.postpone, job=job, reason=met[0], seconds=rest))
            return met[0]
        await self._database.run(partial(jobs.done, job=job))
        log.info("linked anew", job=job.id, everything=job.everything)
        return None

    async def _relink(self, statements: Sequence[UUID], met: list[str]) -> None:
        """Link statements anew, by halves where that meets a bug: what meets it alone is passed over, and told in *met*."""
        try:
            with harming_nobody():
                await self._database.run(partial(self._link, statements))
        except Bug as bug:
            if len(statements) == 1 or len(met) >= MOST_SINGLED_OUT:
                met.append(f"{bug}, over {_some(statements)}")
                return
        else:
            await self._publisher.drain()
            return
        middle = len(statements) // 2
        await self._relink(statements[:middle], met)
        await self._relink(statements[middle:], met)

    async def _show(self) -> None:
        self._metrics.stand(await self._database.run(jobs.left))

    async def _chunks(self, job: Job) -> AsyncIterator[Sequence[UUID]]:
        """Yield the statements that a job touches, some at a time."""
        if job.everything:
            seq = 0
            while page := await self._database.run(partial(self._after, seq)):
                yield [statement for statement, _ in page]
                seq = page[-1][1]
        for artefact in job.artefacts or ():
            async for built in self._built_on(artefact):
                yield built
        for chunk in portions(job.statements or (), CHUNK):
            yield chunk
        for identities in portions(job.identities or (), PEOPLE):
            for chunk in portions(sorted(await self._database.run(partial(self._by_person, identities))), CHUNK):
                yield chunk

    async def _built_on(self, artefact: Iri) -> AsyncIterator[Sequence[UUID]]:
        """Yield the statements that build on an artefact, some at a time."""
        last = FIRST
        while page := await self._database.run(partial(self._built_on_after, artefact, last)):
            yield page
            last = page[-1]

    async def _built_on_after(self, artefact: Iri, statement: UUID, transaction: Transaction) -> list[UUID]:
        return await self._store.built_on_after(transaction, artefact, statement, CHUNK)

    async def _by_person(self, identities: Sequence[Ifi], transaction: Transaction) -> set[UUID]:
        return await self._store.by_person(transaction, identities)

    async def _after(self, seq: int, transaction: Transaction) -> list[tuple[UUID, int]]:
        return await self._store.after(transaction, seq, CHUNK)

    async def _link(self, statements: Sequence[UUID], transaction: Transaction) -> None:
        await self._store.share_identities(transaction)
        await self._store.lock_artefacts(transaction, await self._store.artefacts_of(transaction, statements))
        await self._publisher.store(transaction, await self._linking.relink(transaction, set(statements)))


def rest_after(failures: int) -> float:
    """Return how many seconds to leave a job alone that failed *failures* times before, and once more."""
    return backoff(failures, first=FIRST_REST, longest=LONGEST_REST)


def _some(statements: Sequence[UUID]) -> str:
    """Name the statement, or the first of several."""
    return f"statement {statements[0]}" if len(statements) == 1 else f"{len(statements)} statements, such as {statements[0]}"
