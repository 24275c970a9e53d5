"""Attendances on real PostgreSQL: in any order, at the same time in several processes, and over crashes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

import pytest

from services.ingest import attendances, erasing
from services.ingest.attendances import Due
from services.ingest.book import SourceBook
from services.ingest.domain.reading import Reading
from services.ingest.store import PostgresStore
from shared.errors import Unavailable
from shared.stream.memory import MemoryLog
from shared.xapi import ifi
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_order import sweeping
from tests.support.attendances import over, random_sessions, seen, unvoided
from tests.support.ingest import Ear
from tests.support.slack import SLACK

LATER = timedelta(hours=2)
TABLES = ("pending", "session")


async def emptied(house: House) -> Ear:
    """Return an ear over empty tables and an empty log."""
    for table in TABLES:
        await house.database.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]  # noqa: S608
    ear = Ear(PostgresStore(house.database), MemoryLog())
    await ear.hear()
    return ear


async def expected(readings: list[Reading]) -> set[str]:
    """Return which attendances stand after *readings* in order, in memory."""
    ear = Ear()
    await ear.hear()
    for reading in readings:
        await ear.take(SLACK, reading)
    ear.now += LATER
    await ear.sweep(SLACK)
    return unvoided(ear.statements())


async def shown(house: House) -> list[tuple[object, ...]]:
    """Return all that is known of presences and attendances, but for when they are looked at again."""
    rows = await house.database.fetch(
        "SELECT * FROM presence NATURAL JOIN (SELECT source, session, actor, told FROM attendance) AS told ORDER BY 1, 2, 3, 4"  # type: ignore[arg-type]
    )
    return [tuple(row.values()) for row in rows]


async def test_every_order_ends_in_the_same_attendances_and_tables(house: House) -> None:
    for seed in range(15):
        chance = Random(seed)  # noqa: S311  seeded, keeps no secret
        readings = random_sessions(chance)
        standing, tables = await expected(readings), set[tuple[object, ...]]()
        for _ in range(3):
            ear, order = await emptied(house), chance.sample(readings * 3, len(readings) * 3)
            for reading in order:
                await ear.take(SLACK, reading)
                if chance.random() < 0.2:
                    ear.now += LATER
                    await ear.sweep(SLACK)
            ear.now += LATER
            await ear.sweep(SLACK)

            assert unvoided(ear.statements()) == standing, f"seed {seed}"
            tables.add(tuple(await shown(house)))
        assert len(tables) == 1, f"seed {seed}"


async def test_deliveries_and_sweeps_at_the_same_time_miss_nothing(house: House) -> None:
    for seed in range(12):
        chance = Random(seed)  # noqa: S311  seeded, keeps no secret
        readings = random_sessions(chance)
        ear, order = await emptied(house), chance.sample(readings * 2, len(readings) * 2)
        ear.now += LATER

        async def swept(ear: Ear = ear) -> None:
            await ear.store.derive(ear.now + LATER, 100)

        await asyncio.gather(*(ear.take(SLACK, each) for each in order), *(swept() for _ in range(6)))
        ear.now += 2 * LATER
        await ear.sweep(SLACK)

        assert unvoided(ear.statements()) == await expected(readings), f"seed {seed}"


async def test_an_ending_waits_for_who_is_being_seen(house: House) -> None:
    reading, ending = seen("ann", "1", 0), over(60)

    async def ends() -> None:
        async with house.database.transaction() as other:
            await other.execute("SET LOCAL lock_timeout = '50ms'")
            await attendances.see(other, SLACK.id, (), ending.endings, Due())

    async with house.database.transaction() as delivery:
        await attendances.see(delivery, SLACK.id, reading.sightings, (), Due())
        with pytest.raises(Unavailable, match="lock timeout"):
            await ends()
    await ends()


async def test_two_sweeps_at_the_same_time_tell_each_attendance_once(house: House) -> None:
    ear = await emptied(house)
    for number in range(40):
        await ear.take(SLACK, seen(f"p{number}", f"{number}", 0, 10))
    ear.now += LATER

    due = await asyncio.gather(*(ear.store.derive(ear.now, 15) for _ in range(4)))
    await ear.sweep(SLACK)

    assert sum(due) == 40
    assert len(unvoided(ear.statements())) == len(ear.statements()) == 40


async def test_an_attendance_is_told_as_soon_as_nothing_more_is_expected_of_it(house: House) -> None:
    ear = await emptied(house)
    for reading in (seen("ann", "1", 0, 10), seen("bea", "2", 0), seen("cy", "3", 5)):
        await ear.take(SLACK, reading)

    async def standing(later: timedelta) -> list[str]:
        ear.now += later
        await ear.sweep(SLACK)
        return sorted(each.split()[0] for each in unvoided(ear.statements()))

    assert await standing(timedelta(minutes=59)) == []
    await ear.take(SLACK, over(60))
    assert await standing(timedelta()) == ["ann"]
    await ear.take(SLACK, seen("bea", "2", left=59))
    assert await standing(timedelta()) == ["ann", "bea"]
    assert await standing(timedelta(seconds=60)) == ["ann", "bea", "cy"]
    assert len(ear.statements()) == 3


async def test_an_attendance_of_a_session_whose_end_never_comes_is_told_after_an_hour(house: House) -> None:
    ear = await emptied(house)
    await ear.take(SLACK, seen("ann", "1", 0, 10))

    ear.now += timedelta(minutes=61)
    await ear.sweep(SLACK)

    assert [each.split()[2] for each in unvoided(ear.statements())] == ["PT600S"]


async def test_what_is_derived_is_told_after_an_outage_of_the_log(house: House) -> None:
    ear = await emptied(house)
    await ear.take(SLACK, seen("ann", "1", 0, 10))
    ear.now += LATER
    ear.log.faults.outage = True
    with pytest.raises(Unavailable):
        await ear.sweep(SLACK)
    ear.log.faults.outage = False
    await ear.take(SLACK, seen("ann", "2", 20, 30))
    ear.now += LATER

    await ear.sweep(SLACK)

    assert [each.split()[2] for each in unvoided(ear.statements())] == ["PT1200S"]
    assert len(ear.statements()) == 3


async def test_the_sweep_that_runs_tells_attendances(house: House) -> None:
    ear = await emptied(house)
    await ear.take(SLACK, seen("ann", "1", 0))
    await ear.take(SLACK, over(60))
    ear.now += LATER
    book = SourceBook(house.sources.load, ear.clock, 1.0)
    sweep = sweeping(ear, book)

    told = await sweep.once()

    assert (told, await sweep.once()) == (1, 0)
    assert [each.split()[2] for each in unvoided(ear.statements())] == ["PT3600S"]


async def test_an_erased_person_was_nowhere(house: House) -> None:
    ear = await emptied(house)
    await ear.take(SLACK, seen("ann", "1", 0))
    await ear.take(SLACK, seen("bea", "2", 0))
    ann = [ifi.of_account(SLACK.workspace, "ann")]

    held = await erasing.survey(house.database, ann)
    await erasing.erase(house.database, house.forgotten, ann, holds=lambda _: False)
    await ear.take(SLACK, over(60))
    ear.now += LATER
    await ear.sweep(SLACK)

    assert (held, await erasing.survey(house.database, ann)) == (1, 0)
    assert [each.split()[0] for each in unvoided(ear.statements())] == ["bea"]
