"""A stream is listened to for a while over a real connection, and taken up where it was left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from services.ingest.asking.platform import PlatformClient
from services.ingest.connectors.mediawiki import MEDIAWIKI
from services.ingest.domain.asking import Circumstances, Cursor
from services.ingest.domain.source import Source
from services.ingest.settings import AskingSettings
from shared.clock import utc_now
from tests.support.ingest import NOW
from tests.support.mediawiki import HEARD, PEDIA, stream

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def streaming(body: bytes, requests: list[bytes]) -> AsyncIterator[str]:
    """Serve a stream that begins with *body* and never ends; whoever listens has hung up when the block ends."""
    connections: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HEAD + body)
        await writer.drain()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/stream"
        await asyncio.gather(*connections)


async def test_what_is_heard_within_a_while_is_told_and_taken_up_behind_it() -> None:
    requests: list[bytes] = []
    poll = MEDIAWIKI.polls["stream"]

    async def listen(source: Source, cursor: Cursor) -> tuple[list[str], Cursor]:
        request = poll.ask(source, cursor, Circumstances(NOW, ""))
        assert request is not None
        async with httpx.AsyncClient(timeout=None) as http:  # noqa: S113  bounded by what is tested
            answer = await PlatformClient(http, AskingSettings(), utc_now).ask(MEDIAWIKI, source, replace(request, listen=0.3))
        page = poll.read(source, cursor, answer)
        return [each.actor for each in page.reading.decided], page.cursor

    cut = stream(*HEARD[:2]) + stream(HEARD[0])[5:-9]
    async with streaming(cut, requests) as address:
        source = replace(PEDIA, options={"stream": address})
        heard, cursor = await listen(source, {})
        await listen(source, cursor)

    assert heard == ["Ann", "Bea"]
    assert b"last-event-id" not in requests[0].lower()
    assert b'last-event-id: [{"topic":"eqiad.mediawiki.recentchange","partition":0,"timestamp":1}]' in requests[1].lower()
