"""What is said outside the loop is stored with its reason, and published once that is committed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.stream import Log, Outgoing
from shared.stream.publisher import Publisher
from tests.contract.stream.stage import Stage, Unacknowledged, eventually


def publisher(stage: Stage, log: Log | None = None) -> Publisher[Any]:
    return Publisher(owner="relink", log=log or stage.log, ledger=stage.books.ledger)


async def test_what_is_stored_is_published_soon_after_the_commit(stage: Stage) -> None:
    topic = await stage.topic()
    relink = publisher(stage)
    stop = asyncio.Event()

    async with asyncio.TaskGroup() as group:
        group.create_task(relink.run(stop))
        async with stage.books.ledger.transaction() as transaction:
            await relink.store(transaction, [Outgoing(topic, b"%d" % number, b"k") for number in range(3)])
            await asyncio.sleep(0.1)
            assert not any((await stage.log.ends(topic)).values())

        async def published() -> bool:
            return await stage.books.outbox() == 0

        await eventually(published)
        stop.set()

    assert await stage.everything(topic) == [b"0", b"1", b"2"]


async def test_what_is_rolled_back_is_never_published(stage: Stage) -> None:
    topic = await stage.topic()
    relink = publisher(stage)

    async def decide() -> None:
        async with stage.books.ledger.transaction() as transaction:
            await relink.store(transaction, [Outgoing(topic, b"never", b"k")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await decide()
    await relink.drain()

    assert await stage.everything(topic) == []


async def test_two_who_drain_at_once_publish_each_row_once(stage: Stage) -> None:
    topic = await stage.topic()
    relink = publisher(stage)
    for number in range(3):
        async with stage.books.ledger.transaction() as transaction:
            await relink.store(transaction, [Outgoing(topic, b"%d" % number, b"k")])

    await asyncio.gather(relink.drain(), relink.drain())

    assert await stage.everything(topic) == [b"0", b"1", b"2"]


async def test_a_lost_acknowledgement_keeps_the_row_for_the_next_drain(stage: Stage) -> None:
    topic = await stage.topic()
    relink = publisher(stage, Unacknowledged(stage.log))
    async with stage.books.ledger.transaction() as transaction:
        await relink.store(transaction, [Outgoing(topic, b"said", b"k")])

    with pytest.raises(Unavailable):
        await relink.drain()
    assert await stage.books.outbox() == 1
    await relink.drain()

    assert await stage.everything(topic) == [b"said", b"said"]
    assert await stage.books.outbox() == 0
