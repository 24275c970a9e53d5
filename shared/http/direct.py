"""The straight way to a route: Starlette's router, and what it wraps around each call, cost as much as a hot route's own work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from starlette.convertors import StringConvertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import Misconfigured, Unavailable
from shared.http.problem import Problem, problem_response, unavailable

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Shape: TypeAlias = tuple[str, str, int]
"""A method, the first segment of a path, and how many segments it has."""


class Direct:
    """ASGI middleware, the innermost: calls the routes whose parameters are whole segments of a path, leaves all else alone."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        found = [route for route in routes if isinstance(route, Route)]
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (route.path, method): route.endpoint
            for route in found
            if not route.param_convertors
            for method in route.methods or ()
        }
        self._templates = dict(reversed([*_templates([route for route in found if route.param_convertors])]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with what the route returns, or with the problem that it raises."""
        endpoint = self._endpoint(scope) if _is_plain(scope) else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        scope["endpoint"] = endpoint
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Problem as problem:
            response = problem_response(problem, request)
        except (Unavailable, Misconfigured) as outage:
            response = problem_response(unavailable(outage), request)
        except asyncio.CancelledError:
            if not _is_draining(scope):
                raise
            response = problem_response(Problem(503, "draining", headers={"Retry-After": "1"}), request)
        await response(scope, receive, send)

    def _endpoint(self, scope: Scope) -> Endpoint | None:
        """Return what answers *scope*, which gets the parameters of its path; None where the router has to say."""
        path, method = scope["path"], scope["method"]
        endpoint = self._endpoints.get((path, method))
        if endpoint is not None or not self._templates:
            return endpoint
        segments = path.split("/")
        template = self._templates.get((method, "".join(segments[1:2]), len(segments)))
        parameters = template.match(segments) if template else None
        if template is None or parameters is None:
            return None
        scope["path_params"] = parameters
        return template.endpoint


@dataclass(frozen=True, slots=True)
class _Template:
    """A path of *fixed* segments and of parameters, by their places in it."""

    endpoint: Endpoint
    fixed: Mapping[int, str]
    parameters: Mapping[int, str]

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """Return the parameters of the path of these *segments*; None where it is another."""
        for place, fixed in self.fixed.items():
            if segments[place] != fixed:
                return None
        found = {name: segments[place] for place, name in self.parameters.items()}
        return found if all(found.values()) else None


def _templates(routes: Sequence[Route]) -> Iterator[tuple[Shape, _Template]]:
    """Yield the paths with parameters, up to one that may be any path; those whose place another kind may take are left out."""
    taken: set[str] = set()
    for route in routes:
        segments = route.path.split("/")
        if "{" in segments[1]:
            return
        template = _template(route, segments) if segments[1] not in taken else None
        if template is None:
            taken.add(segments[1])
            continue
        for method in route.methods or ():
            yield (method, segments[1], len(segments)), template


def _template(route: Route, segments: Sequence[str]) -> _Template | None:
    """Return the path of *route*; None where a parameter is no whole segment."""
    names = {f"{{{name}}}": name for name, each in route.param_convertors.items() if type(each) is StringConvertor}
    parameters = {place: names[segment] for place, segment in enumerate(segments) if segment in names}
    if len(parameters) != len(route.param_convertors):
        return None
    fixed = {place: segment for place, segment in enumerate(segments) if place not in parameters}
    return _Template(route.endpoint, fixed, parameters)


def _is_plain(scope: Scope) -> bool:
    """Say whether *scope* is of a request, and whether its path is the whole of it."""
    return scope["type"] == "http" and not scope.get("root_path")


def _is_draining(scope: Scope) -> bool:
    """Say whether the process is to end: who then has not sent his request within its grace is told to come again."""
    return "app" in scope and scope["app"].state.draining is True
