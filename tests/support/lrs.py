"""A recorder on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec

from services.gateway.recorder import Recorder
from services.gateway.statements.store import StatementStore
from shared.contracts import Received, Recorded, decode
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.stream import Decision
from tests.support.received import batch


class Lrs(NamedTuple):
    """The record, its recorder, and its readers."""

    database: Database
    recorder: Recorder
    store: StatementStore

    async def take(self, *values: Received | bytes) -> Decision:
        """Record *values* as one batch."""
        async with self.database.transaction() as transaction:
            return await self.recorder(batch(*values), transaction)

    async def rows(self) -> list[Mapping[str, Any]]:
        """Return the record in order of seq."""
        return [dict(row) for row in await self.database.fetch(ALL)]


ALL: Any = "SELECT * FROM statement ORDER BY seq"


@asynccontextmanager
async def open_lrs(settings: PostgresSettings) -> AsyncIterator[Lrs]:
    """Open the record at *settings*."""
    database = await Database.open(settings, schema="lrs", application="test")
    try:
        yield Lrs(database, Recorder(), StatementStore(database))
    finally:
        await database.close()


def said(decision: Decision) -> list[Recorded]:
    """Return what *decision* says on."""
    return [decode(outgoing.value, Recorded) for outgoing in decision.outgoing]


def body(message: Recorded) -> dict[str, Any]:
    """Return the statement in *message*."""
    statement: dict[str, Any] = msgspec.json.decode(message.statement)
    return statement
