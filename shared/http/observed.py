"""Every request counted and timed, with the trace context bound to its logs."""

from __future__ import annotations

import time

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.headers import header_of
from shared.telemetry import traceparent

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
SERVER_ERROR = 500
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")


class HttpMetrics:
    """Rate, errors and duration of requests, by route and never by what was asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "symposia_http_requests_total", "Requests answered", ["route", "method", "code"], registry=registry
        )
        self.seconds = Histogram(
            "symposia_http_request_duration_seconds", "Time to answer", ["route"], buckets=BUCKETS, registry=registry
        )
        self.in_flight = 0
        answering = Gauge("symposia_http_requests_in_flight", "Requests being answered now", registry=registry)
        answering.set_function(lambda: self.in_flight)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, route: str, method: str, code: int, seconds: float) -> None:
        """Count an answer; the children of what was answered before are at hand, since to look them up costs more."""
        key = route, method, code
        children = self._children.get(key)
        if children is None:
            children = self._children[key] = self.requests.labels(route, method, str(code)), self.seconds.labels(route)
        children[0].inc()
        children[1].observe(seconds)


class Observed:
    """ASGI middleware: metrics, `traceparent`, and the headers that every answer carries."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics
        self._paths: dict[object, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; count and time its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["traceparent"] = traceparent(header_of(scope, b"traceparent"))
        structlog.contextvars.bind_contextvars(trace_id=scope["traceparent"].split("-")[1])
        code = SERVER_ERROR

        async def observe(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                message["headers"] = [*message["headers"], _NO_SNIFFING]
            await send(message)

        begun = time.perf_counter()
        self._metrics.in_flight += 1
        try:
            await self._app(scope, receive, observe)
        finally:
            self._metrics.in_flight -= 1
            self._metrics.answered(self._route(scope), _method(scope), code, time.perf_counter() - begun)

    def _route(self, scope: Scope) -> str:
        """Name the route by its path template: a path as it was asked for would be a label without bound."""
        if not self._paths:
            self._paths = {route.endpoint: route.path for route in scope["app"].routes if isinstance(route, Route)}
        path = self._paths.get(scope.get("endpoint"))
        return path if path is not None else str(getattr(scope.get("route"), "path", "none"))


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"
