"""The headers of every xAPI answer: version, consistent-through, and what a browser needs to read them (CORS)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.domain.version import VERSION_HEADER, UnspokenVersion, negotiate
from shared.http.problem import on_bug
from shared.xapi.model import Version

CONSISTENT_THROUGH: Final = "X-Experience-API-Consistent-Through"
PREFIX: Final = "/xapi"

METHODS: Final = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
ACCEPTED: Final = (
    "Authorization, Content-Type, X-Experience-API-Version, If-Match, If-None-Match, Accept-Language, Accept, traceparent"
)
EXPOSED: Final = (
    f"Date, ETag, Last-Modified, Location, Content-Type, WWW-Authenticate, Retry-After, "
    f"RateLimit, RateLimit-Policy, {VERSION_HEADER}, {CONSISTENT_THROUGH}"
)
PREFLIGHT_SECONDS: Final = "86400"

_VERSION_NAME: Final = VERSION_HEADER.lower().encode()
_THROUGH_NAME: Final = CONSISTENT_THROUGH.lower().encode()
_FOR_BROWSERS: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
)


class XapiHeaders:
    """ASGI middleware: answers under `/xapi` carry xAPI's headers, errors included; preflights need no key, HEAD gets no body."""

    def __init__(
        self, app: ASGIApp, *, without_header: Version | None, otherwise: Version, consistent_through: Callable[[], str]
    ) -> None:
        self._app = app
        self._without_header = without_header or otherwise
        self._otherwise = otherwise
        self._consistent_through = consistent_through

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete its answer."""
        if scope["type"] != "http" or not _is_xapi(scope["path"]):
            await self._app(scope, receive, send)
            return
        version = _answered(_said(scope), self._without_header, self._otherwise)
        started = False

        async def complete(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add(message, version)
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        if scope["method"] == "OPTIONS":
            await _preflight(complete)
            return
        try:
            await self._app(scope, receive, complete)
        except Exception as error:
            if not started:
                await (await on_bug(Request(scope), error))(scope, receive, complete)
            raise

    def _add(self, message: Message, version: bytes) -> None:
        """Add what the answer does not say itself."""
        headers = list(message["headers"])
        said = {name for name, _ in headers}
        if _VERSION_NAME not in said:
            headers.append((_VERSION_NAME, version))
        if _THROUGH_NAME not in said:
            headers.append((_THROUGH_NAME, self._consistent_through().encode()))
        message["headers"] = [*headers, *_FOR_BROWSERS]


def _said(scope: Scope) -> bytes | None:
    """Return the version header of a request, without reading the others; servers hand names over in lower case."""
    for name, value in scope["headers"]:
        if name == _VERSION_NAME:
            return bytes(value)
    return None


@lru_cache(maxsize=64)
def _answered(said: bytes | None, without_header: Version, otherwise: Version) -> bytes:
    """Return the version that the answer names."""
    try:
        return negotiate(None if said is None else said.decode("latin-1"), without_header).encode()
    except UnspokenVersion:
        return otherwise.encode()


def _is_xapi(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


async def _preflight(send: Send) -> None:
    headers = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": ACCEPTED,
        "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        "Allow": METHODS,
    }
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 204, "headers": raw})
    await send({"type": "http.response.body", "body": b""})
