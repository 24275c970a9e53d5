"""The port of a ledger: the transaction in which a batch is decided, with the offset, the outbox and the dead letters in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from shared.stream.offsets import GroupPartition, Mark
from shared.stream.outbox import Outbox
from shared.stream.record import Batch, Cause, Outgoing, Record, T


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that *group* could not use after *attempts* attempts, and why; conflicts are quarantined, apart from the rest.

    Conflicts with the same *digest* are repetitions of one another; a letter that is *settled* has no content any more.
    """

    group: str
    record: Record
    reason: str
    attempts: int
    cause: Cause = Cause.UNUSABLE
    digest: bytes | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a batch came to at *place*: the records that were *applied*, what is said on and what was refused."""

    place: GroupPartition
    applied: Batch
    outgoing: tuple[Outgoing, ...] = ()
    letters: tuple[DeadLetter, ...] = ()


class Ledger(Outbox, Protocol[T]):
    """The books of one service: PostgreSQL in its own schema, or memory."""

    def transaction(self) -> AbstractAsyncContextManager[T]:
        """Open a transaction that commits at the end of the block and rolls back on an exception.

        Raises Unavailable for outages, conflicts and locks that took too long; after a commit the outcome is then unknown.
        """

    async def open(self, place: GroupPartition) -> None:
        """Commit the offset row of *place*, at 0, unless there is one: a lock holds nothing where no row is."""

    async def claim(self, place: GroupPartition, transaction: T) -> Mark:
        """Lock the offset row of *place* until *transaction* ends, and read it.

        Raises OffsetRowMissing, and Unavailable where somebody else holds the lock for longer than the lock timeout.
        """

    async def advance(self, place: GroupPartition, mark: Mark, transaction: T) -> None:
        """Move the offset row of *place* to *mark*. Raises OffsetRowMissing."""

    async def settle(self, settlement: Settlement, transaction: T) -> int | None:
        """Move the offset row past what was applied, and write what is said on as one row of the place's outbox.

        Return the id of that row, None where nothing is said. Raises OffsetRowMissing, RecordTooLarge.
        """

    async def store(self, owner: str, outgoing: Sequence[Outgoing], transaction: T) -> int:
        """Write *outgoing* as one row of *owner*'s outbox and return its id."""

    async def bury(self, letters: Sequence[DeadLetter], transaction: T) -> None:
        """Write *letters*: one for the same record counts its attempts, an unsettled one with the same digest the repetitions.

        A record that is read again after a crash is no repetition.
        """
