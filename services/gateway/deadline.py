"""What only reads is answered in time: 503 and `Retry-After` while PostgreSQL hangs, instead of an answer that does not come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.errors import Unavailable

READING: Final = frozenset({"GET", "HEAD"})


def reads_within(seconds: float, routes: Iterable[Route]) -> list[Route]:
    """Return *routes*, those that only read bounded by *seconds*."""
    return [
        Route(route.path, _within(seconds, route.endpoint), methods=sorted(route.methods))
        if route.methods and READING.issuperset(route.methods)
        else route
        for route in routes
    ]


def _within(seconds: float, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return *endpoint* with a deadline: what it reads then is cancelled, and the pool gives up connections that stay silent."""

    @wraps(endpoint)
    async def bounded(request: Request) -> Response:
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                return await endpoint(request)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise Unavailable("postgres", f"no answer within {seconds:g} s") from error

    return bounded
