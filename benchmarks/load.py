"""Post statements over some connections as fast as they are answered; a process of its own, so that it costs the servers nothing.

    python -m benchmarks.load URL KEY SECRET [--connections 16] [--seconds 10] [--batch 1]

It prints one JSON object: how many requests were answered within the seconds, and the latencies in milliseconds. An answer that
is not 200 ends it with an error.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import quantiles
from typing import Any, Final, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

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


def unchecked(body: bytes) -> None:
    """Take any answer."""
    del body


class Call(NamedTuple):
    """A request from its first line to its last byte, and the check of its answer's body, which raises ValueError."""

    request: bytes
    check: Callable[[bytes], None] = unchecked


@dataclass(slots=True)
class Told:
    """What one run saw: latencies in seconds of the requests that were answered in the measured time."""

    begin: float
    end: float
    latencies: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One connection that is kept alive: a request as soon as the one before is answered, with status 200 and a length."""

    def __init__(self, calls: Iterator[Call], told: Told, ended: asyncio.Future[None]) -> None:
        self._calls = calls
        self._told = told
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._answer = bytearray()
        self._whole = 0
        self._length = 0
        self._check: Callable[[bytes], None] = unchecked
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._send(self._transport)

    def data_received(self, data: bytes) -> None:
        """Send the next request when an answer is whole."""
        self._answer += data
        if not self._whole and (end := self._answer.find(b"\r\n\r\n")) >= 0:
            self._length = _length(bytes(self._answer[:end]))
            self._whole = end + 4 + self._length
        if self._whole and len(self._answer) >= self._whole:
            self._end_one(time.perf_counter())

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the run where the server closed the connection."""
        self._fail(exc or RuntimeError("the server hung up"))

    def _end_one(self, now: float) -> None:
        answer = bytes(self._answer)
        try:
            _expect_success(answer)
            self._check(answer[self._whole - self._length :])
        except ValueError as error:
            self._fail(error)
            return
        if self._told.begin <= now <= self._told.end:
            self._told.latencies.append(now - self._begun)
        if self._transport is not None and now < self._told.end:
            self._send(self._transport)
        elif not self._ended.done():
            self._ended.set_result(None)

    def _send(self, transport: asyncio.Transport) -> None:
        request, self._check = next(self._calls)
        self._answer.clear()
        self._whole = 0
        self._begun = time.perf_counter()
        transport.write(request)

    def _fail(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)


def _expect_success(answer: bytes) -> None:
    """Raise ValueError for an answer that is not 200, with what it says."""
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ValueError(answer.decode(errors="replace"))


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])


def head_of(method: str, target: str, address: SplitResult, key: tuple[str, str]) -> bytes:
    """Return the first lines of a request, up to where further headers go."""
    secret = base64.b64encode(":".join(key).encode()).decode()
    return (
        f"{method} {target} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {secret}\r\n"
        "X-Experience-API-Version: 1.0.3\r\n"
    ).encode()


def posts(url: str, key: tuple[str, str], batch: int) -> Iterator[Call]:
    """Yield POSTs for ever, each of *batch* statements."""
    address = urlsplit(url)
    head = head_of("POST", address.path, address, key) + b"Content-Type: application/json\r\n"
    for body in bodies(batch):
        yield Call(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


async def run(url: str, calls: Iterator[Call], connections: int, seconds: float) -> dict[str, float]:
    """Call for *seconds* after a warm-up; print `begin` and `end`; return `requests`, `p50`, `p95` and `p99` (milliseconds)."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + WARM_UP
    told = Told(begin, begin + seconds)
    ends = [loop.create_future() for _ in range(connections)]
    for ended in ends:
        await loop.create_connection(partial(Connection, calls, told, ended), address.hostname or "", address.port or 80)
    await asyncio.sleep(max(0.0, begin - time.perf_counter()))
    print("begin", flush=True)
    await asyncio.sleep(max(0.0, told.end - time.perf_counter()))
    print("end", flush=True)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*ends)
    cuts = [1000 * cut for cut in quantiles(told.latencies, n=100, method="inclusive")]
    return {"requests": len(told.latencies), "p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of the arguments that all loads have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("secret")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    return parser


def main() -> None:
    """Post, and print `begin`, `end` and what was seen."""
    parser = arguments(__doc__)
    parser.add_argument("--batch", type=int, default=1, help="statements in one request")
    told = parser.parse_args()
    calls = posts(told.url, (told.key, told.secret), told.batch)
    print(orjson.dumps(uvloop.run(run(told.url, calls, told.connections, told.seconds))).decode(), flush=True)


if __name__ == "__main__":
    main()
