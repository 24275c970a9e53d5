"""The application factory that every service uses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ExceptionHandler, Receive, Scope, Send

from shared.errors import Misconfigured, Unavailable
from shared.http.direct import Direct
from shared.http.observed import HttpMetrics, Observed
from shared.http.problem import (
    Problem,
    on_bug,
    on_http_exception,
    on_invalid_parameters,
    on_misconfigured,
    on_problem,
    on_unavailable,
    problem_response,
)

Ready: TypeAlias = Callable[[], Awaitable[None]]

READY_WITHIN: Final = 2.5
"""Seconds after which a service that cannot say whether it is ready is not: who asks hears why, instead of nothing."""

HANDLERS: Final[Mapping[Any, ExceptionHandler]] = {
    Problem: on_problem,
    Unavailable: on_unavailable,
    Misconfigured: on_misconfigured,
    HTTPException: on_http_exception,
    RequestValidationError: on_invalid_parameters,
    Exception: on_bug,
}


def create_app(
    *,
    service: str,
    registry: CollectorRegistry,
    ready: Ready,
    routes: Sequence[BaseRoute] = (),
    routers: Sequence[APIRouter] = (),
    middleware: Sequence[Middleware] = (),
    documented: Mapping[str, Any] = MappingProxyType({}),
) -> Starlette:
    """Return *service*'s application: its routes, `/livez`, `/readyz` and `/metrics`, and behind them the *routers* of its API.

    Plain *routes* are looked at first and pass through nothing of FastAPI's, since the hot ones are among them; *documented* is
    what OpenAPI says of their `paths`, and beside what FastAPI finds out. *middleware* stands around all of them, and is counted
    and timed with them. *ready* raises Unavailable while the service cannot do its work. `app.state.draining` set to True makes
    `/readyz` answer 503 before the listener closes.
    """
    api = [Mount("", _api(service, routers, documented))] if routers else []
    plain = [*routes, *_probes(ready, registry)]
    app = Starlette(
        routes=[*plain, *_otherwise(plain), *api],
        exception_handlers=HANDLERS,
        middleware=[Middleware(Observed, metrics=HttpMetrics(registry)), *middleware, Middleware(Direct, routes=plain)],
    )
    app.state.draining = False
    return app


class _NoSuchMethod:
    """Refuse the methods that a resource does not have."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allow = ", ".join(sorted(allowed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 405 with the methods that there are."""
        problem = Problem(405, f"This resource allows {self._allow} only", headers={"Allow": self._allow})
        await problem_response(problem, Request(scope))(scope, receive, send)


def _otherwise(routes: Sequence[BaseRoute]) -> list[Route]:
    """Return what answers at the paths of *routes* where none of them does; else the API behind them would know no such path."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, Route):
            methods.setdefault(route.path, set()).update(route.methods or ())
    return [Route(path, _NoSuchMethod(allowed)) for path, allowed in methods.items()]


def _api(service: str, routers: Sequence[APIRouter], documented: Mapping[str, Any]) -> FastAPI:
    """Return the part of an application that FastAPI serves and describes; what answers GET answers HEAD (RFC 9110 §9.1)."""
    api = FastAPI(title=f"Symposia {service}", version=version("symposia"), docs_url=None, redoc_url=None)
    for router in routers:
        api.include_router(router)
    for route in _gets(routers):
        api.add_api_route(route.path, route.endpoint, methods=["HEAD"], response_class=Response, include_in_schema=False)
    api.router.routes.extend(_otherwise([*api.routes, *(route for router in routers for route in router.routes)]))
    for error, handler in HANDLERS.items():
        api.add_exception_handler(error, handler)
    generated = api.openapi

    def openapi() -> dict[str, Any]:
        described = generated()
        return {**described, **documented, "paths": {**described["paths"], **documented.get("paths", {})}}

    api.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way to extend it
    return api


def _gets(routers: Sequence[APIRouter]) -> Iterator[APIRoute]:
    """Yield the routes that answer GET."""
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                yield route


def _probes(ready: Ready, registry: CollectorRegistry) -> list[Route]:
    async def livez(request: Request) -> Response:
        """Say that the event loop turns; nothing about what we depend on."""
        del request
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        """Say whether this process can do its work now."""
        if request.app.state.draining:
            return problem_response(Problem(503, "draining"), request)
        try:
            async with asyncio.timeout(READY_WITHIN):
                await ready()
        except TimeoutError:
            return problem_response(Problem(503, f"what it depends on does not answer within {READY_WITHIN:g} s"), request)
        except (Unavailable, Misconfigured) as error:
            return problem_response(Problem(503, str(error)), request)
        return PlainTextResponse("ok\n")

    async def metrics(request: Request) -> Response:
        """Write the metrics in a worker thread: a long exposition must not hold up requests."""
        del request
        text = await anyio.to_thread.run_sync(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
