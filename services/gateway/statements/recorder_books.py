"""The recorder's books in PostgreSQL: its offset rows, and the digests of the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from services.gateway.statements.progress import Digests
from services.gateway.statements.store import StatementStore
from shared.contracts import RECEIVED
from shared.postgres import Database, load_queries
from shared.xapi.model import StatementId

_QUERIES: Final = load_queries(__package__, "progress.sql")


class PostgresRecorderBooks:
    """The books of the recorder, which is the consumer group *group*. Raises Unavailable."""

    def __init__(self, database: Database, store: StatementStore, group: str) -> None:
        self._database = database
        self._store = store
        self._group = group

    async def applied(self) -> Mapping[int, int]:
        """Return for each partition of `received` the offset that the recorder applies next."""
        rows = await self._database.fetch(_QUERIES["applied"], self._group, RECEIVED.name)
        return {row["partition"]: row["next_offset"] for row in rows}

    async def digests(self, ids: Sequence[StatementId]) -> Digests:
        """Return the digest of each of *ids* that is recorded."""
        return await self._store.digests(ids)
