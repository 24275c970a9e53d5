"""GET statements: one, or pages of those that match; answers are joined from stored bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec
import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.attachments.answer import Attachments
from services.gateway.credentials.door import Door
from services.gateway.domain.credential import Credential, Scope
from services.gateway.domain.cursor import BadCursor, Cursor, read_cursor, write_cursor
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.parameters import BadParameter
from services.gateway.domain.query import MORE, Continued, ManyQuery, SingleQuery, read_query_string
from services.gateway.headers import CONSISTENT_THROUGH
from services.gateway.statements import refusals
from services.gateway.statements.formatting import Formatting
from services.gateway.statements.horizon import Horizon
from services.gateway.statements.store import Page, StatementStore
from shared.clock import rfc3339
from shared.http import Problem
from shared.media_types import JSON_TYPE
from shared.xapi.timestamps import instant

STATEMENTS_PATH: Final = "/xapi/statements"
ETAG_BYTES: Final = 16


class _Stored(msgspec.Struct):
    """What of a statement stands in a header."""

    stored: str


class Reader:
    """The routes that read statements."""

    def __init__(
        self,
        *,
        door: Door,
        store: StatementStore,
        attachments: Attachments,
        formatting: Formatting,
        horizon: Horizon,
        keychain: Keychain,
        base_url: str,
        page_size: int,
    ) -> None:
        self._door = door
        self._store = store
        self._attachments = attachments
        self._formatting = formatting
        self._horizon = horizon
        self._keychain = keychain
        self._path = urlsplit(base_url).path.rstrip("/") + STATEMENTS_PATH
        self._page_size = page_size

    async def get(self, request: Request) -> Response:
        """Answer with the statement or the page of statements that the parameters ask for.

        A page behind the first is consistent through the same moment.
        """
        credential = await self._door.authorise(request, Scope.STATEMENTS_READ_MINE)
        with refusals.noted(self._door, request, credential):
            query = self._query(request, credential)
        match query:
            case SingleQuery():
                return await self._one(request, credential, query, await self._through())
            case ManyQuery():
                return await self._page(request, credential, query, await self._through(), None)
            case Cursor():
                return await self._page(request, credential, query.query, query.through, query.after)

    def _query(self, request: Request, credential: Credential) -> SingleQuery | ManyQuery | Cursor:
        self._door.versions.spoken(request, credential)
        try:
            query = read_query_string(request.scope["query_string"], self._page_size)
        except BadParameter as error:
            raise refusals.bad_parameter(error) from error
        return self._cursor(query.cursor) if isinstance(query, Continued) else query

    def _cursor(self, text: str) -> Cursor:
        try:
            return read_cursor(text, self._keychain)
        except BadCursor as error:
            raise Problem(400, f"{error}; ask for the first page again") from error

    async def _through(self) -> datetime:
        """Raise consistent-through, before the page is read."""
        return await self._horizon.now()

    async def _one(self, request: Request, credential: Credential, query: SingleQuery, through: datetime) -> Response:
        body = await self._store.one(query.id, voided=query.voided, authority=_mine(credential))
        if body is None:
            raise Problem(404, "No such statement", headers={CONSISTENT_THROUGH: rfc3339(through)})
        stored = instant(msgspec.json.decode(body, type=_Stored).stored)
        headers = {"ETag": f'"{_hash(body)}"', "Last-Modified": format_datetime(stored, usegmt=True)}
        (content,) = await self._formatting.write([body], query.format, request)
        return await self._answer(request, content, [body] if query.attachments else None, through, headers)

    async def _page(
        self, request: Request, credential: Credential, query: ManyQuery, through: datetime, after: int | None
    ) -> Response:
        filters = msgspec.structs.replace(query.filters, authority=_mine(credential))
        page = await self._store.page(filters, query.limit, after)
        more = self._more(query, page, through)
        content = join(await self._formatting.write(page.bodies, query.format, request), more)
        return await self._answer(request, content, page.bodies if query.attachments else None, through, {})

    async def _answer(
        self,
        request: Request,
        content: bytes,
        attached_to: Sequence[bytes] | None,
        through: datetime,
        headers: dict[str, str],
    ) -> Response:
        """Answer with *content*, and with what came with the statements that it is *attached_to*; HEAD has none of it read."""
        headers = {**headers, CONSISTENT_THROUGH: rfc3339(through)}
        if attached_to is not None:
            return await self._attachments.answer(content, attached_to, headers, head_only=request.method == "HEAD")
        return Response(content, headers=headers, media_type=JSON_TYPE)

    def _more(self, query: ManyQuery, page: Page, through: datetime) -> str:
        if not page.more or page.last is None:
            return ""
        return f"{self._path}?{MORE}={write_cursor(Cursor(query, page.last, through), self._keychain)}"


def join(bodies: Sequence[bytes], more: str) -> bytes:
    """Write a StatementResult (1.0.3 Data §2.5) of statements as they are stored."""
    return b"".join((b'{"statements":[', b",".join(bodies), b'],"more":', orjson.dumps(more), b"}"))


def _mine(credential: Credential) -> str | None:
    """Return whose statements alone the credential may read, or None where it may read all."""
    return None if credential.permits(Scope.STATEMENTS_READ) else credential.authority_ifi


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=ETAG_BYTES).hexdigest()
