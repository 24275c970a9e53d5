"""The tables of definitions: what a batch changes under the locks of what it changes, and what of the record it is made from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from services.gateway.domain.definitions import Leaves, Saying, Unreadable, pack, sayings, unpack
from services.gateway.domain.keys import Key
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

PAGE: Final = 64
"""Statements that one look into the record takes."""
_QUERIES: Final = load_queries(__package__)
_LAST: Final = 2**63 - 1


class Row(NamedTuple):
    """A statement of the record; *final* where it was voided or redacted, and so says less than may have been heard of it."""

    id: StatementId
    seq: int
    voided: bool
    final: bool
    body: bytes


async def relax(transaction: Transaction) -> None:
    """Let *transaction* commit without waiting for the disk."""
    await transaction.execute(_QUERIES["relax"])


async def statements(ids: Collection[StatementId], transaction: Transaction) -> list[Row]:
    """Return those of the statements *ids* that are in the record, as it holds them now."""
    return [Row(*row) for row in await transaction.fetch(_QUERIES["statements"], list(ids))]


async def read(keys: Iterable[Key], transaction: Transaction) -> dict[Key, Leaves]:
    """Return what is known of the things *keys*."""
    rows = await transaction.fetch(_QUERIES["read"], _uuids(keys))
    return {Key(key): unpack(leaves) for key, leaves in rows}


async def lock(said: Mapping[Key, Leaves], transaction: Transaction) -> frozenset[Key]:
    """Lock what is known of the things in *said*, and insert it where nothing is; return what was inserted."""
    rows = await transaction.fetch(_QUERIES["lock"], *_columns(said))
    return frozenset(Key(key) for (key,) in rows)


async def write(leaves: Mapping[Key, Leaves], transaction: Transaction) -> None:
    """Write *leaves* as what is known of things that are locked; a thing without any is forgotten."""
    known = {key: value for key, value in leaves.items() if value}
    if known:
        await transaction.execute(_QUERIES["write"], *_columns(known))
    if len(known) < len(leaves):
        await transaction.execute(_QUERIES["drop"], _uuids(leaves.keys() - known.keys()))


async def told(key: Key, transaction: Transaction, *, below: int) -> AsyncIterator[tuple[int, Saying]]:
    """Yield what each statement with a seq *below* that says of the thing *key*, with its seq, the newest first."""
    while True:
        rows = await transaction.fetch(_QUERIES["mentioning"], key.hex(), below, PAGE)
        for seq, voided, body in rows:
            if not voided:
                yield seq, _saying(key, body)
        if len(rows) < PAGE:
            return
        below = rows[-1]["seq"]


async def forget(database: Database) -> None:
    """Forget all definitions, for a replay to make them again. Raises Unavailable."""
    await database.execute(_QUERIES["forget"])


class DefinitionStore:
    """The reading side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, key: Key) -> tuple[Leaves, list[tuple[int, Saying]]]:
        """Return what is known of the thing *key*, and what the newest statements say of it, which may not be part of that yet.

        Raises Unavailable.
        """
        known = await self.several([key])
        rows = await self._database.fetch(_QUERIES["mentioning"], key.hex(), _LAST, PAGE)
        return known.get(key, {}), [(seq, _saying(key, body)) for seq, voided, body in rows if not voided]

    async def several(self, keys: Iterable[Key]) -> dict[Key, Leaves]:
        """Return what is known of the things *keys*. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["read"], _uuids(keys))
        return {Key(key): unpack(leaves) for key, leaves in rows}


def _saying(key: Key, body: bytes) -> Saying:
    """Return what the statement *body* says of the thing *key*: nothing where it cannot be read."""
    try:
        return sayings(body).get(key, {})
    except Unreadable:
        return {}


def _columns(rows: Mapping[Key, Leaves]) -> tuple[list[str], list[bytes]]:
    """Turn *rows* into the columns that `unnest` takes."""
    return _uuids(rows), [pack(leaves) for leaves in rows.values()]


def _uuids(keys: Iterable[Key]) -> list[str]:
    """Write *keys* as the uuids that PostgreSQL knows them by."""
    return [key.hex() for key in keys]
