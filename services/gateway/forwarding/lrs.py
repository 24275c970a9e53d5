"""The only door to another LRS over HTTP; all its errors become TargetAway."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from services.gateway.domain.version import VERSION_HEADER
from services.gateway.forwarding.answers import Answer, Fate, TargetAway, TargetForbidden, fate, single_statement, wait_of
from services.gateway.forwarding.packing import Parcel
from services.gateway.forwarding.target import Authentication, Basic, ClientCredentials, Target
from shared.clock import Clock
from shared.http.addresses import CheckedTransport, NoAddress, NotPublic
from shared.http.granted import read_grant
from shared.http.unpacking import unpacked
from shared.media_types import FORM_TYPE, JSON_TYPE
from shared.xapi.model import StatementId

MOST_READ: Final = 1024 * 1024
"""Bytes of an answer that are read by default."""
EARLY: Final = 30.0
"""Seconds before its expiry from which a token is no longer used."""
_LOST: Final = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""Errors of a request on a connection that the server has closed meanwhile, as uvicorn does after a 500."""


@dataclass(slots=True)
class _Token:
    value: str
    until: float


class Lrs:
    """Another LRS, and how we authenticate with it; one request at a time, which may take *seconds*."""

    def __init__(
        self, target: Target, authentication: Authentication, http: httpx.AsyncClient, clock: Clock, seconds: float
    ) -> None:
        self._endpoint = target.endpoint
        self._version = target.version
        self._authentication = authentication
        self._http = http
        self._clock = clock
        self._seconds = seconds
        self._token: _Token | None = None
        self._kept = False

    async def post(self, parcel: Parcel, ids: Sequence[StatementId]) -> tuple[Fate, Answer]:
        """Send the statements *ids* in one request; return what became of them. Raises TargetAway."""
        answer = await self.send("POST", parcel)
        return fate(answer, ids, self._clock()), answer

    async def get(self, identifier: StatementId) -> bytes | None:
        """Return the statement that the LRS has under *identifier*, voided or not, or None. Raises TargetAway."""
        for parameter in ("statementId", "voidedStatementId"):
            answer = await self.send("GET", None, {parameter: identifier})
            if answer.status == httpx.codes.OK and (held := single_statement(answer.body)) is not None:
                return held
            if answer.status not in {httpx.codes.OK, httpx.codes.NOT_FOUND}:
                raise TargetAway(f"asked for a statement that it says it has: {answer.said}", wait_of(answer, self._clock()))
        return None

    async def read(self, url: str, most: int) -> Answer:
        """Return the answer to a GET of *url*, a URL of this LRS, with the first *most* bytes of its body. Raises TargetAway."""
        answer = await self._read(url, most)
        if answer.status == httpx.codes.UNAUTHORIZED and self._token is not None:
            self._token = None
            answer = await self._read(url, most)
        return answer

    async def about(self) -> Answer:
        """Return the answer of the about resource, which needs no key (1.0.3 Communication §2.8). Raises TargetAway."""
        return await self._request("GET", f"{self._endpoint}/about", {VERSION_HEADER: self._version})

    async def send(self, method: str, parcel: Parcel | None, parameters: Mapping[str, str] | None = None) -> Answer:
        """Send a request to the statements resource, and again with a new token if the token is refused. Raises TargetAway."""
        answer = await self._authorised(method, parcel, parameters)
        if answer.status == httpx.codes.UNAUTHORIZED and self._token is not None:
            self._token = None
            answer = await self._authorised(method, parcel, parameters)
        return answer

    async def _authorised(self, method: str, parcel: Parcel | None, parameters: Mapping[str, str] | None) -> Answer:
        headers = {VERSION_HEADER: self._version, "Authorization": await self._authorization()}
        if parcel is not None:
            headers["Content-Type"] = parcel.content_type
        return await self._request(method, f"{self._endpoint}/statements", headers, parcel and parcel.body, parameters)

    async def _read(self, url: str, most: int) -> Answer:
        headers = {VERSION_HEADER: self._version, "Authorization": await self._authorization()}
        return await self._request("GET", url, headers, most=most)

    async def _authorization(self) -> str:
        match self._authentication:
            case Basic(key, secret):
                return _basic(key, secret)
            case ClientCredentials() as client:
                return f"Bearer {await self._bearer(client)}"

    async def _bearer(self, client: ClientCredentials) -> str:
        """Return a token that is valid still, or else a new one (RFC 6749 §4.4). Raises TargetAway."""
        now = asyncio.get_running_loop().time()
        if self._token is None or self._token.until <= now:
            form = {"grant_type": "client_credentials", **({"scope": client.scope} if client.scope else {})}
            headers = {"Authorization": _basic(client.client_id, client.client_secret), "Accept": JSON_TYPE}
            body = str(httpx.QueryParams(form)).encode()
            headers["Content-Type"] = FORM_TYPE
            self._token = _token(await self._request("POST", client.token_url, headers, body), now)
        return self._token.value

    async def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        parameters: Mapping[str, str] | None = None,
        *,
        most: int = MOST_READ,
    ) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._answered(
                    lambda: self._http.stream(method, url, headers=headers, content=body, params=parameters), most
                )
        except TimeoutError as error:
            raise TargetAway(f"did not answer within {self._seconds:g} s") from error
        except NotPublic as error:
            raise TargetForbidden(str(error)) from error
        except NoAddress as error:
            raise TargetAway(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, UnicodeError) as error:
            raise TargetAway(f"{type(error).__name__}: {error}"[:300]) from error

    async def _answered(self, ask: Callable[[], AbstractAsyncContextManager[httpx.Response]], most: int) -> Answer:
        """Ask, and once more where a kept connection was lost, since a server may close one at any time (RFC 9112 §9.5).

        Every request that is made here may be repeated.
        """
        try:
            return await self._once(ask, most)
        except _LOST:
            if not self._kept:
                raise
        self._kept = False
        return await self._once(ask, most)

    async def _once(self, ask: Callable[[], AbstractAsyncContextManager[httpx.Response]], most: int) -> Answer:
        async with ask() as response:
            content = await _read(response, most)
        self._kept = True
        said = response.headers
        return Answer(response.status_code, content, said.get("Retry-After"), said.get("Location"), said.get("Content-Type", ""))


@asynccontextmanager
async def open_lrs(target: Target, authentication: Authentication, clock: Clock, seconds: float) -> AsyncIterator[Lrs]:
    """Open connections to *target*: redirects are not followed, TLS is verified, and proxies of the environment are not used."""
    transport = CheckedTransport(private=target.private_network)
    async with httpx.AsyncClient(transport=transport, timeout=seconds, follow_redirects=False, trust_env=False) as http:
        yield Lrs(target, authentication, http, clock, seconds)


async def _read(response: httpx.Response, most: int) -> bytes:
    """Read the first *most* bytes of an answer."""
    content = bytearray()
    async for part in unpacked(response):
        content += part
        if len(content) >= most:
            break
    return bytes(content[:most])


def _token(answer: Answer, now: float) -> _Token:
    if answer.status != httpx.codes.OK:
        raise TargetAway(f"the token endpoint gave no token: {answer.said}")
    granted = read_grant(answer.body)
    if granted is None:
        raise TargetAway(f"the token endpoint gave no token: {answer.status}")
    return _Token(granted.token, now + granted.seconds - EARLY)


def _basic(key: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
