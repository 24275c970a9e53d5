"""A gateway that listens on a port, as others meet it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from services.gateway.app import open_issuer, open_service
from services.gateway.domain.credential import Scope
from services.gateway.settings import Settings
from shared.clock import utc_now
from shared.postgres import Database
from shared.service import run
from shared.settings import PostgresSettings
from tests.support.gateway import settings_of

PATIENCE = 20.0


class Gateway(NamedTuple):
    """A gateway that listens: its address, a key for all of xAPI, a client with it, and its database."""

    url: str
    key: tuple[str, str]
    http: httpx.AsyncClient
    database: str

    async def post(self, *statements: object) -> None:
        answer = await self.http.post("/statements", json=list(statements))
        assert answer.status_code == 200, answer.text

    async def has(self, identifier: str, parameter: str = "statementId") -> bool:
        answer = await self.http.get("/statements", params={parameter: identifier})
        return answer.status_code == 200


@asynccontextmanager
async def listening(postgres: PostgresSettings, *around: Any) -> AsyncIterator[Gateway]:
    """Run a gateway on a free port, with the ASGI middleware *around* it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = settings_of(postgres)
    settings: Settings = given.model_copy(update={"http": given.http.model_copy(update={"port": port, "public_url": ""})})
    stop, started = asyncio.Event(), asyncio.Event()
    database = await Database.open(settings.postgres, schema="lrs", application="test")
    async with open_service(settings) as service, asyncio.TaskGroup() as group:
        for middleware in around:
            service.app.add_middleware(middleware)
        group.create_task(run([service], stop, started=started))
        await started.wait()
        shown = await open_issuer(settings, database).issue("other", [Scope.ALL], utc_now())
        key, url = (shown.key_id, shown.secret), f"{settings.http.base_url}/xapi"
        headers = {"X-Experience-API-Version": "1.0.3"}
        async with httpx.AsyncClient(base_url=url, auth=key, headers=headers, timeout=PATIENCE) as http:
            yield Gateway(url, key, http, postgres.url.get_secret_value())
        stop.set()
    await database.close()
