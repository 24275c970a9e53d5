"""The one door by which ingest asks platforms: guarded, bounded, paced, and authorised. Its errors become PlatformAway."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from services.ingest.connectors.connector import Connector
from services.ingest.domain.asking import GONE, Answer, Request
from services.ingest.domain.source import Source, SourceId
from services.ingest.settings import AskingSettings
from shared.clock import Clock
from shared.errors import SymposiaError
from shared.http.addresses import CheckedTransport, NoAddress
from shared.http.granted import Granted, read_grant
from shared.http.retry_after import seconds_asked
from shared.http.unpacking import unpacked

MOST_REDIRECTS: Final = 3
EARLY: Final = 60.0
"""Seconds before its end at which an access token is not used any more."""
MOST_KEPT: Final = 1000
LONGEST_WAIT: Final = 24 * 3600.0
_REMAINING: Final = ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining")
_RESETS: Final = ("x-ratelimit-reset-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
"""What is left of a limit, and when it begins anew, as GitHub, Mastodon, X and others call it."""


class PlatformAway(SymposiaError):
    """A platform did not give what it was asked for, and may later; it wants to be spared for *retry_after* seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Spared(PlatformAway):
    """A platform was not asked, because it wants to be spared for *retry_after* seconds more."""


class NotThere(SymposiaError):
    """What was asked for is not there, or not for us: asking again would not change that."""


@dataclass(slots=True)
class _Access:
    """What is known of a source's platform: when it may be asked next, the access token with its end, and *kept* answers.

    *spared* says of hosts from when to when they asked to be spared: each by itself, since those of a source may be strangers'.
    """

    free_at: float = 0.0
    token: str = ""
    until: float = 0.0
    kept: dict[str, tuple[float, Answer]] = field(default_factory=dict)
    spared: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def keep(self, request: Request, answer: Answer, now: float) -> None:
        """Keep an answer for as long as its request says, and none that is older; all are forgotten where there are too many."""
        self.kept = {url: kept for url, kept in self.kept.items() if kept[0] > now} if len(self.kept) < MOST_KEPT else {}
        self.kept[request.url] = now + request.keep, answer

    def spare(self, host: str, seconds: float, now: datetime) -> None:
        """Ask *host* for nothing for so long."""
        self.spared = {each: (since, until) for each, (since, until) in self.spared.items() if since <= now < until}
        if len(self.spared) < MOST_KEPT:
            self.spared[host] = now, now + timedelta(seconds=seconds)

    def left(self, host: str, now: datetime) -> float:
        """Return for how many seconds more *host* wants to be spared; 0 also where the clock was set back since."""
        since, until = self.spared.get(host, (now, now))
        return (until - now).total_seconds() if since <= now < until else 0.0


class PlatformClient:
    """Ask the platforms of all sources, each no more often than it lets itself be asked."""

    def __init__(self, http: httpx.AsyncClient, settings: AskingSettings, clock: Clock) -> None:
        self._http = http
        self._settings = settings
        self._clock = clock
        self._accesses: dict[SourceId, _Access] = {}

    async def ask(self, connector: Connector, source: Source, request: Request) -> Answer:
        """Return the answer to *request*: a success, or that nothing changed. Raises PlatformAway and NotThere."""
        access = self._accesses.setdefault(source.id, _Access())
        until, kept = access.kept.get(request.url, (0.0, None))
        now = asyncio.get_running_loop().time()
        if kept is not None and request.keep and now < until:
            return kept
        with self._sparing(access, _host(request.url)):
            answer = await self._authorised(connector, source, request, access)
            if answer.status == httpx.codes.UNAUTHORIZED and connector.grant is not None and access.token:
                access.token = ""
                answer = await self._authorised(connector, source, request, access)
            judged = self._judged(answer, request.bears)
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
            access.token, seconds = _granted(self._judged(await self._send(asked, asked.headers, 0)))
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

    @contextmanager
    def _sparing(self, access: _Access, host: str) -> Iterator[None]:
        """Do the block unless *host* wants to be spared, and note where it wants that from now on. Raises Spared."""
        if left := access.left(host, self._clock()):
            raise Spared(f"{host} wants to be spared for {left:.0f} s more", left)
        try:
            yield
        except PlatformAway as away:
            if away.retry_after:
                access.spare(host, away.retry_after, self._clock())
            raise

    def _judged(self, answer: Answer, bears: frozenset[int] = frozenset()) -> Answer:
        """Return a success, that nothing changed, or a refusal that is borne; raise what anything else means."""
        if httpx.codes.is_success(answer.status) or answer.unchanged or answer.status in bears:
            return answer
        said = f"answered {answer.status}: {answer.body[:200].decode(errors='replace')}"
        if answer.status in GONE:
            raise NotThere(said)
        raise PlatformAway(said, _wait(answer, self._clock()))

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
async def open_platforms(settings: AskingSettings, clock: Clock) -> AsyncIterator[PlatformClient]:
    """Open connections: only public addresses unless settings say otherwise, TLS verified, no proxy of the environment."""
    transport = CheckedTransport(private=settings.private_network)
    async with httpx.AsyncClient(transport=transport, timeout=None, follow_redirects=False, trust_env=False) as http:  # noqa: S113  bounded by asyncio.timeout
        yield PlatformClient(http, settings, clock)


def _wait(answer: Answer, now: datetime) -> float:
    """Return how many seconds the platform wants to be spared: what Retry-After says, or, of a limit that is used up, its end."""
    used_up = answer.status == httpx.codes.TOO_MANY_REQUESTS or any(answer.headers.get(name) == "0" for name in _REMAINING)
    said = (answer.headers.get(name, "") for name in ("retry-after", *(_RESETS if used_up else ())))
    return next((seconds for each in said if (seconds := seconds_asked(each, now, LONGEST_WAIT))), 0.0)


def _host(url: str) -> str:
    """Return the host and port of *url*; nothing of what is none, which asking for it tells."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


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
