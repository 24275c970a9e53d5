"""The tables of definitions, as the consumer and the doors use them, and the statements that they are made from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from services.gateway.domain.definitions import Leaves, Saying, pack, saying, unpack
from services.gateway.domain.keys import Key, uuids
from shared.contracts.wire import LAST_ORDINAL
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

PAGE: Final = 64
"""Statements that one search of the record returns at most."""
PAGE_BYTES: Final = 4 * 1024 * 1024
"""Bytes after which it returns no further statement, since senders choose how long statements are."""
_QUERIES: Final = load_queries(__package__)


class Row(NamedTuple):
    """A statement of the record.

    *silent* says that it defines nothing, since it was voided or its sender may not define. *taken_back* says that it was voided
    or redacted, and so may say less than before.
    """

    id: StatementId
    seq: int
    silent: bool
    taken_back: bool
    body: bytes


async def lock(transaction: Transaction) -> None:
    """Keep other writers of definitions waiting until *transaction* ends, which commits without waiting for the disk."""
    await transaction.execute(_QUERIES["lock"])


async def statements(ids: Collection[StatementId], transaction: Transaction) -> list[Row]:
    """Return those of the statements *ids* that are recorded, as the record holds them now, the newest first."""
    return [Row(*row) for row in await transaction.fetch(_QUERIES["statements"], list(ids))]


async def read(keys: Iterable[Key], transaction: Transaction) -> dict[Key, Leaves]:
    """Return what is known of the activities *keys*."""
    rows = await transaction.fetch(_QUERIES["read"], uuids(keys))
    return {Key(key): unpack(leaves) for key, leaves in rows}


async def write(leaves: Mapping[Key, Leaves], transaction: Transaction) -> None:
    """Store *leaves* as what is known of activities; an activity without any is deleted."""
    known = {key: value for key, value in leaves.items() if value}
    if known:
        await transaction.execute(_QUERIES["write"], uuids(known), list(map(pack, known.values())))
    if len(known) < len(leaves):
        await transaction.execute(_QUERIES["drop"], uuids(leaves.keys() - known.keys()))


async def told(key: Key, transaction: Transaction, *, below: int) -> AsyncIterator[tuple[int, Saying]]:
    """Yield what each statement before the seq *below* says of the activity *key*, with its own seq, from the newest."""
    while True:
        rows = await transaction.fetch(_QUERIES["mentioning"], key.hex(), below, PAGE, PAGE_BYTES)
        for seq, silent, body in rows:
            if not silent:
                yield seq, saying(body, key)
        if len(rows) < PAGE and sum(len(body) for _, _, body in rows) < PAGE_BYTES:
            return
        below = rows[-1]["seq"]


async def forget(database: Database) -> None:
    """Delete all definitions, for a replay to make them again. Raises Unavailable."""
    await database.execute(_QUERIES["forget"])


class DefinitionStore:
    """Definitions, as the doors read them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def several(self, keys: Iterable[Key]) -> dict[Key, Leaves]:
        """Return what is known of the activities *keys*. Raises Unavailable."""
        rows = await self._database.fetch(_QUERIES["read"], uuids(keys))
        return {Key(key): unpack(leaves) for key, leaves in rows}

    async def newest(self, key: Key) -> list[tuple[int, bytes]]:
        """Return seq and bytes of the newest statements that name the activity or agent *key* and are not silent.

        Raises Unavailable.
        """
        rows = await self._database.fetch(_QUERIES["mentioning"], key.hex(), LAST_ORDINAL, PAGE, PAGE_BYTES)
        return [(seq, body) for seq, silent, body in rows if not silent]
