"""The doors to impact: it is read for a stated purpose, and objections to it are passed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.credentials.door import Authorise
from services.gateway.domain.credential import Scope
from services.gateway.impact import answers, documentation
from services.gateway.impact.asking import (
    as_of,
    change_key_of,
    check_parameters,
    cursor_behind,
    cursor_of,
    limit_of,
    purpose_of,
    reference_of,
    shown_before,
)
from services.gateway.impact.store import Action, Changes, ImpactStore, Reading
from shared.clock import Clock, rfc3339
from shared.contracts import OBJECTION, Objection, encode
from shared.http import Problem
from shared.postgres import Database
from shared.stream import Outgoing
from shared.stream.log import Log

ONE: Final = frozenset({"purpose", "as_of"})
EXPLAINED: Final = ONE | {"limit", "after"}
MANY: Final = ONE | {"limit", "changed_since"}
FACTS, MOST_FACTS = 1000, 10_000
PAGE, LARGEST_PAGE = 100, 1000
PASSED_ON: Final = 202

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def routes(database: Database, log: Log, clock: Clock, authorise: Authorise) -> APIRouter:
    """Return the impact doors; *database* may read the schemas `impact` and `records`, and writes the audit in its own."""
    doors = Doors(ImpactStore(database), log, clock, authorise)
    router = APIRouter(prefix="/v1", tags=["impact"])
    learner = "/learners/{ref:path}"  # HR's ids may hold a slash
    _serve(router, "GET", f"{learner}/impact", doors.impact, documentation.impact())
    _serve(router, "GET", f"{learner}/explanation", doors.explanation, documentation.explanation(FACTS, MOST_FACTS))
    router.add_api_route(f"{learner}/impact/explanation", doors.explanation, methods=["GET"], include_in_schema=False)
    _serve(router, "GET", "/impact", doors.changes, documentation.changes(PAGE, LARGEST_PAGE))
    _serve(router, "GET", "/impact.csv", doors.changes_as_csv, documentation.changes_as_csv(PAGE, LARGEST_PAGE))
    objecting = documentation.objection("object", "Pass on that a learner objects to being scored")
    _serve(router, "PUT", f"{learner}/objection", doors.object, objecting)
    withdrawing = documentation.objection("withdrawObjection", "Pass on that a learner no longer objects")
    _serve(router, "DELETE", f"{learner}/objection", doors.withdraw, withdrawing)
    return router


def _serve(router: APIRouter, method: str, path: str, endpoint: Endpoint, described: dict[str, Any]) -> None:
    """Route to *endpoint*, with *described* as its OpenAPI operation, whose lowest status is that of success."""
    status = int(min(described["responses"]))
    router.add_api_route(path, endpoint, methods=[method], status_code=status, response_class=Response, openapi_extra=described)


class Doors:
    """One method for each endpoint."""

    def __init__(self, store: ImpactStore, log: Log, clock: Clock, authorise: Authorise) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._authorise = authorise

    async def impact(self, request: Request) -> Response:
        """Answer with what a learner's social learning was worth to others and to formal learning."""
        reading = await self._reader(request, ONE)
        moment = as_of(request, reading.at)
        row = await self._store.impact(reading, reference_of(request), moment)
        if row is None:
            raise _nothing()
        return answers.tagged(answers.impact(row), moment, request.headers.get("if-none-match"))

    async def explanation(self, request: Request) -> Response:
        """Answer with a page of the statements that a learner's impact comes from, each with its credit and evidence."""
        reading = await self._reader(request, EXPLAINED)
        before = shown_before(request)
        moment = as_of(request, reading.at) if before is None else before.as_of
        limit = limit_of(request, default=FACTS, most=MOST_FACTS)
        rows = await self._store.explanation(reading, reference_of(request), moment, limit + 1, before)
        if not rows:
            raise _nothing()
        page = answers.Page.of(rows, limit)
        more = {} if page.following is None else _link(request, "after", cursor_behind(page.following))
        return answers.tagged(answers.explanation(page), moment, request.headers.get("if-none-match"), more)

    async def changes(self, request: Request) -> Response:
        """Answer with the learners whose impact has changed since a cursor, in JSON or, if the caller prefers it, in CSV."""
        if _prefers_csv(request):
            return await self.changes_as_csv(request)
        page, headers = await self._page(request)
        return answers.json_response(answers.changes(page.rows, page.following), headers)

    async def changes_as_csv(self, request: Request) -> Response:
        """Answer with the learners whose impact has changed since a cursor, in CSV; the next cursor is in a header."""
        page, headers = await self._page(request)
        headers |= {"Cache-Control": "private, no-cache", answers.CURSOR_HEADER: cursor_of(page.following)}
        return Response(answers.table(page.rows), media_type=answers.CSV_TYPE, headers=headers)

    async def object(self, request: Request) -> Response:
        """Pass on that a learner objects to being scored: their impact is deleted, and none is computed any more."""
        return await self._say(request, Action.OBJECT)

    async def withdraw(self, request: Request) -> Response:
        """Pass on that a learner no longer objects: what they do from now on is scored."""
        return await self._say(request, Action.WITHDRAW)

    async def _reader(self, request: Request, parameters: frozenset[str]) -> Reading:
        credential = await self._authorise(request, Scope.IMPACT_READ)
        check_parameters(request, parameters)
        return Reading(credential.key_id, self._clock(), purpose_of(request))

    async def _page(self, request: Request) -> tuple[Changes, dict[str, str]]:
        """Return a page of changes and its headers; a full page links to the next one."""
        reading = await self._reader(request, MANY)
        key, limit = change_key_of(request), limit_of(request, default=PAGE, most=LARGEST_PAGE)
        page = await self._store.changes(reading, key, as_of(request, reading.at), limit)
        if page is None:
            raise Problem(410, "The cursor is of another database, or from before a restore or a failover; begin without one")
        headers = {"Vary": "Accept"}
        if len(page.rows) == limit:
            headers |= _link(request, "changed_since", cursor_of(page.following))
        return page, headers

    async def _say(self, request: Request, action: Action) -> Response:
        credential = await self._authorise(request, Scope.IMPACT_WRITE)
        check_parameters(request, ())
        now = self._clock()
        learner = await self._store.find(Reading(credential.key_id, now, None), reference_of(request), action)
        if learner is None:
            raise Problem(404, "No learner is known by this reference")
        said = Objection(str(learner), action is Action.OBJECT, rfc3339(now))
        await self._log.append([Outgoing(OBJECTION, encode(said), key=_key(learner))])
        return answers.json_response({"learner": said.learner, "objects": said.objects, "at": said.at}, status=PASSED_ON)


def _nothing() -> Problem:
    """Answer alike for people who are unknown, have no facts or object, so that nobody can tell who objects."""
    return Problem(404, "There is no impact to show for this reference")


def _link(request: Request, parameter: str, cursor: str) -> dict[str, str]:
    """Return the header that leads to the page after *cursor*, which *parameter* takes.

    It names no path (RFC 3986 §5.2.2), since a proxy may have removed part of it, and a learner's reference may hold characters
    that headers cannot.
    """
    parameters = dict(request.query_params) | {parameter: cursor}
    return {"Link": f'<?{urlencode(parameters)}>; rel="next"'}


def _prefers_csv(request: Request) -> bool:
    accepted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return "text/csv" in accepted and "application/json" not in accepted


def _key(learner: UUID) -> bytes:
    return str(learner).encode()
