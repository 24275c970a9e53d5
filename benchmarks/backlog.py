"""Measure how a backlog drains while more arrives: `python -m benchmarks.backlog`.

100,000 received statements, each a record of its own, wait in the log when the services start: the recorder, enrichment and
scoring, each in a process of its own. 200 a second arrive through the door meanwhile, whether they are answered or not. It is
told how many the door took, and of each stage when it had caught up, and how fast it went; memory is sampled every second,
and must not grow with what has been done.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count as counting
from statistics import linear_regression, mean
from subprocess import PIPE
from typing import Any, Final

import asyncpg
import httpx
import orjson
import uvloop
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from benchmarks.community import HOME, LEARNERS, said
from benchmarks.stack import POSTGRES, Stack, database, stack
from benchmarks.usage import load, memory_megabytes
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

APPENDED: Final = 1000
GATE: Final = 2.0
GROWTH: Final = 0.10
ARRIVED: Final = 0.95
"""The share of the statements posted meanwhile that has to be taken."""

PATIENCE: Final = 1800.0
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
    """What was seen while the backlog drained: how many each stage had applied before, and when it had caught up; how it was."""

    begun: float = 0.0
    before: dict[str, int] = field(default_factory=dict)
    caught_up: dict[str, float] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    memory: list[tuple[float, Counter[str]]] = field(default_factory=list)
    arrived: dict[str, Any] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)


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
    await running.enrol(LEARNERS)
    writing = Writing(Version.V1_0_3, SENDER, utc_now(), Limits(), 1)
    rng = random.Random(1)
    async with opened(running) as log:
        await log.ensure([RECEIVED])
        waiting = said(counting(), rng)
        for start in range(0, count, APPENDED):
            some = [next(waiting) for _ in range(min(APPENDED, count - start))]
            await log.append([Outgoing(RECEIVED, encode(admit(orjson.dumps(each), writing).received)) for each in some])


@asynccontextmanager
async def arriving(running: Stack, first: int, rate: int, watch: Watch) -> AsyncIterator[None]:
    """Have *rate* statements a second posted by a process of its own; note at the end what became of them."""
    told = (f"{running.url('gateway')}/xapi/statements", *running.key, f"--rate={rate}", f"--first={first}")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.arriving", *told, stdin=PIPE, stdout=PIPE)
    try:
        if process.stdout is not None:
            await process.stdout.readline()
        yield
    finally:
        printed, _ = await process.communicate(b"")
    watch.arrived = orjson.loads(printed)


async def outcomes(running: Stack) -> Counter[str]:
    """Return how many statements the gateway counts by what became of them."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{running.url('gateway')}/metrics")).text
    counted: Counter[str] = Counter()
    for family in text_string_to_metric_families(text):
        if family.name == "symposia_gateway_statements":
            counted.update({each.labels["outcome"]: int(each.value) for each in family.samples if each.name.endswith("_total")})
    return counted


async def lag(log: Log, connection: asyncpg.Connection, group: str, schema: str, topic: Topic) -> tuple[int, int]:
    """Return how many records a stage applied, and how many wait for it."""
    query = f"SELECT coalesce(sum(next_offset), 0)::bigint FROM {schema}.consumer_offset WHERE group_name = $1 AND topic = $2"  # noqa: S608  the schema is a constant
    applied = int(await connection.fetchval(query, group, topic.name))
    return applied, sum((await log.ends(topic)).values()) - applied


async def observe(running: Stack, log: Log, watch: Watch, near: int) -> None:
    """Look every second until no stage has more than *near* records before it, one stage after the other."""
    pids = {process.pid: name for name, process in running.processes.items()}
    async with database(running.dsn) as connection, asyncio.timeout(PATIENCE):
        for group, schema, topic in STAGES:
            watch.before[group], _ = await lag(log, connection, group, schema, topic)
        watch.begun = time.perf_counter()
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

    async with stack(kind, before=before) as running, opened(running) as log:
        watch = Watch()
        async with arriving(running, count, rate, watch):
            await observe(running, log, watch, near=2 * rate)
        watch.outcomes = await outcomes(running)
    return watch


def growth(samples: list[tuple[float, Counter[str]]], kind: str) -> tuple[float, float, float]:
    """Return the mean megabytes of the second half, by which share they exceed the second quarter's, and megabytes a minute."""
    held = [(at, sample[kind]) for at, sample in samples]
    half = held[len(held) // 2 :]
    quarter = held[len(held) // 4 : len(held) // 2] or half
    later, earlier = mean(size for _, size in half), mean(size for _, size in quarter)
    slope = linear_regression(*zip(*half, strict=True)).slope * 60 if len(half) > 1 else 0.0
    return later, later / earlier - 1, slope


def door(watch: Watch, rate: int) -> tuple[Table, bool]:
    """Lay out what the door took meanwhile; say whether that is what was to arrive."""
    columns = "asked for/s", "taken/s", "refused", "p50 ms", "p99 ms", "most under way", "answered before recorded"
    table = Table(*columns, title="At the door meanwhile")
    arrived, counted = watch.arrived, watch.outcomes
    early = counted["unconfirmed"] / max(1, counted["unconfirmed"] + counted["accepted"])
    refused = ", ".join(f"{number} with {status}" for status, number in arrived["refused"].items())
    taken, p50, p99 = (f"{arrived[name]:,.0f}" for name in ("rate", "p50", "p99"))
    table.add_row(str(rate), taken, refused or "0", p50, p99, str(arrived["under_way"]), f"{early:.0%}")
    return table, arrived["rate"] >= ARRIVED * rate


def tables(kind: LogKind, watch: Watch, count: int, rate: int) -> tuple[Table, Table, bool]:
    """Lay out how fast each stage was and what memory the processes held; say whether both are as they have to be."""
    columns = "stage", "caught up after s", "records/s", "drained/s", "drained / arrival"
    stages = Table(*columns, title=f"Backlog of {count:,} on {kind}")
    reached = True
    for group, seconds in watch.caught_up.items():
        drained = (count - watch.before[group]) / seconds
        reached &= drained >= GATE * rate
        applied = (watch.applied[group] - watch.before[group]) / seconds
        figures = f"{seconds:.0f}", f"{applied:,.0f}", f"{drained:,.0f}", f"{drained / rate:.1f}"
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
        at_the_door, all_taken = door(watch, told.rate)
        reached &= fine and all_taken
        postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
        Console().print(stages, at_the_door, memory, f"PostgreSQL: {postgres}; {load()}", sep="\n")
    gates = f"drained / arrival ≥ {GATE:g} for each stage, taken ≥ {ARRIVED:.0%} of what is to arrive"
    Console().print(f"to reach: {gates}, growth of the services below {GROWTH:.0%}")
    return 0 if reached or not told.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
