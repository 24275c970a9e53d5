"""Where the loop stops on every log, loudly and with its offset left: at what is missing, at an outage that lasts, at a bug."""

from __future__ import annotations

import asyncio
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
    TopicRecreated,
)
from tests.contract.stream.stage import QUICK, Stage, eventually, turns
from tests.contract.stream.watching import applied, empty_outbox, first_seen, holds, place, values


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


async def test_gaps_in_several_partitions_are_told_at_once(stage: Stage) -> None:
    topic = await stage.topic(partitions=3)
    for number in range(30):
        await stage.append(topic, b"%d" % number, key=b"%d" % number)
    for number in (0, 2):
        await stage.forget(Partition(topic.name, number), 3)

    async with stage.consumer(stage.diary(), topic) as consumer:
        with pytest.raises(OffsetGap, match=r"/0: applied up to 0, but the log starts at 3; .*/2: .* starts at 3"):
            await turns(consumer, lambda: applied(stage, topic, 10))


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
