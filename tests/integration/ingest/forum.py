"""A forum that has to be asked, and the process of ingest that asks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import orjson
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
from services.ingest.asking.platform import PlatformClient
from services.ingest.asking.store import AskingStore
from services.ingest.connectors.connector import Connector, Fetch, Poll
from services.ingest.connectors.discourse.events import read
from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.asking import Answer, Circumstances, Cursor, Page, Request
from services.ingest.domain.reading import Delivery, Lookup, Reading, joined
from services.ingest.domain.source import Source
from services.ingest.settings import AskingSettings
from shared.contracts import HEARD, NOTICED, Heard, decode
from shared.stream import Batch
from shared.xapi.model import JSON
from tests.integration.ingest.conftest import House
from tests.support.discourse import DISCOURSE

HOME = DISCOURSE.workspace
SETTINGS = AskingSettings(first_pause=10, attempts=3, patience=6 * 3600)
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


def ask_next(source: Source, cursor: Cursor, circumstances: Circumstances) -> Request | None:
    del circumstances
    waiting = _waiting(cursor)
    return Request(f"{source.workspace}/posts/{waiting[0]}") if waiting else None


def read_next(source: Source, cursor: Cursor, answer: Answer) -> Page:
    reading = read(source, Delivery(EVENT, {"post": orjson.loads(answer.body)}))
    return Page(reading, {"waiting": _waiting(cursor)[1:]}, more=True)


def past_next(source: Source, cursor: Cursor) -> Cursor:
    del source
    first, *others = _waiting(cursor)
    return {"waiting": [*others, first]}


def _waiting(cursor: Cursor) -> list[JSON]:
    waiting = cursor.get("waiting", [*range(5)])
    assert isinstance(waiting, list)
    return waiting


EACH = Poll(timedelta(minutes=5), ask_next, read_next, past_next)
"""Asks for each of five posts by itself."""
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
        self.registry = CollectorRegistry()
        parts = parts_of(self.house.settings, self.house.database, self.house.log, self.registry, clock=self.house.clock)
        self.store = AskingStore(self.house.database, uuid4(), 60)
        self.metrics = AskingMetrics(self.registry)
        self.client = PlatformClient(self.http, SETTINGS, lambda: self.house.now)
        self.asker = Asker(
            client=self.client,
            store=self.store,
            hearing=parts.hearing,
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
            backlog=parts.backlog,
            look=0.05,
        )
        self.hearing = parts.hearing


def heard_of(house: House) -> int:
    """Return how many interactions were heard."""
    records = (each for partition, found in house.log.records.items() if partition.topic == HEARD.name for each in found)
    readings = [msgspec.json.decode(decode(record.value, Heard).reading, type=Reading) for record in records]
    return sum(len(each.decided) + len(each.undecided) for each in readings)


async def noticed(house: House, *lookups: Lookup, process: Process) -> None:
    """Let *process* hear of *lookups*, and keep what the topic says of them."""
    await process.hearing.take(DISCOURSE, Reading(lookups=lookups))
    await keep_noticed(house)


async def keep_noticed(house: House) -> None:
    """Keep what the topic says is to be asked for."""
    [records] = [found for partition, found in house.log.records.items() if partition.topic == NOTICED.name]
    async with house.database.transaction() as transaction:
        await Noticing(house.clock)(Batch(records[0].partition, tuple(records)), transaction)
