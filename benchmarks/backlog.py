"""Measure how a backlog drains while more arrives: `python -m benchmarks.backlog`.

100,000 received statements, each a record of its own, wait in the log when the services start: the recorder, enrichment and
scoring, each in a process of its own. 200 a second arrive through the door meanwhile. For each stage it is told when it had
caught up, and how fast it went; memory is sampled every second, and must not grow with what has been done.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import linear_regression, mean
from typing import Any, Final

import asyncpg
import httpx
import orjson
import uvloop
from prometheus_client import CollectorRegistry
from rich.console import Console
from rich.table import Table

from benchmarks.freshness import COURSE, HEADERS, HOME, statement
from benchmarks.stack import POSTGRES, Stack, database, stack
from benchmarks.usage import load, memory_megabytes
from services.enrichment.imports import Kind
from services.gateway.domain.admission import Writing, admit
from services.gateway.domain.credential import Credential, KeyId, Scope
from shared.clock import utc_now
from shared.contracts import ENRICHED, RECEIVED, RECORDED, encode
from shared.contracts.topics import Topic
from shared.settings import PostgresSettings
from shared.stream import Outgoing, StreamMetrics
from shared.stream.log import Log
from shared.stream.open import open_log
from shared.stream.settings import LogKind, StreamSettings
from shared.xapi.guard import Limits
from shared.xapi.model import Version
from shared.xapi.vocabulary import Verb

LEARNERS: Final = 1000
EACH: Final = 5
"""Every fifth statement asks a question; the others like one that was asked."""

APPENDED: Final = 1000
GATE: Final = 2.0
GROWTH: Final = 0.10
PATIENCE: Final = 1800.0
POSTERS: Final = 32
STAGES: Final = (("recorder", "lrs", RECEIVED), ("enrichment", "records", RECORDED), ("scoring", "impact", ENRICHED))
SENDER: Final = Credential(
    KeyId("backlog"),
    "backlog",
    frozenset({Scope.ALL}),
    orjson.dumps({"account": {"homePage": HOME, "name": "backlog"}}),
    f"account::backlog@{HOME}",
    (),
)


@dataclass(slots=True)
class Watch:
    """What was seen while the backlog drained: seconds until each stage had caught up, and samples of memory."""

    begun: float
    caught_up: dict[str, float] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    memory: list[tuple[float, Counter[str]]] = field(default_factory=list)
    arrived: int = 0


def said(numbers: Iterator[int], rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what a community says: questions, and likes of questions that were asked."""
    for number in numbers:
        asked, person = number // EACH, f"p{rng.randrange(LEARNERS)}"
        yield statement(person, Verb.ASKED, asked) if number % EACH == 0 else statement(person, Verb.LIKED, rng.randint(0, asked))


async def furnish(running: Stack) -> None:
    """Import learners who are enrolled in the one course."""
    people = "".join(f"P{number},p{number}@{HOME}\n" for number in range(LEARNERS))
    await running.take(Kind.PEOPLE, f"external_id,accounts\n{people}")
    await running.take(Kind.COURSES, f"iri,title\n{COURSE},One\n")
    enrolled = "".join(f"P{number},{COURSE}\n" for number in range(LEARNERS))
    await running.take(Kind.ENROLMENTS, f"external_id,course\n{enrolled}")


@asynccontextmanager
async def opened(running: Stack) -> AsyncIterator[Log]:
    """Open the log of the stack."""
    settings = StreamSettings.model_validate({"kind": running.kind, "kafka": {"bootstrap": running.bootstrap}})
    postgres = PostgresSettings.model_validate({"url": running.dsn})
    log = await open_log(settings, postgres, application="benchmark", metrics=StreamMetrics(CollectorRegistry()))
    try:
        yield log
    finally:
        await log.close()


async def pile_up(running: Stack, count: int) -> None:
    """Append *count* statements as the door would, one in each record."""
    await furnish(running)
    writing = Writing(Version.V1_0_3, SENDER, utc_now(), Limits(), 1)
    rng = random.Random(1)
    async with opened(running) as log:
        await log.ensure([RECEIVED])
        waiting = said(iter(range(count)), rng)
        for start in range(0, count, APPENDED):
            some = [next(waiting) for _ in range(min(APPENDED, count - start))]
            await log.append([Outgoing(RECEIVED, encode(admit(orjson.dumps(each), writing).received)) for each in some])


async def arrive(running: Stack, first: int, rate: int, watch: Watch) -> None:
    """Post *rate* statements a second, until cancelled; where they are answered too slowly, as many as there are posters."""
    rng, places = random.Random(2), asyncio.Semaphore(POSTERS)
    async with (
        httpx.AsyncClient(base_url=running.url("gateway"), auth=running.key, timeout=30) as client,
        asyncio.TaskGroup() as group,
    ):

        async def post(content: bytes) -> None:
            async with places:
                (await client.post("/xapi/statements", content=content, headers=HEADERS)).raise_for_status()
            watch.arrived += 1

        numbers = iter(range(first, sys.maxsize))
        begun = time.perf_counter()
        for number, each in enumerate(said(numbers, rng)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            group.create_task(post(orjson.dumps(each)))


async def lag(log: Log, connection: asyncpg.Connection, group: str, schema: str, topic: Topic) -> tuple[int, int]:
    """Return how many records a stage applied, and how many wait for it."""
    query = f"SELECT coalesce(sum(next_offset), 0)::bigint FROM {schema}.consumer_offset WHERE group_name = $1 AND topic = $2"  # noqa: S608  the schema is a constant
    applied = int(await connection.fetchval(query, group, topic.name))
    return applied, sum((await log.ends(topic)).values()) - applied


async def observe(running: Stack, log: Log, watch: Watch, near: int) -> None:
    """Look every second until no stage has more than *near* records before it, one stage after the other."""
    pids = {process.pid: name for name, process in running.processes.items()}
    async with database(running.dsn) as connection, asyncio.timeout(PATIENCE):
        while len(watch.caught_up) < len(STAGES):
            await asyncio.sleep(1.0)
            now = time.perf_counter() - watch.begun
            watch.memory.append((now, memory_megabytes(pids)))
            for place, (group, schema, topic) in enumerate(STAGES):
                if group in watch.caught_up:
                    continue
                applied, waiting = await lag(log, connection, group, schema, topic)
                if waiting > near or place != len(watch.caught_up):
                    break
                watch.caught_up[group], watch.applied[group] = time.perf_counter() - watch.begun, applied


async def measure(kind: LogKind, count: int, rate: int) -> Watch:
    """Let the backlog drain while *rate* a second arrive."""

    async def before(running: Stack) -> None:
        await pile_up(running, count)

    async with stack(kind, before=before) as running, opened(running) as log, asyncio.TaskGroup() as group:
        watch = Watch(time.perf_counter())
        arriving = group.create_task(arrive(running, count, rate, watch))
        await observe(running, log, watch, near=2 * rate)
        arriving.cancel()
    return watch


def growth(samples: list[tuple[float, Counter[str]]], kind: str) -> tuple[float, float, float]:
    """Return the mean megabytes of the second half, by which share they exceed the second quarter's, and megabytes a minute."""
    held = [(at, sample[kind]) for at, sample in samples]
    half = held[len(held) // 2 :]
    quarter = held[len(held) // 4 : len(held) // 2] or half
    later, earlier = mean(size for _, size in half), mean(size for _, size in quarter)
    slope = linear_regression(*zip(*half, strict=True)).slope * 60 if len(half) > 1 else 0.0
    return later, later / earlier - 1, slope


def tables(kind: LogKind, watch: Watch, count: int, rate: int) -> tuple[Table, Table, bool]:
    """Lay out how fast each stage was and what memory the processes held; say whether both are as they have to be."""
    columns = "stage", "caught up after s", "records/s", "drained/s", "drained / arrival"
    stages = Table(*columns, title=f"Backlog of {count:,} on {kind}")
    reached = True
    for group, seconds in watch.caught_up.items():
        drained = count / seconds
        reached &= drained >= GATE * rate
        figures = f"{seconds:.0f}", f"{watch.applied[group] / seconds:,.0f}", f"{drained:,.0f}", f"{drained / rate:.1f}"
        stages.add_row(group, *figures)
    memory = Table("process", "MB, second half", "growth over the second quarter", "MB/min, second half", title="Memory (PSS)")
    for process in (*watch.memory[-1][1],):
        held, grown, slope = growth(watch.memory, process)
        reached &= grown < GROWTH or process in {"postgres", "kafka"}
        memory.add_row(process, f"{held:.0f}", f"{grown:+.1%}", f"{slope:+.1f}")
    return stages, memory, reached


async def main() -> int:
    """Print the tables; with --gate say by the exit status whether the numbers are reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=200, help="statements a second that arrive meanwhile")
    parser.add_argument("--log", choices=[*LogKind], action="append", help="default: both")
    parser.add_argument("--gate", action="store_true")
    told = parser.parse_args()
    reached = True
    for kind in told.log or list(LogKind):
        watch = await measure(LogKind(kind), told.count, told.rate)
        stages, memory, fine = tables(LogKind(kind), watch, told.count, told.rate)
        reached &= fine
        postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
        arrived = watch.arrived / max(watch.caught_up.values())
        Console().print(stages, memory, f"arrived: {arrived:,.0f}/s; PostgreSQL: {postgres}; {load()}", sep="\n")
    Console().print(f"to reach: drained / arrival ≥ {GATE:g} for each stage, growth of the services below {GROWTH:.0%}")
    return 0 if reached or not told.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
