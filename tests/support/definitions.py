"""The definitions of a record on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.gateway.definitions.handler import Definitions
from services.gateway.domain.definitions import Leaves, definition, merged, pack, said_by, sayings, unpack
from services.gateway.domain.keys import Key, activity_key
from shared.contracts import RECORDED
from shared.postgres import Database
from shared.stream import Batch, Decision, Outgoing, Partition, Record

PARTITION = Partition(RECORDED.name, 0)
TABLE: Any = "SELECT uuid_send(key) AS key, leaves FROM definition"
RECORD: Any = "SELECT seq, voided OR NOT defines, body FROM statement ORDER BY seq"


def heard(*said: Outgoing | bytes, offset: int = 0) -> Batch:
    """Return one batch of what was *said*."""
    values = [each if isinstance(each, bytes) else each.value for each in said]
    return Batch(PARTITION, tuple(Record(PARTITION, offset + place, None, value) for place, value in enumerate(values)))


async def hear(database: Database, *said: Outgoing | bytes) -> Decision:
    """Let the definitions hear what was *said*, as one batch."""
    async with database.transaction() as transaction:
        return await Definitions()(heard(*said), transaction)


async def hear_in(database: Database, said: Sequence[Outgoing], sizes: Sequence[int]) -> None:
    """Let the definitions hear what was *said*, in batches of these sizes, over and over."""
    rest, turn = list(said), 0
    while rest:
        size = sizes[turn % len(sizes)]
        decision = await hear(database, *rest[:size])
        assert not decision.rejections
        rest, turn = rest[size:], turn + 1


async def table(database: Database) -> dict[Key, bytes]:
    """Return the table, byte for byte."""
    return {Key(key): leaves for key, leaves in await database.fetch(TABLE)}


async def expected(database: Database) -> dict[Key, bytes]:
    """Say by the rule alone what the table holds: of each leaf, what the last statement says that is not void and may define."""
    known: dict[Key, Leaves] = {}
    for seq, silent, body in await database.fetch(RECORD):
        for key, saying in () if silent else sayings(body).items():
            known[key] = merged(known.get(key, {}), said_by(seq, saying))
    return {key: pack(leaves) for key, leaves in known.items() if leaves}


async def definition_of(database: Database, iri: str) -> bytes | None:
    """Return the definition of the activity *iri* in the table."""
    packed = (await table(database)).get(activity_key(iri))
    return None if packed is None else definition(unpack(packed))
