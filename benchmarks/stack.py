"""The real stack for a benchmark: PostgreSQL with fsync on, the log, and the services in processes of their own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import asyncpg
import httpx

from benchmarks.community import COURSE, HOME
from deploy.kafka.cluster import running
from deploy.kafka.layout import free_ports
from services.enrichment.imports import Importer, Kind
from services.gateway.app import open_issuer
from services.gateway.domain.credential import Scope
from services.gateway.settings import Settings as GatewaySettings
from services.targets import TARGETS
from services.together import PARTS
from shared.postgres import Database, migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings, SecretSettings
from shared.stream.settings import LogKind

KEY: Final = "c3ltcG9zaWEtdGVzdC1rZXktMzItYnl0ZXMtbG9uZyE="
POSTGRES: Final = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "256MB", "max_connections": "100"}
BACKGROUND: Final = "background"
TELLING: Final = "telling"
SERVICE_OF: Final = {BACKGROUND: "gateway", TELLING: "ingest"}
"""As in docker-compose.yml: what nobody waits for has a process of its own."""
TOLD: Final = {
    "gateway": {"SYMPOSIA_GATEWAY__DEFINITIONS": "false", "SYMPOSIA_GATEWAY__FORWARDING": "false"},
    BACKGROUND: {"SYMPOSIA_GATEWAY__RECORDER": "false"},
    "ingest": {"SYMPOSIA_INGEST__BACKGROUND": "false"},
}

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
READY: Final = 180.0
PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: where PostgreSQL, Kafka and the services are, and the key of somebody who may do everything.

    *begin* starts one more service, or what nobody waits for beside one, and waits until it is ready.
    """

    kind: LogKind
    dsn: str
    bootstrap: str
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen[bytes]]
    key: tuple[str, str]
    begin: Callable[[str], Awaitable[None]]

    def url(self, service: str) -> str:
        """Return the address of *service*."""
        return f"http://127.0.0.1:{self.ports[service]}"

    async def take(self, kind: Kind, content: str) -> None:
        """Import a file."""
        database = await Database.open(_postgres(self.dsn), schema="records", application="benchmark")
        report = await Importer(database).take(kind, content.encode())
        await database.close()
        if report.faults:
            raise ValueError(report.faults[0])

    async def enrol(self, learners: int) -> None:
        """Import *learners*, and that they are enrolled in the one course."""
        people = "".join(f"P{number},p{number}@{HOME}\n" for number in range(learners))
        await self.take(Kind.PEOPLE, f"external_id,accounts\n{people}")
        await self.take(Kind.COURSES, f"iri,title\n{COURSE},One\n")
        enrolled = "".join(f"P{number},{COURSE}\n" for number in range(learners))
        await self.take(Kind.ENROLMENTS, f"external_id,course\n{enrolled}")


@asynccontextmanager
async def stack(
    kind: LogKind,
    services: Sequence[str] = tuple(PARTS),
    *,
    before: Callable[[Stack], Awaitable[None]] | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Stack]:
    """Start everything, *services* each in a process of its own and told *settings*, and stop it at the end.

    Beside a gateway runs what nobody waits for. *before* runs before the services do.
    """
    async with AsyncExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="symposia-benchmark-")))
        server = Server(folder / "postgres", settings=POSTGRES)
        await asyncio.to_thread(server.start)
        exits.callback(server.close)
        bootstrap = exits.enter_context(running(folder / "kafka", 1)).bootstrap if kind is LogKind.KAFKA else ""
        await migrate(server.dsn, TARGETS)
        names = (*PARTS, *SERVICE_OF)
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        key = await _issue(server.dsn)
        environment = {
            **os.environ,
            "DATABASE_URL": server.dsn,
            "SYMPOSIA_SECRETS__KEY": KEY,
            "SYMPOSIA_STREAM__KIND": kind,
            **({"SYMPOSIA_STREAM__KAFKA__BOOTSTRAP": bootstrap} if bootstrap else {}),
            "SYMPOSIA_TELEMETRY__LOG_LEVEL": "warning",
            **settings,
        }
        processes: dict[str, subprocess.Popen[bytes]] = {}

        def start(name: str) -> None:
            told = {**environment, **TOLD.get(name, {}), "SYMPOSIA_HTTP__PORT": str(ports[name])}
            processes[name] = exits.enter_context(_process(f"services.{SERVICE_OF.get(name, name)}", told))

        async def begin(name: str) -> None:
            start(name)
            await _until_ready(started)

        started = Stack(kind, server.dsn, bootstrap, ports, processes, key, begin)
        if before is not None:
            await before(started)
        for name in (*services, BACKGROUND) if "gateway" in services else services:
            start(name)
        await _until_ready(started)
        yield started


@asynccontextmanager
async def database(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a plain connection."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@contextmanager
def _process(module: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python module in a process of its own, and end it with SIGTERM."""
    started = subprocess.Popen([sys.executable, "-m", module], env=environment)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()


async def _issue(dsn: str) -> tuple[str, str]:
    lrs = await Database.open(_postgres(dsn), schema="lrs", application="benchmark")
    settings = GatewaySettings(postgres=_postgres(dsn), secrets=SecretSettings.model_validate({"key": KEY}))
    shown = await open_issuer(settings, lrs).issue("benchmark", list(Scope), NOW)
    await lrs.close()
    return shown.key_id, shown.secret


async def _until_ready(started: Stack) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(READY):
        for name, process in started.processes.items():
            while True:
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with status {process.returncode}")
                try:
                    if (await client.get(f"{started.url(name)}/readyz")).is_success:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


def _postgres(dsn: str) -> PostgresSettings:
    return PostgresSettings.model_validate({"url": dsn})
