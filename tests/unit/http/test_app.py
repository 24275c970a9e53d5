"""What every service's application does, seen from a client, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from shared.errors import Misconfigured, Unavailable
from shared.http import Fault, Problem, create_app, read_body
from shared.telemetry import new_registry


async def echo(request: Request) -> Response:
    return PlainTextResponse(await read_body(request, limit=8))


async def refuse(request: Request) -> Response:
    raise Problem(400, "no", faults=(Fault("/0/actor", "actor-one-ifi", "an Agent has one IFI"),))


async def outage(request: Request) -> Response:
    raise Unavailable("kafka", "no answer from broker-7", retry_after=2.5)


async def misconfigured(request: Request) -> Response:
    raise Misconfigured("topic x does not exist at broker-7")


async def bug(request: Request) -> Response:
    raise ZeroDivisionError("secret internals")


class Readiness:
    """A service that is ready, or is not, or cannot say."""

    def __init__(self) -> None:
        self.reason = ""
        self.silent = False

    async def __call__(self) -> None:
        if self.silent:
            await asyncio.Event().wait()
        if self.reason:
            raise Unavailable("postgres", self.reason)


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
def app(readiness: Readiness) -> Starlette:
    routes = [Route(f"/{route.__name__}", route, methods=["POST"]) for route in (echo, refuse, outage, misconfigured, bug)]
    return create_app(service="trial", registry=new_registry("trial", "1"), ready=readiness, routes=routes)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://trial") as client:
        yield client


async def test_a_body_at_the_limit_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", content=b"12345678")

    assert answer.text == "12345678"


async def test_a_body_over_the_limit_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", content=b"123456789")

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_a_body_that_hides_its_length_is_refused_when_it_grows(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"12345"

    answer = await client.post("/echo", content=chunks())

    assert answer.status_code == 413


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo", content=b"x", headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


async def test_a_problem_says_where_and_why(client: httpx.AsyncClient) -> None:
    answer = await client.post("/refuse")

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"pointer": "/0/actor", "rule": "actor-one-ifi", "message": "an Agent has one IFI"}]


async def test_an_outage_is_503_with_a_whole_number_of_seconds_to_wait(client: httpx.AsyncClient) -> None:
    answer = await client.post("/outage")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert "broker-7" not in answer.text


async def test_what_waits_for_its_operator_is_503_too_and_the_log_says_what_for(client: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        answer = await client.post("/misconfigured")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "broker-7" not in answer.text
    assert [line["reason"] for line in logged] == ["topic x does not exist at broker-7"]


async def test_a_bug_is_500_without_internals(client: httpx.AsyncClient) -> None:
    answer = await client.post("/bug")

    assert answer.status_code == 500
    assert "secret" not in answer.text


async def test_an_unknown_path_has_the_same_form(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_service_that_cannot_work_is_alive_but_not_ready(client: httpx.AsyncClient, readiness: Readiness) -> None:
    readiness.reason = "read-only"

    alive, ready = await client.get("/livez"), await client.get("/readyz")

    assert (alive.status_code, ready.status_code) == (200, 503)
    assert "read-only" in ready.text


async def test_a_service_that_cannot_say_whether_it_is_ready_says_so_in_time(
    client: httpx.AsyncClient, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.http.app.READY_WITHIN", 0.01)
    readiness.silent = True

    async with asyncio.timeout(5):
        ready = await client.get("/readyz")

    assert (ready.status_code, ready.headers["content-type"]) == (503, "application/problem+json")
    assert "does not answer within 0.01 s" in ready.text


async def test_a_draining_service_is_not_ready(client: httpx.AsyncClient, app: Starlette) -> None:
    app.state.draining = True

    assert (await client.get("/readyz")).status_code == 503


async def test_requests_are_counted_by_route_and_never_by_path(client: httpx.AsyncClient) -> None:
    await client.post("/refuse")
    await client.get("/nowhere/ada@example.org")

    metrics = (await client.get("/metrics")).text

    assert 'symposia_http_requests_total{code="400",method="POST",route="/refuse"} 1.0' in metrics
    assert 'route="none"' in metrics
    assert "ada@example.org" not in metrics


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/problem+json"),
        ("text/html, image/gif, *; q=.2, */*; q=.2", "application/problem+json"),
        ("image/png", "application/problem+json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("TEXT/HTML;level=1", "text/html; charset=utf-8"),
        ("text/html, text/plain;q=0.000", "text/html; charset=utf-8"),
        ("text/*;q=0.5", "text/plain; charset=utf-8"),
        ("*/*, application/*;q=0", "text/plain; charset=utf-8"),
        (";;q,=,q=0" + "," * 5000, "application/problem+json"),
    ],
)
async def test_an_error_is_written_as_json_unless_the_client_takes_only_text_or_html(
    client: httpx.AsyncClient, accept: str | None, given: str
) -> None:
    del client.headers["accept"]
    answer = await client.post("/refuse", headers={"Accept": accept} if accept else {})

    assert (answer.status_code, answer.headers["content-type"]) == (400, given)
    assert all(said in answer.text for said in ("Bad Request", "/0/actor", "actor-one-ifi", "an Agent has one IFI"))


async def test_a_page_that_tells_of_an_error_runs_nothing(app: Starlette) -> None:
    async def script(request: Request) -> Response:
        raise Problem(400, f"Not so: {request.query_params['said']}")

    app.router.routes.insert(0, Route("/script", script))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trial") as http:
        answer = await http.get("/script", params={"said": "<script>x</script>&"}, headers={"Accept": "text/html"})

    assert "<p>Not so: &lt;script&gt;x&lt;/script&gt;&amp;</p>" in answer.text
