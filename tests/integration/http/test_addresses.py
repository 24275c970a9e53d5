"""Connections to addresses that were looked at, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from shared.http.addresses import MOST_HOSTS, CheckedTransport, NoAddress

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Machine:
    """A server that answers at every address of the loopback network, and keeps connections open."""

    def __init__(self) -> None:
        self.open = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.open -= 1
            writer.close()

    def at(self, number: int) -> str:
        return f"http://127.0.0.{number}:{self.port}/"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http:///statements"])
async def test_what_is_no_address_of_http_is_connected_to_by_nobody(url: str) -> None:
    transport = CheckedTransport(private=True)

    with pytest.raises(NoAddress, match="is not an http or https address"):
        await transport.handle_async_request(httpx.Request("GET", url))


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    made = Machine()
    async with await asyncio.start_server(made.serve, "0.0.0.0", 0) as server:  # noqa: S104  all of the loopback network
        made.port = server.sockets[0].getsockname()[1]
        yield made
        server.close()


async def test_a_connection_is_kept_for_the_next_request(machine: Machine) -> None:
    async with httpx.AsyncClient(transport=CheckedTransport(private=True)) as client:
        for _ in range(3):
            assert (await client.get(machine.at(1))).text == "ok"

        assert machine.open == 1


async def test_connections_to_many_hosts_are_not_kept_for_ever(machine: Machine) -> None:
    client = httpx.AsyncClient(transport=CheckedTransport(private=True))
    async with client, client.stream("GET", machine.at(1)) as slow:
        for number in range(2, MOST_HOSTS + 10):
            assert (await client.get(machine.at(number))).text == "ok"

        assert machine.open <= MOST_HOSTS + 1, "one may not have noticed yet that it was closed"
        assert await slow.aread() == b"ok", "what is under way is not closed"


async def test_a_private_address_is_connected_to_only_where_that_is_allowed(machine: Machine) -> None:
    async with httpx.AsyncClient(transport=CheckedTransport(private=False)) as client:
        with pytest.raises(NoAddress):
            await client.get(machine.at(1))

    assert machine.open == 0
