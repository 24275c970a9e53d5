"""The ledger in memory: the same locks, commits and rollbacks as in PostgreSQL, for tests and the simulation."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from shared.errors import Unavailable
from shared.stream.errors import OffsetRowMissing
from shared.stream.ledger import DeadLetter, Settlement
from shared.stream.offsets import GroupPartition, Mark, after
from shared.stream.outbox import OutboxRow, decode_row, encode_row
from shared.stream.record import Outgoing


class MemoryTransaction:
    """What a handler gets: a store of values in which it sees its own writes, and others' once they are committed."""

    def __init__(self, committed: dict[Any, Any]) -> None:
        self._committed = committed
        self._written: dict[Any, Any] = {}
        self._at_commit: list[Callable[[], None]] = []
        self.locks = AsyncExitStack()

    def read(self, key: Any, default: Any = None) -> Any:
        """Return the value under *key*, or *default*."""
        return self._written.get(key, self._committed.get(key, default))

    def write(self, key: Any, value: Any) -> None:
        """Put *value* under *key* when the transaction commits."""
        self._written[key] = value

    def at_commit(self, act: Callable[[], None]) -> None:
        """Call *act* when the transaction commits."""
        self._at_commit.append(act)

    def commit(self) -> None:
        """Make everything seen."""
        self._committed.update(self._written)
        for act in self._at_commit:
            act()


class MemoryLedger:
    """The books of one service in memory; *values* is what handlers wrote, *letters* what they refused.

    While *outage* is set every transaction is refused; while *lost_commits* is above 0 a commit happens and is not answered.
    """

    def __init__(self, *, lock_timeout: float = 1.0) -> None:
        self.values: dict[Any, Any] = {}
        self.marks: dict[GroupPartition, Mark] = {}
        self.rows: dict[int, tuple[str, bytes]] = {}
        self.letters: list[DeadLetter] = []
        self.outage = False
        self.lost_commits = 0
        self._locks: defaultdict[GroupPartition, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._lock_timeout = lock_timeout
        self._last_row = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        """Open a transaction: its locks are held to its end. Raises Unavailable."""
        self._check_outage()
        transaction = MemoryTransaction(self.values)
        async with transaction.locks:
            yield transaction
            self._check_outage()
            transaction.commit()
        if self.lost_commits:
            self.lost_commits -= 1
            raise Unavailable("memory ledger", "the commit's answer was lost")

    async def open(self, place: GroupPartition) -> None:
        """Commit the offset row of *place*, at 0, unless there is one."""
        self._check_outage()
        self.marks.setdefault(place, Mark())

    async def claim(self, place: GroupPartition, transaction: MemoryTransaction) -> Mark:
        """Lock the offset row of *place* and read it. Raises OffsetRowMissing, Unavailable."""
        self._check_outage()
        if place in self.marks:
            await self._lock(place, transaction)
        if place not in self.marks:
            raise OffsetRowMissing(f"{place.owner}: no offset row")
        return self.marks[place]

    async def advance(self, place: GroupPartition, mark: Mark, transaction: MemoryTransaction) -> None:
        """Move the offset row of *place* to *mark* at commit."""
        self._check_outage()
        transaction.at_commit(lambda: self.marks.__setitem__(place, mark))

    async def settle(self, settlement: Settlement, transaction: MemoryTransaction) -> int | None:
        """Write what is said on as one row, and move the offset row, at commit. Raises RecordTooLarge."""
        said = settlement.outgoing
        row = await self.store(settlement.place.owner, said, transaction) if said else None
        await self.advance(settlement.place, after(settlement.applied), transaction)
        return row

    async def store(self, owner: str, outgoing: Sequence[Outgoing], transaction: MemoryTransaction) -> int:
        """Write *outgoing* as one row at commit and return its id. Raises RecordTooLarge."""
        self._check_outage()
        self._last_row += 1
        row, encoded = self._last_row, encode_row(outgoing)
        transaction.at_commit(lambda: self.rows.__setitem__(row, (owner, encoded)))
        return row

    async def bury(self, letters: Sequence[DeadLetter], transaction: MemoryTransaction) -> None:
        """Write *letters* at commit, of those that say the same the first."""
        self._check_outage()
        for letter in letters:
            transaction.at_commit(partial(self._bury, letter))

    async def waiting(self, owner: str) -> Sequence[OutboxRow]:
        """Return the rows of *owner*, the oldest first."""
        self._check_outage()
        return [OutboxRow(row, decode_row(encoded)) for row, (whose, encoded) in sorted(self.rows.items()) if whose == owner]

    async def delete(self, rows: Sequence[int]) -> None:
        """Forget the rows with the ids *rows*."""
        self._check_outage()
        for row in rows:
            self.rows.pop(row, None)

    def _bury(self, letter: DeadLetter) -> None:
        if letter.digest is None or letter.digest not in {each.digest for each in self.letters}:
            self.letters.append(letter)

    async def _lock(self, place: GroupPartition, transaction: MemoryTransaction) -> None:
        """Hold the lock of *place* until *transaction* ends. Raises Unavailable after the lock timeout."""
        lock = self._locks[place]
        try:
            async with asyncio.timeout(self._lock_timeout):
                await lock.acquire()
        except TimeoutError:
            raise Unavailable("memory ledger", f"{place.owner} is locked") from None
        transaction.locks.callback(lock.release)

    def _check_outage(self) -> None:
        if self.outage:
            raise Unavailable("memory ledger", "an outage was asked for")
