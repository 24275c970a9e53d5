"""An installation to break: PostgreSQL, Kafka and the gateway, each in processes of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from deploy.kafka.cluster import Cluster
from deploy.kafka.layout import free_ports
from services.gateway.app import open_issuer
from services.gateway.domain.credential import Scope
from services.gateway.settings import Settings
from services.targets import TARGETS
from shared.clock import utc_now
from shared.postgres import Database, migrate
from shared.postgres.embedded import Server
from shared.settings import SecretSettings
from tests.support.gateway import MASTER_KEY, VERSION, basic
from tests.support.postgres import settings_for

READY: Final = 60.0
ENDED: Final = 30.0
KIB: Final = 1024
UNDER_WAY: Final = "symposia_producer_buffered_bytes "


@dataclass(frozen=True, slots=True)
class Installation:
    """A running gateway: its doors, what it stands on, and the key of somebody who may do everything."""

    http: httpx.AsyncClient
    gateway: subprocess.Popen[bytes]
    server: Server
    cluster: Cluster
    log: Path

    def alive(self) -> bool:
        """Say whether the gateway runs still."""
        return self.gateway.poll() is None

    def end(self) -> str:
        """Say how the gateway ended, and what it said last."""
        return f"the gateway ended with {self.gateway.returncode}:\n{_end_of(self.log)}"

    def memory(self) -> float:
        """Return the gateway's proportional set size, MB."""
        lines = Path(f"/proc/{self.gateway.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / KIB

    async def under_way(self) -> float:
        """Return how many bytes are under way from the gateway to the log."""
        exposition = (await self.http.get("/metrics")).text
        return next(float(line.split()[1]) for line in exposition.splitlines() if line.startswith(UNDER_WAY))


@asynccontextmanager
async def installed(server: Server, cluster: Cluster, folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Installation]:
    """Run the gateway on *server* and *cluster*, with *settings* of its own; a gateway that ended by itself is an error."""
    await migrate(server.dsn, TARGETS)
    (port,) = free_ports(1)
    headers = {**VERSION, "Authorization": await _key(server)}
    log = folder / "gateway.log"
    async with AsyncExitStack() as stack:
        told = {"SYMPOSIA_HTTP__PORT": str(port), **settings}
        gateway = stack.enter_context(serving("services.gateway", server, cluster, told, log))
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=90.0, limits=httpx.Limits(max_connections=None)
        )
        running = Installation(await stack.enter_async_context(client), gateway, server, cluster, log)
        await until_ready(running.http, gateway, log)
        yield running
        assert running.alive(), running.end()


@contextmanager
def serving(
    module: str, server: Server, cluster: Cluster, settings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service on *server* and *cluster*, told *settings*, until the block ends; what it says goes into *log*."""
    environment = {
        **os.environ,
        "DATABASE_URL": server.dsn,
        "SYMPOSIA_SECRETS__KEY": MASTER_KEY,
        "SYMPOSIA_STREAM__KIND": "kafka",
        "SYMPOSIA_STREAM__KAFKA__BOOTSTRAP": cluster.bootstrap,
        **settings,
    }
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(ENDED)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _key(server: Server) -> str:
    postgres = settings_for(server.dsn)
    database = await Database.open(postgres, schema="lrs", application="test")
    settings = Settings(postgres=postgres, secrets=SecretSettings.model_validate({"key": MASTER_KEY}))
    key = await open_issuer(settings, database).issue("senders", [Scope.ALL], utc_now())
    await database.close()
    return basic(key)


def _end_of(log: Path) -> str:
    return log.read_text()[-3000:]


async def until_ready(http: httpx.AsyncClient, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once *process* says that it can do its work."""
    async with asyncio.timeout(READY):
        while True:
            assert process.poll() is None, _end_of(log)
            try:
                if (await http.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
