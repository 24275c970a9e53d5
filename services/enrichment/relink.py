"""Links anew what an import touched, or a batch left: in the background, in small transactions, and again after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from services.enrichment.linking import Linking
from services.enrichment.store import Job, Store
from shared.errors import Unavailable
from shared.events import until
from shared.postgres import Database, Transaction
from shared.stream.publisher import Publisher
from shared.xapi.model import Ifi, Iri

log = structlog.get_logger()

CHUNK: Final = 200
PAUSE: Final = 0.5
FIRST: Final = UUID(int=0)


class Relinker:
    """Works through the jobs that imports and batches leave; doing one twice says nothing twice, since only news is said."""

    def __init__(self, database: Database, store: Store, linking: Linking, publisher: Publisher[Transaction]) -> None:
        self._database = database
        self._store = store
        self._linking = linking
        self._publisher = publisher

    async def run(self, stop: asyncio.Event) -> None:
        """Look for jobs until *stop* is set; what is under way then is given up, and done again by whoever comes next."""
        await until(stop, self._work())

    async def _work(self) -> None:
        """Look for jobs over and over, and wait outages out."""
        while True:
            try:
                await self.turn()
            except Unavailable as outage:
                log.warning("relinking waits", part=outage.part, reason=outage.reason)
            await asyncio.sleep(PAUSE)

    async def turn(self) -> bool:
        """Do the jobs that there are, and publish what they say; say whether there were any, for one may leave another."""
        jobs = await self._database.run(self._store.jobs)
        for job in jobs:
            async for chunk in self._chunks(job):
                await self._database.run(partial(self._relink, chunk))
                await self._publisher.drain()
            await self._database.run(partial(self._done, job.id))
            log.info("linked anew", job=job.id, everything=job.everything)
        return bool(jobs)

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
        touched = job.statements or sorted(await self._database.run(partial(self._by_person, job.identities or ())))
        for start in range(0, len(touched), CHUNK):
            yield touched[start : start + CHUNK]

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

    async def _done(self, job: int, transaction: Transaction) -> None:
        await self._store.done(transaction, job)

    async def _relink(self, statements: Sequence[UUID], transaction: Transaction) -> None:
        await self._store.share_identities(transaction)
        await self._store.lock_artefacts(transaction, await self._store.artefacts_of(transaction, statements))
        await self._publisher.store(transaction, await self._linking.relink(transaction, set(statements)))
