"""What operators see of each source: counted at the door and by what asks, written beside it, read through the contract."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest

from services.ingest.asking.store import QUERIES as ASKING
from services.ingest.domain.source import SourceId
from services.ingest.standing import SourceStanding, retry_lookups, standings
from services.ingest.tallies import KEPT, Tallies, TallyWriter
from shared.postgres import Database, Query
from tests.integration.ingest.conftest import House, post
from tests.support.discourse import discourse_conversation
from tests.support.ingest import NOW
from tests.support.postgres import settings_for
from tests.support.slack import slack_conversation

ACME = SourceId("acme")
AS_GATEWAY = Query("SET LOCAL ROLE symposia_lrs")


async def standing(house: House, source: SourceId = ACME) -> SourceStanding:
    return next(each for each in await standings(house.database, house.now) if each.source == source)


async def heard(house: House, tallies: Tallies) -> None:
    await TallyWriter(tallies, house.database, house.clock, 1).flush()


async def test_a_source_is_told_by_what_was_heard_ignored_and_refused(house: House) -> None:
    house.now = NOW + timedelta(minutes=5)
    async with house.open() as client:
        for sent in slack_conversation():
            await post(client, sent)
        await post(client, slack_conversation()[0], {"x-slack-signature": "v0=00", "x-slack-request-timestamp": "1772453100"})
        await client.post("/hooks/slack/acme", content=b"x" * 70_000)
        await client.post("/hooks/slack/nobody", content=b"{}")
        await house.tell()
        await heard(house, house.tallies)

    found = await standing(house)

    assert found.last_event_at == house.now
    assert found.events_day == found.events_hour == len(slack_conversation())
    assert found.statements_day >= 5
    assert found.refused == {"body": 1, "forged": 1}
    assert found.ignored["bot"] == 1
    assert found.lag_half is not None
    assert 0 < found.lag_half <= 600
    assert (await standing(house, SourceId("forum"))).last_event_at is None


async def test_numbers_leave_the_hour_then_the_day_and_the_last_event_stays(house: House) -> None:
    tallies = Tallies(house.clock)
    tallies.heard(ACME, 3)
    await heard(house, tallies)

    house.now = NOW + timedelta(hours=2)
    later = await standing(house)
    house.now = NOW + timedelta(days=2)
    much_later = await standing(house)

    assert (later.events_hour, later.events_day) == (0, 3)
    assert (much_later.events_day, much_later.last_event_at) == (0, NOW)


async def test_processes_add_to_one_another(house: House) -> None:
    counted = [Tallies(house.clock) for _ in range(3)]
    for tallies in counted:
        for source in (ACME, SourceId("forum"), SourceId("gone")):
            tallies.heard(source, 2)
            tallies.ignored(source, "bot")

    await asyncio.gather(*(heard(house, tallies) for tallies in counted))

    assert {(each.events_day, each.ignored.get("bot")) for each in [await standing(house)]} == {(6, 3)}


async def test_an_outage_delays_the_numbers_and_loses_none(house: House) -> None:
    away = settings_for("postgresql://nobody@127.0.0.1:1/none")
    tallies = Tallies(house.clock)
    tallies.heard(ACME, 2)

    nowhere = await Database.open(away, schema="ingest", application="test")
    await TallyWriter(tallies, nowhere, house.clock, 1).flush()
    await nowhere.close()
    tallies.heard(ACME, 1)
    await heard(house, tallies)

    assert (await standing(house)).events_day == 3


async def test_what_is_old_is_forgotten(house: House) -> None:
    tallies = Tallies(house.clock)
    tallies.heard(ACME, 1)
    await heard(house, tallies)

    house.now = NOW + KEPT + timedelta(minutes=20)
    await heard(house, tallies)

    assert await house.database.fetchval(Query("SELECT count(*) FROM tally")) == 0


async def test_lags_are_told_as_half_and_most(house: House) -> None:
    tallies = Tallies(house.clock)
    for seconds in (*[0.2] * 6, *[4.0] * 3, 1e12):
        tallies.told(ACME, seconds)
    await heard(house, tallies)

    found = await standing(house)

    assert (found.lag_half, found.lag_most) == (0.25, 31536000.0)


async def test_what_was_given_up_is_told_and_tried_again(house: House) -> None:
    await house.database.execute(
        Query(
            "INSERT INTO lookup (source, key, reference, noticed, due, failures, last_failure, state)"
            " VALUES ('acme', 'k', '{}', '', $1, 12, 'answered 403', 'given-up')"
        ),
        NOW,
    )
    before = await standing(house)

    assert await retry_lookups(house.database, ACME, NOW) == 1
    after = await standing(house)

    assert (before.given_up, before.waiting, before.last_failure) == (1, 0, "answered 403")
    assert (after.given_up, after.waiting) == (0, 1)


@pytest.mark.parametrize("query", [ASKING["standing"], Query("SELECT * FROM source_shown")])
async def test_what_failed_or_was_given_up_is_found_without_a_look_at_all_that_waits(house: House, query: Query) -> None:
    async with house.database.transaction() as transaction:
        for kind in ("seqscan", "bitmapscan"):  # which are as good for tables of nothing
            await transaction.execute(f"SET LOCAL enable_{kind} = off")
        plan = [line for (line,) in await transaction.fetch(f"EXPLAIN {query}")]

    scans = [re.sub(r"^\W*| on lookup.*", "", line) for line in plan if " on lookup" in line]
    assert {scan.rpartition(" ")[2] for scan in scans} == {"lookup_due", "lookup_failing", "lookup_given_up"}
    assert all(scan.startswith("Index Only Scan") for scan in scans if "lookup_due" in scan)


async def test_the_gateways_role_reads_the_contract_and_no_secrets(house: House) -> None:
    async with house.open() as client:
        for sent in discourse_conversation():
            await post(client, sent)
        await heard(house, house.tallies)

    async with house.database.transaction() as transaction:
        await transaction.execute(AS_GATEWAY)
        rows = await transaction.fetch("SELECT * FROM ingest.source_shown JOIN ingest.source_numbers($1) USING (source)", NOW)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await transaction.fetch("SELECT * FROM ingest.source")

    assert [row["source"] for row in rows] == ["forum"]
    assert not [name for name in dict(rows[0]) if "secret" in name or "token" in name or name == "options"]
