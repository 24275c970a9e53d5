"""Whatever the schedule of appends, crashes, redeliveries, outages and zombies: each record's effect once, in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.stream import (
    Batch,
    Consumer,
    ConsumerSettings,
    Decision,
    Inbox,
    MemoryLedger,
    MemoryLog,
    MemoryTransaction,
    Outgoing,
    Partition,
    Record,
    Step,
    StreamMetrics,
)
from shared.stream.memory import Faults

HEARD = Topic("heard.v1", partitions=2)
SAID = Topic("said.v1", partitions=1)
SETTINGS = ConsumerSettings(fetch_wait=0.001, batch_records=2)

APPENDS = st.tuples(st.just("append"), st.integers(1, 3))
TURNS = st.tuples(st.just("turn"), st.integers(0, 1))
CRASHES = st.tuples(st.just("crash"), st.integers(0, 1), st.sampled_from(list(Step)))
BOTH = st.tuples(st.just("both"), *[st.one_of(st.none(), st.sampled_from(list(Step)))] * 2)
FAULTS = st.tuples(st.sampled_from(["lost acknowledgement", "repeated append", "lost commit", "outage", "retention"]))


class Crash(Exception):
    """The process died here."""


class Apart:
    """A log to which each member is alone in its group, so that all of them read every partition."""

    def __init__(self, log: MemoryLog, number: int) -> None:
        self._log = log
        self._number = number
        self.ensure, self.append, self.ends, self.close = log.ensure, log.append, log.ends, log.close

    async def inbox(self, group: str, topics: Sequence[Topic]) -> Inbox:
        return await self._log.inbox(f"{group}-{self._number}", topics)


class Member:
    """A process with a consumer; two of them read the same partitions, as a zombie and its successor do."""

    def __init__(self, number: int, log: MemoryLog, ledger: MemoryLedger) -> None:
        self._log = Apart(log, number)
        self._ledger = ledger
        self._crash: Step | None = None
        self._consumer = self._started()

    async def turn(self, crash: Step | None = None) -> None:
        """Take a turn; a crash, where one comes, is followed by a restart."""
        self._crash = crash
        try:
            await self._consumer.turn()
        except Unavailable:
            return
        except Crash:
            await self._consumer.close()
            self._consumer = self._started()

    def _started(self) -> Consumer[MemoryTransaction]:
        return Consumer(
            group="readers",
            topics=[HEARD],
            handler=echo,
            log=self._log,
            ledger=self._ledger,
            settings=SETTINGS,
            metrics=StreamMetrics(CollectorRegistry()),
            observer=self._observe,
        )

    async def _observe(self, step: StrEnum) -> None:
        await asyncio.sleep(0)
        if step is self._crash:
            self._crash = None
            raise Crash


async def echo(batch: Batch, transaction: MemoryTransaction) -> Decision:
    key = batch.partition
    transaction.write(key, [*transaction.read(key, []), *(record.value for record in batch.records)])
    return Decision(tuple(Outgoing(SAID, record.value, record.key) for record in batch.records))


class World:
    """A log, a ledger, two members, and what befalls them."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.ledger = MemoryLedger(lock_timeout=0.05)
        self.members = [Member(number, self.log, self.ledger) for number in range(2)]
        self._values = count()
        self._forgotten: defaultdict[Partition, list[Record]] = defaultdict(list)

    async def act(self, what: str, *details: Any) -> None:
        """Let one thing happen."""
        match what:
            case "append":
                await self._append(*details)
            case "turn":
                await self.members[details[0]].turn()
            case "crash":
                await self.members[details[0]].turn(details[1])
            case "both":
                await asyncio.gather(*(member.turn(crash) for member, crash in zip(self.members, details, strict=True)))
            case "lost acknowledgement":
                self.log.faults.lost_acknowledgements += 1
            case "repeated append":
                self.log.faults.repeated_appends += 1
            case "lost commit":
                self.ledger.lost_commits += 1
            case "outage":
                self.log.faults.outage = not self.log.faults.outage
            case "retention":
                await self._forget_applied()

    async def settle(self) -> None:
        """End all faults and let the first member apply what is left."""
        self.log.faults = Faults()
        self.ledger.lost_commits = 0
        for _ in range(200):
            if self._settled():
                return
            await self.members[0].turn()
        raise AssertionError(f"not settled: {self.ledger.marks}, {self.ledger.rows}")

    def heard(self) -> dict[Partition, list[bytes]]:
        """Return what the log was ever given, partition by partition."""
        partitions = [Partition(HEARD.name, number) for number in range(HEARD.partitions)]
        values = {each: [record.value for record in (*self._forgotten[each], *self.log.records[each])] for each in partitions}
        return {partition: heard for partition, heard in values.items() if heard}

    def said(self) -> list[bytes]:
        """Return what was said on, in the order of the log, each value where it was said first."""
        return list(dict.fromkeys(record.value for record in self.log.records[Partition(SAID.name, 0)]))

    async def _append(self, number: int) -> None:
        values = [b"%d" % next(self._values) for _ in range(number)]
        with suppress(Unavailable):
            await self.log.append([Outgoing(HEARD, value, value) for value in values])

    async def _forget_applied(self) -> None:
        """Delete what was applied, as retention does: there is then no last record to compare with."""
        for place, mark in self.ledger.marks.items():
            kept = self.log.records[place.partition]
            self._forgotten[place.partition] += [record for record in kept if record.offset < mark.next_offset]
            await self.log.forget(place.partition, mark.next_offset)

    def _settled(self) -> bool:
        marks = {place.partition: mark.next_offset for place, mark in self.ledger.marks.items()}
        return not self.ledger.rows and all(marks.get(each) == len(values) for each, values in self.heard().items())


async def play(schedule: Sequence[tuple[Any, ...]]) -> None:
    world = World()
    await world.log.ensure([HEARD, SAID])
    for event in schedule:
        await world.act(*event)

    await world.settle()

    heard = world.heard()
    assert {partition: world.ledger.values[partition] for partition in heard} == heard
    for values in heard.values():
        in_order = list(dict.fromkeys(values))
        assert [value for value in world.said() if value in set(values)] == in_order
    assert set(world.said()) == {value for values in heard.values() for value in values}


@settings(max_examples=300)
@given(st.lists(st.one_of(APPENDS, TURNS, CRASHES, BOTH, FAULTS), max_size=40))
def test_any_schedule_applies_each_record_once_and_says_all(schedule: list[tuple[Any, ...]]) -> None:
    asyncio.run(play(schedule))
