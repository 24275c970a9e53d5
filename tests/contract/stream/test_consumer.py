"""What the loop promises on every log: each record's effect once and in order, through crashes and beside others."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from functools import partial
from typing import Any

import pytest

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.stream import (
    Batch,
    Decision,
    Outgoing,
    Step,
)
from tests.contract.stream.stage import QUICK, Elsewhere, Stage, Unacknowledged, Unreachable, eventually, turns
from tests.contract.stream.watching import applied, empty_outbox, first_seen, holds, place, values


class Crash(Exception):
    """The process died here."""


class CrashAt:
    """An observer that dies at the *passage*-th time that *step* is reached."""

    def __init__(self, step: Step, passage: int) -> None:
        self._step = step
        self._left = passage
        self.crashed = False

    async def __call__(self, step: StrEnum) -> None:
        if step is self._step:
            self._left -= 1
            if not self._left:
                self.crashed = True
                raise Crash(step)


async def test_every_record_is_applied_once_and_in_order(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 1200))

    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 1200))

    assert await stage.books.effects() == values(0, 1200)


async def test_a_restart_goes_on_where_the_last_one_ended(stage: Stage) -> None:
    topic = await stage.topic()

    for start in (0, 5, 10):
        await stage.append(topic, *values(start, start + 5))
        async with stage.consumer(stage.diary(), topic) as consumer:
            await turns(consumer, partial(applied, stage, topic, start + 5))

    assert await stage.books.effects() == values(0, 15)


async def test_all_partitions_are_read_by_one_member(stage: Stage) -> None:
    topic = await stage.topic(partitions=3)
    await stage.log.append([Outgoing(topic, b"%d" % number, b"%d" % number) for number in range(60)])

    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: holds(stage, 60))

    assert sorted(await stage.books.effects(), key=int) == values(0, 60)


async def test_what_a_handler_says_is_published_in_order(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    await stage.append(topic, *values(0, 100))

    async with stage.consumer(stage.diary(said), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 100))

    assert await stage.everything(said) == values(0, 100)
    assert await stage.books.outbox() == 0


async def test_traces_and_versions_travel_on(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    await stage.log.append(
        [Outgoing(topic, b"%d" % number, b"k", (("traceparent", b"trace-%d" % number),)) for number in range(2)]
    )

    async with stage.consumer(stage.diary(said), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 2))

    records = [record for batch in await stage.batches(said) for record in batch.records]
    assert [dict(record.headers) for record in records] == [
        {"schema-version": b"1", "traceparent": b"trace-0"},
        {"schema-version": b"1", "traceparent": b"trace-1"},
    ]


@pytest.mark.parametrize("step", list(Step))
async def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(stage: Stage, step: Step) -> None:
    said = await stage.topic()
    small = QUICK.model_copy(update={"batch_records": 2})
    written = []

    for passage in (1, 2):
        topic, crash = await stage.topic(), CrashAt(step, passage)
        for start in (0, 4):
            await stage.append(topic, *(b"%d-%b" % (passage, value) for value in values(start, start + 4)))
            try:
                async with stage.consumer(stage.diary(said), topic, settings=small, observer=crash) as consumer:
                    await turns(consumer, partial(applied, stage, topic, start + 4))
            except Crash:
                pass
        async with stage.consumer(stage.diary(said), topic) as consumer:
            await turns(consumer, partial(applied, stage, topic, 8))
            await consumer.turn()
        written += [b"%d-%b" % (passage, value) for value in values(0, 8)]

        assert crash.crashed
        assert await stage.books.effects() == written
        assert first_seen(await stage.everything(said)) == written
        assert await stage.books.outbox() == 0


async def test_a_lost_acknowledgement_publishes_again_and_forgets_nothing(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    await stage.append(topic, *values(0, 3))
    log = Unacknowledged(stage.log)

    async with stage.consumer(stage.diary(said), topic, log=log) as consumer:
        with pytest.raises(Unavailable):
            await turns(consumer, lambda: holds(stage, 99))
        await turns(consumer, lambda: empty_outbox(stage))

    assert await stage.books.effects() == values(0, 3)
    assert await stage.everything(said) == values(0, 3) * 2


async def test_what_was_left_unsaid_is_said_on_assignment(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    await stage.append(topic, *values(0, 3))
    async with stage.consumer(stage.diary(said), topic, log=Unreachable(stage.log)) as consumer:
        with pytest.raises(Unavailable):
            await turns(consumer, lambda: holds(stage, 99))
    assert await stage.everything(said) == []
    assert await stage.books.outbox() == 1

    async with stage.consumer(stage.diary(said), topic) as consumer:
        await turns(consumer, lambda: empty_outbox(stage))

    assert await stage.everything(said) == values(0, 3)


async def test_what_a_failover_brings_back_into_the_outbox_is_said_though_nothing_comes(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    await stage.append(topic, b"heard")
    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 1))
        async with stage.books.ledger.transaction() as transaction:
            await stage.books.ledger.store(place(topic).owner, [Outgoing(said, b"brought back")], transaction)

        await turns(consumer, lambda: empty_outbox(stage))

    assert await stage.everything(said) == [b"brought back"]


async def test_a_batch_that_was_applied_already_drains_the_outbox(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    unreachable = Unreachable(Elsewhere(stage.log))
    async with (
        stage.consumer(stage.diary(said), topic) as waiting,
        stage.consumer(stage.diary(said), topic, log=unreachable) as dying,
    ):
        await turns(waiting, lambda: applied(stage, topic, 0))
        await stage.append(topic, b"0")
        with pytest.raises(Unavailable):
            await turns(dying, lambda: holds(stage, 99))
        assert await stage.books.outbox() == 1

        await turns(waiting, lambda: empty_outbox(stage))

    assert await stage.books.effects() == [b"0"]
    assert await stage.everything(said) == [b"0"]


async def test_two_members_of_one_partition_apply_each_record_once(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    small = QUICK.model_copy(update={"batch_records": 3})
    stop = asyncio.Event()

    async def writes() -> None:
        for start in range(0, 60, 5):
            await stage.append(topic, *values(start, start + 5))
        await eventually(lambda: settled(stage, topic, 60))
        stop.set()

    async with (
        stage.consumer(stage.diary(said), topic, settings=small) as one,
        stage.consumer(stage.diary(said), topic, settings=small, log=Elsewhere(stage.log)) as other,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(one.run(stop))
        group.create_task(other.run(stop))
        group.create_task(writes())

    assert await stage.books.effects() == values(0, 60)
    assert sorted(set(await stage.everything(said)), key=int) == values(0, 60)


async def test_a_zombie_that_wakes_inside_its_handler_is_fenced_off(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 4))
    asleep, wake = asyncio.Event(), asyncio.Event()
    diary = stage.diary()

    async def sleepy(batch: Batch, transaction: Any) -> Decision:
        asleep.set()
        await wake.wait()
        return await diary(batch, transaction)

    async with (
        stage.consumer(sleepy, topic, log=Elsewhere(stage.log)) as zombie,
        stage.consumer(diary, topic) as successor,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(turns(zombie, lambda: applied(stage, topic, 4)))
        await asleep.wait()
        taking_over = group.create_task(patient_turns(successor, lambda: applied(stage, topic, 4)))
        await asyncio.sleep(0.3)
        assert await stage.books.effects() == []
        wake.set()
        await taking_over

    assert await stage.books.effects() == values(0, 4)


async def settled(stage: Stage, topic: Topic, offset: int) -> bool:
    return await applied(stage, topic, offset) and await empty_outbox(stage)


async def patient_turns(consumer: Any, until: Any) -> None:
    """Take turns as `run` does: a row that somebody else has locked is an outage like any other."""
    async with asyncio.timeout(30):
        while not await until():
            try:
                await consumer.turn()
            except Unavailable:
                await asyncio.sleep(0.02)
