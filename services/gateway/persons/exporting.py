"""Export what the LRS holds on a person, byte by byte as it is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.gateway.attachments.store import AttachmentStore, Kept
from services.gateway.domain.erasure import erase
from services.gateway.persons import store
from services.gateway.persons.person import Person
from services.gateway.persons.store import QUERIES, SWEPT, Found
from shared.contracts.wire import LAST_ORDINAL
from shared.postgres import Database
from shared.xapi.model import StatementId


class Document(NamedTuple):
    """A document as it is stored; *name* is its stateId or profileId."""

    resource: str
    activity: str | None
    agent: str
    registration: UUID | None
    name: bytes
    content_type: str
    updated_at: datetime
    content: bytes


class Named(NamedTuple):
    """A statement in which the person occurs; *own* says whether as its actor."""

    found: Found
    own: bool


class Exporting:
    """Reads what schema `lrs` of *database* holds on *person*. Every method raises Unavailable."""

    def __init__(self, database: Database, person: Person) -> None:
        self._database = database
        self._person = person
        self._attachments = AttachmentStore(database)

    async def statements(self) -> AsyncIterator[Named]:
        """Yield the statements in which the person occurs; those that name them only in extensions come last."""
        seen: set[int] = set()
        behind = 0
        while page := await store.mentioning(self._database, self._person.keys, behind):
            behind = page[-1].seq
            for named in filter(None, map(self._named, page)):
                seen.add(named.found.seq)
                yield named
        async for found in self._others():
            named_otherwise = self._named(found)
            if named_otherwise and found.seq not in seen:
                yield named_otherwise

    async def documents(self) -> AsyncIterator[Document]:
        """Yield the person's documents, one at a time."""
        keys = await self._database.fetch(QUERIES["document_keys"], list(self._person.identities))
        for (key,) in keys:
            row = await self._database.fetchrow(QUERIES["document"], key)
            if row is not None:
                yield Document(*row)

    async def attachments(self, statements: Sequence[str]) -> AsyncIterator[tuple[Kept, bytes]]:
        """Yield, in pieces and each only once, the octets that came with the *statements*, given by their ids."""
        found = await self._attachments.of_statements(map(StatementId, statements))
        once = {kept.sha256: kept for kept in found}
        async for kept, piece in self._attachments.octets(once.values()):
            yield kept, piece

    async def readers(self) -> list[dict[str, Any]]:
        """Return who has read the person's impact, when, and for which purpose."""
        return [dict(row) for row in await self._database.fetch(QUERIES["readers"], list(self._person.learners))]

    def _named(self, found: Found) -> Named | None:
        left = erase(found.body, self._person.keys.__contains__)
        return None if left is None else Named(found, own=not left.names_only)

    async def _others(self) -> AsyncIterator[Found]:
        last = int(await self._database.fetchval(QUERIES["last_seq"]))
        for behind in range(0, last, SWEPT):
            seqs = await store.containing(self._database, self._person.texts, behind, min(behind + SWEPT, LAST_ORDINAL))
            for seq in seqs:
                row = await self._database.fetchrow(QUERIES["found"], seq)
                if row is not None:
                    yield Found(*row)
