"""Measure how long after a statement is posted HR reads its impact: `python -m benchmarks.freshness`.

A child process of its own for each service, on Kafka and on the log in PostgreSQL. People like one another's questions at a
steady rate, each the question of another learner; of a sample it is watched when `GET /v1/learners/{id}/impact` first tells.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

import httpx
import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.community import statement
from benchmarks.stack import Stack, stack
from shared.stream.settings import LogKind
from shared.xapi.vocabulary import Verb

HEADERS: Final = {"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json"}
EVERY: Final = 20
LOOK: Final = 0.05
"""One of EVERY statements is watched, by a look every LOOK seconds; watching more would be measured too."""

LIMIT_P50, LIMIT_P99 = 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds from the POST's beginning until the impact was read, of the watched statements."""

    posted: int
    watched: int
    p50: float
    p99: float
    most: float


async def furnish(running: Stack, client: httpx.AsyncClient, learners: int) -> None:
    """Import *learners* who are enrolled, each with one question, and wait until the questions are scored."""
    await running.enrol(learners)
    for start in range(0, learners, 500):
        questions = [statement(f"p{number}", Verb.ASKED, number) for number in range(start, min(start + 500, learners))]
        (await client.post("/xapi/statements", content=orjson.dumps(questions), headers=HEADERS)).raise_for_status()
    await impact_of(client, learners - 1, time.perf_counter())


async def impact_of(client: httpx.AsyncClient, number: int, begun: float, above: float = -1.0) -> float:
    """Return how long after *begun* the impact of a learner is above *above*."""
    path, purpose = f"/v1/learners/external:P{number}/impact", {"purpose": "research"}
    async with asyncio.timeout(60):
        while True:
            answer = await client.get(path, params=purpose)
            if answer.is_success and answer.json()["impact"] > above:
                return time.perf_counter() - begun
            await asyncio.sleep(LOOK)


async def measure(kind: LogKind, rate: int, seconds: int) -> Freshness:
    """Post *rate* likes a second for *seconds*, and watch one of EVERY."""
    count = rate * seconds
    async with stack(kind) as running, httpx.AsyncClient(base_url=running.url("gateway"), auth=running.key, timeout=30) as client:
        await furnish(running, client, count)
        begin = time.perf_counter() + 1

        async def one(number: int) -> float | None:
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            like = orjson.dumps(statement(f"p{(number + 7) % count}", Verb.LIKED, number))
            begun = time.perf_counter()
            (await client.post("/xapi/statements", content=like, headers=HEADERS)).raise_for_status()
            return await impact_of(client, number, begun, above=0.0) if number % EVERY == 0 else None

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in range(count)]
    waits = sorted(wait for task in tasks if (wait := task.result()) is not None)
    cuts = quantiles(waits, n=100, method="inclusive")
    return Freshness(count, len(waits), cuts[49], cuts[98], waits[-1])


async def main() -> int:
    """Print the table; with --gate say by the exit status whether the numbers are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="statements a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--log", choices=[*LogKind], action="append", help="default: both")
    parser.add_argument("--gate", action="store_true")
    told = parser.parse_args()
    table = Table("log", "posted/s", "posted", "watched", "p50 s", "p99 s", "most s", title="Statement posted → impact read")
    reached = True
    for kind in told.log or list(LogKind):
        found = await measure(LogKind(kind), told.rate, told.seconds)
        reached &= found.p50 < LIMIT_P50 and found.p99 < LIMIT_P99
        figures = [f"{found.p50:.3f}", f"{found.p99:.3f}", f"{found.most:.3f}"]
        table.add_row(kind, str(told.rate), str(found.posted), str(found.watched), *figures)
    Console().print(table, f"limits: p50 < {LIMIT_P50} s, p99 < {LIMIT_P99} s")
    return 0 if reached or not told.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
