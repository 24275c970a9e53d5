"""Measure a POST that is answered once it is recorded, beside its ceiling: `python -m benchmarks.single_post`.

16 connections post statements of about 1.7 KB, one in each request, to a gateway on Kafka; then, in the same round, to the
ceiling (`benchmarks/ceiling.py`): a bare ASGI application → aiokafka → COPY into the same tables. Brokers acknowledge with
acks=all, PostgreSQL syncs, and enrichment and scoring are stopped, since they are no part of the answer. The load comes from a
process of its own. The ratio is the median of the rounds' ratios, so that a machine that slows down slows both.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

import uvloop
from rich.console import Console

from benchmarks.posting import CONNECTIONS, WAITING, Pair, Round, contest, post, table
from benchmarks.stack import POSTGRES, stack
from benchmarks.usage import load
from shared.stream.settings import LogKind

MANY: Final = 100
GATE: Final = 0.5


async def compare(seconds: float, rounds: int) -> tuple[Pair, Round]:
    """Post to the gateway and the ceiling in turns, *rounds* times; then batches to the gateway."""
    async with stack(LogKind.KAFKA, ["gateway"], settings=WAITING) as running, contest(running) as both:
        return await both.post(seconds, rounds), await post(both.ours, running.key, seconds, MANY)


async def main() -> int:
    """Print the table; with --gate say by the exit status whether the ratio is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="that count, of each round and target")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gate", action="store_true")
    told = parser.parse_args()
    pair, batches = await compare(told.seconds, told.rounds)
    postgres = ", ".join(f"{name}={value}" for name, value in POSTGRES.items())
    found = {"ours": pair.ours, "ceiling": pair.bare, f"ours, {MANY} in a POST": [batches]}
    Console().print(
        table("statements", f"POST, {CONNECTIONS} connections, Kafka, answered when recorded", found),
        f"ratio to the ceiling, median of {told.rounds} rounds: {pair.ratio:.2f} (to reach: {GATE})",
        f"PostgreSQL: {postgres}, else its defaults; Kafka: one broker, acks=all; enrichment and scoring stopped; {load()}",
        sep="\n",
    )
    return 0 if pair.ratio >= GATE or not told.gate else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
