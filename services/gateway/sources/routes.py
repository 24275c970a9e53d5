"""`/v1/sources`: what was heard from each source lately, what was not and why, and how polling its platform goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.credentials.door import Authorise
from services.gateway.domain.credential import Scope
from services.gateway.sources import documentation
from shared.clock import Clock, rfc3339
from shared.http import Fault, Problem
from shared.media_types import JSON_TYPE
from shared.postgres import Database, load_queries

_QUERIES: Final = load_queries(__package__)


def routes(database: Database, clock: Clock, authorise: Authorise) -> APIRouter:
    """Return the doors; *database* may read the views that ingest documents."""
    doors = Doors(database, clock, authorise)
    router = APIRouter(prefix="/v1", tags=["sources"])
    get = ["GET"]
    router.add_api_route("/sources", doors.all, methods=get, response_class=Response, openapi_extra=documentation.SOURCES)
    router.add_api_route("/sources/{source}", doors.one, methods=get, response_class=Response, openapi_extra=documentation.SOURCE)
    return router


class Doors:
    """One method for each endpoint."""

    def __init__(self, database: Database, clock: Clock, authorise: Authorise) -> None:
        self._database = database
        self._clock = clock
        self._authorise = authorise

    async def all(self, request: Request) -> Response:
        """Answer with how every source is doing."""
        now, rows = await self._read(request, None)
        return _json({"as_of": rfc3339(now), "sources": [told(row) for row in rows]})

    async def one(self, request: Request) -> Response:
        """Answer with how one source is doing."""
        name = str(request.path_params["source"])
        now, rows = await self._read(request, None if "\x00" in name else name)
        found = [row for row in rows if row["source"] == name]
        if not found:
            raise Problem(404, "There is no such source")
        return _json({"as_of": rfc3339(now), **told(found[0])})

    async def _read(self, request: Request, name: str | None) -> tuple[datetime, list[Mapping[str, Any]]]:
        await self._authorise(request, Scope.SOURCES_READ)
        if unknown := sorted(request.query_params):
            fault = Fault(f"/query/{unknown[0][:100]}", "known", "No parameter is known here")
            raise Problem(400, fault.message, faults=(fault,))
        now = self._clock()
        return now, [dict(row) for row in await self._database.fetch(_QUERIES["sources"], now, name)]


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one source as JSON values; reasons and lags are those of the last day."""
    return {
        "source": row["source"],
        "platform": row["platform"],
        "workspace": row["workspace"],
        "state": row["state"],
        "policy": {
            "keeps": row["hearing"],
            "channels": row["channels"],
            "private": row["private"],
            "direct": row["direct"],
            "excluded_accounts": row["excluded"],
        },
        "last_event_at": _time(row["last_event_at"]),
        "events": {"last_hour": row["events_hour"] or 0, "last_day": row["events_day"] or 0},
        "statements": {"last_hour": row["statements_hour"] or 0, "last_day": row["statements_day"] or 0},
        "ignored": _reasons(row["ignored"]),
        "refused": _reasons(row["refused"]),
        "event_to_log_seconds": {"half_within": row["lag_half"], "most_within": row["lag_most"]},
        "asking": {
            "waiting": row["waiting"],
            "given_up": row["given_up"],
            "lookup_failures_in_a_row": row["lookup_failures"],
            "failures_in_a_row": row["failures"],
            "last_failure": row["last_failure"],
            "last_success_at": _time(row["succeeded_at"]),
        },
    }


def _reasons(written: str | None) -> dict[str, int]:
    found: dict[str, int] = orjson.loads(written or "{}")
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _json(document: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type=JSON_TYPE, headers={"Cache-Control": "private, no-store"})
