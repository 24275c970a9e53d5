"""Teams from end to end: subscriptions are made through the door's handshake, and what they deliver is asked for and told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.ingest.app import parts_of
from services.ingest.asking.asker import Asker
from services.ingest.asking.handler import Noticing
from services.ingest.asking.metrics import AskingMetrics
from services.ingest.asking.platform import PlatformClient
from services.ingest.asking.store import AskingStore
from services.ingest.connectors.teams import TEAMS as CONNECTOR
from services.ingest.connectors.teams.notifications import client_state
from services.ingest.domain.source import SourceId
from services.ingest.settings import AskingSettings
from services.ingest.sources import NewSource
from shared.clock import utc_now
from shared.contracts import NOTICED
from shared.stream import Batch, Record
from tests.integration.ingest.conftest import House
from tests.support.ingest import NOW, SECRET
from tests.support.teams import CHANNEL, OPTIONS, TEAMS, bundle, key_set, message, notified, resource_of, sealed, token

NAME = SourceId("teams-here")
HERE = {**OPTIONS, "graph": "https://graph.example", "login": "https://login.example"}
SAID = message(1, "11:31:00.123", "How do I restart the broker?")


@dataclass
class Graph:
    """Graph and Entra behind one transport: it asks the door before it makes a subscription, and shows messages."""

    door: httpx.AsyncClient
    living: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST", "PATCH", "DELETE"])])

    async def answer(self, request: Request) -> Response:
        path = f"{request.method} {request.url.path}"
        self.asked.append(path)
        if path.endswith("/oauth2/v2.0/token"):
            granted = b"client_secret=the+client%27s+secret" in await request.body()
            return JSONResponse({"access_token": "granted", "expires_in": 3600}) if granted else Response(status_code=401)
        if path.endswith("/discovery/v2.0/keys"):
            assert "authorization" not in request.headers
            return JSONResponse(key_set())
        if request.headers.get("authorization") != "Bearer granted":
            return Response(status_code=401)
        return await self._graph(request)

    async def _graph(self, request: Request) -> Response:
        path = request.url.path
        if path.endswith("/channels"):
            return JSONResponse({"value": [{"id": CHANNEL, "membershipType": "standard"}]})
        if "/messages/" in path:
            found = self.messages.get(path.rpartition("/")[2])
            return JSONResponse(found) if found else Response(status_code=404)
        if request.method == "GET":
            return JSONResponse({"value": list(self.living.values())})
        if request.method == "PATCH":
            self.living[path.rpartition("/")[2]] |= orjson.loads(await request.body())
            return JSONResponse(self.living[path.rpartition("/")[2]])
        return await self._subscribe(orjson.loads(await request.body()))

    async def _subscribe(self, asked: dict[str, Any]) -> Response:
        url = httpx.URL(asked["notificationUrl"]).copy_add_param("validationToken", "Validation: a b <c>")
        answer = await self.door.post(f"{url.path}?{url.query.decode()}")
        if (answer.status_code, answer.text) != (200, "Validation: a b <c>"):
            return PlainTextResponse("the endpoint is not ours", 400)
        name = str(len(self.living))
        self.living[name] = {"id": name, **asked}
        return JSONResponse(self.living[name], 201)


@dataclass
class Stage:
    """A source of Teams, its door, Graph, and what asks Graph."""

    house: House
    door: httpx.AsyncClient
    graph: Graph
    asker: Asker
    read: int = 0

    def noticed(self) -> list[Record]:
        topics = self.house.log.records.items()
        return [each for partition, found in topics if partition.topic == NOTICED.name for each in found]

    async def ask(self) -> None:
        """Keep what was named, and do all that is due."""
        records = self.noticed()
        fresh, self.read = records[self.read :], len(records)
        if fresh:
            async with self.house.database.transaction() as transaction:
                await Noticing(self.house.clock)(Batch(fresh[0].partition, tuple(fresh)), transaction)
        source = (await self.house.sources.load())[NAME]
        await self.asker.serve(replace(CONNECTOR, per_minute=60_000), source)

    async def deliver(self, *notifications: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await self.door.post(f"/hooks/teams/{NAME}", content=orjson.dumps({"value": notifications, **more}))
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    async def said(self) -> list[str]:
        await self.house.tell()
        return [each["verb"]["display"]["en"] for each in self.house.ear().statements()]


@asynccontextmanager
async def staged(house: House, secret: bytes) -> AsyncIterator[Stage]:
    new = NewSource(NAME, TEAMS.platform, TEAMS.workspace, secret, TEAMS.policy, HERE, b"the client's secret")
    await house.sources.add(new, NOW)
    parts = parts_of(house.settings, house.database, house.log, CollectorRegistry(), clock=house.clock)
    settings = AskingSettings(first_pause=10, attempts=3)
    async with house.open() as door:
        graph = Graph(door)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(graph.app())) as http:
            asker = Asker(
                client=PlatformClient(http, settings, utc_now),
                store=(store := AskingStore(house.database, uuid4(), 60)),
                hearing=parts.hearing,
                clock=house.clock,
                metrics=AskingMetrics(CollectorRegistry()),
                settings=settings,
                hook_of=lambda source: f"https://symposia.example/hooks/{source.platform}/{source.id}",
            )
            await store.begin(NAME, CONNECTOR.polls, NOW)
            yield Stage(house, door, graph, asker)


@pytest.fixture
async def named(house: House) -> AsyncIterator[Stage]:
    async with staged(house, SECRET) as stage:
        yield stage


@pytest.fixture
async def sealing(house: House) -> AsyncIterator[Stage]:
    async with staged(house, bundle()) as stage:
        yield stage


async def test_subscriptions_are_made_through_the_doors_handshake_and_renewed(named: Stage) -> None:
    await named.ask()
    made = {each["resource"]: each["expirationDateTime"] for each in named.graph.living.values()}
    named.house.now += timedelta(minutes=16)
    await named.ask()

    assert len(made) == 3
    assert {each["expirationDateTime"] for each in named.graph.living.values()} == {"2026-03-02T13:11:00.000000Z"}
    assert sum("token" in each for each in named.graph.asked) == 1


async def test_what_is_named_is_asked_for_and_told_once(named: Stage) -> None:
    named.graph.messages[SAID["id"]] = SAID

    taken = [await named.deliver(notified("created", resource_of(SAID))) for _ in range(3)]
    await named.ask()
    await named.ask()

    assert taken[0]["lookups"] == 1
    assert await named.said() == ["asked"]
    assert sum("/messages/" in each for each in named.graph.asked) == 1


async def test_a_message_that_is_gone_when_it_is_asked_for_is_forgotten(named: Stage) -> None:
    await named.deliver(notified("created", resource_of(SAID)))
    await named.ask()

    assert await named.said() == []
    assert await named.house.database.fetchval("SELECT count(*) FROM lookup") == 0  # type: ignore[arg-type]


async def test_what_is_sealed_lies_sealed_until_its_keys_were_fetched_and_is_told(sealing: Stage) -> None:
    notification = notified("created", resource_of(SAID), bundle(), encryptedContent=sealed(SAID))

    await sealing.deliver(notification, validationTokens=[token()])
    noticed = [each.value for each in sealing.noticed()]
    await sealing.ask()

    assert b"broker" not in b"".join(noticed)
    assert await sealing.said() == ["asked"]
    assert sum("keys" in each for each in sealing.graph.asked) == 1
    assert not any("/messages/" in each for each in sealing.graph.asked)


async def test_what_was_changed_on_its_way_is_told_of_nobody(sealing: Stage) -> None:
    content = {**sealed(SAID), "dataSignature": sealed(SAID)["dataSignature"]}
    await sealing.deliver(notified("created", resource_of(SAID), bundle(), encryptedContent=content), validationTokens=[token()])
    await sealing.deliver(
        notified("created", resource_of(SAID), bundle(), encryptedContent=sealed(SAID)), validationTokens=[token("stranger")]
    )
    await sealing.ask()

    assert await sealing.said() == []


async def test_a_word_of_another_subscription_is_refused(named: Stage) -> None:
    forged = {**notified("created", resource_of(SAID)), "clientState": client_state(b"another secret")}

    answer = await named.door.post(f"/hooks/teams/{NAME}", content=orjson.dumps({"value": [forged]}))

    assert answer.status_code == 401
