"""Every platform delivers everything thrice, in any order: each answer is 2xx, and tables and statements end as if once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

import pytest

from services.ingest.settings import DoorSettings
from services.ingest.store import PostgresStore
from shared.contracts import HEARD, NOTICED, RECEIVED
from shared.stream.memory import MemoryLog
from tests.integration.ingest.conftest import House, post
from tests.support.ingest import NOW, Ear, Sent
from tests.support.platforms import CLAIMS, CONVERSATIONS

SCRIPTS = CONVERSATIONS | CLAIMS
TABLES = (
    "artefact",
    "pending",
    "orphan",
    "closed_channel",
    "withdrawn_thread",
    "part",
    "session",
    "presence",
    "attendance",
    "lookup",
)
"""What deliveries teach; not what operators set, nor how often something was counted."""
GIVEN_UP = timedelta(days=40)


@dataclass(frozen=True)
class End:
    """How it ended: the tables, the statements that were told at once, those that were told in the end, and what is asked for."""

    tables: dict[str, list[str]]
    at_once: set[tuple[str, bytes]]
    in_the_end: set[tuple[str, bytes]]
    noticed: set[bytes]


async def played(house: House, order: list[Sent]) -> tuple[End, set[int]]:
    """Deliver *order* to a door that remembers nothing, over empty tables; return how it ended, and how it was answered."""
    house.log, house.now = MemoryLog(), NOW
    await house.log.ensure((HEARD, RECEIVED, NOTICED))
    for table in TABLES:
        await house.database.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]  # noqa: S608  names of ours
    async with house.open() as client:
        statuses = {(await post(client, sent)).status_code for sent in order}
    await house.tell()
    ear = Ear(PostgresStore(house.database), house.log)
    tables, at_once = {table: await rows_of(house, table) for table in TABLES}, ear.told()
    ear.now = NOW + GIVEN_UP
    await ear.sweep(order[0].source)
    noticed = {record.value for topic, records in house.log.records.items() if topic.topic == NOTICED.name for record in records}
    return End(tables, at_once, ear.told(), noticed), statuses


async def rows_of(house: House, table: str) -> list[str]:
    rows = await house.database.fetch(f"SELECT t::text AS row FROM {table} AS t ORDER BY 1")  # type: ignore[arg-type]  # noqa: S608
    return [row["row"] for row in rows]


@pytest.mark.parametrize("name", SCRIPTS)
async def test_what_is_delivered_thrice_and_shuffled_ends_as_if_once(house: House, name: str) -> None:
    script = SCRIPTS[name]
    door = DoorSettings(max_body_bytes=64_000, remembered=0)
    house.settings = house.settings.model_copy(update={"ingest": house.settings.ingest.model_copy(update={"door": door})})
    thrice = script * 3
    random.Random(20260302).shuffle(thrice)  # noqa: S311  seeded, keeps no secret

    once, _ = await played(house, script)
    end, statuses = await played(house, thrice)

    assert all(200 <= status < 300 for status in statuses), statuses
    assert once.in_the_end or once.noticed
    assert end.tables == once.tables
    assert end.at_once == once.at_once
    assert end == once
