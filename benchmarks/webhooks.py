"""Measure webhooks beside a bare route that only checks and appends: `python -m benchmarks.webhooks`.

16 connections deliver Slack messages of 2 KB to ingest on Kafka (acks=all, PostgreSQL with fsync on): each is verified, read,
told in xAPI, remembered for the replies to come, and answered once it is durable. In the same round they deliver to
`benchmarks/bare_webhook.py`, which verifies the HMAC and appends the body. The ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

import uvloop
from pydantic import SecretStr
from rich.console import Console

from benchmarks.posting import CONNECTIONS, Pair, Round, Target, alternate, run_load, serving, table
from benchmarks.stack import KEY, NOW, POSTGRES, Stack, stack
from benchmarks.usage import load
from benchmarks.webhook_load import SECRET, SIZE
from services.ingest.domain.source import Hearing, Platform, Policy, SourceId
from services.ingest.sources import NewSource, open_sources
from shared.settings import PostgresSettings, SecretSettings
from shared.stream.settings import LogKind

GATE: Final = 0.5
ACME: Final = SourceId("acme")


async def add_source(running: Stack) -> None:
    """Add the workspace whose messages are delivered, with their text."""
    postgres = PostgresSettings(url=SecretStr(running.dsn))
    async with open_sources(postgres, SecretSettings(key=SecretStr(KEY))) as sources:
        policy = Policy(hearing=Hearing.TEXT)
        await sources.add(NewSource(ACME, Platform.SLACK, "https://acme.slack.com", SECRET, policy), NOW)


async def compare(seconds: float, rounds: int) -> Pair:
    """Deliver to ingest and to the bare route in turns, *rounds* times for *seconds*."""

    async def one(target: Target) -> Round:
        return await run_load(target, ["benchmarks.webhook_load", target.url], seconds, CONNECTIONS)

    async with (
        stack(LogKind.KAFKA, ["ingest"], before=add_source) as running,
        serving("bare", "benchmarks.bare_webhook", running.bootstrap) as bare,
    ):
        ours = Target("ours", f"{running.url('ingest')}/hooks/slack/{ACME}", (running.processes["ingest"].pid,))
        return await alternate(ours, bare, one, rounds)


async def main() -> int:
    """Print the table; with --gate say by the exit status whether the ratio is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="that count, of each round and target")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gate", action="store_true")
    told = parser.parse_args()
    pair = await compare(told.seconds, told.rounds)
    postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
    title = f"Webhooks of {SIZE} bytes, {CONNECTIONS} connections, Kafka, acks=all"
    Console(width=140).print(
        table("webhooks", title, {"ours": pair.ours, "bare: HMAC and produce": pair.bare}),
        f"ratio to the bare route, median of {told.rounds} rounds: {pair.ratio:.2f} (to reach: {GATE})",
        f"PostgreSQL: {postgres}, else its defaults; Kafka: one broker, acks=all; {load()}",
        sep="\n",
    )
    return 0 if pair.ratio >= GATE or not told.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
