"""Transactions that overlap: what one misses in its snapshot, the locks make it wait for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from services.scoring.handler import Scoring
from shared.contracts import Enriched
from shared.postgres import Query
from shared.stream import Batch, Decision
from shared.xapi.vocabulary import Verb
from tests.support.community import BEGIN, artefact, batch, community, enriched, learner, link, objection
from tests.support.scoring import ScoringBench

WAITING = Query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
PAGE = Query(
    "SELECT changed_xid::text AS xid, learner, deleted FROM impact.change WHERE (changed_xid, learner) > ($1::text::xid8, $2) "
    "ORDER BY changed_xid, learner LIMIT $3"
)
NOBODY = UUID(int=0)
INDEXES = ("indexscan", "indexonlyscan", "bitmapscan")
POST = enriched(1, Verb.POSTED, learner=learner(1), object=artefact(1), links=(link(),))
LIKE = enriched(2, Verb.LIKED, learner=learner(2), object=artefact(1), author=learner(1), links=(link(),))


@asynccontextmanager
async def undecided(bench: ScoringBench, batch_: Batch) -> AsyncIterator[None]:
    """Hold the transaction that applied *batch_* open."""
    async with bench.database.transaction() as transaction:
        await Scoring(bench.metrics)(batch_, transaction)
        yield


async def until_it_waits(bench: ScoringBench, task: asyncio.Task[Decision]) -> None:
    async with asyncio.timeout(10):
        while not task.done() and not await bench.database.fetchval(WAITING):  # noqa: ASYNC110  PostgreSQL sets no event
            await asyncio.sleep(0.005)


async def overlapping(bench: ScoringBench, first: Batch, second: Batch) -> None:
    """Apply *second* while *first* is not committed yet."""
    async with asyncio.TaskGroup() as group, undecided(bench, first):
        task = group.create_task(bench.apply(second))
        await until_it_waits(bench, task)


@pytest.mark.parametrize(("first", "second"), [(POST, LIKE), (LIKE, POST)])
async def test_a_contribution_and_its_receipt_at_once_do_not_miss_each_other(
    bench: ScoringBench, first: Enriched, second: Enriched
) -> None:
    await overlapping(bench, batch([first]), batch([second]))

    assert (await bench.impact(learner(1), BEGIN)).contribution == pytest.approx(1.0)


@pytest.mark.parametrize("objects_first", [True, False])
async def test_an_objection_and_a_statement_at_once_do_not_miss_each_other(bench: ScoringBench, objects_first: bool) -> None:  # noqa: FBT001
    batches = [objection(2), batch([POST, LIKE])]

    await overlapping(bench, *(batches if objects_first else batches[::-1]))

    assert await bench.impact(learner(1), BEGIN) == (0.0, 0.0, None)


async def test_a_reader_of_changes_misses_none_whatever_order_transactions_end_in(bench: ScoringBench) -> None:
    seen: dict[UUID, bool] = {}
    cursor = ("0", NOBODY)

    async def read() -> None:
        nonlocal cursor
        while rows := await bench.database.fetch(PAGE, *cursor, 3):
            cursor = (rows[-1]["xid"], rows[-1]["learner"])
            seen.update((row["learner"], row["deleted"]) for row in rows)

    async def write(number: int) -> None:
        statement = enriched(number, Verb.LIKED, learner=learner(500), object=artefact(number), author=learner(number))
        async with undecided(bench, batch([statement])):
            await asyncio.sleep(random.Random(number).random() / 20)  # noqa: S311  seeded, no secret

    async def write_all(numbers: range) -> None:
        for number in numbers:
            await write(number)

    async def read_until(done: asyncio.Event) -> None:
        while not done.is_set():
            await read()

    await during(read_until, *(write_all(range(start, start + 30)) for start in (1000, 2000, 3000, 4000)))
    await read()

    rows = await bench.database.fetch(Query("SELECT DISTINCT beneficiary FROM fact"))
    assert set(seen) == {row["beneficiary"] for row in rows}
    assert len(seen) == 120


async def during(watch: Any, *work: Coroutine[Any, Any, None]) -> None:
    """Run *watch* while *work* is under way."""
    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(watch(done))
        await asyncio.gather(*work)
        done.set()


async def test_a_page_of_changes_looks_for_the_facts_of_its_learners_alone(bench: ScoringBench) -> None:
    async with bench.database.transaction() as transaction:
        for kind in INDEXES:  # so that to look for each learner is as dear as it may ever seem
            await transaction.execute(f"SET LOCAL enable_{kind} = off")
        plan = [row[0] for row in await transaction.fetch(f"EXPLAIN (VERBOSE) {PAGE}", "0", NOBODY, 100)]

    assert any("Filter: (fact.beneficiary = learner_change.learner)" in line for line in plan)


async def test_a_change_behind_an_open_transaction_is_not_shown_yet(bench: ScoringBench) -> None:
    async with undecided(bench, batch([POST])):
        await bench.apply(batch([enriched(7, Verb.LIKED, learner=learner(5), object=artefact(7), author=learner(6))]))
        hidden = await bench.database.fetch(PAGE, "0", NOBODY, 10)

    shown = await bench.database.fetch(PAGE, "0", NOBODY, 10)

    assert not hidden
    assert {row["learner"] for row in shown} == {UUID(learner(1)), UUID(learner(6))}


async def test_who_objects_leaves_a_tombstone_among_the_changes(bench: ScoringBench) -> None:
    await bench.hear([POST, LIKE])
    before = await bench.database.fetch(PAGE, "0", NOBODY, 10)

    await bench.apply(objection(1))
    (row,) = await bench.database.fetch(PAGE, before[-1]["xid"], before[-1]["learner"], 10)

    assert (row["learner"], row["deleted"]) == (UUID(learner(1)), True)


async def test_consumers_that_share_every_cell_do_not_lock_each_other_up(bench: ScoringBench) -> None:
    messages = community(3, size=400, people=3)

    async def consume(partition: int) -> None:
        mine = [message for message in messages if message.seq % 4 == partition]
        random.Random(partition).shuffle(mine)  # noqa: S311  seeded, no secret
        for begin in range(0, len(mine), 20):
            await bench.apply(batch(mine[begin : begin + 20]))

    async with asyncio.TaskGroup() as group:
        for partition in range(4):
            group.create_task(consume(partition))

    deadlocks = Query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert await bench.database.fetchval(deadlocks) == 0
