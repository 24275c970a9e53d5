"""A job of relinking that meets a bug harms nobody: what it can do is done, the others go on, and it is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry

from services.enrichment import relink
from services.enrichment.erasing import Erasing
from services.enrichment.imports import Kind
from services.enrichment.metrics import RelinkMetrics
from services.enrichment.relink import Relinker, rest_after
from shared.bugs import Bug
from shared.contracts import ENRICHED
from shared.postgres import Query
from shared.stream import PostgresLedger
from shared.stream.publisher import Publisher
from shared.xapi import ifi
from shared.xapi.vocabulary import Verb
from tests.integration.enrichment.conftest import House
from tests.support.conversation import COURSE, HOME, recorded, statement
from tests.support.gateway import eventually

COURSES = f"iri,title\n{COURSE},Python\n".encode()
SAID = [statement(f"q{at}", f"p{at}", Verb.ASKED, f"m{at}", text=f"See {COURSE}/lesson/{at}", second=at) for at in range(9)]
POISONED = SAID[3]
JOBS = Query("SELECT id, failures, last_failure, retry_at - clock_timestamp() AS rest FROM relink ORDER BY id")
POISON = Query("UPDATE interaction SET links = '{' WHERE statement_id = $1")
MEND = Query("UPDATE interaction SET links = '[]' WHERE statement_id = $1")
HURRY = Query("UPDATE relink SET retry_at = clock_timestamp()")
LEAVE = Query("INSERT INTO relink (statements) VALUES ($1)")


async def poisoned(house: House) -> None:
    """Let a conversation be known before its course is, with one statement whose links nobody can read."""
    await house.hear(*(recorded(one, seq) for seq, one in enumerate(SAID, 1)))
    await house.importer.take(Kind.COURSES, COURSES)
    await house.database.execute(POISON, UUID(POISONED["id"]))


def linked(house: House) -> set[str]:
    return {name for name, one in house.known().items() if one.links}


def others() -> set[str]:
    return {one["id"] for one in SAID if one is not POISONED}


async def test_what_stands_beside_the_poison_is_linked_and_the_job_is_left_for_later(house: House) -> None:
    await poisoned(house)

    await house.relink()

    assert linked(house) == others()
    (job,) = await house.database.fetch(JOBS)
    assert job["failures"] == 1
    assert job["last_failure"].startswith("ValidationError at services.enrichment.store:")
    assert job["last_failure"].endswith(f", over statement {POISONED['id']}")
    assert timedelta(seconds=4) < job["rest"] <= timedelta(seconds=10)


async def test_a_job_behind_it_is_done_and_it_is_left_alone_until_its_time(house: House) -> None:
    await poisoned(house)
    await house.database.execute(LEAVE, [UUID(SAID[0]["id"])])

    await house.relink()
    again = await house.relinker.turn()

    assert [job["failures"] for job in await house.database.fetch(JOBS)] == [1]
    assert not again


async def test_it_is_tried_again_and_later_each_time_and_done_once_it_is_mended(house: House) -> None:
    await poisoned(house)
    await house.relink()
    await house.database.execute(HURRY)
    await house.relink()
    (failing,) = await house.database.fetch(JOBS)
    await house.database.execute(MEND, UUID(POISONED["id"]))
    await house.database.execute(HURRY)

    await house.relink()

    assert failing["failures"] == 2
    assert failing["rest"] > timedelta(seconds=9)
    assert not await house.database.fetch(JOBS)
    assert linked(house) == {one["id"] for one in SAID}


async def test_where_all_is_wrong_not_every_statement_is_looked_at_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relink, "MOST_SINGLED_OUT", 2)
    await poisoned(house)
    for one in SAID[4:]:
        await house.database.execute(POISON, UUID(one["id"]))

    await house.relink()

    assert {one["id"] for one in SAID[:2]} <= linked(house)
    assert [job["failures"] for job in await house.database.fetch(JOBS)] == [1]


async def test_two_processes_that_meet_it_at_once_count_it_once(house: House) -> None:
    await poisoned(house)
    await house.log.ensure([ENRICHED])

    await asyncio.gather(house.relinker.turn(), house.relinker.turn())

    assert [job["failures"] for job in await house.database.fetch(JOBS)] == [1]


async def test_the_process_goes_on_and_shows_the_job_until_it_is_mended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relink, "FIRST_REST", 0.1)
    monkeypatch.setattr(relink, "LONGEST_REST", 0.1)
    monkeypatch.setattr(relink, "PAUSE", 0.05)
    await poisoned(house)

    async with relinking(house) as registry:
        await eventually(lambda: shown(registry, waiting=0, postponed=1))
        await house.database.execute(LEAVE, [UUID(SAID[0]["id"])])
        await eventually(lambda: alone_and_tried(house, 3))
        await house.database.execute(MEND, UUID(POISONED["id"]))
        await eventually(lambda: shown(registry, waiting=0, postponed=0))

    assert not await house.database.fetch(JOBS)


async def test_nobody_is_forgotten_while_what_names_them_cannot_be_told_anew(house: House) -> None:
    await poisoned(house)
    await house.relink()
    somebody = ifi.of_account(HOME, "p0")

    with pytest.raises(Bug, match=POISONED["id"]):
        await Erasing(house.database, house.log).erase([somebody], 100, lambda _: False)

    assert await house.database.fetchval(Query("SELECT count(*) FROM alias WHERE ifi = $1"), somebody) == 1


def test_a_job_rests_longer_each_time_and_never_for_ever() -> None:
    rests = [rest_after(failures) for failures in range(40)]

    assert all(5 <= rest <= 10 for rest in rests[:1])
    assert all(1800 <= rest <= 3600 for rest in rests[9:])


@asynccontextmanager
async def relinking(house: House) -> AsyncIterator[CollectorRegistry]:
    """Run a relinker, as a service does, until the end of the block."""
    await house.log.ensure([ENRICHED])
    registry, stop = CollectorRegistry(), asyncio.Event()
    publisher = Publisher(owner="relink", log=house.log, ledger=PostgresLedger(house.database))
    relinker = Relinker(house.database, house.store, house.linking, publisher, RelinkMetrics(registry))
    async with asyncio.TaskGroup() as group:
        group.create_task(relinker.run(stop))
        try:
            yield registry
        finally:
            stop.set()


async def shown(registry: CollectorRegistry, **numbers: int) -> bool:
    return all(registry.get_sample_value("symposia_relink_jobs", {"state": state}) == number for state, number in numbers.items())


async def alone_and_tried(house: House, times: int) -> bool:
    return [job["failures"] >= times for job in await house.database.fetch(JOBS)] == [True]
