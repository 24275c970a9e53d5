"""The three document resources (1.0.3 Communication §2.2, §2.3, §2.6, §2.7; 2.0.0 §4.1.6.2, §4.1.6.5, §4.1.6.6)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.credentials.door import Door
from services.gateway.documents.changes import deleting, deleting_all, merging, replacing
from services.gateway.documents.merging import check_object, is_json
from services.gateway.documents.parameters import Resource, Several, read_for_delete, read_for_get, read_single
from services.gateway.documents.preconditions import (
    NOTHING_THERE,
    BadPrecondition,
    Preconditions,
    is_blind,
    lacks_guard,
    read_preconditions,
)
from services.gateway.documents.store import Document, DocumentStore, Names, etag_of
from services.gateway.domain.credential import Scope
from services.gateway.domain.parameters import BadParameter
from services.gateway.statements import refusals
from shared.aside import aside
from shared.clock import Clock
from shared.http import Problem, read_body
from shared.media_types import JSON_TYPE, OCTETS_TYPE
from shared.xapi import guard
from shared.xapi.grammar import MEDIA_TYPE
from shared.xapi.model import Version

PATHS: Final[Mapping[Resource, str]] = {
    Resource.STATE: "/xapi/activities/state",
    Resource.AGENT_PROFILE: "/xapi/agents/profile",
    Resource.ACTIVITY_PROFILE: "/xapi/activities/profile",
}
_READS: Final[Mapping[Resource, Scope]] = {
    Resource.STATE: Scope.STATE_READ,
    Resource.AGENT_PROFILE: Scope.PROFILE_READ,
    Resource.ACTIVITY_PROFILE: Scope.PROFILE_READ,
}
_WRITES: Final[Mapping[Resource, Scope]] = {
    Resource.STATE: Scope.STATE,
    Resource.AGENT_PROFILE: Scope.PROFILE,
    Resource.ACTIVITY_PROFILE: Scope.PROFILE,
}
Handle: TypeAlias = Callable[[Request, Version], Awaitable[Response]]
_MEDIA_TYPE: Final = re.compile(MEDIA_TYPE)
_LONGEST_TYPE: Final = 255
_INERT: Final = {"Content-Security-Policy": "sandbox; default-src 'none'"}
"""A document may be a page with scripts; with this header a browser shows it and runs nothing."""


@dataclass(frozen=True)
class Desk:
    """What the document resources work with; *max_bytes* bounds a document, before and after merging."""

    door: Door
    store: DocumentStore
    clock: Clock
    max_bytes: int


def routes(desk: Desk) -> list[Route]:
    """Return the routes of the three document resources."""
    return [route for resource in Resource for route in Documents(resource, desk).routes()]


class Documents:
    """The routes of one document resource."""

    def __init__(self, resource: Resource, desk: Desk) -> None:
        self._resource = resource
        self._door = desk.door
        self._store = desk.store
        self._clock = desk.clock
        self._limits = guard.Limits(size=desk.max_bytes)

    def routes(self) -> list[Route]:
        """Return the resource's routes."""
        path = PATHS[self._resource]
        return [
            Route(path, self.get, methods=["GET"]),
            Route(path, self.put, methods=["PUT"]),
            Route(path, self.post, methods=["POST"]),
            Route(path, self.delete, methods=["DELETE"]),
        ]

    async def get(self, request: Request) -> Response:
        """Answer with a document, or with the names of several."""
        return await self._serve(request, _READS[self._resource], self._read)

    async def put(self, request: Request) -> Response:
        """Store a document in the place of the one that is there."""
        return await self._serve(request, _WRITES[self._resource], self._replace)

    async def post(self, request: Request) -> Response:
        """Store a document, or merge it into the one that is there."""
        return await self._serve(request, _WRITES[self._resource], self._merge)

    async def delete(self, request: Request) -> Response:
        """Delete a document, or all states of a context."""
        return await self._serve(request, _WRITES[self._resource], self._delete)

    async def _serve(self, request: Request, scope: Scope, handle: Handle) -> Response:
        """Authorise the request, handle it, and note refusals for the operator."""
        credential = await self._door.authorise(request, scope)
        with refusals.noted(self._door, request, credential):
            return await self._handled(request, self._door.versions.spoken(request, credential), handle)

    async def _handled(self, request: Request, version: Version, handle: Handle) -> Response:
        try:
            return await handle(request, version)
        except BadParameter as error:
            raise refusals.bad_parameter(error) from error
        except guard.Malformed as error:
            raise refusals.malformed(error) from error
        except BadPrecondition as error:
            raise Problem(400, str(error)) from error

    async def _read(self, request: Request, _version: Version) -> Response:
        asked = read_for_get(self._resource, request.scope["query_string"])
        preconditions = _preconditions(request)
        if isinstance(asked, Several):
            return _listed(await self._store.names(asked), preconditions)
        document = await self._store.one(asked)
        if document is None:
            raise Problem(404, "No such document")
        headers = {**_INERT, "Content-Type": document.content_type}
        return _conditional(document.content, document.etag, document.updated_at, headers, preconditions)

    async def _replace(self, request: Request, version: Version) -> Response:
        asked = read_single(self._resource, request.scope["query_string"])
        preconditions, content_type = self._known(request, version), _content_type(request)
        content = await read_body(request, self._limits.size)
        content_type = self._door.leniency.document_type(request, content_type, content)
        if is_json(content_type):
            await self._checked(guard.parse, content)
        posted = Document.of(content_type, content, self._clock())
        if is_blind(preconditions, self._resource, version):
            return _changed(await self._store.overwrite(asked, posted))
        return _changed(await self._store.replace(asked, replacing(posted, preconditions, self._resource, version)))

    def _known(self, request: Request, version: Version) -> Preconditions:
        """Return the preconditions of PUT, or those of a lenient door for a sender that leaves them out."""
        said = _preconditions(request)
        if lacks_guard(said, self._resource, version) and self._door.leniency.takes_unguarded(request):
            return NOTHING_THERE
        return said

    async def _merge(self, request: Request, _version: Version) -> Response:
        asked = read_single(self._resource, request.scope["query_string"])
        preconditions, content_type = _preconditions(request), _content_type(request)
        content = await read_body(request, self._limits.size)
        content_type = self._door.leniency.document_type(request, content_type, content)
        if is_json(content_type):
            await self._checked(check_object, content)
        posted = Document.of(content_type, content, self._clock())
        return _changed(await self._store.revise(asked, merging(posted, preconditions, self._limits)))

    async def _delete(self, request: Request, _version: Version) -> Response:
        asked = read_for_delete(self._resource, request.scope["query_string"])
        preconditions = _preconditions(request)
        if isinstance(asked, Several):
            await self._store.delete_all(asked, deleting_all(preconditions, lambda names: etag_of(_list(names))))
        else:
            await self._store.replace(asked, deleting(preconditions))
        return Response(status_code=204)

    async def _checked(self, check: Callable[[bytes, guard.Limits], object], content: bytes) -> None:
        """Check JSON. Raises guard.Malformed."""
        await aside(len(content), check, content, self._limits)


def _preconditions(request: Request) -> Preconditions:
    return read_preconditions(request.headers.getlist("if-match"), request.headers.getlist("if-none-match"))


def _content_type(request: Request) -> str:
    """Return the Content-Type, as it will be sent with the document. Raises Problem 400 where it is not a media type."""
    given = request.headers.get("content-type", OCTETS_TYPE).strip()
    if len(given) > _LONGEST_TYPE or not given.isprintable() or not _MEDIA_TYPE.fullmatch(given):
        raise Problem(400, "Content-Type is not a media type")
    return given


def _listed(names: Names, preconditions: Preconditions) -> Response:
    content = _list(names)
    return _conditional(content, etag_of(content), names.updated_at, {"Content-Type": JSON_TYPE}, preconditions)


def _list(names: Names) -> bytes:
    return orjson.dumps(names.names)


def _conditional(
    content: bytes, etag: str, updated_at: datetime | None, headers: Mapping[str, str], preconditions: Preconditions
) -> Response:
    """Answer with *content*, or with 304 to a client that has it already (RFC 9110 §13.2.2). Raises Problem 412."""
    if not preconditions.matches(etag):
        raise Problem(412, "The document is not as If-Match requires")
    validators = {"ETag": f'"{etag}"'}
    if updated_at is not None:
        validators["Last-Modified"] = format_datetime(updated_at, usegmt=True)
    if not preconditions.is_new(etag):
        return Response(status_code=304, headers=validators)
    return Response(content, headers={**headers, **validators})


def _changed(document: Document | None) -> Response:
    """Answer that the document is stored, with its new ETag."""
    return Response(status_code=204, headers={"ETag": f'"{document.etag}"'} if document else None)
