"""Post statements at a steady rate, however slowly they are answered; a process of its own.

    python -m benchmarks.arriving URL KEY SECRET [--rate 200] [--first 0]

Each is sent when its moment has come, over a connection that is free or else over a new one: a server that is slow gets more
to do at once, and not less to do. It prints `begin` when it does, ends when its standard input does, and then prints one JSON
object. A latency counts from the moment at which the statement was to be sent.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from statistics import quantiles
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import orjson
import uvloop

from benchmarks.community import said
from benchmarks.load import head_of

TAKEN, UNANSWERED = "200", "unanswered"
PATIENCE: Final = 30.0
CERTAIN: Final = 2
"""Latencies that quantiles need at least."""

Connection: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Arrival:
    """What became of the statements: seconds until each was taken, and how many were refused, by status."""

    latencies: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0

    def told(self, seconds: float) -> dict[str, Any]:
        """Return what is printed: milliseconds, and the rate over *seconds*."""
        taken = len(self.latencies)
        cuts = quantiles(self.latencies, n=100, method="inclusive") if taken >= CERTAIN else [0.0] * 99
        return {
            "taken": taken,
            "rate": taken / seconds,
            "refused": dict(self.refused),
            "p50": 1000 * cuts[49],
            "p99": 1000 * cuts[98],
            "under_way": self.most_under_way,
        }


class Sender:
    """Posts bodies over connections that are kept: as many as are needed at once."""

    def __init__(self, address: SplitResult, key: tuple[str, str], arrival: Arrival) -> None:
        self._address = address
        self._head = head_of("POST", address.path, address, key) + b"Content-Type: application/json\r\n"
        self._arrival = arrival
        self._free: list[Connection] = []

    async def send(self, body: bytes, moment: float) -> None:
        """Post *body*, which was to be sent at *moment*, and note what became of it."""
        arrival = self._arrival
        arrival.under_way += 1
        arrival.most_under_way = max(arrival.most_under_way, arrival.under_way)
        status = UNANSWERED
        with suppress(TimeoutError, OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                status = await self._post(body)
        arrival.under_way -= 1
        if status == TAKEN:
            arrival.latencies.append(time.perf_counter() - moment)
        else:
            arrival.refused[status] += 1

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._free:
            writer.close()

    async def _post(self, body: bytes) -> str:
        """Return the status that *body* got; the server may have hung up on a connection that was free, and saw nothing."""
        while self._free:
            connection = self._free.pop()
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                status = await self._ask(connection, body)
                self._free.append(connection)
                return status
        connection = await asyncio.open_connection(self._address.hostname, self._address.port)
        status = await self._ask(connection, body)
        self._free.append(connection)
        return status

    async def _ask(self, connection: Connection, body: bytes) -> str:
        reader, writer = connection
        writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        return head.split(b" ", 2)[1].decode()


async def arrive(sender: Sender, rate: int, first: int, ended: asyncio.Event) -> float:
    """Send *rate* statements a second, the first of them with number *first*, until *ended*; return the seconds that were."""
    print("begin", flush=True)
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        tasks: set[asyncio.Task[None]] = set()
        for number, each in enumerate(said(count(first), random.Random(2))):
            moment = begun + number / rate
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            if ended.is_set():
                break
            task = group.create_task(sender.send(orjson.dumps(each), moment))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        seconds = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
    return seconds


async def run(url: str, key: tuple[str, str], rate: int, first: int) -> dict[str, Any]:
    """Send until the standard input ends; return what was seen."""
    ended, arrival = asyncio.Event(), Arrival()
    asyncio.get_running_loop().add_reader(sys.stdin, ended.set)
    sender = Sender(urlsplit(url), key, arrival)
    seconds = await arrive(sender, rate, first, ended)
    sender.close()
    return arrival.told(seconds)


def main() -> None:
    """Post, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("secret")
    parser.add_argument("--rate", type=int, default=200, help="statements a second")
    parser.add_argument("--first", type=int, default=0, help="number of the first: likes are of questions before it")
    told = parser.parse_args()
    print(orjson.dumps(uvloop.run(run(told.url, (told.key, told.secret), told.rate, told.first))).decode(), flush=True)


if __name__ == "__main__":
    main()
