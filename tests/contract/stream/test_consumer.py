"""What the loop promises on every log: each record's effect once, in order, and a loud stop where that cannot be had."""

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
    Beginning,
    Decision,
    OffsetGap,
    OffsetRowMissing,
    Outgoing,
    Partition,
    Place,
    Step,
    TopicRecreated,
)
from tests.contract.stream.stage import QUICK, Elsewhere, Stage, Unacknowledged, Unreachable, eventually, turns


def place(topic: Topic, group: str = "readers") -> Place:
    return Place(group, Partition(topic.name, 0))


def values(start: int, stop: int) -> list[bytes]:
    return [b"%d" % number for number in range(start, stop)]


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


async def test_a_gap_before_what_is_next_stops_the_consumer(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 10))
    async with stage.consumer(stage.diary(), topic, settings=QUICK.model_copy(update={"batch_records": 4})) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 4))
        await consumer.close()
        await stage.forget(Partition(topic.name, 0), 6)

        with pytest.raises(OffsetGap, match="starts at 6"):
            await turns(consumer, lambda: applied(stage, topic, 10))

    assert await stage.books.next_offset(place(topic)) in {4, 8}


async def test_a_group_that_needs_all_stops_where_the_log_forgot_some_before_it_came(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 10))
    await stage.forget(Partition(topic.name, 0), 6)

    async with stage.consumer(stage.diary(), topic) as consumer:
        with pytest.raises(OffsetGap, match="starts at 6"):
            await turns(consumer, lambda: applied(stage, topic, 10))

    assert await stage.books.effects() == []


async def test_a_group_that_can_be_told_again_begins_with_what_is_kept_and_stops_at_a_later_gap(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 10))
    await stage.forget(Partition(topic.name, 0), 6)
    kept = Beginning.WITH_WHAT_IS_KEPT

    async with stage.consumer(stage.diary(), topic, beginning=kept) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 10))
    first = await stage.books.effects()
    await stage.append(topic, *values(10, 14))
    await stage.forget(Partition(topic.name, 0), 12)
    async with stage.consumer(stage.diary(), topic, beginning=kept) as consumer:
        with pytest.raises(OffsetGap, match="starts at 12"):
            await turns(consumer, lambda: applied(stage, topic, 14))

    assert first == values(6, 10)
    assert await stage.books.effects() == first


async def test_records_forgotten_after_they_were_applied_are_no_gap(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 10))
    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 10))
    await stage.forget(Partition(topic.name, 0), 10)
    await stage.append(topic, b"10")

    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 11))

    assert await stage.books.effects() == values(0, 11)


async def test_a_recreated_topic_that_is_shorter_stops_the_consumer(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 10))
    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 10))
    await stage.recreate(topic)
    log = await stage.another_log()
    await log.append([Outgoing(topic, b"new")])

    async with stage.consumer(stage.diary(), topic, log=log) as consumer:
        with pytest.raises(TopicRecreated, match="ends at 1"):
            await turns(consumer, lambda: applied(stage, topic, 11))

    if log is not stage.log:
        await log.close()


async def test_a_recreated_topic_that_grew_past_the_offset_stops_the_consumer(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 3))
    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 3))
    await stage.recreate(topic)
    log = await stage.another_log()
    await log.append([Outgoing(topic, value, b"k") for value in values(10, 20)])

    async with stage.consumer(stage.diary(), topic, log=log) as consumer:
        with pytest.raises(TopicRecreated, match="another record"):
            await turns(consumer, lambda: applied(stage, topic, 10))

    assert await stage.books.effects() == values(0, 3)
    if log is not stage.log:
        await log.close()


async def test_a_missing_offset_row_stops_the_consumer(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, b"0")
    async with stage.consumer(stage.diary(), topic) as consumer:
        await turns(consumer, lambda: applied(stage, topic, 1))
        await stage.books.delete_row(place(topic))
        await stage.append(topic, b"1")

        with pytest.raises(OffsetRowMissing):
            await turns(consumer, lambda: holds(stage, 2))

    assert await stage.books.effects() == [b"0"]


async def test_an_outage_in_the_handler_is_waited_out(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *values(0, 3))
    outages = iter([True, True, False])
    diary = stage.diary()
    stop = asyncio.Event()

    async def unlucky(batch: Batch, transaction: Any) -> Decision:
        decision = await diary(batch, transaction)
        if next(outages, False):
            raise Unavailable("somebody", "asleep")
        stop.set()
        return decision

    async with stage.consumer(unlucky, topic) as consumer, asyncio.timeout(30):
        await consumer.run(stop)

    assert await stage.books.effects() == values(0, 3)


async def test_an_outage_that_lasts_stops_the_consumer_and_leaves_the_offset(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, b"0")
    tries = []

    async def dead(batch: Batch, transaction: Any) -> Decision:
        tries.append(batch)
        raise Unavailable("somebody", "gone")

    async with stage.consumer(dead, topic) as consumer, asyncio.timeout(30):
        with pytest.raises(Unavailable, match="gone"):
            await consumer.run(asyncio.Event())

    assert len(tries) == QUICK.attempts
    assert await stage.books.next_offset(place(topic)) == 0


async def test_an_outage_of_the_log_is_waited_out(stage: Stage) -> None:
    topic, said = await stage.topic(), await stage.topic()
    await stage.append(topic, *values(0, 5))
    patient = QUICK.model_copy(update={"attempts": 1000})
    stop = asyncio.Event()

    async with stage.consumer(stage.diary(said), topic, settings=patient) as consumer, asyncio.TaskGroup() as group:
        running = group.create_task(consumer.run(stop))
        async with stage.outage():
            await asyncio.sleep(0.5)
        await appended(stage, topic, values(5, 10))
        await eventually(lambda: all_in(stage, values(0, 10)))
        stop.set()
        await running

    effects = await stage.books.effects()
    assert first_seen(effects) == values(0, 10)
    assert effects[:5] == values(0, 5)
    assert first_seen(await stage.everything(said)) == values(0, 10)


async def test_a_bug_stops_the_consumer_and_leaves_the_offset(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, b"0")

    async def buggy(batch: Batch, transaction: Any) -> Decision:
        await stage.books.write([b"half"], transaction)
        return Decision((Outgoing(topic, b"%d" % (1 // 0)),))

    async with stage.consumer(buggy, topic) as consumer:
        with pytest.raises(ZeroDivisionError):
            await turns(consumer, lambda: applied(stage, topic, 1))

    assert await stage.books.next_offset(place(topic)) == 0
    assert await stage.books.effects() == []


async def applied(stage: Stage, topic: Topic, offset: int) -> bool:
    return await stage.books.next_offset(place(topic)) == offset


async def settled(stage: Stage, topic: Topic, offset: int) -> bool:
    return await applied(stage, topic, offset) and await empty_outbox(stage)


async def holds(stage: Stage, count: int) -> bool:
    return len(await stage.books.effects()) == count


async def empty_outbox(stage: Stage) -> bool:
    return await stage.books.outbox() == 0


async def all_in(stage: Stage, wanted: list[bytes]) -> bool:
    try:
        return set(await stage.books.effects()) >= set(wanted) and await empty_outbox(stage)
    except Unavailable:
        return False


async def appended(stage: Stage, topic: Topic, wanted: list[bytes]) -> None:
    """Append once the log answers again; what it took before its answer was lost comes twice, as at every door."""
    async with asyncio.timeout(60):
        while True:
            try:
                await stage.append(topic, *wanted)
            except Unavailable:
                await asyncio.sleep(0.1)
            else:
                return


async def patient_turns(consumer: Any, until: Any) -> None:
    """Take turns as `run` does: a row that somebody else has locked is an outage like any other."""
    async with asyncio.timeout(30):
        while not await until():
            try:
                await consumer.turn()
            except Unavailable:
                await asyncio.sleep(0.02)


def first_seen(published: list[bytes]) -> list[bytes]:
    return list(dict.fromkeys(published))
