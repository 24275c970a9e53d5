"""Records that contradict what is known are kept apart, and those that say the same once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.contracts.topics import dead_letters_of
from shared.postgres import Query
from shared.stream import (
    Batch,
    Cause,
    Decision,
    Outgoing,
    Position,
    Rejection,
)
from shared.stream.dead_letters import DeadLetters
from tests.contract.stream.refusing import POISON, contradicted, done
from tests.contract.stream.stage import PostgresBooks, Stage, turns


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
