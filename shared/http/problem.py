"""Problem details (RFC 9457): every error that a client sees says what is wrong, where, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Unavailable

MEDIA_TYPE = "application/problem+json"


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


def problem_response(problem: Problem) -> Response:
    """Write *problem* as RFC 9457 says, with `errors` for its faults."""
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
    return Response(orjson.dumps(document), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer with the problem that a route raised."""
    del request
    assert isinstance(error, Problem)  # noqa: S101  registered for this class only
    return problem_response(error)


async def on_unavailable(request: Request, error: Exception) -> Response:
    """Answer 503 with `Retry-After`: what we depend on is out of reach, and a retry is welcome."""
    del request
    assert isinstance(error, Unavailable)  # noqa: S101  registered for this class only
    return problem_response(unavailable(error))


def unavailable(error: Unavailable) -> Problem:
    """Turn an outage into the 503 that a client should see."""
    retry_after = str(max(1, math.ceil(error.retry_after)))
    return Problem(503, f"{error.part} is not available; try again", headers={"Retry-After": retry_after})


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Give the framework's own errors (no such path, method not allowed) the same form."""
    del request
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class only
    return problem_response(Problem(error.status_code, str(error.detail), headers=error.headers))


async def on_invalid_parameters(request: Request, error: Exception) -> Response:
    """Say which parameter is wrong and why, without echoing what was sent."""
    del request
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class only
    faults = tuple(Fault(_pointer(item["loc"]), str(item["type"]), str(item["msg"])) for item in error.errors())
    return problem_response(Problem(400, "The request has parameters that cannot be used", faults=faults))


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer 500 without internals; the log has them."""
    del request, error
    return problem_response(Problem(500, "The server met an error of its own; it is logged"))


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in location)
