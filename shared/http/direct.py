"""The straight way to a route: Starlette's router, and what it wraps around each call, cost as much as a hot route's own work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Unavailable
from shared.http.problem import Problem, problem_response, unavailable

Endpoint = Callable[[Request], Awaitable[Response]]


class Direct:
    """ASGI middleware, the innermost: calls the routes whose path has no parameters, and leaves all else to the router."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (route.path, method): route.endpoint
            for route in routes
            if isinstance(route, Route) and not route.param_convertors
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what the route returns, or with the problem that it raises."""
        endpoint = self._endpoints.get((scope["path"], scope["method"])) if _is_plain(scope) else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        scope["endpoint"] = endpoint
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Problem as problem:
            response = problem_response(problem, request)
        except Unavailable as outage:
            response = problem_response(unavailable(outage), request)
        await response(scope, receive, send)


def _is_plain(scope: Scope) -> bool:
    """Say whether *scope* is of a request, and whether its path is the whole of it."""
    return scope["type"] == "http" and not scope.get("root_path")
