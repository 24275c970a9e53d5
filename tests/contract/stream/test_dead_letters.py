"""What becomes of records that a handler cannot use: they die alone, say why, and a flood of them stops the consumer."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.topics import dead_letters_of
from shared.errors import Unavailable
from shared.stream import (
    Batch,
    Decision,
    Outgoing,
    TooManyRejections,
)
from shared.stream.log import RECORD_BYTES
from tests.contract.stream.refusing import POISON, careful, done
from tests.contract.stream.stage import QUICK, Stage, turns
from tests.contract.stream.watching import place


async def test_a_poison_record_dies_alone_and_its_neighbours_go_on(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.log.append(
        [
            Outgoing(topic, b"good", b"k"),
            Outgoing(topic, POISON, b"k", (("traceparent", b"trace"), ("dlq-reason", b"forged"))),
            Outgoing(topic, b"fine", b"k"),
        ]
    )

    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 3))

    assert await stage.books.effects() == [b"good", b"fine"]
    assert await stage.books.letters() == [(1, "cannot use b'poison'", 1, POISON)]
    (batch,) = await stage.batches(dead_letters_of(topic, "readers"))
    (record,) = batch.records
    assert (record.value, record.key) == (POISON, b"k")
    assert dict(record.headers) == {
        "traceparent": b"trace",
        "dlq-reason": b"cannot use b'poison'",
        "dlq-topic": topic.name.encode(),
        "dlq-partition": b"0",
        "dlq-offset": b"1",
        "dlq-attempts": b"1",
    }


async def test_attempts_are_counted_over_outages(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, POISON)
    outages = iter([True, True])
    refuse = careful(stage)

    async def unlucky(batch: Batch, transaction: Any) -> Decision:
        if next(outages, False):
            raise Unavailable("somebody", "asleep")
        return await refuse(batch, transaction)

    async with stage.consumer(unlucky, topic) as consumer:
        for _ in range(2):
            with pytest.raises(Unavailable):
                await turns(consumer, lambda: done(stage, topic.name, 1))
        await turns(consumer, lambda: done(stage, topic.name, 1))

    assert [attempts for _, _, attempts, _ in await stage.books.letters()] == [3]


async def test_a_flood_of_rejections_stops_the_consumer_before_it_drains_the_topic(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *[POISON] * 50)
    strict = QUICK.model_copy(update={"batch_records": 5, "rejection_number": 12, "rejection_share": 0.5})

    async with stage.consumer(careful(stage), topic, settings=strict) as consumer:
        with pytest.raises(TooManyRejections, match="15 of the last 15"):
            await turns(consumer, lambda: done(stage, topic.name, 50))

    assert await done(stage, topic.name, 10)
    assert len(await stage.books.letters()) == 10


async def test_rejections_among_many_good_records_are_no_flood(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, *[b"good", b"good", POISON] * 20)
    strict = QUICK.model_copy(update={"batch_records": 6, "rejection_number": 3, "rejection_share": 0.5})

    async with stage.consumer(careful(stage), topic, settings=strict) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 60))

    assert len(await stage.books.letters()) == 20


async def test_a_dead_letter_of_the_largest_size_is_told_of_without_its_value(stage: Stage) -> None:
    topic = await stage.topic()
    value = POISON + b"x" * (RECORD_BYTES - len(POISON) - 1)
    await stage.append(topic, value)

    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 1))

    (batch,) = await stage.batches(dead_letters_of(topic, "readers"))
    assert batch.records[0].value == b""
    assert dict(batch.records[0].headers)["dlq-value-omitted"] == str(len(value)).encode()
    assert [len(letter[3]) for letter in await stage.books.letters()] == [len(value)]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_a_dead_letter_of_a_log_that_is_no_more_is_kept_beside_the_one_that_takes_its_place(stage: Stage) -> None:
    topic = await stage.topic()
    await stage.append(topic, POISON + b"1")
    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 1))
    await stage.recreate(topic)
    await stage.books.delete_row(place(topic))
    log = await stage.another_log()
    await log.append([Outgoing(topic, POISON + b"2", b"k")])

    async with stage.consumer(careful(stage), topic, log=log) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 1))

    kept = [(offset, value) for offset, _, _, value in await stage.books.letters()]
    assert kept == [(-1, POISON + b"1"), (0, POISON + b"2")]
    await log.close()
