"""On real PostgreSQL too, whatever the order, number and concurrency of deliveries, the same statements are told."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from services.ingest.book import SourceBook
from services.ingest.domain.interaction import AccountName, NativeId
from services.ingest.settings import WaitingSettings
from services.ingest.store import PostgresStore
from services.ingest.sweep import Sweep
from shared.stream.memory import MemoryLog
from tests.integration.ingest.conftest import House
from tests.support.discourse import DISCOURSE, discourse, discourse_conversation, discourse_post
from tests.support.ingest import NOW, Ear, Sent
from tests.support.slack import SLACK, slack_conversation

SCRIPTS = {"slack": (SLACK, slack_conversation()), "discourse": (DISCOURSE, discourse_conversation())}
AT = "2026-03-02T12:00:00.000Z"
TABLES = ("artefact", "pending", "orphan")


async def emptied(house: House) -> Ear:
    """Return an ear over empty tables and an empty log."""
    for table in TABLES:
        await house.database.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]  # noqa: S608
    return Ear(PostgresStore(house.database), MemoryLog())


def sweeping(ear: Ear, book: SourceBook) -> Sweep:
    """Return what tells what has waited long enough, where all is told that *ear* heard."""
    return Sweep(
        store=ear.store,
        told_until=ear.told_until,
        book=book,
        intake=ear.intake,
        clock=ear.clock,
        metrics=ear.metrics,
        waiting=WaitingSettings(),
    )


async def artefacts(house: House) -> list[tuple[object, ...]]:
    rows = await house.database.fetch("SELECT * FROM artefact ORDER BY source, native")  # type: ignore[arg-type]
    return [tuple(row.values()) for row in rows]


async def in_order(script: list[Sent]) -> set[tuple[str, bytes]]:
    ear = Ear()
    await ear.hear(*script)
    return ear.told()


@pytest.mark.parametrize("name", SCRIPTS)
async def test_every_order_ends_in_the_same_statements_and_tables(house: House, name: str) -> None:
    _, script = SCRIPTS[name]
    expected, tables = await in_order(script), set[tuple[object, ...]]()

    for seed in range(12):
        order = script * 3
        random.Random(seed).shuffle(order)  # noqa: S311  seeded, keeps no secret
        ear = await emptied(house)
        await ear.hear(*order)

        assert ear.told() == expected, f"seed {seed}"
        assert await ear.store.count() == 0, f"seed {seed}"
        tables.add(tuple(await artefacts(house)))
    assert len(tables) == 1


@pytest.mark.parametrize("name", SCRIPTS)
async def test_deliveries_at_the_same_time_do_not_miss_one_another(house: House, name: str) -> None:
    _, script = SCRIPTS[name]
    expected = await in_order(script)

    for seed in range(8):
        order = script * 2
        random.Random(seed).shuffle(order)  # noqa: S311  seeded, keeps no secret
        ear = await emptied(house)
        await ear.hear()
        await asyncio.gather(*(ear.hear(each) for each in order))

        assert ear.told() == expected, f"seed {seed}"
        assert await ear.store.count() == 0, f"seed {seed}"


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_crash_after_any_append_loses_nothing(house: House, name: str) -> None:
    _, script = SCRIPTS[name]
    expected = await in_order(script)
    shuffled = script[::-1]

    for crash in range(len(script)):
        ear = await emptied(house)
        await ear.hear(*shuffled[:crash])
        ear.log.faults.outage = True
        await asyncio.gather(ear.hear(shuffled[crash]), return_exceptions=True)
        ear.log.faults.outage = False
        await ear.hear(shuffled[crash], *shuffled[crash + 1 :])

        assert ear.told() == expected, f"crash at {crash}"


async def test_a_sweep_and_a_root_at_the_same_time_tell_one_version(house: House) -> None:
    question, answer = slack_conversation()[:2]

    for _ in range(10):
        ear = await emptied(house)
        await ear.hear(answer)
        ear.now = ear.now.replace(minute=5)
        await asyncio.gather(ear.hear(question), *(ear.sweep(SLACK) for _ in range(3)))
        await ear.hear(question, answer)

        told = ear.told()
        assert len(told) == 2
        assert len({statement for statement, _ in told}) == 2


async def test_what_somebody_made_is_found_by_who_made_it(house: House) -> None:
    ear = await emptied(house)
    posts = [
        discourse_post(11, 57, 1, "It hangs.", AT),
        discourse_post(12, 57, 2, "So.", AT),
        discourse_post(11, 57, 3, "Ah.", AT),
    ]
    await ear.hear(*(discourse("post", "post_created", each) for each in posts))

    made = await ear.store.made_by(DISCOURSE.id, [AccountName("11")])

    assert made == [f"{DISCOURSE.workspace}/t/57", f"{DISCOURSE.workspace}/t/57/3"]
    assert await ear.store.made_by(SLACK.id, [AccountName("11")]) == []


async def test_a_thread_is_withdrawn_when_it_was_last_in_whichever_order_that_is_heard(house: House) -> None:
    ear, topic = await emptied(house), NativeId("57/1")
    first, last = NOW, NOW + timedelta(hours=1)

    for order in ([first, last], [last, first]):
        await house.database.execute("DELETE FROM withdrawn_thread")  # type: ignore[arg-type]
        await asyncio.gather(*(ear.store.withdraw(DISCOURSE.id, [(topic, at), (topic, at)]) for at in order))

        assert await ear.store.withdrawn(DISCOURSE.id, [topic]) == {topic: last}
