"""Measure the gateway as a Learning Record Store, each figure beside a ceiling of the same run: `python -m benchmarks.lrs`.

The real stack on Kafka, with fsync on and acks=all; the load comes from a process of its own. Enrichment and scoring are
stopped. Every POST waits until it is recorded. The gateway's own reading of definitions runs as it does by default; between two
rounds it is waited for. A POST is measured beside `benchmarks/ceiling.py`, a GET beside `benchmarks/fixed.py`, in turns; a ratio
is the median of the rounds' ratios, so that a machine that slows down slows both. What is read is made by `benchmarks/record.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks import record
from benchmarks.idle import idle_megabytes
from benchmarks.posting import CONNECTIONS, WAITING, Contest, Pair, Round, contest
from benchmarks.reading import ask, beside_fixed
from benchmarks.stack import POSTGRES, Stack, stack
from benchmarks.usage import load
from shared.stream.settings import LogKind

MANY: Final = 100
FEW_CONNECTIONS: Final = 4
STORED: Final = (50_000, 1_000_000)
WIDTH: Final = 170
SINGLE, BATCH, READ, SLOWER, RELATED_MS, INSERT, IDLE_MB = 0.6, 0.7, 0.5, 1.3, 30.0, 0.8, 300.0
"""The figures that are to be reached."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what was measured, the figure, its ratio to what it is compared with, and what is to be reached."""

    what: str
    figure: str
    ratio: str
    reach: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, and with how many statements stored."""

    seconds: float
    rounds: int
    stored: Sequence[int]
    idle: float


async def measure(plan: Plan) -> list[Row]:
    """Measure everything, one after the other."""
    async with stack(LogKind.KAFKA, ["gateway"], settings=WAITING) as running, contest(running) as both:
        rows = await _compare(plan, running, both)
    return [*rows, _idle(await idle_megabytes(plan.idle))]


async def _compare(plan: Plan, running: Stack, both: Contest) -> list[Row]:
    single = await both.post(plan.seconds, plan.rounds)
    batches = await both.post(plan.seconds, plan.rounds, MANY)
    rows = [
        _beside("POST of one statement", "statements/s", single, SINGLE),
        _beside(f"POST of {MANY}, no error", "statements/s", batches, BATCH),
    ]
    await record.empty(both.connection)
    reads: list[Pair] = []
    for stored in plan.stored:
        await record.fill(running.dsn, both.connection, stored)
        reads.append(await beside_fixed(both.ours, running.key, record.by_learner(), plan.seconds, plan.rounds))
        rows.append(_beside(f"GET by agent, {record.PAGE} of {stored:,}, checked", "answers/s", reads[-1], READ))
    rows.append(_growth(reads))
    rows += await _related(plan, both)
    return [*rows, _inserts(batches, await both.post(plan.seconds, plan.rounds, MANY), plan.stored[-1])]


async def _related(plan: Plan, both: Contest) -> list[Row]:
    stored = plan.stored[-1]
    asked = record.by_related_activity(stored) | record.by_related_agent(stored)
    return [
        _latency(f"{name}, {stored:,}", await ask(both.ours, both.key, questions, plan.seconds, FEW_CONNECTIONS))
        for name, questions in asked.items()
    ]


def _beside(what: str, unit: str, pair: Pair, reach: float) -> Row:
    rate, p50, p99, cpu = (median(value) for value in zip(*map(_figures, pair.ours), strict=True))
    figure = f"{rate:,.0f} {unit}, p50 {p50:.1f} ms, p99 {p99:.1f} ms, gateway {cpu:,.0f} µs"
    beside = median(one.rate for one in pair.bare)
    return Row(what, figure, f"{pair.ratio:.2f} of {beside:,.0f}", f"≥ {reach}", pair.ratio >= reach)


def _figures(one: Round) -> tuple[float, float, float, float]:
    return one.rate, one.p50, one.p99, one.cpu["server"]


def _growth(reads: Sequence[Pair]) -> Row:
    slower = reads[0].ratio / reads[-1].ratio
    return Row(
        "GET by agent, the largest record against the smallest", "", f"{slower:.2f} times slower", f"≤ {SLOWER}", slower <= SLOWER
    )


def _latency(what: str, found: Round) -> Row:
    figure = f"{found.rate:,.0f} answers/s, p50 {found.p50:.1f} ms, p95 {found.p95:.1f} ms"
    return Row(f"{what}, {FEW_CONNECTIONS} connections", figure, "", f"p95 < {RELATED_MS:g} ms", found.p95 < RELATED_MS)


def _inserts(empty: Pair, full: Pair, stored: int) -> Row:
    kept = full.ratio / empty.ratio
    figure = f"{median(one.rate for one in full.ours):,.0f} statements/s"
    return Row(f"POST of {MANY} at {stored:,} against empty", figure, f"{kept:.2f}", f"≥ {INSERT}", kept >= INSERT)


def _idle(megabytes: float) -> Row:
    return Row("symposia up, idle, all processes", f"{megabytes:.0f} MB PSS", "", f"< {IDLE_MB:g} MB", megabytes < IDLE_MB)


def table(rows: Iterable[Row]) -> Table:
    """Lay out what was measured."""
    shown = Table("", "figure", "ratio", "to reach", "", title=f"The gateway as an LRS: {CONNECTIONS} connections, Kafka")
    for row in rows:
        shown.add_row(row.what, row.figure, row.ratio, row.reach, "reached" if row.reached else "[bold]not reached[/]")
    return shown


def _plan() -> tuple[Plan, bool]:
    """Return what the command line asks for, and whether it is a gate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="that count, of each round and target")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--stored", type=int, nargs="+", default=STORED, help="sizes of the record, the smallest first, 50,000 at least"
    )
    parser.add_argument("--idle", type=float, default=60.0, help="seconds from ready to the look at the memory")
    parser.add_argument("--gate", action="store_true", help="exit with 1 where something is not reached")
    told = parser.parse_args()
    return Plan(told.seconds, told.rounds, tuple(told.stored), told.idle), told.gate


def main() -> int:
    """Print the table; with --gate say by the exit status whether everything is reached."""
    plan, gate = _plan()
    rows = uvloop.run(measure(plan))
    postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
    Console(width=WIDTH).print(
        table(rows),
        f"ratio: to the ceiling of the same run, median of {plan.rounds} rounds of {plan.seconds:g} s; µs: CPU for each",
        "POST at the largest record against empty: ratio to the ceiling then, over the ratio to the ceiling before",
        f"PostgreSQL: {postgres}, else as `symposia up` sets it; Kafka: one broker, acks=all; enrichment and scoring stopped,",
        f"the gateway's own reading of definitions as by default; {load()}",
        sep="\n",
    )
    return 1 if gate and not all(row.reached for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
