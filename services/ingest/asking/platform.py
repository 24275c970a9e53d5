"""The one door by which ingest asks platforms: guarded, bounded, paced, and authorised. Its errors become PlatformAway."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from services.ingest.connectors.connector import Connector
from services.ingest.domain.asking import GONE, Answer, Request
from services.ingest.domain.source import Source, SourceId
from services.ingest.settings import AskingSettings
from shared.errors import SymposiaError
from shared.http.addresses import CheckedTransport, NoAddress
from shared.http.granted import Granted, read_grant
from shared.http.unpacking import unpacked

MOST_REDIRECTS: Final = 3
EARLY: Final = 60.0
"""Seconds before its end at which an access token is not used any more."""
MOST_KEPT: Final = 1000
LONGEST_WAIT: Final = 24 * 3600.0


class PlatformAway(SymposiaError):
    """A platform did not give what it was asked for, and may later; it wants to be spared for *retry_after* seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class NotThere(SymposiaError):
    """What was asked for is not there, or not for us: asking again would not change that."""


@dataclass(slots=True)
class _Access:
    """What is known of a source's platform: when it may be asked next, the access token with its end, and *kept* answers."""

    free_at: float = 0.0
    token: str = ""
    until: float = 0.0
    kept: dict[str, tuple[float, Answer]] = field(default_factory=dict)

    def keep(self, request: Request, answer: Answer, now: float) -> None:
        """Keep an answer for as long as its request says, and none that is older; all are forgotten where there are too many."""
        self.kept = {url: kept for url, kept in self.kept.items() if kept[0] > now} if len(self.kept) < MOST_KEPT else {}
        self.kept[request.url] = now + request.keep, answer


class PlatformClient:
    """Ask the platforms of all sources, each no more often than it lets itself be asked."""

    def __init__(self, http: httpx.AsyncClient, settings: AskingSettings) -> None:
        self._http = http
        self._settings = settings
        self._accesses: dict[SourceId, _Access] = {}

    async def ask(self, connector: Connector, source: Source, request: Request) -> Answer:
        """Return the answer to *request*: a success, or that nothing changed. Raises PlatformAway and NotThere."""
        access = self._accesses.setdefault(source.id, _Access())
        until, kept = access.kept.get(request.url, (0.0, None))
        now = asyncio.get_running_loop().time()
        if kept is not None and request.keep and now < until:
            return kept
        answer = await self._authorised(connector, source, request, access)
        if answer.status == httpx.codes.UNAUTHORIZED and connector.grant is not None and access.token:
            access.token = ""
            answer = await self._authorised(connector, source, request, access)
        judged = _judged(answer, request.bears)
        if request.keep:
            access.keep(request, judged, now)
        return judged

    async def _authorised(self, connector: Connector, source: Source, request: Request, access: _Access) -> Answer:
        shown = await self._shown(connector, source, access) if request.shown else {}
        await self._pace(connector, access)
        return await self._send(request, {**shown, **request.headers}, MOST_REDIRECTS)

    async def _shown(self, connector: Connector, source: Source, access: _Access) -> dict[str, str]:
        """Return the headers that authorise a request."""
        if source.token is None:
            return {}
        if connector.grant is None:
            return dict(connector.show(source.token))
        now = asyncio.get_running_loop().time()
        if not access.token or access.until <= now:
            asked = connector.grant(source)
            access.token, seconds = _granted(_judged(await self._send(asked, asked.headers, 0)))
            access.until = now + max(seconds - EARLY, EARLY)
        return {"Authorization": f"Bearer {access.token}"}

    async def _pace(self, connector: Connector, access: _Access) -> None:
        """Wait until the platform may be asked again."""
        now = asyncio.get_running_loop().time()
        wait = max(access.free_at - now, 0.0)
        access.free_at = max(access.free_at, now) + 60.0 / connector.per_minute
        await asyncio.sleep(wait)

    async def _send(self, request: Request, headers: Mapping[str, str], redirects: int) -> Answer:
        seconds = self._settings.deadline + (request.listen or 0.0)
        sent = {"User-Agent": self._settings.user_agent, **headers}
        try:
            async with (
                asyncio.timeout(seconds),
                self._http.stream(request.method, request.url, headers=sent, content=request.body or None) as response,
            ):
                if response.has_redirect_location and redirects and request.method == "GET":
                    onward = _onward(request, response)
                else:
                    return Answer(response.status_code, dict(response.headers), await self._read(response, request.listen))
        except TimeoutError as error:
            raise PlatformAway(f"did not answer within {seconds:g} s") from error
        except NoAddress as error:
            raise PlatformAway(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            # a ValueError tells of an address that is none
            raise PlatformAway(f"{type(error).__name__}: {error}"[:300]) from error
        return await self._send(onward, headers, redirects - 1)

    async def _read(self, response: httpx.Response, listen: float | None) -> bytes:
        """Read the answer: of a stream, what comes within *listen* seconds; else all of it, or raise PlatformAway."""
        content = bytearray()
        try:
            async with asyncio.timeout(listen):
                async for part in unpacked(response):
                    content += part
                    if len(content) > self._settings.most_bytes:
                        break
        except TimeoutError:
            if listen is None:
                raise
        if listen is None and len(content) > self._settings.most_bytes:
            raise PlatformAway(f"answered more than {self._settings.most_bytes} bytes")
        return bytes(content[: self._settings.most_bytes])


@asynccontextmanager
async def open_platforms(settings: AskingSettings) -> AsyncIterator[PlatformClient]:
    """Open connections: only public addresses unless settings say otherwise, TLS verified, no proxy of the environment."""
    transport = CheckedTransport(private=settings.private_network)
    async with httpx.AsyncClient(transport=transport, timeout=None, follow_redirects=False, trust_env=False) as http:  # noqa: S113  bounded by asyncio.timeout
        yield PlatformClient(http, settings)


def _judged(answer: Answer, bears: frozenset[int] = frozenset()) -> Answer:
    """Return a success, that nothing changed, or a refusal that is borne; raise what anything else means."""
    if httpx.codes.is_success(answer.status) or answer.unchanged or answer.status in bears:
        return answer
    said = f"answered {answer.status}: {answer.body[:200].decode(errors='replace')}"
    if answer.status in GONE:
        raise NotThere(said)
    raise PlatformAway(said, _wait(answer))


def _wait(answer: Answer) -> float:
    """Return how many seconds the platform wants to be spared (RFC 9110 §10.2.3, and the usual rate-limit headers)."""
    for name in ("retry-after", "x-ratelimit-reset-after", "ratelimit-reset"):
        value = answer.headers.get(name, "")
        if value.isascii() and value.isdecimal():
            return min(float(value), LONGEST_WAIT)
    return 0.0


def _granted(answer: Answer) -> Granted:
    """Read an access token. Raises PlatformAway where there is none."""
    granted = read_grant(answer.body)
    if granted is None:
        raise PlatformAway("granted no access token")
    return granted


def _onward(request: Request, response: httpx.Response) -> Request:
    """Return the request that a redirect asks for: only within one host, or a token would go where it is not meant."""
    url = urljoin(request.url, response.headers.get("location", ""))
    here, there = urlsplit(request.url), urlsplit(url)
    if there.hostname != here.hostname or there.scheme not in (here.scheme, "https"):
        raise PlatformAway(f"redirects to another host, {there.hostname}")
    return replace(request, url=url)
