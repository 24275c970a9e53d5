"""How much a request may hold, on a real socket: what is too much is answered before it is read (RFC 9110 §15.5.14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter

import pytest

from deploy.kafka.layout import free_ports
from services.gateway import app as gateway
from services.gateway.credentials.issuing import Issuer
from services.gateway.domain.credential import Scope
from shared.clock import utc_now
from shared.postgres import Database
from shared.service import run
from shared.settings import PostgresSettings
from tests.support.gateway import Client, basic, settings_of, statement

MEBIBYTE = 1024 * 1024
SOON = 2.0


@pytest.fixture
async def head(postgres_settings: PostgresSettings) -> AsyncIterator[tuple[int, str]]:
    """A gateway that listens: its port, and the head of a request with a valid key but for what its body is."""
    (port,) = free_ports(1)
    settings = settings_of(postgres_settings)
    settings = settings.model_copy(update={"http": settings.http.model_copy(update={"port": port, "drain_seconds": 0.1})})
    stop = asyncio.Event()
    database = await Database.open(settings.postgres, schema="lrs", application="test")
    issuer: Issuer = gateway.open_issuer(settings, database)
    key = await issuer.issue("test", [Scope.ALL], utc_now())
    async with gateway.open_service(settings) as service, asyncio.TaskGroup() as group:
        group.create_task(run([service], stop))
        await until_listening(port)
        lines = (
            "POST /xapi/statements HTTP/1.1",
            "Host: gateway",
            "X-Experience-API-Version: 1.0.3",
            f"Authorization: {basic(key)}",
            "Content-Type: application/json",
        )
        yield port, "".join(f"{line}\r\n" for line in lines)
        stop.set()
    await database.close()


async def test_a_body_that_says_it_is_far_too_large_is_refused_before_a_byte_of_it_came(head: tuple[int, str]) -> None:
    port, start = head
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = perf_counter()

    writer.write(f"{start}Content-Length: {1000 * MEBIBYTE}\r\n\r\n".encode())
    answer = await reader.read()

    assert answer.split()[1] == b"413"
    assert b"problem+json" in answer
    assert perf_counter() - begun < SOON
    writer.close()


async def test_who_sends_a_little_too_much_and_reads_only_then_hears_of_it_and_goes_on(head: tuple[int, str]) -> None:
    port, start = head
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    for _ in range(2):
        writer.write(f"{start}Content-Length: {9 * MEBIBYTE}\r\n\r\n".encode())
        status = await reader.readuntil(b"}")
        writer.write(b" " * 9 * MEBIBYTE)
        await writer.drain()
        assert status.split()[1] == b"413"
    writer.close()


async def test_a_body_without_an_end_is_refused_once_it_is_too_large(head: tuple[int, str]) -> None:
    port, start = head
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    chunk = f"{MEBIBYTE:x}\r\n".encode() + b" " * MEBIBYTE + b"\r\n"

    writer.write(f"{start}Transfer-Encoding: chunked\r\n\r\n".encode())
    answer, sent = await pour(reader, writer, chunk)

    assert answer.split()[1] == b"413"
    assert sent < 40
    writer.close()


@pytest.mark.parametrize("start", ["GET /xapi/statements?agent=", "GET /livez HTTP/1.1\r\nHost: gateway\r\nX-More: "])
async def test_a_head_without_an_end_is_refused_once_it_is_too_large(head: tuple[int, str], start: str) -> None:
    port, _ = head
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    writer.write(start.encode())
    answer, sent = await pour(reader, writer, b"x" * MEBIBYTE)

    assert answer.split()[1] == b"431"
    assert sent < 20
    writer.close()


async def test_a_connection_is_good_for_many_requests_with_large_heads(head: tuple[int, str]) -> None:
    port, _ = head
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    for _ in range(4):
        writer.write(b"GET /livez HTTP/1.1\r\nHost: gateway\r\nX-More: " + b"x" * 40_000 + b"\r\n\r\n")
        status = await reader.readuntil(b"ok\n")
        assert status.split()[1] == b"200"
    writer.close()


async def test_eight_mebibytes_of_a_thousand_statements_pass_every_limit(client: Client) -> None:
    room = 8 * MEBIBYTE // 1000 - 300
    sent = [statement(result={"response": "x" * room}) for _ in range(1000)]

    posted = await client.post(sent)

    assert posted.status_code == 200
    assert len(posted.request.content) > 7.9 * MEBIBYTE
    assert len(posted.json()) == 1000
    assert len(await client.ids(limit="10")) == 10


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chunk: bytes) -> tuple[bytes, int]:
    """Send *chunk* again and again until an answer begins; return its first line, and how many were sent."""
    answer = asyncio.create_task(reader.readline())
    sent = 0
    while not answer.done() and sent < 100:
        writer.write(chunk)
        sent += 1
        try:
            await writer.drain()
        except ConnectionError:
            break
        await asyncio.sleep(0)
    return await answer, sent


async def until_listening(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
