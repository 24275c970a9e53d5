"""An LRS that does what the test says: a real HTTP server that answers as an LRS does unless its script says otherwise."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson


@dataclass(frozen=True)
class Request:
    """What was asked, its header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def parameters(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def said(self) -> bytes:
        """Return the statements that were posted: the body, or its first part where attachments follow."""
        if not self.headers.get("content-type", "").startswith("multipart/mixed"):
            return self.body
        return self.body.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the statements that were posted."""
        return [statement["id"] for statement in orjson.loads(self.said)]


@dataclass(frozen=True)
class Reply:
    """What is answered; *cut* closes the connection without an answer, *after* it has been handled where *handled*."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    handled: bool = False
    delay: float = 0.0


CUT = Reply(cut=True)
CUT_AFTER_TAKING = Reply(cut=True, handled=True)


@dataclass
class ScriptedLrs:
    """Statements by id, in order of arrival; *script* is answered first, one reply a request."""

    url: str = ""
    script: deque[Reply] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    statements: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, Reply] = field(default_factory=dict)
    connections: set[Any] = field(default_factory=set)
    answer: Callable[[Request], Reply | None] = lambda _: None

    @property
    def posts(self) -> list[list[str]]:
        """Return the ids of each POST of statements."""
        return [request.ids for request in self.requests if request.method == "POST" and request.path.endswith("/statements")]

    def handle(self, request: Request) -> Reply:
        """Answer as an LRS: statements are taken whole or not at all."""
        if request.path.endswith("/about"):
            return Reply(body=orjson.dumps({"version": ["1.0.3", "2.0.0"]}))
        if request.method == "GET":
            held = self.statements.get(request.parameters.get("statementId", ""))
            return Reply(404) if held is None else Reply(body=held)
        several = orjson.loads(request.said)
        if not isinstance(several, list):
            return Reply(400, b"that is no statement")
        for statement in several:
            if statement["id"] in self.refused:
                return self.refused[statement["id"]]
        self.statements.update({statement["id"]: orjson.dumps(statement) for statement in several})
        return Reply(body=orjson.dumps([statement["id"] for statement in several]))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections.add(asyncio.current_task())
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._one(await _read(reader), writer):
                    pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(request)
        said = self.answer(request)
        reply = said if said is not None else self.script.popleft() if self.script else None
        if reply is None or reply.handled:
            handled = self.handle(request)
            reply = handled if reply is None else reply
        await asyncio.sleep(reply.delay)
        if reply.cut:
            return False
        headers = "".join(f"{name}: {value}\r\n" for name, value in (*reply.headers, ("Content-Length", str(len(reply.body)))))
        writer.write(f"HTTP/1.1 {reply.status} Said\r\n{headers}\r\n".encode() + reply.body)
        await writer.drain()
        return True


@asynccontextmanager
async def scripted_lrs(tls: ssl.SSLContext | None = None, **fields: Any) -> AsyncIterator[ScriptedLrs]:
    """Run a scripted LRS on a free port."""
    lrs = ScriptedLrs(**fields)
    server = await asyncio.start_server(lrs.serve, "127.0.0.1", 0, ssl=tls)
    scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
    lrs.url = f"{scheme}://{host}:{server.sockets[0].getsockname()[1]}/xapi"
    try:
        yield lrs
    finally:
        server.close()
        for connection in lrs.connections:
            connection.cancel()
        await asyncio.gather(*lrs.connections, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, _ = first.split(" ")
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
