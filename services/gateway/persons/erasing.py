"""Erase a person from everything that the LRS holds, and emit the statements that are overwritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from services.gateway.domain.keychain import Keychain
from services.gateway.persons import letters, store
from services.gateway.persons.person import Person
from services.gateway.persons.record import RecordErasure
from shared.errors import SymposiaError
from shared.postgres import Database, Transaction
from shared.stream import PostgresLedger
from shared.stream.log import Log
from shared.stream.publisher import Publisher

OWNER: Final = "erasure"
"""The owner of erasure's rows in the outbox; the gateway publishes those that a command left there when it died."""


class StillVouches(SymposiaError):
    """The person is the authority of keys that are in use; the message names them."""

    def __init__(self, key_ids: list[str]) -> None:
        super().__init__(f"The person vouches for what is sent with {', '.join(key_ids)}: `symposia credential revoke` first")


class Held(NamedTuple):
    """How many statements, documents, dead letters and outbox rows hold a person, who is the actor of *acted* statements."""

    statements: int
    acted: int
    documents: int
    letters: int
    outbox_rows: int


def publisher_of(database: Database, log: Log) -> Publisher[Transaction]:
    """Return the publisher that emits overwritten statements again."""
    return Publisher(owner=OWNER, log=log, ledger=PostgresLedger(database))


async def survey(database: Database, person: Person) -> Held:
    """Count what there is to erase. Raises Unavailable."""
    counts = await store.count_statements(database, person.keys)
    documents = await store.count_documents(database, person.identities)
    waiting = [each async for each in letters.letters(database, person)]
    rows = [each async for each in letters.outbox_rows(database, person)]
    return Held(*counts, documents, len(waiting), len(rows))


async def refuse_vouching(database: Database, person: Person) -> None:
    """Raise StillVouches where *person* is the authority of keys that are in use. Raises Unavailable."""
    if vouching := await store.vouching(database, person.identities):
        raise StillVouches(vouching)


class Erasing:
    """Erases persons from schema `lrs` of *database*."""

    def __init__(self, database: Database, log: Log, keychain: Keychain) -> None:
        self._database = database
        self._publisher = publisher_of(database, log)
        self._keychain = keychain

    async def erase(self, person: Person, reason: str, tell: Callable[[int], None]) -> store.Begun:
        """Erase *person*; *reason* goes into the audit, and *tell* hears after each page how many of their statements it had.

        If this is interrupted, doing it again completes it; doing it twice changes nothing. Raises StillVouches, Unavailable.
        """
        await refuse_vouching(self._database, person)
        erasure = RecordErasure(self._database, self._publisher, self._keychain, person)
        await self._publisher.drain()
        begun = await erasure.begin()
        async for count in erasure.run(begun):
            tell(count)
        await letters.erase_waiting(self._database, person)
        await store.forget_beside(self._database, person.identities, person.keys)
        await self._database.run(lambda transaction: _finish(transaction, begun, reason))
        return begun


async def _finish(transaction: Transaction, begun: store.Begun, reason: str) -> None:
    finished_at: datetime = await store.finish(transaction, begun)
    await store.audit(transaction, "erase", finished_at, reason)
