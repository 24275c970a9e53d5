"""Problem details (RFC 9457): every error that a client sees says what is wrong, where, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Misconfigured, Unavailable
from shared.http.accept import chosen

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
SET_UP_ANEW = "60"
"""Seconds after which somebody may have changed what is wrong with the set-up."""
OFFERED = (MEDIA_TYPE, "application/json", "text/plain", "text/html")
"""In this order; who takes JSON of one kind or the other gets problem+json."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request: where (JSON pointer, RFC 6901), which rule it breaks, and why."""

    pointer: str
    rule: str
    message: str


class Problem(Exception):
    """A request that cannot be served; becomes an `application/problem+json` answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        faults: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})


def problem_response(problem: Problem, request: Request) -> Response:
    """Write *problem* as RFC 9457 says, with `errors` for its faults; as text or HTML where *request* accepts no JSON."""
    match chosen(request.headers.get("accept"), OFFERED):
        case "text/plain":
            return Response(_text(problem), problem.status, headers=problem.headers, media_type="text/plain")
        case "text/html":
            return Response(_page(problem), problem.status, headers=problem.headers, media_type="text/html")
        case _:
            return Response(_document(problem), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def _document(problem: Problem) -> bytes:
    document: dict[str, object] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.faults:
        document["errors"] = [
            {"pointer": fault.pointer, "rule": fault.rule, "message": fault.message} for fault in problem.faults
        ]
    return orjson.dumps(document)


def _text(problem: Problem) -> str:
    lines = [f"{problem.status} {problem.title}", problem.detail]
    return "\n".join((*lines, *(f"{fault.pointer or '/'} ({fault.rule}): {fault.message}" for fault in problem.faults), ""))


def _page(problem: Problem) -> str:
    title, *lines = map(escape, _text(problem).splitlines())
    return f"<!doctype html><title>{title}</title><h1>{title}</h1>" + "".join(f"<p>{line}</p>" for line in lines) + "\n"


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer with the problem that a route raised."""
    assert isinstance(error, Problem)  # noqa: S101  registered for this class only
    return problem_response(error, request)


async def on_unavailable(request: Request, error: Exception) -> Response:
    """Answer 503 with `Retry-After`: what we depend on is out of reach, and a retry is welcome."""
    assert isinstance(error, Unavailable)  # noqa: S101  registered for this class only
    return problem_response(unavailable(error), request)


async def on_misconfigured(request: Request, error: Exception) -> Response:
    """Answer 503 with `Retry-After`: somebody has to change how this installation is set up, and the log says what."""
    assert isinstance(error, Misconfigured)  # noqa: S101  registered for this class only
    return problem_response(unavailable(error), request)


def unavailable(error: Unavailable | Misconfigured) -> Problem:
    """Turn an outage, or a set-up that cannot work, into the 503 that a client should see."""
    if isinstance(error, Misconfigured):
        log.error("misconfigured", reason=str(error))
        return Problem(
            503,
            "This installation is not configured correctly; its operator has to fix that",
            headers={"Retry-After": SET_UP_ANEW},
        )
    retry_after = str(max(1, math.ceil(error.retry_after)))
    return Problem(503, f"{error.part} is not available; try again", headers={"Retry-After": retry_after})


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Give the framework's own errors (no such path, method not allowed) the same form."""
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class only
    return problem_response(Problem(error.status_code, str(error.detail), headers=error.headers), request)


async def on_invalid_parameters(request: Request, error: Exception) -> Response:
    """Say which parameter is wrong and why, without echoing what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class only
    faults = tuple(Fault(_pointer(item["loc"]), str(item["type"]), str(item["msg"])) for item in error.errors())
    problem = Problem(400, "The request has parameters that cannot be used", faults=faults)
    return problem_response(problem, request)


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer 500 without internals; the log has them."""
    del error
    return problem_response(Problem(500, "The server met an internal error, which is logged"), request)


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)
