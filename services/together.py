"""All services in one process: the same wiring as alone, on neighbouring ports."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from services.enrichment import app as enrichment
from services.enrichment.settings import Settings as EnrichmentSettings
from services.gateway import app as gateway
from services.gateway.settings import Settings as GatewaySettings
from services.ingest import app as ingest
from services.ingest.settings import Settings as IngestSettings
from services.installation import Found, Home, Installation, open_installation
from services.scoring import app as scoring
from services.scoring.settings import Settings as ScoringSettings
from services.targets import TARGETS
from shared.errors import Misconfigured, Unavailable
from shared.postgres import migrate
from shared.process import prepare_to_serve
from shared.service import Service, run
from shared.settings import ServiceSettings
from shared.stream.steps import Observer, crash_at_from_environment, unobserved

PATIENCE: Final = 60.0
LOOK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Part:
    """A service as the front door knows it: its settings, and the one function that wires it."""

    settings: type[ServiceSettings]
    open_service: Callable[..., AbstractAsyncContextManager[Service]]


PARTS: Final[Mapping[str, Part]] = {
    "gateway": Part(GatewaySettings, gateway.open_service),
    "ingest": Part(IngestSettings, ingest.open_service),
    "enrichment": Part(EnrichmentSettings, enrichment.open_service),
    "scoring": Part(ScoringSettings, scoring.open_service),
}
"""The services, in the order of their ports."""


def ports_from(base: int, host: str) -> dict[str, int]:
    """Return the port of each service on *host*: *base* and those after it, or free ones where *base* is 0.

    Raises Misconfigured where one is in use, or above 65535.
    """
    if not base:
        return dict(zip(PARTS, _free_ports(host, len(PARTS)), strict=True))
    ports = {name: base + number for number, name in enumerate(PARTS)}
    for name, port in ports.items():
        check_free(host, port, name)
    return ports


@asynccontextmanager
async def opened(
    installation: Installation, ports: Mapping[str, int], *, observer: Observer = unobserved
) -> AsyncIterator[Sequence[Service]]:
    """Open every service of *installation*, wired and not yet served."""
    async with AsyncExitStack() as stack:
        services = []
        for name, part in PARTS.items():
            settings = installation.settings(part.settings, http={"port": ports[name]})
            services.append(await stack.enter_async_context(part.open_service(settings, observer=observer)))
        yield services


@asynccontextmanager
async def running(home: Home, port: int, stop: asyncio.Event) -> AsyncIterator[tuple[Installation, Mapping[str, str]]]:
    """Run the installation in *home*, made if it is not there, and yield it with its services' addresses once all are ready.

    Raises Misconfigured where one runs there already, or a port is in use.
    """
    prepare_to_serve()
    with home.claimed() as claim:
        ports = ports_from(port, ServiceSettings().http.host)
        async with open_installation(home, Found.MADE) as installation:
            await migrate(installation.postgres.url.get_secret_value(), TARGETS, installation.postgres.pooler)
            async with (
                opened(installation, ports, observer=crash_at_from_environment()) as services,
                serving(services, stop) as urls,
            ):
                claim.publish(urls)
                yield installation, urls


@asynccontextmanager
async def serving(services: Sequence[Service], stop: asyncio.Event) -> AsyncIterator[Mapping[str, str]]:
    """Serve *services* and yield their addresses once all are ready that can be; drain them when the block ends or *stop* is set.

    Raises what stopped a service, and Unavailable where one is not ready within a minute.
    """
    urls = {service.name: service.http.local_url for service in services}
    async with asyncio.TaskGroup() as group:
        running = group.create_task(run(services, stop))
        try:
            await _until_ready(services, running)
            yield urls
        finally:
            stop.set()


async def _until_ready(services: Sequence[Service], running: asyncio.Task[None]) -> None:
    """Wait until every service answers `/readyz` or waits for a person, or until one failed: then the task group tells which."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            async with asyncio.timeout(PATIENCE):
                for service in services:
                    while not running.done() and not await _is_ready(client, service):  # noqa: ASYNC110  asked over HTTP
                        await asyncio.sleep(LOOK)
        except TimeoutError:
            raise Unavailable(service.name, f"not ready after {PATIENCE:g} s") from None


async def _is_ready(client: httpx.AsyncClient, service: Service) -> bool:
    """Say whether *service* is ready, or answers that it is not and will not be by itself."""
    try:
        answer = await client.get(f"{service.http.local_url}/readyz")
        return answer.status_code == HTTPStatus.OK or await service.hindrance() is not None
    except (httpx.TransportError, Unavailable):
        return False


def check_free(host: str, port: int, name: str) -> None:
    """Return where *name* could listen on *port* of *host*. Raises Misconfigured."""
    try:
        with _listener(host, port):
            pass
    except OverflowError:
        raise Misconfigured(f"There is no port {port}: choose a lower one with --port.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Misconfigured(
                f"Port {port}, for {name}, is in use: choose others with --port or SYMPOSIA_HTTP__PORT."
            ) from error
        raise Misconfigured(f"{name} cannot listen on {host}:{port}: {error.strerror}") from error


def _free_ports(host: str, number: int) -> list[int]:
    """Return ports that nobody listens on; held all at once, so that each is another."""
    listeners = [_listener(host, 0) for _ in range(number)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _listener(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener
