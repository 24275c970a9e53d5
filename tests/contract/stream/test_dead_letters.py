"""What becomes of records that a handler cannot use: they die alone, say why, and a flood of them stops the consumer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest

from shared.contracts.topics import dead_letters_of
from shared.errors import Unavailable
from shared.postgres import Query
from shared.stream import (
    Batch,
    Cause,
    Decision,
    GroupPartition,
    Handler,
    Outgoing,
    Partition,
    Position,
    Rejection,
    TooManyRejections,
)
from shared.stream.dead_letters import SETTLED_KEPT, Content, DeadLetters
from shared.stream.log import RECORD_BYTES
from tests.contract.stream.stage import QUICK, PostgresBooks, Stage, turns

POISON = b"poison"


def careful(stage: Stage) -> Handler[Any]:
    """Return a handler that writes down what it can use and refuses the rest."""

    async def handler(batch: Batch, transaction: Any) -> Decision:
        good = [record for record in batch.records if not record.value.startswith(POISON)]
        bad = [record for record in batch.records if record.value.startswith(POISON)]
        await stage.books.write([record.value for record in good], transaction)
        return Decision(rejections=tuple(Rejection(record, f"cannot use {record.value[:10]!r}") for record in bad))

    return handler


async def done(stage: Stage, topic_name: str, offset: int) -> bool:
    return await stage.books.next_offset(GroupPartition("readers", Partition(topic_name, 0))) == offset


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


@pytest.mark.parametrize("stage", ["postgres", "kafka"], indirect=True)
async def test_an_operator_lists_shows_replays_and_discards(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    await stage.log.append([Outgoing(topic, POISON + b"%d" % number, b"k", (("a", b"b"),)) for number in range(2)])
    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 2))
    letters = DeadLetters(stage.books.database)

    first, second = await letters.list()
    shown = await letters.show(first.id)
    replayed = [await letters.replay(first.id, stage.log) for _ in range(2)]
    discarded = await letters.discard(second.id)

    assert shown is not None
    assert (shown[1].value, shown[1].key, shown[1].headers) == (b"poison0", b"k", (("a", b"b"),))
    assert (first.reason, first.size, first.state, first.offset) == ("cannot use b'poison0'", 7, "waiting", 0)
    assert (replayed, discarded) == ([True, False], True)
    assert await letters.list() == []
    assert await letters.counts() == {"replayed": 1, "discarded": 1}
    assert [await emptied(letters, each.id) for each in (first, second)] == [("replayed", True), ("discarded", True)]
    assert await letters.show(10**6) is None
    assert await stage.everything(topic) == [b"poison0", b"poison1", b"poison0"]


async def emptied(letters: DeadLetters, letter: int) -> tuple[str, bool]:
    """Return what became of *letter*, and whether it holds nothing any more but why it was refused."""
    shown = await letters.show(letter)
    assert shown is not None
    buried, content = shown
    return buried.state, content == Content(None, b"", ()) and buried.reason.startswith("cannot use")


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_what_was_settled_long_ago_is_forgotten_and_what_waits_is_not(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    await stage.append(topic, *[POISON] * 3)
    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 3))
    letters = DeadLetters(stage.books.database)
    waiting, replayed, discarded = await letters.list()
    await letters.replay(replayed.id, stage.log)
    await letters.discard(discarded.id)
    settled = await stage.books.database.fetchval(Query("SELECT max(settled_at) FROM dead_letter"))

    early = await letters.forget(settled + SETTLED_KEPT - timedelta(hours=1))
    late = await letters.forget(settled + SETTLED_KEPT + timedelta(hours=1))

    assert (early, late) == (0, 2)
    assert await letters.list() == [waiting]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_a_settled_letter_whose_reason_names_somebody_loses_that_and_stays_what_it_is(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    await stage.append(topic, POISON + b"ann")
    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 1))
    letters = DeadLetters(stage.books.database)
    (letter,) = await letters.list()
    await letters.replay(letter.id, stage.log)

    count = await letters.empty(lambda text: b"ann" in text)

    (left,) = await letters.list(state="replayed")
    assert (count, left.reason) == (1, "erased")
    assert await letters.empty(lambda text: b"erased" in text) == 0


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_what_was_settled_before_letters_were_emptied_is_emptied_by_the_upgrade(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    await stage.append(topic, POISON, POISON)
    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 2))
    letters, database = DeadLetters(stage.books.database), stage.books.database
    settled, waiting = await letters.list()
    await database.execute(Query("UPDATE dead_letter SET state = 'discarded', settled_at = now() WHERE id = $1"), settled.id)

    async with database.transaction() as transaction:
        await transaction.execute(resources.files("shared.stream.migrations").joinpath("0004_settled_letters.sql").read_text())

    assert await emptied(letters, settled.id) == ("discarded", True)
    assert await letters.list() == [waiting]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_a_record_that_contradicts_what_is_known_is_quarantined_apart_from_what_could_not_be_used(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    await stage.append(topic, POISON, b"contradiction")

    async def handler(batch: Batch, transaction: Any) -> Decision:
        causes = [Cause.UNUSABLE if record.value == POISON else Cause.CONFLICT for record in batch.records]
        return Decision(
            rejections=tuple(Rejection(record, "why", cause) for record, cause in zip(batch.records, causes, strict=True))
        )

    async with stage.consumer(handler, topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 2))
    letters = DeadLetters(stage.books.database)

    assert await letters.counts() == {"waiting": 1, "quarantined": 1}
    (apart,) = await letters.list(state="quarantined")
    assert apart.offset == 1
    assert await letters.discard(apart.id)
    assert not await letters.replay(apart.id, stage.log)


async def contradicted(batch: Batch, transaction: Any) -> Decision:
    """Refuse every record as a conflict; those with equal values say the same."""
    del transaction
    return Decision(rejections=tuple(Rejection(each, "why", Cause.CONFLICT, each.value) for each in batch.records))


async def test_of_conflicts_that_say_the_same_one_is_kept_and_each_is_told(stage: Stage) -> None:
    topic = await stage.topic()
    said = [b"one", b"one", b"two"]

    async with stage.consumer(contradicted, topic) as consumer:
        await stage.append(topic, *said)
        await turns(consumer, lambda: done(stage, topic.name, 3))
        await stage.append(topic, *said)
        await turns(consumer, lambda: done(stage, topic.name, 6))

    assert [value for _, _, _, value in await stage.books.letters()] == [b"one", b"two"]
    assert await stage.everything(dead_letters_of(topic, "readers")) == [*said, *said]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_a_conflict_counts_those_that_say_the_same_until_it_is_settled(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    letters = DeadLetters(stage.books.database)

    async with stage.consumer(contradicted, topic) as consumer:
        await stage.append(topic, b"one", b"one", b"two")
        await turns(consumer, lambda: done(stage, topic.name, 3))
        await stage.append(topic, b"one")
        await turns(consumer, lambda: done(stage, topic.name, 4))
        one, two = await letters.list(state="quarantined")
        await letters.discard(one.id)
        await stage.append(topic, b"one", b"two")
        await turns(consumer, lambda: done(stage, topic.name, 6))

    assert [(one.offset, one.times), (two.offset, two.times)] == [(0, 3), (2, 1)]
    assert one.last_seen > one.first_seen
    assert two.last_seen == two.first_seen
    assert [(each.offset, each.times) for each in await letters.list(state="quarantined")] == [(2, 2), (4, 1)]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_a_conflict_that_is_read_again_has_come_once(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    letters, database = DeadLetters(stage.books.database), stage.books.database
    await stage.append(topic, b"one", b"one", b"two")
    for _ in range(2):
        async with stage.consumer(contradicted, topic) as consumer:
            await turns(consumer, lambda: done(stage, topic.name, 3))
        before = await letters.list(state="quarantined")
        await database.execute(Query("UPDATE consumer_offset SET next_offset = 0, last_digest = NULL"))

    assert [(each.offset, each.times) for each in before] == [(0, 2), (2, 1)]
    assert await letters.counts() == {"quarantined": 2}


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_what_is_settled_as_it_is_refused_holds_nothing_and_waits_for_nobody(stage: Stage) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)

    async def handler(batch: Batch, transaction: Any) -> Decision:
        del transaction
        refused = (Rejection(each, "why", Cause.CONFLICT, each.value) for each in batch.records)
        return Decision(rejections=tuple(each.emptied("deleted") for each in refused))

    async with stage.consumer(handler, topic) as consumer:
        await stage.log.append([Outgoing(topic, b"secret", b"k", (("a", b"secret"),))])
        await turns(consumer, lambda: done(stage, topic.name, 1))
    letters = DeadLetters(stage.books.database)

    (letter,) = await letters.list(state="discarded")
    shown = await letters.show(letter.id)
    settled = await stage.books.database.fetchval(Query("SELECT settled_at FROM dead_letter WHERE digest IS NULL"))
    assert shown is not None
    assert (letter.reason, shown[1]) == ("deleted", Content(None, b"", ()))
    assert await letters.forget(settled + SETTLED_KEPT + timedelta(hours=1)) == 1
    assert await stage.everything(dead_letters_of(topic, "readers")) == [b""]


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
async def test_a_conflict_that_is_refused_again_while_it_is_replayed_is_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    letters = DeadLetters(stage.books.database)

    async with stage.consumer(contradicted, topic) as consumer:
        await stage.append(topic, b"one")
        await turns(consumer, lambda: done(stage, topic.name, 1))
        (first,) = await letters.list(state="quarantined")
        append = stage.log.append

        async def at_once(outgoing: Sequence[Outgoing]) -> Sequence[Position]:
            positions = await append(outgoing)
            await turns(consumer, lambda: done(stage, topic.name, 2))
            return positions

        monkeypatch.setattr(stage.log, "append", at_once)
        await letters.replay(first.id, stage.log)

    (again,) = await letters.list(state="quarantined")
    shown = await letters.show(again.id)
    assert shown is not None
    assert (shown[0].offset, shown[1].value) == (1, b"one")
