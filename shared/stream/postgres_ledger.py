"""The ledger in PostgreSQL: its tables stand in the service's own schema, so that one transaction takes them all along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

from shared.postgres import Database, Transaction, load_queries
from shared.postgres.outage import is_collision, unavailable
from shared.stream.errors import OffsetRowMissing
from shared.stream.ledger import DeadLetter, Settlement
from shared.stream.offsets import GroupPartition, Mark, after
from shared.stream.outbox import OutboxRow, decode_row, encode_row
from shared.stream.record import Cause, Outgoing
from shared.stream.wire import encode_headers

_QUERIES = load_queries("shared.stream")
STATES: Final = {Cause.UNUSABLE: "waiting", Cause.CONFLICT: "quarantined", Cause.ALONE: "waiting"}
"""In which state a dead letter begins."""
SETTLED: Final = "discarded"
"""In which state one begins that holds nothing any more."""

Announce: TypeAlias = Callable[[Settlement], tuple[str, str]]
"""Say on which channel of NOTIFY it is told that a batch is settled, and in which words."""


class PostgresLedger:
    """The books of the service whose schema *database* was opened for; what is to *announce* is told by each commit."""

    def __init__(self, database: Database, announce: Announce | None = None) -> None:
        self._database = database
        self._announce = announce

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction; a deadlock or a serialisation failure is waited out like an outage. Raises Unavailable."""
        try:
            async with self._database.transaction() as transaction:
                yield transaction
        except Exception as error:
            if is_collision(error):
                raise unavailable(error) from error
            raise

    async def open(self, place: GroupPartition) -> None:
        """Commit the offset row of *place*, at 0, unless there is one."""
        await self._database.execute(_QUERIES["open_place"], *_key(place))

    async def claim(self, place: GroupPartition, transaction: Transaction) -> Mark:
        """Lock the offset row of *place* and read it. Raises OffsetRowMissing, Unavailable."""
        row = await transaction.fetchrow(_QUERIES["claim_place"], *_key(place))
        if row is None:
            raise OffsetRowMissing(f"{place.owner}: no offset row; restore it or replay, then start again")
        return Mark(row["next_offset"], row["last_digest"])

    async def advance(self, place: GroupPartition, mark: Mark, transaction: Transaction) -> None:
        """Move the offset row of *place* to *mark*. Raises OffsetRowMissing."""
        moved = await transaction.fetchval(_QUERIES["advance_place"], *_key(place), mark.next_offset, mark.last_digest)
        if moved is None:
            raise OffsetRowMissing(f"{place.owner}: the offset row disappeared under its lock")

    async def settle(self, settlement: Settlement, transaction: Transaction) -> int | None:
        """Move the offset row, write what is said on, and announce it: one statement. Raises OffsetRowMissing, RecordTooLarge."""
        place, mark = settlement.place, after(settlement.applied)
        said = encode_row(settlement.outgoing) if settlement.outgoing else None
        told = self._announce(settlement) if self._announce else (None, None)
        moved = await transaction.fetchrow(
            _QUERIES["settle_place"], *_key(place), mark.next_offset, mark.last_digest, place.owner, said, *told
        )
        if moved is None or moved["next_offset"] is None:
            raise OffsetRowMissing(f"{place.owner}: the offset row disappeared under its lock")
        row: int | None = moved["row"]
        return row

    async def store(self, owner: str, outgoing: Sequence[Outgoing], transaction: Transaction) -> int:
        """Write *outgoing* as one row of *owner*'s outbox and return its id. Raises RecordTooLarge."""
        return int(await transaction.fetchval(_QUERIES["store_row"], owner, encode_row(outgoing)))

    async def bury(self, letters: Sequence[DeadLetter], transaction: Transaction) -> None:
        """Write *letters*, in their order: of those that say the same the first is kept, and counts the others."""
        await transaction.executemany(_QUERIES["set_letter_aside"], [_place(letter) for letter in letters])
        await transaction.executemany(_QUERIES["bury_letter"], [_row(letter) for letter in letters])

    async def waiting(self, owner: str) -> Sequence[OutboxRow]:
        """Return the oldest rows of *owner*."""
        rows = await self._database.fetch(_QUERIES["waiting_rows"], owner)
        return [OutboxRow(row["id"], decode_row(row["records"])) for row in rows]

    async def delete(self, rows: Sequence[int]) -> None:
        """Forget the rows with the ids *rows*."""
        await self._database.execute(_QUERIES["delete_rows"], rows)


def _key(place: GroupPartition) -> tuple[str, str, int]:
    return place.group, place.partition.topic, place.partition.number


def _place(letter: DeadLetter) -> tuple[object, ...]:
    record = letter.record
    return *_key(GroupPartition(letter.group, record.partition)), record.offset, record.timestamp


def _row(letter: DeadLetter) -> tuple[object, ...]:
    record = letter.record
    return (
        *_key(GroupPartition(letter.group, record.partition)),
        record.offset,
        letter.reason.replace("\x00", "\ufffd"),
        letter.attempts,
        record.key,
        record.value,
        encode_headers(record.headers),
        record.timestamp,
        SETTLED if letter.settled else STATES[letter.cause],
        letter.digest,
    )
