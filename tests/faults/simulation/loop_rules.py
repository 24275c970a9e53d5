"""The loop with one rule taken away, each by as small a change as takes it away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from shared.errors import Unavailable
from shared.stream import Batch, Consumer, Decision, Inbox, MemoryLedger, MemoryTransaction, Partition, outbox, publishing
from shared.stream.log import Log
from shared.stream.offsets import GroupPartition, Mark
from shared.stream.outbox import Outbox, OutboxRow
from shared.stream.steps import Observer, Step
from tests.faults.simulation.loop_play import LoopParts

OUTBOX: Final[Any] = outbox
PUBLISHING: Final[Any] = publishing


class DrainsBeforeReading(Consumer[MemoryTransaction]):
    """On assignment drains the outbox, and only then locks and reads the offset row."""

    _was_drained = False

    async def _prepare(self, inbox: Inbox, partition: Partition) -> None:
        await self._drain(self._place(partition))
        self._was_drained = True
        try:
            await super()._prepare(inbox, partition)
        finally:
            self._was_drained = False

    async def _drain(self, place: GroupPartition) -> None:
        if not self._was_drained:
            await super()._drain(place)


class NeverDrains(Consumer[MemoryTransaction]):
    """On assignment reads on from the offset row and leaves the outbox to who filled it."""

    _is_preparing = False

    async def _prepare(self, inbox: Inbox, partition: Partition) -> None:
        self._is_preparing = True
        try:
            await super()._prepare(inbox, partition)
        finally:
            self._is_preparing = False

    async def _drain(self, place: GroupPartition) -> None:
        if not self._is_preparing:
            await super()._drain(place)


class DropsInSilence(Consumer[MemoryTransaction]):
    """Drops what is already applied and does not look into the outbox of who applied it."""

    _fresh: Batch | None = None
    _row: OutboxRow | None = None

    async def _settle(self, inbox: Inbox, batch: Batch) -> None:
        self._fresh, self._row = None, None
        try:
            await super()._settle(inbox, batch)
        finally:
            self._fresh = None

    async def _claim(self, place: GroupPartition, batch: Batch, transaction: MemoryTransaction) -> Batch:
        self._fresh = await super()._claim(place, batch, transaction)
        return self._fresh

    async def _write(
        self, place: GroupPartition, fresh: Batch, decision: Decision, transaction: MemoryTransaction
    ) -> OutboxRow | None:
        self._row = await super()._write(place, fresh, decision, transaction)
        return self._row

    async def _drain(self, place: GroupPartition) -> None:
        if self._fresh is None:
            await super()._drain(place)
        elif self._row is not None:
            await OUTBOX.publish([self._row], self._log, self._ledger, self._observer)


class DropsInPartInSilence(DropsInSilence):
    """Looks into the outbox where all of a batch was applied, and not where some of it was."""

    async def _drain(self, place: GroupPartition) -> None:
        if self._fresh is not None and not self._fresh.records:
            self._fresh = None
        await super()._drain(place)


class AppliesAgain(Consumer[MemoryTransaction]):
    """Locks the offset row and applies what was applied already."""

    async def _claim(self, place: GroupPartition, batch: Batch, transaction: MemoryTransaction) -> Batch:
        await self._ledger.claim(place, transaction)
        return batch


class SaysAllAtOnce(Consumer[MemoryTransaction]):
    """Begins to publish what a batch said while what was said before it is still on its way."""

    async def _publish(self, partition: Partition, row: OutboxRow) -> None:
        self._publishing = publishing.Publishing(self._log, self._ledger, self._observer)
        await super()._publish(partition, row)


class RowOnlyOnceRead(MemoryLedger):
    """Commits no offset row on assignment: the first batch makes it, and until then there is nothing to lock."""

    async def open(self, place: GroupPartition) -> None:
        del place

    async def claim(self, place: GroupPartition, transaction: MemoryTransaction) -> Mark:
        return await super().claim(place, transaction) if place in self.marks else Mark()


class Unlocked(MemoryLedger):
    """Reads the offset row without its lock."""

    async def claim(self, place: GroupPartition, transaction: MemoryTransaction) -> Mark:
        del transaction
        return self.marks[place]


class AdvancesApart(MemoryLedger):
    """Moves the offset before the transaction that has the effects commits."""

    async def advance(self, place: GroupPartition, mark: Mark, transaction: MemoryTransaction) -> None:
        await super().advance(place, mark, transaction)
        self.marks[place] = mark


class DeletesAll(MemoryLedger):
    """Deletes all rows of an owner once one of them was published."""

    async def delete(self, rows: Sequence[int]) -> None:
        owners = {self.rows[row][0] for row in rows if row in self.rows}
        await super().delete([row for row, (owner, _) in self.rows.items() if owner in owners])


@contextmanager
def _publishing(published: object) -> Iterator[None]:
    kept = OUTBOX.publish
    OUTBOX.publish = PUBLISHING.publish = published
    try:
        yield
    finally:
        OUTBOX.publish = PUBLISHING.publish = kept


@contextmanager
def deleting_first() -> Iterator[None]:
    """Delete outbox rows before the log has acknowledged what they hold."""

    async def delete_then_append(rows: Sequence[OutboxRow], log: Log, outbox: Outbox, observer: Observer) -> None:
        await observer(Step.PUBLISHING)
        await outbox.delete([row.id for row in rows])
        await observer(Step.OUTBOX_DELETED)
        await log.append([each for row in rows for each in row.outgoing])
        await observer(Step.PUBLISHED)

    with _publishing(delete_then_append):
        yield


@contextmanager
def deleting_unacknowledged() -> Iterator[None]:
    """Take an append whose acknowledgement did not come for one that happened."""

    async def append_and_hope(rows: Sequence[OutboxRow], log: Log, outbox: Outbox, observer: Observer) -> None:
        await observer(Step.PUBLISHING)
        try:
            await log.append([each for row in rows for each in row.outgoing])
        except Unavailable:
            await observer(Step.PUBLISHED)
        await outbox.delete([row.id for row in rows])
        await observer(Step.OUTBOX_DELETED)

    with _publishing(append_and_hope):
        yield


LOOP_RULES: Final[Mapping[str, LoopParts]] = {
    "1: drain after the row was read": LoopParts(consumer=DrainsBeforeReading),
    "1: drain on assignment": LoopParts(consumer=NeverDrains),
    "1: commit an offset row first": LoopParts(ledger=RowOnlyOnceRead),
    "1: read the offset row under its lock": LoopParts(ledger=Unlocked),
    "1: drop what is already applied": LoopParts(consumer=AppliesAgain),
    "1: offset and effects in one transaction": LoopParts(ledger=AdvancesApart),
    "1: publish in order": LoopParts(consumer=SaysAllAtOnce),
    "2: a dropped batch drains": LoopParts(consumer=DropsInSilence),
    "2: a batch dropped in part drains": LoopParts(consumer=DropsInPartInSilence),
    "8: delete after all is acknowledged, not before": LoopParts(patch=deleting_first),
    "8: delete after all is acknowledged, not after a time-out": LoopParts(patch=deleting_unacknowledged),
    "8: delete by row id": LoopParts(ledger=DeletesAll),
}
