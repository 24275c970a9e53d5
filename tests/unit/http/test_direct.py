"""The straight way to a route answers as the router does, and leaves to it what it does not know."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shared.errors import Unavailable
from shared.http import Problem
from shared.http.direct import Direct

ROUTED = "by the router"


async def thing(request: Request) -> Response:
    if request.path_params["name"] == "missing":
        raise Problem(404, "There is no such thing")
    if request.path_params["name"] == "away":
        raise Unavailable("things", "away")
    return JSONResponse(request.path_params)


async def plain(request: Request) -> Response:
    return JSONResponse(request.path_params)


async def router(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(ROUTED)(scope, receive, send)


ROUTES = [
    Route("/things", plain),
    Route("/things/{kind}/{name}", thing, methods=["GET", "POST"]),
    Route("/things/{kind}/{name}/{rest:path}", thing),
    Route("/things/{kind}/{name}/late", plain),
    Route("/numbers/{number:int}", thing),
    Route("/numbers/{name}", plain),
    Route("/half-{name}", plain),
    Route("/others/{name}", plain),
]


async def asked(path: str, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(app=Direct(router, ROUTES))
    async with httpx.AsyncClient(transport=transport, base_url="http://direct") as client:
        return await client.request(method, path)


async def test_whole_segments_are_parameters() -> None:
    assert (await asked("/things/red/ball")).json() == {"kind": "red", "name": "ball"}
    assert (await asked("/things/red/b%20all", "POST")).json() == {"kind": "red", "name": "b all"}
    assert (await asked("/things")).json() == {}


@pytest.mark.parametrize(
    "path",
    ["/", "/things/red", "/things/red/", "/things//ball", "/things/red/ball/late", "/numbers/7", "/half-way", "/others/x", "/no"],
)
async def test_what_another_route_may_be_meant_by_is_left_to_the_router(path: str) -> None:
    assert (await asked(path)).text == ROUTED


async def test_another_method_is_left_to_the_router() -> None:
    assert (await asked("/things/red/ball", "PUT")).text == ROUTED


async def test_problems_and_outages_are_answered_as_such() -> None:
    assert (await asked("/things/red/missing")).status_code == 404
    assert (await asked("/things/red/away")).status_code == 503
