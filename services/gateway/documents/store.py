"""The documents in PostgreSQL; each change locks one row, decides and writes, so a later writer sees an earlier one's work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self, TypeAlias

from services.gateway.documents.parameters import Several, Single
from shared.aside import aside
from shared.postgres import Database, Query, Transaction, load_queries

_QUERIES: Final = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its media type, bytes, entity tag (without quotes) and when it was last changed."""

    content_type: str
    content: bytes
    etag: str
    updated_at: datetime

    @classmethod
    def of(cls, content_type: str, content: bytes, now: datetime) -> Self:
        """Return a document as it is stored at *now*; its tag is the content's SHA-1 (1.0.3 Communication §3.1)."""
        return cls(content_type, content, etag_of(content), now)


def etag_of(content: bytes) -> str:
    """Return the entity tag of *content*, without quotes."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Names:
    """The names of several documents, in their order, and when the last of them was changed."""

    names: tuple[str, ...]
    updated_at: datetime | None


Decide: TypeAlias = Callable[[Document | None], Document | None]
"""Returns what a document, or None for none, is to be replaced by; None deletes it. It raises to leave everything as it is."""


class DocumentStore:
    """Reads and changes documents. Every method raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, asked: Single) -> Document | None:
        """Return a document, if it is there."""
        row = await self._database.fetchrow(_QUERIES["one"], asked.key)
        return None if row is None else Document(*row)

    async def names(self, asked: Several) -> Names:
        """Return the names of the documents of a context."""
        return _names(await self._database.fetch(_QUERIES["names"], asked.context.key, asked.since))

    async def overwrite(self, asked: Single, document: Document) -> Document:
        """Store *document*, whatever is there, and return it; it takes a single statement, for senders without preconditions."""
        await self._database.execute(_QUERIES["overwrite"], *_identity(asked), *_values(document))
        return document

    async def replace(self, asked: Single, decide: Decide) -> Document | None:
        """Store what *decide* returns, and return it; *decide* is given the document that is there without its content."""
        return await self._change(asked, decide, _QUERIES["lock"])

    async def revise(self, asked: Single, decide: Decide) -> Document | None:
        """Store what *decide* returns, as `replace` does; *decide* is given the document with its content."""
        return await self._change(asked, decide, _QUERIES["lock_with_content"])

    async def delete_all(self, asked: Several, allow: Callable[[Names], None]) -> None:
        """Delete the documents of a context, unless *allow* raises."""

        async def work(transaction: Transaction) -> None:
            rows = await transaction.fetch(_QUERIES["lock_all"], asked.context.key)
            allow(_names([(name, updated_at) for _, name, updated_at in rows]))
            await transaction.execute(_QUERIES["delete"], [key for key, _, _ in rows])

        await self._database.run(work)

    async def _change(self, asked: Single, decide: Decide, lock: Query) -> Document | None:
        async def work(transaction: Transaction) -> Document | None:
            while True:
                row = await transaction.fetchrow(lock, asked.key)
                standing = None if row is None else Document(*row)
                wanted = await _decided(decide, standing)
                if await _written(transaction, asked, standing, wanted):
                    return wanted

        return await self._database.run(work)


async def _written(transaction: Transaction, asked: Single, standing: Document | None, wanted: Document | None) -> bool:
    """Write what is *wanted*; return False if another request has added the document meanwhile, so that it is decided again."""
    match standing, wanted:
        case None, Document():
            return bool(await transaction.fetchval(_QUERIES["insert"], *_identity(asked), *_values(wanted)))
        case Document(), Document():
            await transaction.execute(_QUERIES["update"], asked.key, *_values(wanted))
        case Document(), None:
            await transaction.execute(_QUERIES["delete"], [asked.key])
    return True


async def _decided(decide: Decide, standing: Document | None) -> Document | None:
    return await aside(len(standing.content) if standing else 0, decide, standing)


def _identity(asked: Single) -> tuple[object, ...]:
    context = asked.context
    identifiers = context.resource.value, context.activity, context.agent, context.registration
    return asked.key, context.key, *identifiers, asked.name.encode()


def _values(document: Document) -> tuple[object, ...]:
    return document.content_type, document.content, document.etag, document.updated_at


def _names(rows: Sequence[Any]) -> Names:
    return Names(tuple(name.decode() for name, _ in rows), max((at for _, at in rows), default=None))
