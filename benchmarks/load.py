"""Post statements over some connections as fast as they are answered; a process of its own, so that it costs the servers nothing.

    python -m benchmarks.load URL KEY SECRET [--connections 16] [--seconds 10] [--batch 1]

It prints one JSON object: how many statements were answered within the seconds, and the latencies in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import random
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import quantiles
from typing import Any, Final, cast
from urllib.parse import urlsplit

import orjson
import uvloop

from benchmarks.validation import statement

SHAPES: Final = 400
WARM_UP: Final = 2.0
PATIENCE: Final = 10.0


def shapes() -> list[dict[str, Any]]:
    """Return statements of about 1.7 KB, always the same: the ceiling writes rows for what these mention."""
    rng = random.Random(1)
    return [{name: value for name, value in statement(rng).items() if name != "authority"} for _ in range(SHAPES)]


def bodies(batch: int) -> Iterator[bytes]:
    """Yield request bodies for ever, each with *batch* statements of ids that were never there."""
    texts = [orjson.dumps(shape) for shape in shapes()]
    halves = [text.split(shape["id"].encode(), 1) for text, shape in zip(texts, shapes(), strict=True)]
    place = random.randrange(SHAPES)
    while True:
        said = []
        for _ in range(batch):
            before, after = halves[place % SHAPES]
            said.append(before + str(uuid.uuid4()).encode() + after)
            place += 1
        yield said[0] if batch == 1 else b"[" + b",".join(said) + b"]"


@dataclass(slots=True)
class Told:
    """What one run saw: latencies in seconds of the requests that began in the measured time."""

    begin: float
    end: float
    latencies: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One connection that is kept alive: a request as soon as the one before is answered. It expects short answers with 200."""

    def __init__(self, head: bytes, waiting: Iterator[bytes], told: Told, ended: asyncio.Future[None]) -> None:
        self._head = head
        self._waiting = waiting
        self._told = told
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Post the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._post(self._transport)

    def data_received(self, data: bytes) -> None:
        """Post the next request when an answer is whole."""
        self._answer += data
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        now = time.perf_counter()
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(RuntimeError(self._answer.decode(errors="replace")))
            return
        if self._told.begin <= self._begun and now <= self._told.end:
            self._told.latencies.append(now - self._begun)
        self._answer = b""
        if self._transport is not None and now < self._told.end:
            self._post(self._transport)
        elif not self._ended.done():
            self._ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits where the server hung up."""
        self._fail(exc or RuntimeError("the server hung up"))

    def _post(self, transport: asyncio.Transport) -> None:
        body = next(self._waiting)
        self._begun = time.perf_counter()
        transport.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _fail(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])


async def run(url: str, key: tuple[str, str], connections: int, seconds: float, batch: int) -> dict[str, float]:
    """Post for *seconds* after a warm-up; return `statements`, `seconds`, `p50` and `p99` (milliseconds)."""
    address = urlsplit(url)
    secret = base64.b64encode(":".join(key).encode()).decode()
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {secret}\r\n"
        "X-Experience-API-Version: 1.0.3\r\nContent-Type: application/json\r\n"
    )
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + WARM_UP
    told, waiting = Told(begin, begin + seconds), bodies(batch)
    ends = [loop.create_future() for _ in range(connections)]
    for ended in ends:
        make = partial(Connection, head.encode(), waiting, told, ended)
        await loop.create_connection(make, address.hostname or "", address.port or 80)
    await asyncio.sleep(max(0.0, begin - time.perf_counter()))
    print("begin", flush=True)
    await asyncio.sleep(max(0.0, told.end - time.perf_counter()))
    print("end", flush=True)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*ends)
    cuts = [1000 * cut for cut in quantiles(told.latencies, n=100)]
    return {"statements": len(told.latencies) * batch, "seconds": seconds, "p50": cuts[49], "p99": cuts[98]}


def main() -> None:
    """Post, and print `begin`, `end` and what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("secret")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--batch", type=int, default=1, help="statements in one request")
    told = parser.parse_args()
    seen = uvloop.run(run(told.url, (told.key, told.secret), told.connections, told.seconds, told.batch))
    print(orjson.dumps(seen).decode(), flush=True)


if __name__ == "__main__":
    main()
