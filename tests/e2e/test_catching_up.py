"""Waiting for the consumers: until they have done what there was, however much comes meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.gateway.recorder import GROUP as RECORDER_GROUP
from services.pipeline import STAGES, Pipeline, Stage, StageStanding
from shared.contracts import RECEIVED, TOPICS
from shared.postgres import Database, Query
from shared.stream import Outgoing, StreamSettings
from shared.stream.settings import KafkaSettings, LogKind
from tests.support.crash import open_books
from tests.support.postgres import settings_for

OPEN = Query("INSERT INTO consumer_offset (group_name, topic, partition, next_offset) VALUES ($1, $2, 0, 0)")
MOVE = Query("UPDATE consumer_offset SET next_offset = $2 WHERE group_name = $1")
SAY = Query("INSERT INTO outbox (owner, records) VALUES ('recorder', '')")
FORGET = Query("DELETE FROM outbox WHERE id = (SELECT min(id) FROM outbox)")


@asynccontextmanager
async def never_at_rest(books: Pipeline) -> AsyncIterator[None]:
    """Let the recorder always be one record behind the door, and one row behind what it says."""
    recorder, lrs = await opened(books)
    end = await append(books)
    await lrs.execute(SAY)

    async def go_on() -> None:
        nonlocal end
        while True:
            end, behind = await append(books), end
            await lrs.execute(MOVE, recorder.group, behind)
            await lrs.execute(SAY)
            await lrs.execute(FORGET)

    async with asyncio.TaskGroup() as group:
        going = group.create_task(go_on())
        yield
        going.cancel()


async def opened(books: Pipeline) -> tuple[Stage, Database]:
    """Make the topics, let the recorder begin, and return it and its books."""
    recorder = next(stage for stage in STAGES if stage.group == RECORDER_GROUP)
    await books.log.ensure(TOPICS)
    await books.databases[recorder.schema].execute(OPEN, recorder.group, RECEIVED.name)
    return recorder, books.databases[recorder.schema]


async def append(books: Pipeline) -> int:
    """Append what somebody sends; return the offset behind it."""
    (position,) = await books.log.append([Outgoing(RECEIVED, b"{}")])
    return position.offset + 1


async def test_what_comes_meanwhile_is_not_waited_for(database_url: str) -> None:
    looks: list[Sequence[StageStanding]] = []
    async with open_books(settings_for(database_url), StreamSettings()) as books, never_at_rest(books):
        async with asyncio.timeout(20):
            await books.until_settled(looks.append)

        assert any(standing.left for standing in await books.standings())
    assert looks


async def test_what_there_was_is_waited_for(database_url: str) -> None:
    async with open_books(settings_for(database_url), StreamSettings()) as books:
        recorder, lrs = await opened(books)
        end = await append(books)
        await lrs.execute(SAY)

        waiting = asyncio.create_task(books.until_settled(lambda _: None))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await lrs.execute(MOVE, recorder.group, end)
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await lrs.execute(FORGET)

        await asyncio.wait_for(waiting, 20)


async def test_a_topic_that_nobody_made_yet_has_nothing_to_wait_for(database_url: str, kafka_bootstrap: str) -> None:
    kafka = StreamSettings(kind=LogKind.KAFKA, kafka=KafkaSettings(bootstrap=kafka_bootstrap, request_timeout=5))

    async with open_books(settings_for(database_url), kafka) as books, asyncio.timeout(20):
        await books.until_settled(lambda _: None)
