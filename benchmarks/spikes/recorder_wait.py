"""Measure how long a poster waits for its statement to be recorded, by the way it is told.

Append (Kafka, acks=all) → consume → one PostgreSQL transaction (advisory lock, COPY under six btrees, offset row) → the
poster is told. `python -m benchmarks.spikes.recorder_wait` takes about two minutes; fsync is on.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg
import uvloop
from aiokafka import TopicPartition

from benchmarks.spikes.aiokafka_clients import VALUE, consuming, new_topic, producing
from benchmarks.spikes.postgres_server import postgres
from benchmarks.spikes.recorder_waits import CHANNEL, Horizon, Told, in_process, notified, polled
from deploy.kafka.cluster import Cluster, running

CONNECTIONS: Final = 16
SCHEMA: Final = """
DROP TABLE IF EXISTS statement, stream_offset;
CREATE TABLE stream_offset (next_offset bigint NOT NULL);
INSERT INTO stream_offset VALUES (0);
CREATE TABLE statement (seq bigint PRIMARY KEY, id uuid UNIQUE NOT NULL, stored timestamptz NOT NULL, actor text NOT NULL,
                        verb text NOT NULL, activity text NOT NULL, registration uuid NOT NULL, bytes bytea NOT NULL);
CREATE INDEX ON statement (actor, seq);
CREATE INDEX ON statement (verb, seq);
CREATE INDEX ON statement (activity, seq);
CREATE INDEX ON statement (registration, seq);
"""
SETTLE: Final = "UPDATE stream_offset SET next_offset = $1"
SETTLE_AND_NOTIFY: Final = f"""
WITH moved AS (UPDATE stream_offset SET next_offset = $1 RETURNING next_offset)
SELECT pg_notify('{CHANNEL}', next_offset::text) FROM moved
"""  # noqa: S608  # the channel is a constant
COLUMNS: Final = ("seq", "id", "stored", "actor", "verb", "activity", "registration", "bytes")


@dataclass(frozen=True)
class Way:
    """One row of the table: how posters are told, and where the recorder runs."""

    name: str
    told: Told | None
    elsewhere: bool = False


WAYS: Final = (
    Way("no wait (append only, nothing recorded)", None),
    Way("poll 2 ms, recorder in process", polled(2)),
    Way("poll 5 ms, recorder in process", polled(5)),
    Way("NOTIFY, recorder in process", notified),
    Way("shortcut, recorder in process", in_process),
    Way("poll 2 ms, recorder in another process", polled(2), elsewhere=True),
    Way("poll 5 ms, recorder in another process", polled(5), elsewhere=True),
    Way("NOTIFY, recorder in another process", notified, elsewhere=True),
)


@dataclass
class Tally:
    """What one way showed: a throughput and a CPU time for each round, every latency."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def row(self, name: str, ceiling: float) -> str:
        """Return the table's row; *ceiling* is the throughput without any wait."""
        ordered, rate = sorted(self.latencies), median(self.rates)
        p50, p99 = (ordered[len(ordered) * share // 100] * 1000 for share in (50, 99))
        spread = f"{min(self.rates):,.0f}…{max(self.rates):,.0f}"
        return f"| {name} | {rate:,.0f} ({spread}) | {rate / ceiling:.2f} | {p50:.1f} | {p99:.1f} | {median(self.cpu):.0f} |"


async def record(  # noqa: PLR0917  # the child process passes its arguments in order
    address: str, topic: str, dsn: str, way: Way, horizon: Horizon | None, ready: asyncio.Event
) -> None:
    """Consume *topic* and record it, one transaction for each batch, until cancelled; notify only where *way* listens."""
    place = TopicPartition(topic, 0)
    connection = await asyncpg.connect(dsn)
    async with consuming(address) as consumer:
        consumer.assign([place])
        consumer.seek(place, 0)
        ready.set()
        while True:
            batch = (await consumer.getmany(timeout_ms=500, max_records=500)).get(place, [])
            if batch:
                await _commit(connection, batch, SETTLE_AND_NOTIFY if way.told is notified else SETTLE)
                if horizon is not None:
                    horizon.advance(batch[-1].offset + 1)


async def _commit(connection: Any, batch: Sequence[Any], settle: str) -> None:
    """Record *batch* and move the offset row with *settle*, in one transaction."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(1)")
        stored = await connection.fetchval("SELECT clock_timestamp()")
        rows = [_columns(each, stored) for each in batch]
        await connection.copy_records_to_table("statement", records=rows, columns=COLUMNS)
        await connection.execute(settle, batch[-1].offset + 1)


def _columns(each: Any, stored: Any) -> tuple[Any, ...]:
    """Spread a record over the statement's columns, with the cardinalities of a community."""
    name = uuid.UUID(bytes=each.key)
    person, thing = name.int % 5000, name.int % 20_000
    return each.offset, name, stored, f"mbox::mailto:{person}@example.org", "verb", f"act:{thing}", name, each.value


async def _post(producer: Any, topic: str, horizon: Horizon | None, end: float, latencies: list[float]) -> None:
    """Post statements one after another until *end*, each answered when it is recorded."""
    while (began := time.perf_counter()) < end:
        sent = await producer.send_and_wait(topic, VALUE, key=uuid.uuid4().bytes, partition=0)
        if horizon is not None:
            await horizon.passed(sent.offset)
        latencies.append(time.perf_counter() - began)


async def _measure(cluster: Cluster, dsn: str, way: Way, seconds: float, tally: Tally) -> None:
    """Run one round of *way*: half a second to warm up, then *seconds* that count."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(SCHEMA)
    topic, horizon = await new_topic(cluster), Horizon() if way.told else None
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(producing(cluster.bootstrap))
        if way.told and horizon:
            await stack.enter_async_context(way.told(horizon, dsn))
            place = _elsewhere if way.elsewhere else _here
            await stack.enter_async_context(place(cluster.bootstrap, topic, dsn, way, horizon))
        warm, latencies = list[float](), list[float]()
        await _post_all(producer, topic, horizon, 0.5, warm)
        began, cpu = time.perf_counter(), time.process_time()
        await _post_all(producer, topic, horizon, seconds, latencies)
        took, spent = time.perf_counter() - began, time.process_time() - cpu
    recorded = await connection.fetchval("SELECT count(*) FROM statement")
    if horizon and recorded != len(warm) + len(latencies):
        raise RuntimeError(f"{len(warm) + len(latencies)} answered, {recorded} recorded")
    await connection.close()
    tally.rates.append(len(latencies) / took)
    tally.cpu.append(spent / len(latencies) * 1e6)
    tally.latencies += latencies


async def _post_all(producer: Any, topic: str, horizon: Horizon | None, seconds: float, latencies: list[float]) -> None:
    """Post over all connections for *seconds*."""
    end = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(_post(producer, topic, horizon, end, latencies))


@asynccontextmanager
async def _here(bootstrap: str, topic: str, dsn: str, way: Way, horizon: Horizon) -> AsyncIterator[None]:
    """Run the recorder as a task of this process."""
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        recorder = tasks.create_task(record(bootstrap, topic, dsn, way, horizon if way.told is in_process else None, ready))
        await ready.wait()
        yield
        recorder.cancel()


@asynccontextmanager
async def _elsewhere(bootstrap: str, topic: str, dsn: str, way: Way, _horizon: Horizon) -> AsyncIterator[None]:
    """Run the recorder as a process of its own."""
    module = [sys.executable, "-m", "benchmarks.spikes.recorder_wait", "--record", bootstrap, topic, dsn, str(WAYS.index(way))]
    process = await asyncio.create_subprocess_exec(*module)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def compare(cluster: Cluster, dsn: str, ways: Sequence[Way], rounds: int, seconds: float) -> None:
    """Measure every way in turn, round after round, and print the table."""
    tallies = [Tally() for _ in ways]
    for _ in range(rounds):
        for way, tally in zip(ways, tallies, strict=True):
            await _measure(cluster, dsn, way, seconds, tally)
    print("| told by | statements/s (min…max) | of append only | p50 ms | p99 ms | µs CPU/post, this process |")
    print("|---|---|---|---|---|---|")
    for way, tally in zip(ways, tallies, strict=True):
        print(tally.row(way.name, median(tallies[0].rates)))
    print("\nstatements/s, round by round:")
    for way, tally in zip(ways, tallies, strict=True):
        print(f"* {way.name}: {', '.join(f'{rate:,.0f}' for rate in tally.rates)}")


def main() -> None:
    """Start the servers and compare, or (for a child) only record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="compare the ways whose name contains this")
    parser.add_argument("--record", nargs=4, metavar=("BOOTSTRAP", "TOPIC", "DSN", "WAY"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if chosen.record:
        bootstrap, topic, dsn, way = chosen.record
        uvloop.run(record(bootstrap, topic, dsn, WAYS[int(way)], None, asyncio.Event()))
        return
    ways = [way for way in WAYS if way.told is None or chosen.only in way.name]
    with tempfile.TemporaryDirectory(prefix="spike-") as name:
        directory = Path(name)
        with postgres(directory) as dsn, running(directory / "kafka") as cluster:
            uvloop.run(compare(cluster, dsn, ways, chosen.rounds, chosen.seconds))


if __name__ == "__main__":
    main()
