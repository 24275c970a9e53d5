"""The one loop: fetch a batch, let the handler decide it in the transaction that moves the offset, then publish what it said.

A record's effects happen once, in the order of its partition, whatever crashes where: the offset row is the only truth about what
was applied, its lock is the fence against a member that was given up, and the outbox carries what was said over a crash.
`docs/decisions/0003-one-loop.md` says why each step stands where it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Generic

import structlog

from shared.contracts.topics import Topic, dead_letters_of
from shared.errors import Unavailable
from shared.stream.attempts import Attempts
from shared.stream.errors import Stops
from shared.stream.headers import as_outgoing, with_context
from shared.stream.ledger import DeadLetter, Ledger, Settlement
from shared.stream.log import Inbox, Log
from shared.stream.metrics import StreamMetrics
from shared.stream.offsets import Beginning, GroupPartition, Mark, begins_late, start_of, unapplied
from shared.stream.outbox import OutboxRow, drain
from shared.stream.publishing import Publishing
from shared.stream.record import Batch, Decision, Handler, Outgoing, Partition, Rejection, T
from shared.stream.rejections import RejectionWindow
from shared.stream.settings import ConsumerSettings
from shared.stream.steps import Observer, Step, unobserved

_log = structlog.get_logger()


class Consumer(Generic[T]):
    """One member of *group* that reads *topics* and lets *handler* decide them."""

    def __init__(
        self,
        *,
        group: str,
        topics: Sequence[Topic],
        handler: Handler[T],
        log: Log,
        ledger: Ledger[T],
        settings: ConsumerSettings,
        metrics: StreamMetrics,
        observer: Observer = unobserved,
        beginning: Beginning = Beginning.WITH_THE_FIRST_RECORD,
    ) -> None:
        self._group = group
        self._topics = {topic.name: topic for topic in topics}
        self._handler = handler
        self._log = log
        self._ledger = ledger
        self._settings = settings
        self._metrics = metrics
        self._observer = observer
        self._beginning = beginning
        self._inbox: Inbox | None = None
        self._ready: set[Partition] = set()
        """Partitions that can be read on: they are prepared, and their last batch is settled."""
        self._applied: dict[Partition, int] = {}
        self._looked = 0.0
        self._publishing = Publishing(log, ledger, observer)
        self._rejections = RejectionWindow(settings)
        self._attempts = Attempts(settings)
        metrics.announce(group, topics)

    async def run(self, stop: asyncio.Event) -> None:
        """Take turns until *stop* is set, and wait outages out.

        Raises Unavailable after too many failed attempts in a row, ConsumerStopped where going on would lose or double records,
        and whatever bug the handler has: the offset stays.
        """
        try:
            while not stop.is_set():
                await self._turn_or_wait(stop)
            with suppress(Unavailable):  # what the log has not yet stays in the outbox
                await self._published()
        finally:
            await self.close()

    async def turn(self, *, to_the_end: bool = True) -> None:
        """Prepare newly assigned partitions, then fetch one batch and settle it.

        *to_the_end* waits until the log has what the handler said; otherwise that is published while the next turns run.
        Raises Unavailable; the next turn then prepares the partitions that this befell anew, before it reads on.
        """
        try:
            await self._fetch_and_settle()
            if to_the_end:
                await self._published()
        except Unavailable:
            self._attempts.fail()
            raise
        self._attempts.succeed()

    async def close(self) -> None:
        """Leave the group; what is on its way to the log is left to the outbox."""
        await self._publishing.close()
        inbox, self._inbox = self._inbox, None
        self._ready.clear()
        if inbox is not None:
            await inbox.close()

    async def _fetch_and_settle(self) -> None:
        """Prepare the partitions that need it, then fetch one batch and settle it."""
        inbox = await self._joined()
        if unprepared := await self._unprepared(inbox):
            await self._published()
        with Stops() as stops:
            for partition in unprepared:
                with stops.noted():
                    await self._prepare(inbox, partition)
        batch = await inbox.fetch(self._settings.batch_records, self._settings.fetch_wait)
        if batch is None:
            await self._rest()
            return
        await self._observer(Step.FETCHED)
        self._ready.discard(batch.partition)
        self._attempts.trying = batch.partition
        await self._settle(inbox, batch)
        self._ready.add(batch.partition)

    async def _rest(self) -> None:
        """Note that no record waits, and now and then publish rows that turn up in the outbox again.

        A standby that was promoted may not know that a row was published and deleted, and nobody else would look for it.
        """
        await self._published()
        self._metrics.idle(self._place(partition) for partition in self._ready)
        now = asyncio.get_running_loop().time()
        if now - self._looked >= self._settings.outbox_look:
            self._looked = now
            for partition in sorted(self._ready):
                await self._drain(self._place(partition))

    async def _turn_or_wait(self, stop: asyncio.Event) -> None:
        """Take one turn; after an outage wait, longer each time, and give up after too many."""
        try:
            await self.turn(to_the_end=False)
        except Unavailable as outage:
            failures = self._attempts.failures
            self._metrics.interrupted(self._group)
            _log.warning("consumer waits", group=self._group, part=outage.part, reason=outage.reason, failures=failures)
            if self._attempts.exhausted:
                raise
            await self._attempts.wait(stop)

    async def _joined(self) -> Inbox:
        """Return the inbox, joining the group first where needed; the topics it needs exist then."""
        if self._inbox is None:
            topics = tuple(self._topics.values())
            await self._log.ensure((*topics, *(dead_letters_of(topic, self._group) for topic in topics)))
            self._inbox = await self._log.inbox(self._group, topics)
            self._looked = asyncio.get_running_loop().time()
        return self._inbox

    async def _unprepared(self, inbox: Inbox) -> list[Partition]:
        """Return the partitions that were newly assigned, and those whose last batch did not come to its end."""
        assigned = await inbox.assignment()
        self._metrics.released(self._place(partition) for partition in self._ready - assigned)
        self._ready &= assigned
        return sorted((assigned - self._ready) | await inbox.unsought())

    async def _prepare(self, inbox: Inbox, partition: Partition) -> None:
        """Find out where the group stands in *partition*, say what was left unsaid, and read on from there."""
        place = self._place(partition)
        self._ready.discard(partition)
        await self._ledger.open(place)
        await self._observer(Step.ROW_OPENED)
        async with self._ledger.transaction() as transaction:
            mark = await self._ledger.claim(place, transaction)
        await self._observer(Step.ROW_READ)
        await self._drain(place)
        await self._observer(Step.OUTBOX_DRAINED)
        first, end = await inbox.bounds(partition)
        if begins_late(mark, first, self._beginning):
            mark = await self._begin_late(place, first)
        self._applied[partition] = mark.next_offset
        with self._metrics.counting_stops(place):
            start = start_of(mark, (first, end), place)
        await self._observer(Step.BOUNDS_CHECKED)
        await inbox.seek(partition, start)
        self._metrics.behind(place, end - mark.next_offset)
        self._ready.add(partition)
        await self._observer(Step.SOUGHT)

    async def _begin_late(self, place: GroupPartition, first: int) -> Mark:
        """Begin with the record at *first*, unless another member of the group has begun meanwhile."""
        async with self._ledger.transaction() as transaction:
            mark = await self._ledger.claim(place, transaction)
            if mark == Mark():
                mark = Mark(first)
                await self._ledger.advance(place, mark, transaction)
        _log.warning("consumer begins late: replay what was recorded before", owner=place.owner, offset=mark.next_offset)
        return mark

    async def _settle(self, inbox: Inbox, batch: Batch) -> None:
        """Apply *batch* in one transaction, and have what the handler said published behind what was said before.

        Where some of the batch was applied already, who applied it may not have published: the whole outbox is drained.
        """
        place = self._place(batch.partition)
        row: OutboxRow | None = None
        decision = Decision()
        async with self._ledger.transaction() as transaction:
            await self._observer(Step.BEGUN)
            fresh = await self._claim(place, batch, transaction)
            if fresh.records:
                decision = await self._decide(fresh, transaction)
                row = await self._write(place, fresh, decision, transaction)
        self._applied[batch.partition] = batch.records[-1].offset + 1
        self._attempts.succeed()
        await self._observer(Step.COMMITTED)
        self._count(place, batch, fresh, decision)
        if len(fresh.records) < len(batch.records):
            await self._published()
            await self._drain(place)
        elif row is not None:
            await self._publish(batch.partition, row)
        await inbox.commit(batch.partition, batch.records[-1].offset + 1)
        await self._observer(Step.OFFSET_COMMITTED)

    async def _claim(self, place: GroupPartition, batch: Batch, transaction: T) -> Batch:
        """Lock the offset row and drop what is already applied.

        Raises Unavailable if the row is behind what this member has applied. That happens when PostgreSQL lost its last commits
        in a crash or a failover; the partition is then prepared again, and read from where the row stands.
        """
        mark = await self._ledger.claim(place, transaction)
        await self._observer(Step.CLAIMED)
        if mark.next_offset < self._applied.get(batch.partition, 0):
            raise Unavailable("ledger", f"{place.owner} went back from {self._applied[batch.partition]} to {mark.next_offset}")
        with self._metrics.counting_stops(place):
            return unapplied(batch, mark, place)

    async def _decide(self, fresh: Batch, transaction: T) -> Decision:
        """Let the handler decide, and stop where it refuses nearly everything."""
        decision = await self._handler(fresh, transaction)
        self._rejections.check(fresh, decision)
        await self._observer(Step.DECIDED)
        return decision

    async def _write(self, place: GroupPartition, fresh: Batch, decision: Decision, transaction: T) -> OutboxRow | None:
        """Write what was said and refused, and advance the offset; return the outbox row, if there is anything to publish."""
        letters = self._letters(decision)
        outgoing = self._outgoing(fresh, decision, letters)
        if letters:
            await self._ledger.bury(letters, transaction)
        await self._observer(Step.LETTERS_WRITTEN)
        row = await self._ledger.settle(Settlement(place, fresh, outgoing, letters), transaction)
        await self._observer(Step.ADVANCED)
        return None if row is None else OutboxRow(row, outgoing)

    def _letters(self, decision: Decision) -> tuple[DeadLetter, ...]:
        return tuple(map(self._letter, decision.rejections))

    def _letter(self, refused: Rejection) -> DeadLetter:
        attempts = self._attempts.attempt(refused.record.partition)
        return DeadLetter(
            self._group, refused.record, refused.reason, attempts, refused.cause, refused.digest, settled=refused.settled
        )

    def _outgoing(self, fresh: Batch, decision: Decision, letters: Sequence[DeadLetter]) -> tuple[Outgoing, ...]:
        topic = self._topics[fresh.partition.topic]
        said = (with_context(outgoing, fresh) for outgoing in decision.outgoing)
        return (*said, *(as_outgoing(letter, topic) for letter in letters))

    def _count(self, place: GroupPartition, batch: Batch, fresh: Batch, decision: Decision) -> None:
        """Count what was committed."""
        self._metrics.repeated(place, batch, fresh)
        if fresh.records:
            self._rejections.add(fresh, decision)
            self._metrics.applied(place, fresh, decision)

    async def _publish(self, partition: Partition, row: OutboxRow) -> None:
        """Have *row* published, after what was said before. Raises Unavailable where some of that could not be."""
        with self._prepared_again():
            await self._publishing.add(partition, row)

    async def _published(self) -> None:
        """Wait until the log has what was said. Raises Unavailable."""
        with self._prepared_again():
            await self._publishing.finish()

    @contextmanager
    def _prepared_again(self) -> Iterator[None]:
        """Prepare the partitions again whose rows could not be published: their outbox is then drained, in order."""
        try:
            yield
        except Unavailable:
            self._ready -= self._publishing.unpublished
            raise

    async def _drain(self, place: GroupPartition) -> None:
        await drain(place.owner, self._log, self._ledger, self._observer)

    def _place(self, partition: Partition) -> GroupPartition:
        return GroupPartition(self._group, partition)
