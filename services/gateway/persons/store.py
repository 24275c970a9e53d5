"""The queries of erasing, each as a function; naming, letters and exporting run theirs themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from services.gateway.domain.erasure import Erased
from services.gateway.domain.keys import Key, agent_key, uuids
from services.gateway.recorder.messages import RecordedRow
from shared.contracts.wire import LAST_ORDINAL
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.erased import ERASED, ERASED_IFI
from shared.xapi.model import Ifi

QUERIES: Final = load_queries(__package__)
PAGE_STATEMENTS: Final = 250
"""Statements that are overwritten while the recorder waits, for one or two tenths of a second."""
PAGE_BYTES: Final = 4 * 1024 * 1024
SWEPT: Final = 20_000
"""Statements that one query searches."""

_ERASED_KEY: Final = agent_key(ERASED_IFI)


class Begun(NamedTuple):
    """An erasure that has begun, of what was received until *erased_at* or recorded up to *through_seq*."""

    id: int
    erased_at: datetime
    through_seq: int


class Found(NamedTuple):
    """A statement of the record; *body* is as it is stored."""

    seq: int
    id: str
    body: bytes


class StatementCounts(NamedTuple):
    """In how many statements somebody occurs, and in how many of these as the actor."""

    statements: int
    acted: int


async def begin(transaction: Transaction, digests: Collection[bytes]) -> Begun:
    """Note an erasure of the person whose keys have these *digests*; the caller holds the recorder's lock."""
    begun = Begun(*(await transaction.fetchrow(QUERIES["begin"], list(digests)) or ()))
    await remember(transaction, begun, digests)
    return begun


async def remember(transaction: Transaction, begun: Begun, digests: Collection[bytes]) -> None:
    """Make the recorder erase what has these *digests* from statements received until the erasure began."""
    await transaction.execute(QUERIES["remember"], list(digests), begun.erased_at)


async def count_statements(database: Database, keys: Iterable[Key]) -> StatementCounts:
    """Count the statements that mention *keys* themselves."""
    return StatementCounts(*(await database.fetchrow(QUERIES["count_statements"], uuids(keys)) or ()))


async def mentioning(database: Database, keys: Iterable[Key], behind: int, last: int = LAST_ORDINAL) -> list[Found]:
    """Return the next page of statements after the seq *behind* that mention *keys*, directly, by reference or otherwise."""
    rows = await database.fetch(QUERIES["mentioning"], uuids(keys), behind, last, PAGE_STATEMENTS, PAGE_BYTES)
    return [Found(*row) for row in rows]


async def containing(database: Database, texts: Sequence[tuple[bytes, bytes]], behind: int, last: int) -> list[int]:
    """Return the seqs, after *behind* and up to *last*, of the statements that hold both texts of any pair of *texts*."""
    rows = await database.fetch(QUERIES["containing"], behind, last, [one for one, _ in texts], [other for _, other in texts])
    return [seq for (seq,) in rows]


async def hold(transaction: Transaction, seqs: Sequence[int], begun: Begun) -> list[tuple[int, bytes]]:
    """Return seq and bytes of those statements *seqs* that the erasure is about; the caller holds the recorder's lock."""
    rows = await transaction.fetch(QUERIES["hold"], list(seqs), begun.erased_at, begun.through_seq)
    return [(seq, body) for seq, body in rows]


async def overwrite(transaction: Transaction, erased: Sequence[tuple[int, Erased]], begun: Begun) -> list[RecordedRow]:
    """Overwrite statements, given by seq, with what is left of them; return them as they are then."""
    if not erased:
        return []
    columns = [seq for seq, _ in erased], [each.body for _, each in erased], [each.names_only for _, each in erased]
    rows = await transaction.fetch(QUERIES["overwrite"], *columns, begun.erased_at)
    await transaction.execute(QUERIES["count_on"], begun.id, len(rows))
    await transaction.execute(QUERIES["forget_reasons"], columns[0])
    return [RecordedRow(*row) for row in rows]


async def forget_mentions(
    transaction: Transaction, seqs: Sequence[int], identities: Collection[Ifi], keys: Collection[Key]
) -> None:
    """Replace the person by the erased person in the *keys* and authorities by which the statements *seqs* are found."""
    await transaction.execute(QUERIES["overwrite_authority"], list(seqs), ERASED_IFI, list(identities))
    await transaction.execute(QUERIES["rekey"], list(seqs), _ERASED_KEY.hex(), uuids(keys))


async def count_documents(database: Database, identities: Collection[Ifi]) -> int:
    """Count the documents of the agents *identities*."""
    return int(await database.fetchval(QUERIES["count_documents"], list(identities)))


async def vouching(database: Database, identities: Collection[Ifi]) -> list[str]:
    """Return the ids of the keys in use whose authority is one of *identities*."""
    return [key_id for (key_id,) in await database.fetch(QUERIES["vouching"], list(identities))]


async def forget_beside(database: Database, identities: Collection[Ifi], keys: Collection[Key]) -> None:
    """Delete what is held beside the record: documents, names, and the authorities of keys that are revoked."""

    async def work(transaction: Transaction) -> None:
        await transaction.execute(QUERIES["delete_documents"], list(identities))
        await transaction.execute(QUERIES["forget_names"], uuids(keys))
        await transaction.execute(QUERIES["vouched"], list(identities), msgspec.json.encode(ERASED).decode(), ERASED_IFI)

    await database.run(work)


async def finish(transaction: Transaction, begun: Begun) -> datetime:
    """Note that the erasure is done; return when."""
    finished_at: datetime = await transaction.fetchval(QUERIES["finish"], begun.id)
    return finished_at


async def audit(
    postgres: Database | Transaction, action: str, at: datetime, reason: str | None, learner: UUID | None = None
) -> None:
    """Write down what the operator did."""
    await postgres.execute(QUERIES["audit"], action, at, reason, learner)
