"""What deliveries only name is asked for: once, in turn, and of strangers within bounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import Response

from services.ingest import erasing
from services.ingest.asking.backlog import Backlog
from services.ingest.connectors.connector import Hook
from services.ingest.connectors.webmention import WEBMENTION
from services.ingest.domain.reading import Lookup
from shared.clock import utc_now
from shared.postgres import Query
from shared.xapi import ifi
from tests.integration.ingest.conftest import House
from tests.integration.ingest.forum import FORUM, HOME, SETTINGS, Platform, Process, heard_of, noticed
from tests.support.discourse import DISCOURSE
from tests.support.ingest import NOW, acts

AFTERWARDS = datetime(2126, 3, 2, tzinfo=UTC)
"""The doors' clock stands still before an erasure, which PostgreSQL tells the time; by this one it is over."""


async def test_what_is_named_by_id_is_asked_for_once_however_often_it_is_named(
    house: House, forum: Platform, process: Process
) -> None:
    lookup = Lookup("post 1", {"path": "/posts/0"})
    source = replace(DISCOURSE, workspace=HOME)
    only_fetch = replace(FORUM, polls={})

    for _ in range(3):
        await noticed(house, lookup, process=process)
    await process.asker.serve(only_fetch, source)
    await process.asker.serve(only_fetch, source)

    assert forum.asked == [f"{HOME}/posts/0"]
    assert heard_of(house) == 1


async def test_what_is_to_be_asked_for_some_day_does_not_wait_until_then(house: House, process: Process) -> None:
    house.now = utc_now()
    await noticed(house, Lookup("post 1", {"path": "/posts/0"}, after=3600), process=process)

    found = [await process.store.due_lookups(DISCOURSE.id, house.now + timedelta(seconds=each), 10) for each in (3599, 3601)]
    [asked] = found[1]
    standings = {each.source: each.waiting for each in await process.store.standings()}
    await process.store.fail_lookup(DISCOURSE.id, asked, asked.due + timedelta(minutes=5), "away", for_good=False)
    failed = {each.source: each.waiting for each in await process.store.standings()}

    assert (found[0], asked.lookup.key) == ([], "post 1")
    assert (standings[DISCOURSE.id], failed[DISCOURSE.id]) == (0, 1)


async def test_what_was_named_before_somebody_was_erased_and_is_answered_afterwards_is_told_without_them(
    house: House, process: Process
) -> None:
    for number in range(2):
        await noticed(house, Lookup(f"post {number}", {"path": f"/posts/{number}"}), process=process)
    author = ifi.of_account(HOME, "11")
    await erasing.erase(house.database, house.forgotten, [author], lambda _: False)
    house.now = AFTERWARDS
    await noticed(house, Lookup("post 2", {"path": "/posts/2"}), process=process)

    await process.asker.serve(replace(FORUM, polls={}), DISCOURSE)
    await house.tell()

    assert heard_of(house) == 3
    assert [(who, what.rpartition("/")[2]) for who, _, what in acts(house.ear().statements())] == [("11", "3")]


async def test_what_is_named_again_while_it_is_asked_for_is_asked_for_again(house: House, process: Process) -> None:
    lookup = Lookup("post 1", {"path": "/posts/0"})
    await noticed(house, lookup, process=process)
    [asked] = await process.store.due_lookups(DISCOURSE.id, house.now, 10)

    house.now += timedelta(seconds=1)
    await noticed(house, lookup, process=process)
    await process.store.settle(DISCOURSE.id, asked)
    [again] = await process.store.due_lookups(DISCOURSE.id, house.now, 10)
    await process.store.settle(DISCOURSE.id, again)

    assert (again.lookup, again.due - asked.due) == (asked.lookup, timedelta(seconds=1))
    assert await process.store.due_lookups(DISCOURSE.id, house.now, 10) == []


async def test_what_waits_since_its_platform_was_away_waits_on_however_often_it_is_named(house: House, process: Process) -> None:
    lookup = Lookup("post 1", {"path": "/posts/0"})
    await noticed(house, lookup, process=process)
    [asked] = await process.store.due_lookups(DISCOURSE.id, house.now, 10)
    later = house.now + timedelta(minutes=5)

    await process.store.fail_lookup(DISCOURSE.id, asked, later, "away", for_good=False)
    await noticed(house, lookup, process=process)

    assert await process.store.due_lookups(DISCOURSE.id, house.now, 10) == []
    assert [(each.due, each.failures) for each in await process.store.due_lookups(DISCOURSE.id, later, 10)] == [(later, 1)]


async def test_what_has_a_name_that_no_index_takes_is_asked_for_like_anything(
    house: House, forum: Platform, process: Process
) -> None:
    lookup = Lookup("".join(map(str, range(2_000))), {"path": "/posts/1"})
    for _ in range(2):
        await noticed(house, lookup, process=process)

    await process.asker.serve(replace(FORUM, polls={}), DISCOURSE)

    assert forum.asked == [f"{HOME}/posts/1"]
    assert [each.waiting for each in await process.store.standings() if each.source == DISCOURSE.id] == [0]


@pytest.mark.parametrize(("hook", "tries"), [(None, 7), (WEBMENTION.hook, SETTINGS.attempts)])
async def test_what_is_gone_is_forgotten_and_what_never_answers_is_given_up_of_strangers_soon(
    house: House, forum: Platform, process: Process, hook: Hook | None, tries: int
) -> None:
    only_fetch = replace(FORUM, polls={}, hook=hook)
    forum.failing["/posts/1"] = Response(status_code=500)
    await noticed(house, Lookup("gone", {"path": "/posts/99"}), Lookup("broken", {"path": "/posts/1"}), process=process)

    await process.asker.serve(only_fetch, DISCOURSE)
    early = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    for _ in range(8):
        await process.asker.serve(only_fetch, DISCOURSE)
        house.now += timedelta(hours=1)

    standing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    assert (early.given_up, early.lookup_failures) == (0, 1)
    assert (standing.waiting, standing.given_up, standing.lookup_failures) == (0, 1, 0)
    assert forum.asked.count(f"{HOME}/posts/99") == 1
    assert forum.asked.count(f"{HOME}/posts/1") == tries


async def test_a_platform_that_asks_to_be_spared_is_asked_for_nothing_meanwhile_and_one_thing_that_fails_holds_up_no_other(
    house: House, forum: Platform, process: Process
) -> None:
    only_fetch = replace(FORUM, polls={})
    forum.failing["/posts/0"] = Response(status_code=503, headers={"retry-after": "120"})
    await noticed(house, *(Lookup(f"post {number}", {"path": f"/posts/{number}"}) for number in range(3)), process=process)

    for second in (0, 1, 60, 119):
        house.now = NOW + timedelta(seconds=second)
        await process.asker.serve(only_fetch, DISCOURSE)
    early = list(forum.asked)
    standing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    house.now = NOW + timedelta(seconds=121)
    await process.asker.serve(only_fetch, DISCOURSE)

    assert early == [f"{HOME}/posts/0"]
    assert standing.waiting == 3
    assert forum.asked == [f"{HOME}/posts/{number}" for number in range(3)]
    assert heard_of(house) == 2


async def test_strangers_are_admitted_again_once_what_they_named_was_asked_for(house: House, process: Process) -> None:
    backlog = Backlog(3)
    await noticed(house, *(Lookup(str(number), {"path": f"/posts/{number}"}) for number in range(3)), process=process)

    backlog.update(await process.store.standings())
    full = backlog.is_full(DISCOURSE.id)
    await process.asking.once()
    backlog.update(await process.store.standings())

    assert (full, backlog.is_full(DISCOURSE.id)) == (True, False)


async def test_of_what_strangers_named_the_last_that_was_given_up_stays(house: House, process: Process) -> None:
    await noticed(house, *(Lookup(f"{number:03}", {"path": "/posts/1"}) for number in range(5)), process=process)
    for number, due in enumerate(await process.store.due_lookups(DISCOURSE.id, NOW, 10)):
        await process.store.fail_lookup(DISCOURSE.id, due, NOW + timedelta(seconds=number), "away", for_good=number > 0)

    await process.store.forget_given_up(DISCOURSE.id, 3)

    rows = await house.database.fetch(Query("SELECT key FROM lookup WHERE source = $1 ORDER BY key"), DISCOURSE.id)
    assert [row["key"] for row in rows] == ["000", "002", "003", "004"]
