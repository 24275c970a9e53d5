"""Platforms are asked for what they do not deliver: paged, again after failures, by one process at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.ingest.connectors.feeds import FEED
from services.ingest.domain.asking import Request
from services.ingest.domain.reading import Lookup
from services.ingest.domain.source import SourceId
from services.ingest.sources import NewSource
from shared.postgres import Query
from tests.integration.ingest.conftest import House
from tests.integration.ingest.forum import EACH, FORUM, HOME, Platform, Process, heard_of, keep_noticed, noticed
from tests.support.discourse import DISCOURSE, discourse_post
from tests.support.feeds import BLOG, POSTS, THREAD, atom, blog, entry
from tests.support.ingest import NOW


async def test_a_poll_turns_all_pages_and_goes_on_where_it_was(house: House, forum: Platform, process: Process) -> None:
    assert await process.asking.once() == 1
    asked, first = len(forum.asked), heard_of(house)
    assert await process.asking.once() == 0
    house.now = NOW + timedelta(minutes=6)
    await process.asking.once()
    forum.posts.append(discourse_post(12, 57, 6, "A late one", "2026-03-02T12:05:00.000Z"))
    house.now = NOW + timedelta(minutes=12)
    await process.asking.once()

    assert (asked, first) == (3, 5)
    assert forum.asked[3:] == [f"{HOME}/posts?after=5"] * 2
    assert heard_of(house) == 6


async def test_a_clock_that_was_a_day_ahead_leaves_no_poll_until_then(house: House, forum: Platform, process: Process) -> None:
    house.now = NOW + timedelta(days=1)
    await process.asking.once()
    forum.posts.append(discourse_post(12, 57, 6, "A late one", "2026-03-02T12:05:00.000Z"))
    house.now = NOW

    asked = [await process.asking.once(), await process.asking.once()]

    assert asked == [1, 0]
    assert heard_of(house) == 6


async def test_a_platform_that_fails_is_spared_as_long_as_it_asks_and_nothing_is_lost(
    house: House, forum: Platform, process: Process
) -> None:
    forum.failing["/posts"] = Response(status_code=429, headers={"retry-after": "120"})
    await process.asking.once()
    forum.failing.clear()
    house.now = NOW + timedelta(seconds=119)
    early = await process.asking.once()
    house.now = NOW + timedelta(seconds=121)
    await process.asking.once()

    assert early == 0
    assert heard_of(house) == 5


async def test_a_failure_that_is_told_with_what_no_text_column_takes_is_one_like_any(
    house: House, forum: Platform, process: Process
) -> None:
    forum.failing["/posts"] = forum.failing["/posts/0"] = Response(b"\x00broken\xff", status_code=500)
    await noticed(house, Lookup("post 1", {"path": "/posts/0"}), process=process)
    await process.asking.once()

    rows = await house.database.fetch(Query("SELECT last_failure FROM lookup UNION ALL SELECT last_failure FROM poll"))
    assert [row["last_failure"] for row in rows] == ["answered 500:  broken\N{REPLACEMENT CHARACTER}"] * 2


async def test_an_answer_that_cannot_be_read_moves_no_cursor(house: House, forum: Platform, process: Process) -> None:
    forum.failing["/posts"] = JSONResponse({"message": "under maintenance"})
    await process.asking.once()
    standing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    forum.failing.clear()
    house.now = NOW + timedelta(hours=1)
    await process.asking.once()

    assert (standing.failures, standing.last_failure) == (1, "the answer lacks posts")
    assert heard_of(house) == 5


async def test_where_a_poll_asks_several_one_who_is_away_holds_up_no_other_and_its_failure_stands(
    house: House, forum: Platform, http: httpx.AsyncClient
) -> None:
    process = Process(house, http, replace(FORUM, polls={"each": EACH}))
    forum.failing["/posts/1"] = forum.failing["/posts/3"] = Response(status_code=503)
    await process.asking.once()
    first, heard = list(forum.asked), heard_of(house)
    house.now = NOW + timedelta(minutes=1)
    await process.asking.once()
    failing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    forum.failing.clear()
    house.now = NOW + timedelta(minutes=5)
    await process.asking.once()
    well = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)

    assert first == [f"{HOME}/posts/{number}" for number in range(5)]
    assert forum.asked[5:] == [f"{HOME}/posts/{number}" for number in (1, 3, 1, 3)]
    assert (heard, heard_of(house)) == (3, 5)
    assert (failing.failures, failing.last_failure) == (2, f"{HOME}/posts/1: answered 503:  (and 1 more)")
    assert failing.succeeded_at is None
    assert (well.failures, well.last_failure, well.succeeded_at) == (0, None, house.now)
    assert process.registry.get_sample_value(
        "symposia_ingest_asked_total", {"platform": "discourse", "source": DISCOURSE.id, "outcome": "failed"}
    ) == 4  # fmt: skip


async def test_an_answer_that_meets_a_bug_of_ours_is_told_and_asked_for_again(
    house: House, forum: Platform, process: Process
) -> None:
    forum.failing["/posts"] = Response("<html>Somebody else's page</html>")
    await process.asking.once()
    standing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    forum.failing.clear()
    house.now = NOW + timedelta(hours=1)
    await process.asking.once()

    assert (standing.failures, standing.last_failure) == (1, "made us meet an error of our own (JSONDecodeError)")
    assert heard_of(house) == 5


async def test_a_thing_whose_answer_meets_a_bug_of_ours_is_asked_for_again(
    house: House, forum: Platform, process: Process
) -> None:
    source, only_fetch = replace(DISCOURSE, workspace=HOME), replace(FORUM, polls={})
    forum.failing["/posts/0"] = Response("<html>")
    await noticed(house, Lookup("post 1", {"path": "/posts/0"}), process=process)

    await process.asker.serve(only_fetch, source)
    forum.failing.clear()
    house.now += timedelta(hours=1)
    await process.asker.serve(only_fetch, source)

    assert forum.asked == [f"{HOME}/posts/0"] * 2
    assert heard_of(house) == 1


async def test_a_source_that_is_removed_and_added_again_is_asked_again(house: House, forum: Platform, process: Process) -> None:
    await process.asking.once()
    first = len(forum.asked)

    await house.sources.remove(DISCOURSE.id)
    added = NewSource(DISCOURSE.id, DISCOURSE.platform, DISCOURSE.workspace, b"another secret", DISCOURSE.policy)
    await house.sources.add(added, NOW)
    house.now += timedelta(minutes=1)
    await process.asking.once()

    assert len(forum.asked) == 2 * first


async def test_of_a_source_that_is_paused_no_failures_are_shown(house: House, forum: Platform, process: Process) -> None:
    forum.failing["/posts"] = Response(status_code=500)
    await process.asking.once()
    process.metrics.show(await process.store.standings())
    shown = process.registry.get_sample_value("symposia_ingest_poll_failures", {"source": DISCOURSE.id})

    await house.sources.pause(DISCOURSE.id)
    process.metrics.show(await process.store.standings())

    assert shown == 1
    assert process.registry.get_sample_value("symposia_ingest_poll_failures", {"source": DISCOURSE.id}) is None


async def test_one_process_asks_for_a_source_at_a_time(house: House, http: httpx.AsyncClient, process: Process) -> None:
    other = Process(house, http)

    assert await process.store.claim(DISCOURSE.id)
    assert await process.store.claim(DISCOURSE.id)
    assert not await other.store.claim(DISCOURSE.id)
    assert await other.asking.once() == 0
    await process.store.release(DISCOURSE.id)
    assert await other.asking.once() == 1


async def test_an_entry_whose_id_no_index_takes_holds_up_no_other(house: House) -> None:
    letters = "".join(chr(0x20000 + number * 7919 % 40_000) for number in range(700))
    feed = atom(entry(letters, "ann", "Long", "11:00:00"), entry("short", "bea", "Notes", "11:10:00"))
    secret = b"never shown to anybody"
    await house.sources.add(NewSource(SourceId("blog-of-ours"), BLOG.platform, BLOG.workspace, secret, options=BLOG.options), NOW)

    app = Starlette(routes=[Route("/{path:path}", lambda _: Response(feed))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        process = Process(house, client, FEED)
        await process.asking.once()

    standing = next(each for each in await process.store.standings() if each.source == "blog-of-ours")
    assert (standing.failures, heard_of(house)) == (0, 1)


async def test_a_blog_is_asked_for_what_changed_and_for_the_comments_upon_it(house: House) -> None:
    web, secret = blog(), b"never shown to anybody"
    await house.sources.add(NewSource(SourceId("blog-of-ours"), BLOG.platform, BLOG.workspace, secret, options=BLOG.options), NOW)

    def answer(request: Asked) -> Response:
        wanted = {"If-None-Match": request.headers["if-none-match"]} if "if-none-match" in request.headers else {}
        found = web.answer(Request(str(request.url), headers=wanted))
        return Response(found.body, found.status, dict(found.headers))

    app = Starlette(routes=[Route("/{path:path}", answer)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        process = Process(house, client, FEED)
        await process.asking.once()
        await keep_noticed(house)
        await process.asking.once()
        house.now += timedelta(minutes=16)
        await process.asking.once()

    assert [each.url for each in web.asked] == [POSTS, THREAD, POSTS]
    assert web.asked[2].headers == {"If-None-Match": '"1"'}
    assert heard_of(house) == 4


async def test_a_paused_source_is_not_asked_for(house: House, forum: Platform, process: Process) -> None:
    await house.sources.pause(DISCOURSE.id)

    assert await process.asking.once() == 0
    assert forum.asked == []
