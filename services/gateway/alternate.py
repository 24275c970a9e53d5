"""The alternate request syntax: a POST whose form holds the method's headers, parameters and content (1.0.3 Communication §1.3).

Browsers that can send no headers across origins, and queries too long for a URL, come this way. 2.0.0 has it no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.domain.forms import BadForm, read_form
from services.gateway.domain.version import VERSION_HEADER, UnspokenVersion, negotiate
from shared.aside import aside
from shared.http import Problem, problem_response, read_body
from shared.media_types import FORM_TYPE, JSON_TYPE, media_type
from shared.xapi.model import Version

METHODS: Final = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE"})
HEADERS: Final = frozenset(
    {"authorization", "x-experience-api-version", "content-type", "content-length", "if-match", "if-none-match"}
)
"""The form fields that are headers; their names are compared without case."""
PREFIX: Final = "/xapi/"
FORM_TYPE_KEY: Final = "xapi.form_type"
"""Where a scope says what the form was called, in a request that came as one."""
LONGEST_HEADER: Final = 8192
LONGEST_PARAMETERS: Final = 128 * 1024
"""Bytes of names and values, without escapes: more than a cursor may have, or an agent. No URL would take as many."""
CONTENT: Final = "content"
BROKEN_FORM_TYPE: Final = "text/plain"
"""What some authoring tools call their forms."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The request that a form means."""

    method: str
    parameters: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    content: bytes


class AlternateSyntax:
    """ASGI middleware: passes on the request that a form means, and notes what means none. Others cost a look at the query."""

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, without_header: Version | None, note: Callable[[Request, Problem], None]
    ) -> None:
        self._app = app
        self._note = note
        self._max_bytes = max_bytes
        self._without_header = without_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request, or the one that it means."""
        if scope["type"] != "http" or b"method=" not in scope["query_string"] or not _is_form(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            form_type = _form_type(request)
            meant = await self._meant(request)
        except Problem as problem:
            self._note(request, problem)
            await problem_response(problem, request)(scope, receive, send)
            return
        answer = _answering(without_body(send, "0") if meant.method == "HEAD" else send)
        inner = _scope_of(scope, meant, form_type)
        try:
            await self._app(inner, _sending(meant.content, receive), answer)
        finally:
            scope["endpoint"] = inner.get("endpoint")  # by which the request is counted

    async def _meant(self, request: Request) -> Meant:
        """Read the form. Raises Problem 400 for what is no such request, 413 for too long a form."""
        method = _method(request.scope["query_string"])
        raw = await read_body(request, self._max_bytes)
        try:
            fields = await aside(len(raw), read_form, raw)
        except BadForm as error:
            raise Problem(400, f"The body is not a form: {error}") from error
        meant = read_meant(method, fields)
        self._refuse_new(meant.headers.get(VERSION_HEADER.lower(), request.headers.get(VERSION_HEADER)))
        return meant

    def _refuse_new(self, version: str | None) -> None:
        """Refuse a version that has no such syntax."""
        try:
            spoken = negotiate(version, self._without_header)
        except UnspokenVersion as error:
            raise Problem(400, str(error)) from error
        if spoken is not Version.V1_0_3:
            raise Problem(400, f"xAPI {spoken} has no alternate request syntax: use the method, headers and body directly")


def read_meant(method: str, fields: list[tuple[str, str]]) -> Meant:
    """Sort a form's fields into headers, content and parameters. Raises Problem 400."""
    headers: dict[str, str] = {}
    contents: list[bytes] = []
    parameters: list[tuple[str, str]] = []
    for name, value in fields:
        if name == CONTENT:
            contents.append(value.encode())
        elif name.lower() in HEADERS:
            _add(headers, name.lower(), value)
        else:
            parameters.append((name, value))
    if sum(len(name.encode()) + len(value.encode()) for name, value in parameters) > LONGEST_PARAMETERS:
        raise Problem(413, f"The form's parameters are longer than {LONGEST_PARAMETERS} bytes")
    if len(contents) > 1:
        raise Problem(400, "The form has more than one field content")
    if method in {"PUT", "POST"} and not contents:
        raise Problem(400, f"{method} needs a field content in the form")
    return Meant(method, tuple(parameters), headers, b"".join(contents))


def without_body(send: Send, length: str | None = None) -> Send:
    """Send an answer's head alone; where the method is not HEAD on the wire, *length* says that nothing follows."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        elif message["type"] == "http.response.start" and length is not None:
            MutableHeaders(scope=message)["content-length"] = length
        await send(message)

    return send_head


def _is_form(scope: Scope) -> bool:
    query = scope["query_string"]
    named = query.startswith(b"method=") or b"&method=" in query
    return named and scope["method"] == "POST" and bool(scope["path"].startswith(PREFIX))


def _form_type(request: Request) -> str:
    """Return what the request calls its form. Raises Problem 400."""
    form_type = media_type(request.headers.get("content-type", FORM_TYPE))
    if form_type not in {FORM_TYPE, BROKEN_FORM_TYPE}:
        raise Problem(400, f"With the parameter method, the body has to be a form: {FORM_TYPE}")
    return form_type


def _method(query: bytes) -> str:
    try:
        fields = read_form(query)
    except BadForm as error:
        raise Problem(400, f"The query string cannot be read: {error}") from error
    if [name for name, _ in fields] != ["method"]:
        raise Problem(400, "With the parameter method, all other parameters and headers go into the form")
    method = fields[0][1]
    if method not in METHODS:
        raise Problem(400, f"The parameter method has to be one of {', '.join(sorted(METHODS))}")
    return method


def _add(headers: dict[str, str], name: str, value: str) -> None:
    if name in headers:
        raise Problem(400, f"The form has two fields {name}")
    if not (value.isprintable() and value.isascii()):
        raise Problem(400, f"The form's field {name} has characters that are not allowed in a header")
    if len(value) > LONGEST_HEADER:
        raise Problem(400, f"The form's field {name} is longer than {LONGEST_HEADER} characters")
    headers[name] = value.strip()


def _scope_of(scope: Scope, meant: Meant, form_type: str) -> Scope:
    """Return the scope of the request that is meant; content without a type is JSON, as in the specification's example."""
    headers = {**meant.headers, "content-length": str(len(meant.content))}
    if meant.content:
        headers.setdefault("content-type", JSON_TYPE)
    replaced = {name.encode() for name in headers.keys() | {"content-type"}}
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in replaced]
    return {
        **scope,
        "method": meant.method,
        "query_string": urlencode(meant.parameters).encode(),
        "headers": kept + [(name.encode(), value.encode()) for name, value in headers.items()],
        FORM_TYPE_KEY: form_type,
    }


def _sending(content: bytes, receive: Receive) -> Receive:
    """Hand out *content* as the body, then what the connection says."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_meant() -> Message:
        return messages.pop() if messages else await receive()

    return receive_meant


def _answering(send: Send) -> Send:
    """Say that 1.0.3 is spoken, where the request's own headers do not."""

    async def send_versioned(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[VERSION_HEADER] = Version.V1_0_3
        await send(message)

    return send_versioned
