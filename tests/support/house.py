"""The whole house for a test: all four services, wired as in production, over a real database and a real log."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from pydantic import SecretStr

from services.enrichment.imports import Importer, Kind
from services.gateway import app as gateway
from services.gateway.domain.credential import Scope
from services.gateway.settings import Settings as GatewaySettings
from services.ingest.domain.source import Keeps, Platform, Policy, SourceId
from services.ingest.settings import Settings as IngestSettings
from services.ingest.sources import NewSource, Sources
from services.ingest.vault import Vault
from services.together import PARTS, ports_from
from shared.postgres import Database
from shared.service import run
from shared.settings import PostgresSettings, SecretSettings
from shared.stream.settings import KafkaSettings, LogKind, StreamSettings

KEY = SecretSettings(key=SecretStr("c3ltcG9zaWEtdGVzdC1rZXktMzItYnl0ZXMtbG9uZyE="))
SLACK = ("chat", "https://acme.slack.com", b"8f742231b10e8888abcd99yyyzzz85a5")
DISCOURSE = ("forum", "https://forum.acme.example", b"a-secret-for-the-forum-webhook")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class House:
    """A running house: its doors as clients, and the keys to them."""

    postgres: PostgresSettings
    gateway: httpx.AsyncClient
    ingest: httpx.AsyncClient
    lms: tuple[str, str] = ("", "")
    hr: tuple[str, str] = ("", "")
    ports: dict[str, int] = field(default_factory=dict)

    async def slack(self, event: dict[str, Any], *, event_id: str) -> httpx.Response:
        """Deliver *event* to the Slack door, signed now."""
        envelope = {"type": "event_callback", "team_id": "T1", "event_id": event_id, "event_time": 1, "event": event}
        body, moment = orjson.dumps(envelope), str(int(time.time()))  # noqa: TID251  a signature is of now
        signature = hmac.new(SLACK[2], f"v0:{moment}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "X-Slack-Request-Timestamp": moment,
            "X-Slack-Signature": f"v0={signature}",
            "Content-Type": "application/json",
        }
        return await self.ingest.post(f"/hooks/slack/{SLACK[0]}", content=body, headers=headers)

    async def discourse(self, kind: str, event: str, payload: dict[str, Any], *, event_id: str) -> httpx.Response:
        """Deliver an event to the Discourse door, signed."""
        body = orjson.dumps({kind: payload})
        headers = {
            "X-Discourse-Instance": DISCOURSE[1],
            "X-Discourse-Event-Id": event_id,
            "X-Discourse-Event-Type": kind,
            "X-Discourse-Event": event,
            "X-Discourse-Event-Signature": f"sha256={hmac.new(DISCOURSE[2], body, hashlib.sha256).hexdigest()}",
            "Content-Type": "application/json",
        }
        return await self.ingest.post(f"/hooks/discourse/{DISCOURSE[0]}", content=body, headers=headers)

    async def post(self, statements: Any) -> httpx.Response:
        """Post statements as the LMS."""
        return await self.gateway.post(
            "/xapi/statements", content=orjson.dumps(statements), auth=self.lms,
            headers={"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json"},
        )  # fmt: skip

    async def impact(self, learner: str) -> dict[str, Any] | None:
        """Read a learner's impact as HR, or nothing where there is none."""
        answer = await self.gateway.get(f"/v1/learners/{learner}/impact", params={"purpose": "development"}, auth=self.hr)
        return dict(answer.json()) if answer.status_code == httpx.codes.OK else None

    async def until(self, holds: Callable[[dict[str, Any]], bool], learner: str, seconds: float = 20.0) -> dict[str, Any]:
        """Read a learner's impact again and again until it *holds*."""
        async with asyncio.timeout(seconds):
            while True:
                impact = await self.impact(learner)
                if impact is not None and holds(impact):
                    return impact
                await asyncio.sleep(0.02)

    async def take(self, kind: Kind, content: bytes) -> None:
        """Import a file."""
        database = await Database.open(self.postgres, schema="records", application="test")
        report = await Importer(database).take(kind, content)
        await database.close()
        assert not report.faults


@asynccontextmanager
async def open_house(
    url: str,
    *,
    kafka: str | Mapping[str, KafkaSettings] | None = None,
    keeps: Keeps = Keeps.TEXT,
    before: House | None = None,
) -> AsyncIterator[House]:
    """Run the house over the database at *url*, on Kafka or on the log in PostgreSQL, until the end of the block.

    With *kafka* by the names of services each comes to the brokers in its own way. The house is furnished then, unless its
    database is that of a house *before*, whose keys it takes.
    """
    postgres = PostgresSettings(url=SecretStr(url))
    streams = {name: _stream(kafka[name] if isinstance(kafka, Mapping) else kafka) for name in PARTS}
    below_those_of_connections = random.randrange(20_000, 32_000)  # noqa: S311  no secret
    ports = ports_from(below_those_of_connections, "127.0.0.1")
    stop, started = asyncio.Event(), asyncio.Event()
    async with AsyncExitStack() as stack:
        services = []
        for name, part in PARTS.items():
            told: dict[str, Any] = {"postgres": postgres, "secrets": KEY, "stream": streams[name], "http": {"port": ports[name]}}
            settings = part.settings(**told)
            services.append(await stack.enter_async_context(part.open_service(settings)))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(run(services, stop, started=started))
        stack.callback(stop.set)
        await started.wait()
        doors = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[name]}", timeout=20))
            for name in ("gateway", "ingest")
        ]
        house = House(postgres, gateway=doors[0], ingest=doors[1], ports=ports)
        if before is None:
            await _furnish(house, streams["gateway"], keeps)
        else:
            house.lms, house.hr = before.lms, before.hr
        yield house


def _stream(kafka: str | KafkaSettings | None) -> StreamSettings:
    """Return the settings of a log on Kafka, or else in PostgreSQL."""
    if kafka is None:
        return StreamSettings()
    told = KafkaSettings(bootstrap=kafka) if isinstance(kafka, str) else kafka
    return StreamSettings(kind=LogKind.KAFKA, kafka=told)


async def _furnish(house: House, stream: StreamSettings, keeps: Keeps) -> None:
    """Add the sources, and the keys of the LMS and of HR."""
    settings = GatewaySettings(postgres=house.postgres, secrets=KEY, stream=stream)
    lrs = await Database.open(house.postgres, schema="lrs", application="test")
    issuer = gateway.open_issuer(settings, lrs)
    lms = await issuer.issue("LMS", [Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ], NOON)
    hr = await issuer.issue("HR", [Scope.IMPACT_READ, Scope.IMPACT_WRITE], NOON)
    house.lms, house.hr = (lms.key_id, lms.secret), (hr.key_id, hr.secret)
    await lrs.close()
    database = await Database.open(house.postgres, schema="ingest", application="test")
    sources = Sources(database, Vault.of(IngestSettings(secrets=KEY).secrets))
    for platform, (name, workspace, secret) in ((Platform.SLACK, SLACK), (Platform.DISCOURSE, DISCOURSE)):
        await sources.add(NewSource(SourceId(name), platform, workspace, secret, Policy(keeps=keeps)), NOON)
    await database.close()
