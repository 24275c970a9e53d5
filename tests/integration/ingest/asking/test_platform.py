"""How platforms are asked: paced, with what shows who we are, and no further than they may lead us."""

from __future__ import annotations

import gzip
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from services.ingest.asking.platform import NotThere, PlatformAway, PlatformClient, open_platforms
from services.ingest.domain.asking import Request
from services.ingest.domain.reading import Lookup
from shared.clock import utc_now
from tests.integration.ingest.conftest import House
from tests.integration.ingest.forum import FORUM, HOME, SETTINGS, Platform, Process, heard_of, noticed
from tests.support.discourse import DISCOURSE

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def test_an_answer_is_unpacked_no_further_than_it_is_read(forum: Platform, http: httpx.AsyncClient) -> None:
    packed = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    forum.failing["/posts"] = Response(packed, headers={"content-encoding": "gzip"})

    tracemalloc.start()
    with pytest.raises(PlatformAway, match="more than"):
        await PlatformClient(http, SETTINGS, utc_now).ask(FORUM, DISCOURSE, Request(f"{HOME}/posts"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 3 * SETTINGS.most_bytes


async def test_an_access_token_is_granted_once_and_again_when_it_is_refused(
    house: House, forum: Platform, process: Process
) -> None:
    shown = replace(DISCOURSE, token=b"client secret")
    await process.store.begin(shown.id, FORUM.polls, house.clock())
    await process.asker.serve(FORUM, shown)
    granted = forum.granted
    forum.token = "t2"
    house.now += timedelta(minutes=6)
    await process.asker.serve(FORUM, shown)

    assert (granted, forum.granted) == (1, 2)
    assert heard_of(house) == 5


async def test_an_answer_that_is_kept_is_asked_for_once_and_without_showing_who_we_are(forum: Platform, process: Process) -> None:
    shown = replace(DISCOURSE, token=b"client secret")
    keys = Request(f"{HOME}/posts/0", keep=60, shown=False)

    answers = [await process.client.ask(FORUM, shown, keys) for _ in range(3)]

    assert {answer.status for answer in answers} == {200}
    assert (forum.asked, forum.granted) == ([f"{HOME}/posts/0"], 0)


async def test_a_refusal_is_an_answer_only_where_it_is_borne(process: Process) -> None:
    request = Request(f"{HOME}/posts/99")

    answer = await process.client.ask(FORUM, DISCOURSE, replace(request, bears=frozenset({404})))

    assert answer.status == 404
    with pytest.raises(NotThere):
        await process.client.ask(FORUM, DISCOURSE, request)


async def test_a_redirect_to_another_host_is_not_followed(house: House, process: Process) -> None:
    only_fetch = replace(FORUM, polls={})
    await noticed(house, Lookup("away", {"path": "/away"}), process=process)

    await process.asker.serve(only_fetch, DISCOURSE)

    rows = await house.database.fetch("SELECT last_failure FROM lookup")  # type: ignore[arg-type]
    assert [row["last_failure"] for row in rows] == ["redirects to another host, b.example"]


@pytest.mark.parametrize("address", ["notaurl", "gopher://a.example/", "https:///nowhere", "https://[", ""])
async def test_what_is_no_address_of_the_web_is_a_platform_that_is_away(address: str) -> None:
    async with open_platforms(SETTINGS, utc_now) as client:
        with pytest.raises(PlatformAway):
            await client.ask(FORUM, DISCOURSE, Request(address))


async def test_a_redirect_to_no_address_is_not_followed() -> None:
    app = Starlette(routes=[Route("/", lambda _: Response(status_code=302, headers={"location": "https://["}))])

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        with pytest.raises(PlatformAway):
            await PlatformClient(http, SETTINGS, utc_now).ask(FORUM, DISCOURSE, Request(f"{HOME}/"))


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {"retry-after": "Mon, 02 Mar 2026 12:02:00 GMT"}, 120),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{int(NOON.timestamp()) + 90}"}, 90),
        (429, {"x-rate-limit-reset": f"{int(NOON.timestamp()) + 60}"}, 60),
        (429, {"x-ratelimit-reset": "2026-03-02T12:05:00.123Z"}, 300.123),
        (500, {"ratelimit-remaining": "99", "ratelimit-reset": "600"}, 0),
    ],
)
async def test_a_limit_that_is_used_up_says_when_it_begins_anew(
    forum: Platform, http: httpx.AsyncClient, status: int, headers: dict[str, str], seconds: float
) -> None:
    forum.failing["/posts"] = Response(status_code=status, headers=headers)

    with pytest.raises(PlatformAway) as away:
        await PlatformClient(http, SETTINGS, lambda: NOON).ask(FORUM, DISCOURSE, Request(f"{HOME}/posts"))

    assert away.value.retry_after == seconds
