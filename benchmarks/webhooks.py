"""Measure webhooks beside a bare route that only checks and appends: `python -m benchmarks.webhooks`.

16 connections deliver Slack messages of 2 KB to ingest on Kafka (acks=all, PostgreSQL with fsync on): each is verified, read, and
answered once what it says is in the log. In the same round they deliver to `benchmarks/bare_webhook.py`, which verifies the HMAC
and appends the body. The ratio is the median of the rounds' ratios; what tells what was heard does not run meanwhile. Then it
does: first over what was heard in those rounds, which says how many it tells a second, and then while more is delivered.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from dataclasses import replace
from math import nan
from typing import Final, NamedTuple

import asyncpg
import uvloop
from pydantic import SecretStr
from rich.console import Console

from benchmarks.posting import CONNECTIONS, Pair, Round, Target, alternate, run_load, serving, table
from benchmarks.stack import KEY, NOW, POSTGRES, TELLING, Stack, database, stack
from benchmarks.usage import cpu_seconds, load
from benchmarks.webhook_load import SECRET, SIZE
from services.ingest.domain.source import Keeps, Platform, Policy, SourceId
from services.ingest.sources import NewSource, open_sources
from shared.settings import PostgresSettings, SecretSettings
from shared.stream.settings import LogKind

GATE: Final = 0.5
TOLD: Final = "SELECT sum(next_offset) FROM ingest.consumer_offset WHERE group_name = 'telling'"
LOOK: Final = 0.1
STILL: Final = 3.0
"""Seconds after which nothing waits, if nothing was told in them."""
CERTAIN: Final = 2
ACME: Final = SourceId("acme")


async def add_source(running: Stack) -> None:
    """Add the workspace whose messages are delivered, with their text."""
    postgres = PostgresSettings(url=SecretStr(running.dsn))
    async with open_sources(postgres, SecretSettings(key=SecretStr(KEY))) as sources:
        policy = Policy(keeps=Keeps.TEXT)
        await sources.add(NewSource(ACME, Platform.SLACK, "https://acme.slack.com", SECRET, policy), NOW)


class Found(NamedTuple):
    """What was measured: both doors in turns, what is told a second while nothing comes, and the door while it is told."""

    pair: Pair
    told: Round
    beside: tuple[Round, ...]


async def compare(seconds: float, rounds: int) -> Found:
    """Deliver to ingest and to the bare route in turns, *rounds* times for *seconds*; then tell, and deliver meanwhile."""

    async def one(target: Target) -> Round:
        return await run_load(target, ["benchmarks.webhook_load", target.url], seconds, CONNECTIONS)

    async with (
        stack(LogKind.KAFKA, ["ingest"], before=add_source) as running,
        serving("bare", "benchmarks.bare_webhook", running.bootstrap) as bare,
        database(running.dsn) as connection,
    ):
        ours = Target("ours", f"{running.url('ingest')}/hooks/slack/{ACME}", (running.processes["ingest"].pid,))
        pair = await alternate(ours, bare, one, rounds)
        await running.begin(TELLING)
        telling = running.processes[TELLING].pid
        told = await tell(connection, telling)
        beside = replace(ours, servers=(*ours.servers, telling))
        return Found(pair, told, tuple([await one(beside) for _ in range(rounds)]))


async def tell(connection: asyncpg.Connection, pid: int) -> Round:
    """Return how fast the process *pid* tells what waits, once it has begun, until nothing waits any more."""
    named, moves = {pid: "server"}, list[tuple[float, int, Counter[str]]]()
    while len(moves) < CERTAIN or time.monotonic() - moves[-1][0] < STILL:
        await asyncio.sleep(LOOK)
        told = int(await connection.fetchval(TOLD) or 0)
        if told > (moves[-1][1] if moves else 0):
            moves.append((time.monotonic(), told, cpu_seconds(named)))
    (began, first, before), (ended, last, spent) = moves[0], moves[-1]
    cpu = {kind: (spent[kind] - before[kind]) / (last - first) * 1e6 for kind in spent}
    return Round((last - first) / (ended - began), nan, nan, nan, cpu)


async def main() -> int:
    """Print the table; with --gate say by the exit status whether the ratio is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="that count, of each round and target")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gate", action="store_true")
    asked = parser.parse_args()
    pair, told, beside = await compare(asked.seconds, asked.rounds)
    postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
    title = f"Webhooks of {SIZE} bytes, {CONNECTIONS} connections, Kafka, acks=all"
    found = {
        "bare: HMAC and produce": pair.bare,
        "ours": pair.ours,
        "told, from the log": (told,),
        "ours, and told beside": beside,
    }
    Console(width=140).print(
        table("webhooks", title, found),
        f"ratio to the bare route, median of {asked.rounds} rounds: {pair.ratio:.2f} (to reach: {GATE})",
        f"PostgreSQL: {postgres}, else its defaults; Kafka: one broker, acks=all; the gateway does not run; {load()}",
        sep="\n",
    )
    return 0 if pair.ratio >= GATE or not asked.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
