"""The application factory that every service uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from shared.errors import Unavailable
from shared.http.observed import HttpMetrics, Observed
from shared.http.problem import (
    Problem,
    on_bug,
    on_http_exception,
    on_invalid_parameters,
    on_problem,
    on_unavailable,
    problem_response,
)

Ready = Callable[[], Awaitable[None]]


def create_app(
    *,
    service: str,
    registry: CollectorRegistry,
    ready: Ready,
    routes: Sequence[BaseRoute] = (),
    routers: Sequence[APIRouter] = (),
) -> FastAPI:
    """Return *service*'s application: its routes, `/livez`, `/readyz` and `/metrics`.

    *ready* raises Unavailable while the service cannot do its work. `app.state.draining` set to True makes `/readyz` answer 503
    before the listener closes.
    """
    app = FastAPI(title=f"Symposia {service}", version=version("symposia"), docs_url=None, redoc_url=None)
    app.state.draining = False
    app.router.routes.extend([*_probes(ready, registry), *routes])
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(Unavailable, on_unavailable)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid_parameters)
    app.add_exception_handler(Exception, on_bug)
    app.add_middleware(Observed, metrics=HttpMetrics(registry))
    return app


def _probes(ready: Ready, registry: CollectorRegistry) -> list[Route]:
    async def livez(request: Request) -> Response:
        """Say that the event loop turns; nothing about what we depend on."""
        del request
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        """Say whether this process can do its work now."""
        if request.app.state.draining:
            return problem_response(Problem(503, "draining"))
        try:
            await ready()
        except Unavailable as error:
            return problem_response(Problem(503, str(error)))
        return PlainTextResponse("ok\n")

    async def metrics(request: Request) -> Response:
        """Write the metrics in a worker thread: a long exposition must not hold up requests."""
        del request
        text = await anyio.to_thread.run_sync(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]
