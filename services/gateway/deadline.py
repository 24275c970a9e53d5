"""What only reads is answered in time: 503 and `Retry-After` while PostgreSQL hangs, instead of an answer that does not come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.deadlines import Deadlines
from shared.errors import Unavailable

READING: Final = frozenset({"GET", "HEAD"})


def reads_within(seconds: float, routes: Iterable[Route]) -> list[Route]:
    """Return *routes*, those that only read bounded by *seconds*."""
    deadlines = Deadlines(seconds)
    return [
        Route(route.path, _within(deadlines, route.endpoint), methods=sorted(route.methods))
        if route.methods and READING.issuperset(route.methods)
        else route
        for route in routes
    ]


def _within(deadlines: Deadlines, endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Return *endpoint* with a deadline: what it reads then is cancelled, and the pool gives up connections that stay silent."""

    @wraps(endpoint)
    async def bounded(request: Request) -> Response:
        deadline = deadlines.one()
        try:
            with deadline:
                return await endpoint(request)
        except TimeoutError as error:
            if not deadline.expired:
                raise
            raise Unavailable("postgres", f"no answer within {deadlines.seconds:g} s") from error

    return bounded
