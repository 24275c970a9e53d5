"""What an operator does with dead letters, and what is left of them then."""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from typing import Any

import pytest

from shared.contracts.topics import dead_letters_of
from shared.postgres import Query
from shared.stream import (
    Batch,
    Cause,
    Decision,
    Outgoing,
    Rejection,
    dead_letters,
)
from shared.stream.dead_letters import SETTLED_KEPT, Content, DeadLetters
from tests.contract.stream.refusing import POISON, careful, done
from tests.contract.stream.stage import PostgresBooks, Stage, turns


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
async def test_what_was_settled_long_ago_is_forgotten_and_what_waits_is_not(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "PAGE", 1)
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
@pytest.mark.parametrize("more", [0, dead_letters.FEW])
async def test_letters_are_found_by_few_texts_and_by_many_page_by_page(
    stage: Stage, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "PAGE", 2)
    topic = await stage.topic()
    assert isinstance(stage.books, PostgresBooks)
    held = [POISON + end for end in (b'["slack","one"]', b'["teams","one"]', b'["slack","three"]', b'["slack","t\\"wo"]')]
    await stage.append(topic, *held)
    async with stage.consumer(careful(stage), topic) as consumer:
        await turns(consumer, lambda: done(stage, topic.name, 4))
    sought = [b'"one"', b'"t\\"wo"', *(b'"other%d"' % number for number in range(more))]

    found = [value async for _, value in DeadLetters(stage.books.database).naming(b'"slack"', sought)]

    assert found == [held[0], held[3]]


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
