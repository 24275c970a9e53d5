"""PostgreSQL goes while senders post and platforms deliver: all is taken and found afterwards; what needs it answers 503."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg
import pytest

from shared.postgres.embedded import Server
from tests.faults.outages.conftest import AROUND, IMPATIENT, OUTAGE, Show
from tests.faults.outages.installation import Installation, installed
from tests.faults.outages.platforms import delivering
from tests.faults.outages.readers import ASKED, reading
from tests.faults.outages.record import find_all
from tests.faults.outages.report import GOING, Outage, Report
from tests.faults.outages.senders import now, sending, timed
from tests.support.gateway import statement
from tests.support.kafka import StartCluster
from tests.support.postgres import frozen

TOLD_AGAIN = 20.0
UNTOLD = {"verb": {"id": "https://example.org/other"}}

Away: TypeAlias = Callable[[Server], AbstractAsyncContextManager[None]]

pytestmark = pytest.mark.timeout(600)


@asynccontextmanager
async def killed(server: Server) -> AsyncIterator[None]:
    """Kill the server while the recorder has a transaction open, and start it again at the end of the block."""
    holder = await asyncpg.connect(server.dsn)
    await holder.execute("BEGIN; LOCK TABLE lrs.statement IN EXCLUSIVE MODE")
    async with asyncio.timeout(10):
        while not await holder.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.to_thread(server.kill)
    holder.terminate()
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


@asynccontextmanager
async def stands_still(server: Server) -> AsyncIterator[None]:
    """Freeze the server for the block: whoever asks it is not refused, but hangs."""
    with frozen(server):
        yield


AWAY: Final[Mapping[Away, str]] = {killed: "killed", stands_still: "frozen"}


@pytest.mark.parametrize("away", AWAY, ids=AWAY.get)
async def test_no_post_of_a_known_sender_fails_while_postgres_is_away_and_all_is_found_afterwards(
    durable: Server, start_kafka: StartCluster, tmp_path: Path, show: Show, away: Away
) -> None:
    cluster = await asyncio.to_thread(start_kafka, 1)
    async with installed(durable, cluster, tmp_path, IMPATIENT) as running:
        first = statement()
        assert (await running.http.post("/xapi/statements", json=first)).status_code == 200
        async with (
            delivering(running, tmp_path, IMPATIENT) as platforms,
            reading(running) as readers,
            sending(running.http) as senders,
        ):
            await asyncio.sleep(AROUND)
            async with away(durable):
                began = now()
                await asyncio.sleep(OUTAGE - 2)
                unnoticed = await timed("conflict", lambda: running.http.post("/xapi/statements", json={**first, **UNTOLD}))
                await asyncio.sleep(2)
                ended = now()
            back = now()
            told_again = await until_told(running, {**first, **UNTOLD})
            await asyncio.sleep(AROUND)
        found = await find_all(running, senders.accepted.keys() | platforms.accepted)

    report = Report(f"PostgreSQL {AWAY[away]}", Outage(began, ended, back), senders, readers, found)
    show(f"{report}\n  a conflict is told again {told_again - back:.1f} s after")
    assert [each for each in senders.answers if each.status != 200] == []
    assert [each for each in platforms.answers if each.status != 200] == []
    assert found.heard == dict.fromkeys(platforms.accepted, 1)
    assert (report.lost(), report.surplus(), found.doubled, found.whole) == (set(), set(), 0, True)
    others = [each for each in readers.answers if report.outage.within(each)]
    assert {each.name for each in others} == ASKED.keys()
    assert {each.status for each in others} == {503}
    assert all(int(each.retry_after) > 0 for each in others)
    assert unnoticed.status == 200
    assert told_again - back < TOLD_AGAIN
    assert never_lied(report)


async def until_told(running: Installation, conflicting: dict[str, object]) -> float:
    """Post what is a conflict until it is told as one; return when."""
    async with asyncio.timeout(60):
        while (await running.http.post("/xapi/statements", json=conflicting)).status_code != 409:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return now()


def never_lied(report: Report) -> bool:
    """Say whether what was recorded after the outage is stored later than anything that was said to be whole during it.

    Nothing can be recorded while PostgreSQL is away, so whoever was accepted then is recorded afterwards.
    """
    meanwhile = {
        identifier: report.found.stored[identifier]
        for identifier, at in report.senders.accepted.items()
        if report.outage.began + GOING < at < report.outage.ended
    }
    said = [datetime.fromisoformat(each.through) for each in report.senders.answers if each.ended < report.outage.ended]
    return bool(meanwhile) and min(meanwhile.values()) > max(said)
