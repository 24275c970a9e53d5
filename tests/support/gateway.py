"""A gateway on real servers, spoken to through its ASGI application."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from starlette.applications import Starlette

from services.gateway import app as gateway
from services.gateway.credentials.issuing import Issuer
from services.gateway.domain.credential import Scope, ShownKey
from services.gateway.settings import GatewaySettings, Settings
from shared.clock import utc_now
from shared.postgres import Database
from shared.service import Service
from shared.settings import HttpSettings, PostgresSettings, SecretSettings
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.settings import AppendSettings, ConsumerSettings, StreamSettings

MASTER_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
BASE_URL = "https://symposia.example/lrs"
VERSION = {"X-Experience-API-Version": "1.0.3"}


@dataclass(frozen=True)
class Doors:
    """A running gateway: its HTTP doors and the issuer of its keys."""

    http: httpx.AsyncClient
    issuer: Issuer
    database: Database
    app: Starlette

    async def key(self, *scopes: Scope, **options: Any) -> ShownKey:
        """Issue a key with *scopes*; all of them by default."""
        return await self.issuer.issue("test", scopes or (Scope.ALL,), utc_now(), **options)

    async def client(self, *scopes: Scope, **options: Any) -> Client:
        """Return a client with a new key."""
        return Client(self.http, await self.key(*scopes, **options))


@dataclass(frozen=True)
class Client:
    """A sender or reader with a key."""

    http: httpx.AsyncClient
    key: ShownKey

    @property
    def headers(self) -> dict[str, str]:
        return {**VERSION, "Authorization": basic(self.key)}

    async def post(self, body: Any, **headers: str) -> httpx.Response:
        return await self.http.post("/xapi/statements", json=body, headers={**self.headers, **headers})

    async def put(self, body: Any, **parameters: str) -> httpx.Response:
        return await self.http.put("/xapi/statements", json=body, headers=self.headers, params=parameters)

    async def get(self, path: str = "/xapi/statements", /, **parameters: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers, params=parameters or None)

    async def ids(self, **parameters: str) -> list[str]:
        """Return the ids of the statements on the first page."""
        response = await self.get(**parameters)
        assert response.status_code == 200, response.text
        return [statement["id"] for statement in response.json()["statements"]]


def basic(key: ShownKey) -> str:
    return "Basic " + base64.b64encode(f"{key.key_id}:{key.secret}".encode()).decode()


def statement(**changes: Any) -> dict[str, Any]:
    """Return a statement with an id: somebody replied to somebody."""
    return {
        "id": str(uuid4()),
        "actor": {"mbox": "mailto:ann@example.org"},
        "verb": {"id": "http://id.tincanapi.com/verb/replied", "display": {"en": "replied", "de": "antwortete"}},
        "object": {"id": "https://forum.example/t/1"},
        "timestamp": "2026-01-31T12:00:00.000Z",
        **changes,
    }


def settings_of(postgres: PostgresSettings, **changes: Any) -> Settings:
    """Return settings that make up for a busy machine; *changes* are the gateway's."""
    return Settings(
        postgres=postgres.model_copy(update={"acquire_timeout": 15.0}),
        http=HttpSettings(port=0, public_url=BASE_URL),
        secrets=SecretSettings(key=SecretStr(MASTER_KEY)),
        stream=StreamSettings(consumer=ConsumerSettings(fetch_wait=0.1, backoff_limit=0.5), append=AppendSettings(deadline=15.0)),
        gateway=GatewaySettings(
            **{"credentials_refresh": 0.3, "usage_interval": 0.1, "wait_seconds": 20.0, "read_seconds": 30.0, **changes}
        ),
    )


@asynccontextmanager
async def open_doors(settings: Settings) -> AsyncIterator[Doors]:
    """Run the gateway as `open_service` wires it."""
    async with gateway.open_service(settings) as service, serving(service, settings) as doors:
        yield doors


@asynccontextmanager
async def wired_doors(settings: Settings, log: Log) -> AsyncIterator[Doors]:
    """Run a gateway on a log of the test's own."""
    registry = CollectorRegistry()
    database = await Database.open(settings.postgres, schema="lrs", application="gateway", packages=gateway.PACKAGES)
    service = gateway.wire(settings, database, log, registry, StreamMetrics(registry))
    try:
        async with serving(service, settings) as doors:
            yield doors
    finally:
        await database.close()


@asynccontextmanager
async def serving(service: Service, settings: Settings) -> AsyncIterator[Doors]:
    """Run the service's tasks, and a client of its application."""
    stop = asyncio.Event()
    database = await Database.open(settings.postgres, schema="lrs", application="test")
    transport = httpx.ASGITransport(service.app)
    async with asyncio.TaskGroup() as group:
        for task in service.tasks:
            group.create_task(task(stop))
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
            try:
                yield Doors(http, gateway.open_issuer(settings, database), database, service.app)
            finally:
                stop.set()
                await database.close()


async def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait until the coroutine that *condition* returns gives something true."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  what is awaited is in PostgreSQL
            await asyncio.sleep(0.05)


def later(**delta: float) -> datetime:
    return datetime.now(UTC) + timedelta(**delta)  # noqa: TID251  a test's expiry


def without(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


async def store(client: Client, *statements: dict[str, Any]) -> list[str]:
    """Post *statements* one after another and return their ids."""
    for each in statements:
        assert (await client.post(each)).status_code == 200
    return [each["id"] for each in statements]


async def follow(client: Client, page: httpx.Response) -> list[str]:
    """Return the ids on *page* and on all that follow."""
    ids = [each["id"] for each in page.json()["statements"]]
    while page.json()["more"]:
        page = await client.get(own_path(page))
        assert page.status_code == 200, page.text
        ids += [each["id"] for each in page.json()["statements"]]
    return ids


def own_path(page: httpx.Response) -> str:
    """Return `more` as this process knows it: the proxy in front takes the prefix of PUBLIC_URL away."""
    more: str = page.json()["more"]
    assert more.startswith("/lrs/xapi/statements?more=")
    assert quote(more, safe="/?=") == more
    return more.removeprefix("/lrs")
