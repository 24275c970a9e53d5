"""Read our own record in the order of seq, in lots that are the same each time they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from services.gateway.attachments.declarations import declarations
from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.enclosed import Sha2
from services.gateway.domain.keys import Key, activity_key, agent_key, uuids, verb_key
from services.gateway.domain.query import Filters
from services.gateway.moving.lot import Lot, Moved, Wanted
from services.gateway.statements.store import StatementStore
from shared.errors import SymposiaError
from shared.postgres import Database, load_queries

MOST: Final = 500
BYTES: Final = 4 * 1024 * 1024
"""Bytes of statements in one lot, unless one statement alone has more."""
STRETCH: Final = 20_000
"""Statements that one query looks through, so that it does not take long where few of them are wanted."""

_QUERIES: Final = load_queries(__package__)


class BadPlace(SymposiaError):
    """A place to go on from is not a place in the record."""


class OurRecord:
    """The record in schema `lrs` of *database*; it is read up to its end when reading began. Raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._store = StatementStore(database)
        self._attachments = AttachmentStore(database)

    async def lots(self, wanted: Wanted, place: str) -> AsyncIterator[Lot]:
        """Yield what is *wanted* after *place*: `""`, a seq, or `<seq>-<the last seq when reading began>`. Raises BadPlace."""
        behind, end = _read(place)
        first, last = await self._store.bounds(Filters(since=wanted.since, until=wanted.until))
        end = min(end or await self._database.fetchval(_QUERIES["last_seq"]), last)
        behind = start = max(behind, first)
        keys = uuids(_keys(wanted))
        while behind < end:
            stretch = min(behind + STRETCH, end)
            rows = await self._database.fetch(_QUERIES["lot"], behind, stretch, MOST, BYTES, wanted.source, keys, end)
            behind = rows[-1]["seq"] if rows and (len(rows) == MOST or len(rows) < rows[0]["found"]) else stretch
            moved = tuple(Moved(row["body"], row["voided"], row["redacted_at"]) for row in rows)
            yield Lot(moved, f"{behind}-{end}", behind - start, end - start)

    async def attachments(self, lot: Lot) -> AsyncIterator[tuple[Sha2, bytes]]:
        """Yield, in pieces and each only once, the octets that the statements of *lot* declare and came with."""
        declared = declarations(each.body for each in lot.statements)
        if not declared:
            return
        found = await self._attachments.of_statements({identifier for identifier, _ in declared})
        once = {kept.sha2: kept for kept in found if (kept.statement, kept.sha2) in declared}
        async for kept, piece in self._attachments.octets(once[sha2] for sha2 in sorted(once)):
            yield kept.sha2, piece


def _read(place: str) -> tuple[int, int]:
    """Return the seq after which to go on, and the last seq, or 0 where that is not known yet. Raises BadPlace."""
    behind, _, end = place.partition("-")
    try:
        return int(behind or 0), int(end or 0)
    except ValueError as error:
        raise BadPlace(f"{place[:60]!r} is not a place in the record") from error


def _keys(wanted: Wanted) -> list[Key]:
    """Return the keys that statements have to mention."""
    keys: list[Key] = []
    if wanted.agent is not None:
        keys.append(agent_key(wanted.agent))
    if wanted.activity is not None:
        keys.append(activity_key(wanted.activity))
    if wanted.verb is not None:
        keys.append(verb_key(wanted.verb))
    return keys
