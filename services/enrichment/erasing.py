"""Forget a person: who they are, their courses, and what statements say of them. The record has been overwritten before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from services.enrichment.jobs import CHUNK
from services.enrichment.linking import Linking
from services.enrichment.relink import Relinker
from services.enrichment.store import Store
from shared.postgres import Database, Transaction, load_queries
from shared.stream import Outgoing, PostgresLedger
from shared.stream.dead_letters import DeadLetters
from shared.stream.log import Log
from shared.stream.publisher import Publisher
from shared.xapi.erased import ERASED_IFI
from shared.xapi.model import Ifi

OWNER: Final = "erasure"
_HASH: Final = "mbox_sha1sum::"
_QUERIES: Final = load_queries(__package__)


class Held(NamedTuple):
    """How much is known of a person: statements that name them, identities, learners, enrolments."""

    interactions: int
    identities: int
    learners: int
    enrolments: int


async def survey(database: Database, identities: Sequence[Ifi], learners: Sequence[UUID]) -> Held:
    """Count what there is to forget. Raises Unavailable."""
    return Held(*(await database.fetchrow(_QUERIES["count_held"], list(identities), list(learners)) or ()))


class Erasing:
    """Forgets persons in schema `records`, which *database* is opened on, and emits the statements that this changes."""

    def __init__(self, database: Database, log: Log) -> None:
        self._database = database
        self._store = Store()
        self._linking = Linking(self._store)
        self._publisher = Publisher(owner=OWNER, log=log, ledger=PostgresLedger(database))
        self._relinker = Relinker(database, self._store, self._linking, self._publisher)

    async def erase(self, identities: Sequence[Ifi], through: int, holds: Callable[[bytes], bool]) -> None:
        """Replace *identities* by the erased person in statements up to the seq *through*.

        Dead letters are emptied where *holds* returns true for their bytes. If this is interrupted, doing it again completes it.
        Raises Unavailable, and Bug where relinking meets one.
        """
        await self._publisher.drain()
        while chunk := await self._naming(identities, through):
            await self._say(partial(self._replace, chunk, identities))
        await self._relinker.finish()
        await DeadLetters(self._database).empty(holds)

    async def forget(self, identities: Sequence[Ifi], learners: Sequence[UUID]) -> None:
        """Forget *identities*, and those *learners* who have none left, so that no other name leads to them any more.

        Statements that still name them get provisional learners. If this is interrupted, the service's relinker completes it.
        Raises Unavailable, and Bug as `erase` does.
        """
        await self._database.run(partial(self._forget, identities, learners))
        await self._relinker.finish()

    async def _naming(self, identities: Sequence[Ifi], through: int) -> list[UUID]:
        """Return the next CHUNK statements up to *through* that still name the person."""
        return [row["statement_id"] for row in await self._database.fetch(_QUERIES["naming"], list(identities), through, CHUNK)]

    async def _say(self, work: Callable[[Transaction], Awaitable[list[Outgoing]]]) -> None:
        """Do *work* in a transaction that shares identities, and publish what it returns."""

        async def whole(transaction: Transaction) -> None:
            await self._store.share_identities(transaction)
            await self._publisher.store(transaction, await work(transaction))

        await self._database.run(whole)
        await self._publisher.drain()

    async def _replace(self, chunk: Sequence[UUID], identities: Sequence[Ifi], transaction: Transaction) -> list[Outgoing]:
        """Replace the person by the erased person in the statements of *chunk*; return a message for each change."""
        await self._store.lock_artefacts(transaction, await self._store.artefacts_of(transaction, chunk))
        await self._store.wordings(transaction).lock_of(chunk)
        await self._store.hold_interactions(transaction, chunk)
        await transaction.execute(_QUERIES["erase_identities"], list(chunk), list(identities), ERASED_IFI)
        copying = await self._store.at_once(transaction, await self._store.wordings(transaction).forget(chunk))
        return await self._linking.relink(transaction, set(chunk) | copying)

    async def _forget(self, identities: Sequence[Ifi], learners: Sequence[UUID], transaction: Transaction) -> None:
        """Forget identities, and learners who have none left, under the exclusive lock; leave what names them to the relinker."""
        await self._store.hold_identities(transaction)
        rows = await transaction.fetch(_QUERIES["forget_aliases"], list(identities))
        whose = [*{row["learner"] for row in rows}, *learners]
        hashes = [each.removeprefix(_HASH) for each in identities if each.startswith(_HASH)]
        await transaction.execute(_QUERIES["forget_hash"], hashes)
        await transaction.execute(_QUERIES["forget_enrolments"], whose, list(learners))
        await transaction.execute(_QUERIES["forget_learners"], whose)
        await transaction.execute(_QUERIES["forget_jobs"], list(identities))
        if later := await self._store.by_person(transaction, identities):
            await self._store.leave(transaction, sorted(later))
