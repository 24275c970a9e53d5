"""Measure a POST that is answered once it is recorded, beside its ceiling: `python -m benchmarks.single_post`.

16 connections post statements of about 1.7 KB, one in each request, to a gateway on Kafka; then, in the same round, to the
ceiling (`benchmarks/ceiling.py`): a bare ASGI application → aiokafka → COPY into the same tables. Brokers acknowledge with
acks=all, PostgreSQL syncs, and enrichment and scoring are stopped, since they are no part of the answer. The load comes from a
process of its own. The ratio is the median of the rounds' ratios, so that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

import asyncpg
import httpx
import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.stack import POSTGRES, Stack, database, stack
from benchmarks.usage import cpu_seconds, load
from services.together import ports_from
from shared.stream.settings import LogKind

CONNECTIONS: Final = 16
MANY: Final = 100
GATE: Final = 0.5
READY: Final = 30.0
OURS, CEILING, BATCHES = "ours", "ceiling", f"ours, {MANY} in a POST"


@dataclass(frozen=True, slots=True)
class Target:
    """Where one row of the table posts to, how many statements at once, and which process answers."""

    name: str
    url: str
    server: int
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """What one target took in one round: statements a second, milliseconds, and CPU µs a statement by kind of process."""

    rate: float
    p50: float
    p99: float
    cpu: dict[str, float]


async def post(target: Target, key: tuple[str, str], seconds: float) -> Round:
    """Load *target* for *seconds*."""
    load_it = ["-m", "benchmarks.load", target.url, *key, "--seconds", str(seconds), "--batch", str(target.batch)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *load_it, "--connections", str(CONNECTIONS), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None  # noqa: S101  PIPE was asked for
    named = {target.server: "server"}
    await child.stdout.readline()
    before = cpu_seconds(named)
    await child.stdout.readline()
    spent = cpu_seconds(named)
    seen = orjson.loads(await child.stdout.read())
    if await child.wait():
        raise RuntimeError(f"the load on {target.name} failed")
    statements = seen["statements"]
    cpu = {kind: (spent[kind] - before[kind]) / statements * 1e6 for kind in spent}
    return Round(statements / seconds, seen["p50"], seen["p99"], cpu)


@asynccontextmanager
async def ceiling(running: Stack) -> AsyncIterator[Target]:
    """Run the ceiling beside the gateway, on the same Kafka and PostgreSQL."""
    port = ports_from(0, "127.0.0.1")["gateway"]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.ceiling", str(port), running.bootstrap, running.dsn
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        async with asyncio.timeout(READY), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.post(url, content=b"{}")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield Target(CEILING, url, child.pid)
    finally:
        child.terminate()
        await child.wait()


async def compare(seconds: float, rounds: int) -> dict[str, list[Round]]:
    """Post to all targets, one after the other, *rounds* times."""
    found: defaultdict[str, list[Round]] = defaultdict(list)
    async with stack(LogKind.KAFKA, ["gateway"]) as running, ceiling(running) as bare, database(running.dsn) as connection:
        server, url = running.processes["gateway"].pid, f"{running.url('gateway')}/xapi/statements"
        ours, batches = Target(OURS, url, server), Target(BATCHES, url, server, MANY)
        for number in range(rounds):
            for target in (ours, bare) if number % 2 else (bare, ours):
                found[target.name].append(await post(target, running.key, seconds))
                await _tidy(connection)
        found[BATCHES].append(await post(batches, running.key, seconds))
    return found


async def _tidy(connection: asyncpg.Connection) -> None:
    """Leave no work behind that the next round would pay for."""
    await connection.execute("CHECKPOINT")


def table(found: dict[str, list[Round]]) -> Table:
    """Lay out medians over the rounds, and each round's rate."""
    shown = Table(
        *("", "statements/s", "p50 ms", "p99 ms", "server µs", "postgres µs", "kafka µs", "rounds"),
        title=f"POST, {CONNECTIONS} connections, Kafka, answered when recorded (µs: CPU for each statement)",
    )
    for name, rounds in found.items():
        numbers = [median(getattr(one, field) for one in rounds) for field in ("rate", "p50", "p99")]
        cpu = [median(one.cpu[kind] for one in rounds) for kind in ("server", "postgres", "kafka")]
        each = " ".join(f"{one.rate:,.0f}" for one in rounds)
        shown.add_row(name, f"{numbers[0]:,.0f}", f"{numbers[1]:.1f}", f"{numbers[2]:.1f}", *(f"{one:.0f}" for one in cpu), each)
    return shown


def ratio(ours: Sequence[Round], bare: Sequence[Round]) -> float:
    """Return the median of the rounds' ratios."""
    return median(one.rate / other.rate for one, other in zip(ours, bare, strict=True))


async def main() -> int:
    """Print the table; with --gate say by the exit status whether the ratio is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="that count, of each round and target")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gate", action="store_true")
    told = parser.parse_args()
    found = await compare(told.seconds, told.rounds)
    reached = ratio(found[OURS], found[CEILING])
    postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
    Console().print(
        table(found),
        f"ratio to the ceiling, median of {told.rounds} rounds: {reached:.2f} (to reach: {GATE})",
        f"PostgreSQL: {postgres}, else its defaults; Kafka: one broker, acks=all; enrichment and scoring stopped; {load()}",
        sep="\n",
    )
    return 0 if reached >= GATE or not told.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
