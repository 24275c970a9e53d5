"""Ingest on a real PostgreSQL, behind its real application."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

import httpx
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from services.ingest.app import SCHEMA, parts_of, serving
from services.ingest.forgotten import Forgotten
from services.ingest.parts import Parts
from services.ingest.settings import DoorSettings, IngestSettings, Settings, WaitingSettings
from services.ingest.sources import NewSource, Sources
from services.ingest.tallies import Tallies
from services.ingest.telling import telling_of
from services.ingest.vault import Vault
from shared.contracts import HEARD, NOTICED, RECEIVED
from shared.postgres import Database
from shared.settings import PostgresSettings, SecretSettings
from shared.stream import Batch, Partition
from shared.stream.memory import MemoryLog
from tests.support.ingest import NOW, SECRET, Ear, Sent
from tests.support.platforms import SOURCES

KEY = SecretStr(base64.urlsafe_b64encode(b"k" * 32).decode())


@dataclass
class House:
    """Ingest with a source of each platform, a clock that stands still and a log in memory."""

    database: Database
    settings: Settings
    sources: Sources
    log: MemoryLog = field(default_factory=MemoryLog)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    now: datetime = NOW
    tallies: Tallies = field(init=False)
    opened: Parts | None = None
    told: dict[tuple[MemoryLog, Partition], int] = field(default_factory=dict)

    @property
    def forgotten(self) -> Forgotten:
        """Return what whoever erases somebody remembers them by."""
        return Forgotten.of(self.settings.secrets)

    def clock(self) -> datetime:
        return self.now

    def open(self) -> httpx.AsyncClient:
        """Begin a new process: what it remembers and counts begins anew."""
        self.registry = CollectorRegistry()
        parts = self.opened = parts_of(self.settings, self.database, self.log, self.registry, clock=self.clock)
        self.tallies = parts.tallies
        service = serving(parts)
        transport = httpx.ASGITransport(app=service.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://ingest")

    async def tell(self) -> None:
        """Tell what was heard and is not told yet, by the process that was opened last."""
        parts = self.opened or parts_of(self.settings, self.database, self.log, CollectorRegistry(), clock=self.clock)
        await self.tell_by(parts)

    async def tell_by(self, parts: Parts) -> None:
        """Tell what was heard and is not told yet, by a process with these *parts*."""
        for partition, records in [*self.log.records.items()]:
            first = self.told.get((self.log, partition), 0)
            if partition.topic == HEARD.name and len(records) > first:
                async with self.database.transaction() as transaction:
                    decision = await telling_of(parts)(Batch(partition, tuple(records[first:])), transaction)
                assert decision.rejections == ()
                self.told[self.log, partition] = len(records)

    def ear(self) -> Ear:
        """Return what was heard so far."""
        return Ear(log=self.log)

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


async def post(client: httpx.AsyncClient, sent: Sent, headers: dict[str, str] | None = None) -> httpx.Response:
    """Send *sent* to its door, signed unless *headers* say otherwise."""
    path = f"/hooks/{sent.source.platform}/{sent.source.id}"
    return await client.post(path, content=sent.body, headers=sent.signed() if headers is None else headers)


@pytest.fixture
async def ingest_database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    database = await Database.open(postgres_settings, schema=SCHEMA, application="test")
    yield database
    await database.close()


@pytest.fixture
async def house(ingest_database: Database, postgres_settings: PostgresSettings) -> House:
    settings = Settings(
        postgres=postgres_settings,
        secrets=SecretSettings(key=KEY),
        ingest=IngestSettings(door=DoorSettings(max_body_bytes=64_000), waiting=WaitingSettings(interval=0.05)),
    )
    house = House(ingest_database, settings, Sources(ingest_database, Vault.of(settings.secrets)))
    for source in SOURCES.values():
        new = NewSource(source.id, source.platform, source.workspace, SECRET, source.policy, source.options, source.token)
        await house.sources.add(new, NOW)
    await house.log.ensure((HEARD, RECEIVED, NOTICED))
    return house
