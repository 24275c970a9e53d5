"""A network before PostgreSQL that is slow, or that drops connections unnoticed, as a firewall does when it restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

CHUNK = 65536


class Network:
    """Passes on what both ends of each connection say, *delay* seconds later, until it is forgotten."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        place = parse_qs(parts.query)
        self._socket = f"{place['host'][0]}/.s.PGSQL.{place['port'][0]}"
        self._dsn = f"{parts.scheme}://{parts.username}@127.0.0.1:{{port}}{parts.path}?sslmode=disable"
        self._passing = asyncio.Event()
        self._ends: list[asyncio.StreamWriter] = []
        self.port = 0
        self.delay = 0.0

    @property
    def dsn(self) -> str:
        """Return the URI of the server's database through this network."""
        return self._dsn.format(port=self.port)

    @property
    def carried(self) -> int:
        """Return how many connections were made."""
        return len(self._ends) // 2

    def forget(self) -> None:
        """Swallow whatever is still said on the connections that there are; others can be made."""
        self._passing = asyncio.Event()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect who came to the server, and carry for both."""
        theirs, ours = await asyncio.open_unix_connection(self._socket)
        self._ends += (writer, ours)
        await asyncio.gather(self._pass_on(reader, ours, self._passing), self._pass_on(theirs, writer, self._passing))

    async def close(self) -> None:
        """Cut every connection."""
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*(end.wait_closed() for end in self._ends), return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passing: asyncio.Event) -> None:
        with suppress(OSError):
            while said := await reader.read(CHUNK):
                await asyncio.sleep(self.delay)
                if passing is self._passing:
                    writer.write(said)
        if passing is self._passing:
            writer.close()


@asynccontextmanager
async def network(dsn: str) -> AsyncIterator[Network]:
    """Open a network before the server at *dsn* for the block."""
    between = Network(dsn)
    server = await asyncio.start_server(between.carry, "127.0.0.1", 0)
    between.port = server.sockets[0].getsockname()[1]
    try:
        yield between
    finally:
        server.close()
        await between.close()
