"""The headers of every answer: what a limit leaves, and under `/xapi` the version, consistent-through and what browsers need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.credentials.limits import collect_allowances, rate_limit_headers
from services.gateway.domain.version import VERSION_HEADER, VERSION_HEADER_RAW, UnspokenVersion, negotiate
from shared.http.headers import header_of
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

Raw: TypeAlias = tuple[bytes, bytes]

_THROUGH_NAME: Final = CONSISTENT_THROUGH.lower().encode()
_FOR_BROWSERS: Final[tuple[Raw, ...]] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
    (b"cache-control", b"private, no-cache, no-transform"),
)
"""A browser that is told nothing keeps what has a Last-Modified for a while (RFC 9111 §4.2.2): a course read an old bookmark.

A proxy that compresses weakens the ETag, which `If-Match` takes no more (RFC 9110 §13.1.1), unless it heeds no-transform.
"""
_PREFLIGHT: Final[tuple[Raw, ...]] = (
    (b"access-control-allow-methods", METHODS.encode()),
    (b"access-control-max-age", PREFLIGHT_SECONDS.encode()),
    (b"vary", b"Access-Control-Request-Headers"),
)
_ASKED_NAME: Final = b"access-control-request-headers"
_NAMES: Final = re.compile(rb"[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*(?:,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*)*")


class AnswerHeaders:
    """ASGI middleware: completes the headers of each answer, errors included; preflights need no key, HEAD gets no body."""

    def __init__(
        self, app: ASGIApp, *, without_header: Version | None, otherwise: Version, consistent_through: Callable[[], str]
    ) -> None:
        self._app = app
        self._without_header = without_header or otherwise
        self._otherwise = otherwise
        self._consistent_through = consistent_through

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        xapi, allowances, started = _is_xapi(scope["path"]), collect_allowances(scope), False

        async def complete(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = self._of_xapi(scope, message["headers"]) if xapi else ()
                message["headers"] = [*message["headers"], *rate_limit_headers(allowances), *own]
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        if xapi and scope["method"] == "OPTIONS":
            await _preflight(scope, complete)
            return
        try:
            await self._app(scope, receive, complete)
        except Exception as error:
            if not started:
                await (await on_bug(Request(scope), error))(scope, receive, complete)
            raise

    def _of_xapi(self, scope: Scope, headers: Iterable[Raw]) -> list[Raw]:
        """Return what the answer does not say itself."""
        said = {name for name, _ in headers}
        missing = list(_FOR_BROWSERS)
        if VERSION_HEADER_RAW not in said:
            asked = header_of(scope, VERSION_HEADER_RAW)
            missing.append((VERSION_HEADER_RAW, _answered(asked, self._without_header, self._otherwise)))
        if _THROUGH_NAME not in said:
            missing.append((_THROUGH_NAME, self._consistent_through().encode()))
        return missing


@lru_cache(maxsize=64)
def _answered(asked: str | None, without_header: Version, otherwise: Version) -> bytes:
    """Return the version that the answer names."""
    try:
        return negotiate(asked, without_header).encode()
    except UnspokenVersion:
        return otherwise.encode()


def _is_xapi(path: str) -> bool:
    return path == PREFIX or path.startswith((f"{PREFIX}/", f"/{PREFIX}/"))


async def _preflight(scope: Scope, send: Send) -> None:
    """Allow the usual headers and those that are asked for: what a page's tracing or its library adds does no harm here."""
    asked = [value for name, value in scope["headers"] if name == _ASKED_NAME and _NAMES.fullmatch(value)]
    allowed = (b"access-control-allow-headers", b", ".join([ACCEPTED.encode(), *asked]))
    await send({"type": "http.response.start", "status": 204, "headers": [allowed, *_PREFLIGHT]})
    await send({"type": "http.response.body", "body": b""})
