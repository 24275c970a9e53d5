"""Platforms are asked for what they do not deliver: paged, paced, again after failures, by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.ingest.app import parts_of
from services.ingest.asking.asker import Asker
from services.ingest.asking.asking import Asking
from services.ingest.asking.handler import Noticing
from services.ingest.asking.metrics import AskingMetrics
from services.ingest.asking.platform import NotThere, PlatformClient
from services.ingest.asking.store import AskingStore
from services.ingest.connectors.connector import Connector, Fetch, Poll
from services.ingest.connectors.discourse.events import read
from services.ingest.connectors.feeds import FEED
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Delivery, Lookup, Reading, joined
from services.ingest.domain.source import Source, SourceId
from services.ingest.settings import AskingSettings
from services.ingest.sources import NewSource
from shared.contracts import NOTICED, RECEIVED
from shared.stream import Batch
from tests.integration.ingest.conftest import House
from tests.support.discourse import DISCOURSE, discourse_post
from tests.support.feeds import BLOG, POSTS, THREAD, blog
from tests.support.ingest import NOW

HOME = DISCOURSE.workspace
SETTINGS = AskingSettings(first_pause=10, attempts=3)
EVENT = {"x-discourse-event": "post_created", "x-discourse-event-type": "post"}


@dataclass
class Platform:
    """A forum that has to be asked: it pages its posts, grants tokens, and can be told to fail."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    failing: dict[str, Response] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    token: str = "t1"
    granted: int = 0

    def app(self) -> Starlette:
        routes = [
            Route("/posts", self.page),
            Route("/posts/{number:int}", self.post),
            Route("/token", self.grant, methods=["POST"]),
        ]
        return Starlette(
            routes=[*routes, Route("/away", lambda _: Response(status_code=302, headers={"location": "https://b.example/"}))]
        )

    async def page(self, request: Asked) -> Response:
        self.asked.append(str(request.url))
        if refusal := self._refusal(request):
            return refusal
        after = int(request.query_params.get("after", "0"))
        if request.headers.get("if-none-match") == f'"{len(self.posts)}"':
            return Response(status_code=304)
        found = self.posts[after : after + 2]
        more = after + 2 < len(self.posts)
        return JSONResponse({"posts": found, "more": more}, headers={"etag": f'"{len(self.posts)}"'})

    async def post(self, request: Asked) -> Response:
        self.asked.append(str(request.url))
        if refusal := self._refusal(request):
            return refusal
        number = request.path_params["number"]
        return JSONResponse(self.posts[number]) if number < len(self.posts) else Response(status_code=404)

    async def grant(self, request: Asked) -> Response:
        assert request.headers["authorization"] == "Basic secret"
        self.granted += 1
        return JSONResponse({"access_token": self.token, "expires_in": 3600})

    def _refusal(self, request: Asked) -> Response | None:
        if request.headers.get("authorization", "Bearer t1") != f"Bearer {self.token}":
            return Response(status_code=401)
        return self.failing.get(request.url.path)


def ask(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request:
    assert circumstances.hook.endswith(f"/hooks/discourse/{source.id}")
    etag = {"If-None-Match": str(cursor["etag"])} if "etag" in cursor else {}
    return Request(f"{source.workspace}/posts?after={cursor.get('after', 0)}", headers=etag)


def read_page(source: Source, cursor: Cursor, answer: Answer) -> Page:
    if answer.unchanged:
        return Page(Reading(), cursor)
    document = orjson.loads(answer.body)
    if "posts" not in document:
        raise Incomplete("posts")
    reading = joined(read(source, Delivery(EVENT, {"post": post})) for post in document["posts"])
    after = int(str(cursor.get("after", 0))) + len(document["posts"])
    more = bool(document["more"])
    return Page(reading, {"after": after} if more else {"after": after, "etag": answer.headers["etag"]}, more=more)


def ask_one(source: Source, lookup: Lookup, circumstances: Circumstances) -> Request:
    del circumstances
    return Request(f"{source.workspace}{lookup.reference['path']}")


def read_one(source: Source, lookup: Lookup, answer: Answer) -> Reading:
    del lookup
    return read(source, Delivery(EVENT, {"post": orjson.loads(answer.body)}))


FORUM = Connector(
    platform=DISCOURSE.platform,
    fetch=Fetch(ask_one, read_one),
    polls={"posts": Poll(timedelta(minutes=5), ask, read_page)},
    grant=lambda source: Request(f"{source.workspace}/token", "POST", {"Authorization": "Basic secret"}),
    per_minute=60_000,
)


@dataclass
class Process:
    """One process that asks: with a log and a PostgreSQL that it shares, and what it knows of itself."""

    house: House
    http: httpx.AsyncClient
    connector: Connector = FORUM

    def __post_init__(self) -> None:
        registry = CollectorRegistry()
        parts = parts_of(self.house.settings, self.house.database, self.house.log, registry, clock=self.house.clock)
        self.store = AskingStore(self.house.database, uuid4(), 60)
        self.metrics = AskingMetrics(registry)
        self.client = PlatformClient(self.http, SETTINGS)
        self.asker = Asker(
            client=self.client,
            store=self.store,
            intake=parts.intake,
            clock=self.house.clock,
            metrics=self.metrics,
            settings=SETTINGS,
            hook_of=lambda source: f"https://symposia.example/hooks/{source.platform}/{source.id}",
        )
        self.asking = Asking(
            book=parts.book,
            asker=self.asker,
            store=self.store,
            connectors={self.connector.platform: self.connector},
            clock=self.house.clock,
            metrics=self.metrics,
            look=0.05,
        )
        self.intake = parts.intake


@pytest.fixture
def forum() -> Platform:
    at = "2026-03-02T11:{:02}:00.000Z"
    return Platform([discourse_post(11, 57, number, f"Post {number}", at.format(number)) for number in range(1, 6)])


@pytest.fixture
async def http(forum: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(forum.app())) as client:
        yield client


@pytest.fixture
def process(house: House, http: httpx.AsyncClient) -> Process:
    return Process(house, http)


def told(house: House) -> int:
    return sum(len(records) for partition, records in house.log.records.items() if partition.topic == RECEIVED.name)


async def noticed(house: House, *lookups: Lookup, intake: Callable[..., Any]) -> None:
    """Let the door hear of *lookups*, and keep what the topic says of them."""
    await intake(DISCOURSE, Reading(lookups=lookups))
    await keep_noticed(house)


async def keep_noticed(house: House) -> None:
    """Keep what the topic says is to be asked for."""
    [records] = [found for partition, found in house.log.records.items() if partition.topic == NOTICED.name]
    async with house.database.transaction() as transaction:
        await Noticing(house.clock)(Batch(records[0].partition, tuple(records)), transaction)


async def test_a_poll_turns_all_pages_and_goes_on_where_it_was(house: House, forum: Platform, process: Process) -> None:
    assert await process.asking.once() == 1
    asked, first = len(forum.asked), told(house)
    assert await process.asking.once() == 0
    house.now = NOW + timedelta(minutes=6)
    await process.asking.once()
    forum.posts.append(discourse_post(12, 57, 6, "A late one", "2026-03-02T12:05:00.000Z"))
    house.now = NOW + timedelta(minutes=12)
    await process.asking.once()

    assert (asked, first) == (3, 5)
    assert forum.asked[3:] == [f"{HOME}/posts?after=5"] * 2
    assert told(house) == 6


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
    assert told(house) == 5


async def test_an_answer_that_cannot_be_read_moves_no_cursor(house: House, forum: Platform, process: Process) -> None:
    forum.failing["/posts"] = JSONResponse({"message": "under maintenance"})
    await process.asking.once()
    standing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    forum.failing.clear()
    house.now = NOW + timedelta(hours=1)
    await process.asking.once()

    assert (standing.failures, standing.last_failure) == (1, "the answer lacks posts")
    assert told(house) == 5


async def test_what_is_named_by_id_is_asked_for_once_however_often_it_is_named(
    house: House, forum: Platform, process: Process
) -> None:
    lookup = Lookup("post 1", {"path": "/posts/0"})
    source = replace(DISCOURSE, workspace=HOME)
    only_fetch = replace(FORUM, polls={})

    for _ in range(3):
        await noticed(house, lookup, intake=process.intake.take)
    await process.asker.serve(only_fetch, source)
    await process.asker.serve(only_fetch, source)

    assert forum.asked == [f"{HOME}/posts/0"]
    assert told(house) == 1


async def test_what_is_gone_is_forgotten_and_what_never_answers_is_given_up(
    house: House, forum: Platform, process: Process
) -> None:
    only_fetch = replace(FORUM, polls={})
    forum.failing["/posts/1"] = Response(status_code=500)
    await noticed(
        house, Lookup("gone", {"path": "/posts/99"}), Lookup("broken", {"path": "/posts/1"}), intake=process.intake.take
    )

    for _ in range(8):
        await process.asker.serve(only_fetch, DISCOURSE)
        house.now += timedelta(hours=1)

    standing = next(each for each in await process.store.standings() if each.source == DISCOURSE.id)
    assert (standing.waiting, standing.given_up) == (0, 1)
    assert forum.asked.count(f"{HOME}/posts/99") == 1
    assert forum.asked.count(f"{HOME}/posts/1") == SETTINGS.attempts


async def test_one_process_asks_for_a_source_at_a_time(house: House, http: httpx.AsyncClient, process: Process) -> None:
    other = Process(house, http)

    assert await process.store.claim(DISCOURSE.id)
    assert await process.store.claim(DISCOURSE.id)
    assert not await other.store.claim(DISCOURSE.id)
    assert await other.asking.once() == 0
    await process.store.release(DISCOURSE.id)
    assert await other.asking.once() == 1


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
    assert told(house) == 5


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
    await noticed(house, Lookup("away", {"path": "/away"}), intake=process.intake.take)

    await process.asker.serve(only_fetch, DISCOURSE)

    rows = await house.database.fetch("SELECT last_failure FROM lookup")  # type: ignore[arg-type]
    assert [row["last_failure"] for row in rows] == ["redirects to another host, b.example"]


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
    assert told(house) == 4


async def test_a_paused_source_is_not_asked_for(house: House, forum: Platform, process: Process) -> None:
    await house.sources.pause(DISCOURSE.id)

    assert await process.asking.once() == 0
    assert forum.asked == []
