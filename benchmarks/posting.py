"""Rounds of a load on a server, and what `single_post` and `lrs` compare: the gateway's POST beside its ceiling."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import asyncpg
import httpx
import orjson
from rich.table import Table

from benchmarks.stack import BACKGROUND, Stack, database
from benchmarks.usage import cpu_seconds
from services.together import ports_from

CONNECTIONS: Final = 16
WAITING: Final = {"SYMPOSIA_GATEWAY__WAIT_SECONDS": "60"}
"""No answer goes without its statement being recorded, however slow the recorder is: the ceiling's do not either."""

READY: Final = 30.0
SETTLE: Final = 600.0
LOOK: Final = 2.0
APPLIED: Final = "SELECT sum(next_offset) FROM lrs.consumer_offset"


@dataclass(frozen=True, slots=True)
class Target:
    """What a round loads: its name in the table, where it is, and which processes answer, or work for it behind."""

    name: str
    url: str
    servers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """What one target took in one round: statements a second, milliseconds, and CPU µs a statement by kind of process."""

    rate: float
    p50: float
    p95: float
    p99: float
    cpu: dict[str, float]


async def run_load(target: Target, command: Sequence[str], seconds: float, connections: int, each: int = 1) -> Round:
    """Run the load *command* (a module and its arguments), each request of which counts for *each*, on *target*."""
    told = ["-m", *command, "--seconds", str(seconds), "--connections", str(connections)]
    child = await asyncio.create_subprocess_exec(sys.executable, *told, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None  # noqa: S101  PIPE was asked for
    named = dict.fromkeys(target.servers, "server")
    await child.stdout.readline()
    before = cpu_seconds(named)
    await child.stdout.readline()
    spent = cpu_seconds(named)
    output = await child.stdout.read()
    if await child.wait():
        raise RuntimeError(f"the load on {target.name} failed")
    seen = orjson.loads(output)
    count = seen["requests"] * each
    cpu = {kind: (spent[kind] - before[kind]) / count * 1e6 for kind in spent}
    return Round(count / seconds, seen["p50"], seen["p95"], seen["p99"], cpu)


async def post(target: Target, key: tuple[str, str], seconds: float, batch: int = 1) -> Round:
    """Post *batch* statements in a request to *target* for *seconds*."""
    return await run_load(target, ["benchmarks.load", target.url, *key, "--batch", str(batch)], seconds, CONNECTIONS, batch)


@dataclass(frozen=True, slots=True)
class Contest:
    """The gateway and the ceiling, which run on the same Kafka and PostgreSQL."""

    ours: Target
    ceiling: Target
    key: tuple[str, str]
    connection: asyncpg.Connection

    async def post(self, seconds: float, rounds: int, batch: int = 1) -> Pair:
        """Post *batch* statements in a request to both in turns, *rounds* times for *seconds*."""

        async def one(target: Target) -> Round:
            place = target if target is self.ours else replace(target, url=f"{target.url}{batch}")
            found = await post(place, self.key, seconds, batch)
            await settle(self.connection)
            return found

        return await alternate(self.ours, self.ceiling, one, rounds)


@asynccontextmanager
async def contest(running: Stack) -> AsyncIterator[Contest]:
    """Run the ceiling beside the gateway of a stack."""
    async with (
        serving("ceiling", "benchmarks.ceiling", running.bootstrap, running.dsn) as ceiling,
        database(running.dsn) as connection,
    ):
        yield Contest(gateway(running), ceiling, running.key, connection)


@asynccontextmanager
async def serving(name: str, module: str, *arguments: str) -> AsyncIterator[Target]:
    """Run a benchmark's own server, told a free port and *arguments*, until the block ends."""
    port = ports_from(0, "127.0.0.1")["gateway"]
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", module, str(port), *arguments)
    url = f"http://127.0.0.1:{port}/"
    try:
        async with asyncio.timeout(READY), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.post(url, content=b"{}")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield Target(name, url, (child.pid,))
    finally:
        child.terminate()
        await child.wait()


def gateway(running: Stack) -> Target:
    """Return the gateway's statement resource as a target."""
    servers = running.processes["gateway"].pid, running.processes[BACKGROUND].pid
    return Target("ours", f"{running.url('gateway')}/xapi/statements", servers)


@dataclass(frozen=True, slots=True)
class Pair:
    """Rounds of ours and of what it is compared with, taken in turns."""

    ours: tuple[Round, ...]
    bare: tuple[Round, ...]

    @property
    def ratio(self) -> float:
        """Return the median of the rounds' ratios of rates."""
        return median(one.rate / other.rate for one, other in zip(self.ours, self.bare, strict=True))


async def alternate(ours: Target, bare: Target, measure: Callable[[Target], Awaitable[Round]], rounds: int) -> Pair:
    """Measure both *rounds* times, who goes first in turn."""
    found: dict[str, list[Round]] = {ours.name: [], bare.name: []}
    for number in range(rounds):
        for target in (ours, bare) if number % 2 else (bare, ours):
            found[target.name].append(await measure(target))
    return Pair(tuple(found[ours.name]), tuple(found[bare.name]))


def table(counted: str, title: str, found: Mapping[str, Sequence[Round]]) -> Table:
    """Lay out medians over the rounds of what is *counted* a second, and each round's rate."""
    columns = f"{counted}/s", "p50 ms", "p99 ms", "server µs", "postgres µs", "kafka µs", "rounds"
    shown = Table("", *columns, title=f"{title} (µs: CPU for each)")
    for name, rounds in found.items():
        numbers = [median(getattr(one, field) for one in rounds) for field in ("rate", "p50", "p99")]
        cpu = [median(one.cpu[kind] for one in rounds) for kind in ("server", "postgres", "kafka")]
        each = " ".join(f"{one.rate:,.0f}" for one in rounds)
        shown.add_row(name, f"{numbers[0]:,.0f}", f"{numbers[1]:.1f}", f"{numbers[2]:.1f}", *(f"{one:.0f}" for one in cpu), each)
    return shown


async def settle(connection: asyncpg.Connection) -> None:
    """Leave no work behind that the next round would pay for: wait until no consumer of the gateway moves, then checkpoint."""
    async with asyncio.timeout(SETTLE):
        before = None
        while (now := await connection.fetchval(APPLIED)) != before:
            before = now
            await asyncio.sleep(LOOK)
    await connection.execute("CHECKPOINT")
