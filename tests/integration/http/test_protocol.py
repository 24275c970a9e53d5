"""HTTP on a real socket, from clients who offer to go on in another protocol (RFC 9110 §7.8), are slow, or mean harm."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.http.protocol import MOST_WAITING, BoundedProtocol

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
"""What Java's HttpClient adds to a request over a connection that is not encrypted."""
LARGE = 32 * 1024 * 1024
"""Bytes of an answer that no socket's buffer holds."""
LOOK = 0.05


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that answers with the method, the query and the body that it was sent."""

    async def echo(request: Request) -> Response:
        body = await request.body()
        return Response(b" ".join([request.method.encode(), request.url.query.encode(), body]))

    async def key(request: Request) -> Response:
        await request.body()
        return Response(request.headers.get("authorization", "none"))

    async def refuse(_: Request) -> Response:
        return Response(status_code=401)

    async def large(_: Request) -> Response:
        return Response(b"x" * LARGE)

    app = Starlette(
        routes=[
            Route("/", echo, methods=["GET", "POST"]),
            Route("/key", key, methods=["POST"]),
            Route("/refuse", refuse, methods=["POST"]),
            Route("/large", large),
        ]
    )
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


async def test_what_stands_behind_a_body_is_no_header(port: int) -> None:
    head = b"POST /key HTTP/1.1\r\nHost: lrs\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert await answers(port, head + b"1\r\nx\r\n0\r\nAuthorization: Basic a2V5\r\n\r\n") == [b"none"]


async def test_who_sends_too_many_requests_ahead_of_their_answers_is_hung_up_on(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    writer.write(b"GET / HTTP/1.1\r\n\r\n" * (MOST_WAITING + 10))
    heard = await asyncio.wait_for(reader.read(), 5)

    assert b"HTTP/1.1 400" in heard
    writer.close()


@pytest.fixture
def looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.http.protocol.LOOK", LOOK)


async def everything(reader: asyncio.StreamReader) -> bytes:
    """Return what is heard until the connection ends, in whatever way."""
    heard = bytearray()
    with suppress(ConnectionResetError):
        while piece := await reader.read(65536):
            heard += piece
    return bytes(heard)


async def end_of(port: int, sent: bytes, *, drip: bytes = b"") -> bytes:
    """Send *sent*, then *drip* again and again, and return what is heard until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    hearing = asyncio.create_task(everything(reader))
    async with asyncio.timeout(20 * LOOK):
        while not hearing.done():
            await asyncio.sleep(LOOK / 5)
            writer.write(drip)
    writer.close()
    return hearing.result()


@pytest.mark.usefixtures("looked_at_often")
async def test_a_head_that_never_ends_is_answered_408(port: int) -> None:
    assert (await end_of(port, b"GET / HTTP/1.1\r\nA: ", drip=b"a")).startswith(b"HTTP/1.1 408")


@pytest.mark.usefixtures("looked_at_often")
async def test_the_second_head_has_no_longer(port: int) -> None:
    heard = await end_of(port, post(b"x", offers=False, last=False) + b"GET /", drip=b"a")

    assert heard.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in heard


@pytest.mark.usefixtures("looked_at_often")
async def test_a_connection_over_which_nothing_comes_is_closed(port: int) -> None:
    assert await end_of(port, b"") == b""


@pytest.mark.usefixtures("looked_at_often")
async def test_between_two_requests_a_connection_stays_open(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(post(b"x", offers=False, last=False))
    await reader.readuntil(b" x")

    await asyncio.sleep(8 * LOOK)

    writer.write(LAST)
    assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"POST a=1 last")
    writer.close()


@pytest.mark.usefixtures("looked_at_often")
async def test_a_slow_body_is_left_to_who_reads_it(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    whole = post(b"slow", offers=False)
    writer.write(whole[:-2])

    await asyncio.sleep(8 * LOOK)

    writer.write(whole[-2:])
    assert (await asyncio.wait_for(reader.read(), 5)).endswith(b"slow")
    writer.close()


@pytest.mark.usefixtures("looked_at_often")
async def test_a_body_that_goes_on_after_its_answer_does_not_for_ever(port: int) -> None:
    heard = await end_of(port, b"POST /refuse HTTP/1.1\r\nContent-Length: 100000\r\n\r\n", drip=b"a")

    assert heard.startswith(b"HTTP/1.1 401")


@pytest.mark.usefixtures("looked_at_often")
async def test_who_does_not_read_the_answer_is_hung_up_on(port: int) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /large HTTP/1.1\r\n\r\n")

        await asyncio.sleep(10 * LOOK)

        reader, writer = await asyncio.open_connection(sock=client)
        assert len(await asyncio.wait_for(everything(reader), 5)) < LARGE
        writer.close()
