"""What every answer of xAPI carries, errors included: 1.0.3 Communication §1.1, §1.2, §2.1.3, §3.3, and CORS."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.routing import Route

from services.gateway import app as gateway
from services.gateway.settings import Settings
from shared.service import run
from shared.settings import HttpSettings, PostgresSettings
from tests.support.gateway import VERSION, Doors, basic, open_doors, settings_of

ORIGIN = {"Origin": "https://course.example"}
PATHS = [
    "/xapi/statements",
    "/xapi/activities/state",
    "/xapi/activities/profile",
    "/xapi/agents/profile",
    "/xapi/about",
    "/xapi/no",
]


def assert_whole(response: httpx.Response, version: str = "1.0.3") -> None:
    headers = response.headers
    assert headers["x-experience-api-version"] == version
    assert headers["x-experience-api-consistent-through"].endswith("Z")
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cache-control"] == "private, no-cache, no-transform"
    exposed = headers["access-control-expose-headers"].lower()
    assert {"etag", "last-modified", "x-experience-api-version", "x-experience-api-consistent-through", "retry-after"} <= set(
        exposed.split(", ")
    )
    for name in ("x-experience-api-version", "access-control-allow-origin", "cache-control"):
        assert len(headers.get_list(name)) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_refused_or_not_every_answer_is_whole(doors: Doors, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        response = await doors.http.request(method, path, headers={**VERSION, **ORIGIN})

        assert_whole(response)
        assert method != "HEAD" or response.content == b""


async def test_a_method_that_a_resource_does_not_have_is_told_which_it_has(doors: Doors) -> None:
    for path, method, allowed in (
        ("/xapi/statements", "DELETE", "GET, HEAD, POST, PUT"),
        ("/xapi/activities/state", "PATCH", "DELETE, GET, HEAD, POST, PUT"),
        ("/xapi/about", "POST", "GET, HEAD"),
    ):
        response = await doors.http.request(method, path, headers=VERSION)

        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        assert response.headers["content-type"] == "application/problem+json"


async def test_the_answer_speaks_the_version_of_the_request(doors: Doors) -> None:
    for spoken, answered in (("1.0", "1.0.3"), ("1.0.9", "1.0.3"), ("2.0.0", "2.0.0"), ("0.95", "2.0.0")):
        response = await doors.http.get("/xapi/activities/state", headers={"X-Experience-API-Version": spoken})

        assert_whole(response, answered)


@pytest.mark.parametrize("path", PATHS)
async def test_a_preflight_needs_no_key_and_no_version(doors: Doors, path: str) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization,if-match"}

    response = await doors.http.options(path, headers=asked)

    assert (response.status_code, response.content) == (204, b"")
    assert "DELETE" in response.headers["access-control-allow-methods"]
    assert "allow" not in response.headers  # it would promise methods that not each resource has
    allowed = response.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "x-experience-api-version", "if-match", "if-none-match"} <= set(allowed)


async def test_a_preflight_allows_what_a_page_adds_to_its_requests(doors: Doors) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "baggage,x-requested-with"}

    response = await doors.http.options("/xapi/statements", headers=asked)

    allowed = {each.strip() for each in response.headers["access-control-allow-headers"].lower().split(",")}
    assert {"baggage", "x-requested-with", "authorization"} <= allowed
    assert response.headers["vary"] == "Access-Control-Request-Headers"


@pytest.mark.parametrize("asked", ["", ",", "x y", "x: y", "x,,y", "x;y"])
async def test_a_preflight_repeats_nothing_that_is_no_list_of_names(doors: Doors, asked: str) -> None:
    usual = await doors.http.options("/xapi/statements", headers=ORIGIN)

    response = await doors.http.options("/xapi/statements", headers={**ORIGIN, "Access-Control-Request-Headers": asked})

    assert response.headers["access-control-allow-headers"] == usual.headers["access-control-allow-headers"]


async def test_a_bug_answers_with_xapis_headers_too(doors: Doors) -> None:
    async def stumble(request: Request) -> None:
        raise ZeroDivisionError(request.url.path)

    doors.app.router.routes.insert(0, Route("/xapi/bug", stumble))
    transport = httpx.ASGITransport(doors.app, raise_app_exceptions=False)

    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        response = await http.get("/xapi/bug", headers=VERSION)

    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert_whole(response)


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
async def test_the_version_named_to_who_names_none_is_a_setting(postgres_settings: PostgresSettings, version: str) -> None:
    async with open_doors(settings_of(postgres_settings, version_answered=version)) as doors:
        client = await doors.client()
        keyed = {"Authorization": basic(client.key)}
        missing = await doors.http.get("/xapi/statements", headers=keyed)
        unspoken = await doors.http.get("/xapi/statements", headers={**keyed, "X-Experience-API-Version": "0.95"})

    assert (missing.status_code, unspoken.status_code) == (400, 400)
    assert_whole(missing, version)
    assert_whole(unspoken, version)


@pytest.mark.parametrize("refused", [{}, {"X-Experience-API-Version": "0.95"}])
async def test_who_stops_naming_a_version_is_answered_in_the_one_it_spoke_last(doors: Doors, refused: dict[str, str]) -> None:
    one, other = await doors.client(), await doors.client()
    for client, version in ((one, "1.0.1"), (other, "2.0.0")):
        spoken = {"Authorization": basic(client.key), "X-Experience-API-Version": version}
        assert (await doors.http.get("/xapi/statements", headers=spoken)).status_code == 200

    for client, version in ((one, "1.0.3"), (other, "2.0.0")):
        for path in ("/xapi/statements", "/xapi/activities/state", "/xapi/agents"):
            response = await doors.http.get(path, headers={"Authorization": basic(client.key), **refused})

            assert response.status_code == 400
            assert_whole(response, version)


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
async def test_the_version_of_requests_without_one_is_a_setting(postgres_settings: PostgresSettings, version: str) -> None:
    async with served(settings_of(postgres_settings, version_without_header=version)) as http:
        state = await http.get("/xapi/activities/state")
        about = await http.get("/xapi/about")

    assert (state.status_code, about.status_code) == (401, 200)
    assert_whole(state, version)
    assert_whole(about, version)


async def test_on_the_wire_every_answer_has_a_date(postgres_settings: PostgresSettings) -> None:
    async with served(settings_of(postgres_settings)) as http:
        for path in PATHS:
            for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
                response = await http.request(method, path, headers=VERSION)

                assert response.headers["date"].endswith("GMT")
                assert_whole(response)


async def test_openapi_describes_the_doors(doors: Doors) -> None:
    response = await doors.http.get("/openapi.json")

    assert {"/xapi/statements", "/xapi/about", "/v1/impact"} <= set(response.json()["paths"])


async def test_the_proxies_of_the_operators_guide_pass_on_every_door_and_nothing_else(doors: Doors) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
    paths = (await doors.http.get("/openapi.json")).json()["paths"]

    passed_on = re.findall(r"(?:location ~|path -m reg) (\S+)", guide)

    assert len(passed_on) == 2
    for pattern in passed_on:
        assert [path for path in ("/profiles/social-learning", "/openapi.json", *paths) if not re.search(pattern, path)] == []
        assert [path for path in ("/metrics", "/livez", "/readyz") if re.search(pattern, path)] == []


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the gateway on a port, as in production."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chosen = settings.model_copy(update={"http": HttpSettings(port=port)})
    stop, started = asyncio.Event(), asyncio.Event()
    async with gateway.open_service(chosen) as service, asyncio.TaskGroup() as group:
        group.create_task(run([service], stop, started=started))
        await started.wait()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            yield http
        stop.set()
