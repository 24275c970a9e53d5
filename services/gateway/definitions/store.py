"""The tables of definitions: what a batch changes under the locks of what it changes, and what of the record it is made from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from services.gateway.domain.definitions import Leaves, Saying, pack, saying, unpack
from services.gateway.domain.keys import Key, uuids
from shared.contracts.wire import LAST_ORDINAL
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

PAGE: Final = 64
"""Statements that one look into the record takes."""
PAGE_BYTES: Final = 4 * 1024 * 1024
"""It takes no further one where it has so many bytes: senders choose how long statements are."""
_QUERIES: Final = load_queries(__package__)


class Row(NamedTuple):
    """A statement of the record.

    *silent* where it says nothing of what it names: voided, or sent by who may not define. *taken_back* where it was voided or
    redacted, and so says less than it may have said when it was heard before.
    """

    id: StatementId
    seq: int
    silent: bool
    taken_back: bool
    body: bytes


async def lock(transaction: Transaction) -> None:
    """Hold every other writer of definitions off until *transaction* ends, which commits without waiting for the disk."""
    await transaction.execute(_QUERIES["lock"])


async def statements(ids: Collection[StatementId], transaction: Transaction) -> list[Row]:
    """Return those of the statements *ids* that are in the record, as it holds them now, the newest first."""
    return [Row(*row) for row in await transaction.fetch(_QUERIES["statements"], list(ids))]


async def read(keys: Iterable[Key], transaction: Transaction) -> dict[Key, Leaves]:
    """Return what is known of the activities *keys*."""
    rows = await transaction.fetch(_QUERIES["read"], uuids(keys))
    return {Key(key): unpack(leaves) for key, leaves in rows}


async def write(leaves: Mapping[Key, Leaves], transaction: Transaction) -> None:
    """Write *leaves* as what is known of activities; one without any is forgotten."""
    known = {key: value for key, value in leaves.items() if value}
    if known:
        await transaction.execute(_QUERIES["write"], uuids(known), list(map(pack, known.values())))
    if len(known) < len(leaves):
        await transaction.execute(_QUERIES["drop"], uuids(leaves.keys() - known.keys()))


async def told(key: Key, transaction: Transaction, *, below: int) -> AsyncIterator[tuple[int, Saying]]:
    """Yield what each statement with a seq *below* that says of the activity *key*, with its seq, the newest first."""
    while True:
        rows = await transaction.fetch(_QUERIES["mentioning"], key.hex(), below, PAGE, PAGE_BYTES)
        for seq, silent, body in rows:
            if not silent:
                yield seq, saying(body, key)
        if len(rows) < PAGE and sum(len(body) for _, _, body in rows) < PAGE_BYTES:
            return
        below = rows[-1]["seq"]


async def forget(database: Database) -> None:
    """Forget all definitions, for a replay to make them again. Raises Unavailable."""
    await database.execute(_QUERIES["forget"])


class DefinitionStore:
    """The reading side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def several(self, keys: Iterable[Key]) -> dict[Key, Leaves]:
        """Return what is known of the activities *keys*. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["read"], uuids(keys))
        return {Key(key): unpack(leaves) for key, leaves in rows}

    async def newest(self, key: Key) -> list[tuple[int, bytes]]:
        """Return the newest statements that name the activity or agent *key*, but for silent ones, by seq. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["mentioning"], key.hex(), LAST_ORDINAL, PAGE, PAGE_BYTES)
        return [(seq, body) for seq, silent, body in rows if not silent]
