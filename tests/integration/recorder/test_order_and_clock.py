"""Rules 5 of the stream: `stored` in order of commit, and Consistent-Through exact, however many record and read at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson

from services.gateway.domain.query import Filters
from services.gateway.recorder import Recorder
from services.gateway.recorder.clock import raise_consistent_through
from shared.xapi.timestamps import instant
from tests.support.lrs import Lrs
from tests.support.received import batch, id_of, request, statement

SET_CLOCK: Any = "UPDATE clock SET consistent_through = $1"
BATCHES, SIZE = 25, 4


async def record_many(lrs: Lrs, first: int) -> None:
    """Record statements from *first* on, batch by batch."""
    recorder = Recorder()
    for number in range(first, first + BATCHES * SIZE, SIZE):
        async with lrs.database.transaction() as transaction:
            await recorder(batch(request(*map(statement, range(number, number + SIZE)))), transaction)


async def poll(lrs: Lrs, done: asyncio.Event) -> list[str]:
    """Ask for what is new since the last that was seen, until all is recorded and seen."""
    seen: list[str] = []
    since: datetime | None = None
    while True:
        last_round = done.is_set()
        through = await lrs.store.consistent_through()
        page = await lrs.store.page(Filters(since=since, ascending=True), 7)
        statements = [orjson.loads(body) for body in page.bodies]
        assert all(instant(one["stored"]) <= instant(two["stored"]) for one, two in pairwise(statements))
        assert await missing(lrs, since, through, page.bodies) == 0 or page.more
        seen += [each["id"] for each in statements]
        since = instant(statements[-1]["stored"]) if statements else since
        if last_round and not page.more:
            return seen


async def missing(lrs: Lrs, since: datetime | None, through: datetime, bodies: tuple[bytes, ...]) -> int:
    """Count what the record now holds up to *through*, and a page that was read after it does not."""
    now = await lrs.store.page(Filters(since=since, until=through, ascending=True), 10_000)
    return len(set(now.bodies) - set(bodies))


async def test_pollers_miss_nothing_while_two_recorders_commit(lrs: Lrs) -> None:
    done = asyncio.Event()

    async with asyncio.TaskGroup() as group:
        pollers = [group.create_task(poll(lrs, done)) for _ in range(3)]
        async with asyncio.TaskGroup() as recorders:
            recorders.create_task(record_many(lrs, 0))
            recorders.create_task(record_many(lrs, 1_000))
        done.set()

    everything = [str(row["id"]) for row in await lrs.rows()]
    assert len(everything) == 2 * BATCHES * SIZE
    assert all(poller.result() == everything for poller in pollers)


async def test_stored_and_seq_increase_under_two_recorders(lrs: Lrs) -> None:
    async with asyncio.TaskGroup() as recorders:
        recorders.create_task(record_many(lrs, 0))
        recorders.create_task(record_many(lrs, 1_000))

    rows = await lrs.rows()

    assert [row["seq"] for row in rows] == list(range(1, 2 * BATCHES * SIZE + 1))
    assert all(one["stored"] < two["stored"] for one, two in pairwise(rows))


async def test_two_recorders_that_take_the_same_request_record_it_once(lrs: Lrs) -> None:
    async with asyncio.TaskGroup() as recorders:
        taken = [recorders.create_task(lrs.take(request(statement(1)))) for _ in range(4)]

    assert sorted(len(task.result().outgoing) for task in taken) == [0, 0, 0, 1]
    assert len(await lrs.rows()) == 1


async def test_consistent_through_advances_while_nobody_records(lrs: Lrs) -> None:
    before = datetime.now(UTC)  # noqa: TID251  compared with PostgreSQL's clock on the same machine

    first = await lrs.store.consistent_through()
    second = await lrs.store.consistent_through()

    assert before <= first < second


async def test_what_is_recorded_next_is_stored_after_it(lrs: Lrs) -> None:
    through = await lrs.store.consistent_through()

    await lrs.take(request(statement(1)))

    assert (await lrs.rows())[0]["stored"] > through


async def test_it_stays_at_the_last_stored_while_a_commit_is_under_way_and_waits_for_nobody(lrs: Lrs) -> None:
    await lrs.take(request(statement(1)))
    async with lrs.database.transaction() as transaction:
        await lrs.recorder(batch(request(statement(2))), transaction)

        through = await asyncio.wait_for(lrs.store.consistent_through(), 5)

        assert through == (await lrs.rows())[0]["stored"]

    assert await lrs.store.consistent_through() > (await lrs.rows())[1]["stored"]


async def test_a_clock_that_was_set_back_gives_no_earlier_time(lrs: Lrs) -> None:
    future = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251  PostgreSQL's clock an hour ago, so to speak
    await lrs.database.execute(SET_CLOCK, future)

    await lrs.take(request(statement(1), statement(2)))

    assert [row["stored"] - future for row in await lrs.rows()] == [timedelta(microseconds=1), timedelta(microseconds=2)]
    assert await lrs.store.consistent_through() == future + timedelta(microseconds=2)


async def test_a_reader_that_raised_it_holds_the_recorder_until_it_commits(lrs: Lrs) -> None:
    async with lrs.database.transaction() as transaction:
        through = await raise_consistent_through(transaction)
        recording = asyncio.create_task(lrs.take(request(statement(1))))
        done, _ = await asyncio.wait([recording], timeout=0.2)
        assert not done

    await recording

    ((row),) = await lrs.rows()
    assert (str(row["id"]), row["stored"] > through) == (id_of(1), True)
