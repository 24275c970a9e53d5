"""HTTP on a real socket, from clients who offer to go on in another protocol (RFC 9110 §7.8)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.http.protocol import BoundedProtocol

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
"""What Java's HttpClient adds to a request over a connection that is not encrypted."""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that answers with the method, the query and the body that it was sent."""

    async def echo(request: Request) -> Response:
        body = await request.body()
        return Response(b" ".join([request.method.encode(), request.url.query.encode(), body]))

    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, http=BoundedProtocol, lifespan="off", log_config=None))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listener]))
            yield listener.getsockname()[1]
            server.should_exit = True


async def answers(port: int, *pieces: bytes) -> list[bytes]:
    """Send *pieces* one by one, the last of which asks to close, and return the bodies of the answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)  # so that each arrives by itself
    heard = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return [each.partition(b"\r\n\r\n")[2] for each in heard.split(b"HTTP/1.1 200 OK\r\n")[1:]]


def post(body: bytes, *, offers: bool, query: bytes = b"a=1", last: bool = True) -> bytes:
    kept = b"" if offers or not last else b"Connection: close\r\n"
    head = b"POST /?" + query + b" HTTP/1.1\r\nHost: lrs\r\n" + (OFFER if offers else kept)
    return head + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


LAST = post(b"last", offers=False)


async def test_the_body_of_a_request_that_offers_another_protocol_is_read(port: int) -> None:
    assert await answers(port, post(b"statement", offers=True), LAST) == [b"POST a=1 statement", b"POST a=1 last"]


async def test_it_is_read_wherever_it_is_cut_into_pieces(port: int) -> None:
    sent = post(b"a long statement", offers=True)

    for at in (10, 70, 100, sent.index(b"\r\n\r\n") + 2, sent.index(b"\r\n\r\n") + 4, len(sent) - 3):
        assert await answers(port, sent[:at], sent[at:], LAST) == [b"POST a=1 a long statement", b"POST a=1 last"]


async def test_a_body_in_chunks_is_read_too(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: lrs\r\nTransfer-Encoding: chunked\r\n" + OFFER + b"\r\n"

    assert await answers(port, head, b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n", LAST) == [b"POST  abcde", b"POST a=1 last"]


async def test_a_thousand_offers_at_once_are_each_answered(port: int) -> None:
    sent = b"".join(post(b"x", offers=True, query=str(number).encode()) for number in range(1000))

    heard = await answers(port, sent + LAST)

    assert heard == [f"POST {number} x".encode() for number in range(1000)] + [b"POST a=1 last"]


async def test_an_offer_without_a_body_is_an_ordinary_request(port: int) -> None:
    sent = b"GET /?b=2 HTTP/1.1\r\nHost: lrs\r\n" + OFFER + b"\r\n"

    assert await answers(port, sent, LAST) == [b"GET b=2 ", b"POST a=1 last"]


async def test_a_tunnel_is_refused(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    writer.write(b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)

    assert answer.split()[1] == b"400"
    writer.close()
