"""What people and platforms meet: ports, services, credentials; and the sources behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from services.doctor.finding import Finding, Findings, State, safely, well, worrying, wrong
from services.doctor.sources import look_at_sources
from services.doctor.targets import look_at_targets
from services.gateway.app import open_issuer
from services.gateway.credentials.store import Issued
from services.gateway.settings import Settings as GatewaySettings
from services.installation import Installation
from services.tables import open_tables
from services.together import PARTS, check_free
from shared.clock import Clock
from shared.errors import Misconfigured
from shared.http.problem import MEDIA_TYPE

ASKED: Final = 5.0
SOON: Final = timedelta(days=14)


async def look_at_services(installation: Installation) -> Findings:
    """Look whether each service is ready, or else whether it could listen; where they run apart, each process of each."""
    apart = installation.client.commands.processes
    async with httpx.AsyncClient(timeout=ASKED, trust_env=False) as client:
        for name, url in apart:
            for address in await _replicas(url):
                yield await _service(client, name, address, _gone)
        if not apart:
            running = installation.home.running()
            urls = running.urls if running and running.urls else _configured(installation)
            for name, url in urls.items():
                yield await _service(client, name, url, _absent)


async def look_at_senders(installation: Installation, clock: Clock) -> Findings:
    """Look at sources, at the LRSs that we forward to, and at credentials."""
    async for finding in safely("Sources", lambda: look_at_sources(installation, clock())):
        yield finding
    async for finding in safely("Forwarding", lambda: look_at_targets(installation)):
        yield finding
    async for finding in safely("Credentials", lambda: _credentials(installation, clock())):
        yield finding


def _configured(installation: Installation) -> Mapping[str, str]:
    """Return where the services listen as they are set up."""
    return {name: installation.settings(part.settings).http.local_url for name, part in PARTS.items()}


async def _replicas(url: str) -> Sequence[str]:
    """Return the address of each process that the name in *url* stands for; *url* itself where it stands for none.

    A certificate is that of a name: whoever answers by TLS is asked by that.
    """
    asked = httpx.URL(url)
    if asked.scheme != "http":
        return [url]
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(asked.host, asked.port, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return [url]
    return sorted({str(asked.copy_with(host=address[0])) for *_, address in found})


async def _service(client: httpx.AsyncClient, name: str, url: str, absent: Callable[[str, str, str], Finding]) -> Finding:
    about = f"Service {name}"
    try:
        answer = await client.get(f"{url}/readyz")
    except httpx.ReadTimeout:
        words = f"accepts connections at {url}, but does not answer within {ASKED:g} s"
        return wrong(about, words, "It is frozen or overloaded, or something else listens there: look at its log.")
    except httpx.TransportError:
        return absent(about, name, url)
    if answer.status_code == HTTPStatus.OK:
        return well(about, f"ready at {url}")
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and answer.headers.get("content-type") == MEDIA_TYPE:
        return wrong(about, f"not ready: {answer.json()['detail']}", "Fix what it names; it becomes ready by itself.")
    return wrong(about, f"something else answers at {url}", "Stop it, or choose other ports.")


def _absent(about: str, name: str, url: str) -> Finding:
    """Say that nobody answers, and whether its port could be used."""
    address = httpx.URL(url)
    try:
        check_free(address.host, address.port or 80, name)
    except Misconfigured as error:
        return wrong(about, f"does not answer HTTP, yet: {error}", "Stop what holds the port, or choose others.")
    return wrong(about, f"nobody answers at {url}", f"Start `symposia up`, or `symposia {name}`.")


def _gone(about: str, name: str, url: str) -> Finding:
    """Say that nobody answers on another machine, or in another container."""
    return wrong(about, f"nobody answers at {url}", f"Start {name}; its log says why it ended.")


async def _credentials(installation: Installation, now: datetime) -> Findings:
    async with open_tables(installation, "lrs", "doctor") as database:
        issued = await open_issuer(installation.settings(GatewaySettings), database).issued()
    live = [each for each in issued if each.credential.revoked_at is None]
    ending = [finding for each in live if (finding := _ending(each, now)) is not None]
    if not live:
        yield worrying("Credentials", "there is none: nobody can send or read", "`symposia credential create` makes one.")
    for finding in ending:
        yield finding
    if live and not any(finding.state is State.WORRYING for finding in ending):
        yield well("Credentials", f"{len(live)}, none ends within {SOON.days} days")


def _ending(issued: Issued, now: datetime) -> Finding | None:
    """Say that a credential ends soon, or ended while it was in use."""
    credential = issued.credential
    if credential.expires_at is None or credential.expires_at - now > SOON:
        return None
    if credential.expires_at <= now:
        in_use = issued.last_used_at is not None and credential.expires_at - issued.last_used_at < SOON
        words = f"{credential.name} ({credential.key_id}) ended at {credential.expires_at:%Y-%m-%d %H:%M}"
        return worrying("Credentials", words, "Revoke it, or create another for its sender.") if in_use else None
    words = f"{credential.name} ({credential.key_id}) ends at {credential.expires_at:%Y-%m-%d %H:%M}"
    return worrying("Credentials", words, "Create another and give it to its sender, before.")
