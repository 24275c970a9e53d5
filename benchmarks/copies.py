"""Measure what it costs to know copies: `python -m benchmarks.copies`.

The signature alone, in microseconds of CPU, for texts of several lengths. Then enrichment on a real PostgreSQL (fsync on), which
hears the same posts in batches, without a text that could be copied and with one, all of them new, a tenth of them copies, or
all: per statement the CPU of this process, and the time until the batch was committed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.stack import NOW, POSTGRES
from services.enrichment.domain.signature import bands, signature
from services.enrichment.forgetting import forget
from services.enrichment.handler import Enrichment
from services.enrichment.linking import Linking
from services.enrichment.store import Store
from services.targets import TARGETS
from shared.clock import rfc3339
from shared.contracts import RECORDED, Recorded, encode
from shared.postgres import Database, migrate
from shared.postgres.embedded import Server
from shared.settings import PostgresSettings
from shared.stream import Batch, Partition, Record
from shared.xapi.vocabulary import Verb

LENGTHS: Final = (8, 30, 100, 400, 2_000)
TEXTS: Final = 300
WORDS: Final = 30
COPIES: Final = 0.1
PLACE: Final = Partition(RECORDED.name, 0)


class Cost(NamedTuple):
    """Microseconds for each statement: of CPU in this process, and until the batch was committed."""

    cpu: float
    committed: float


def text(chance: random.Random, words: int) -> str:
    """Write *words* words that nobody wrote before."""
    return " ".join(f"word{chance.randrange(20_000)}" for _ in range(words))


def signing(words: int) -> tuple[float, float]:
    """Return the microseconds of CPU that the signature of a text takes, and those that its bands do."""
    chance = random.Random(words)
    texts = [text(chance, words) for _ in range(TEXTS)]
    signature(texts[0])  # makes what is made once
    begun = time.process_time()
    signed = [signature(each) for each in texts]
    between = time.process_time()
    for each in signed:
        bands(each)
    return (between - begun) / TEXTS * 1e6, (time.process_time() - between) / TEXTS * 1e6


def posts(count: int, write: Callable[[random.Random, list[str]], str]) -> list[bytes]:
    """Return *count* recorded posts; *write* writes a text, knowing those before."""
    chance = random.Random(7)
    before: list[str] = []
    messages = []
    for seq in range(1, count + 1):
        before.append(write(chance, before))
        said = {
            "id": str(UUID(int=chance.getrandbits(128), version=4)),
            "actor": {"account": {"homePage": "https://chat.example", "name": f"U{chance.randrange(500)}"}},
            "verb": {"id": Verb.POSTED},
            "object": {"id": f"https://chat.example/m/{seq}"},
            "result": {"response": before[-1]},
            "timestamp": rfc3339(NOW),
        }
        body = msgspec.Raw(orjson.dumps(said))
        messages.append(encode(Recorded(str(said["id"]), seq, rfc3339(NOW), rfc3339(NOW), "source:chat", body)))
    return messages


def copying(chance: random.Random, before: list[str]) -> str:
    """Copy a text of *before* now and then, and otherwise write a new one."""
    return chance.choice(before) if before and chance.random() < COPIES else text(chance, WORDS)


async def hear(database: Database, messages: Sequence[bytes], size: int) -> Cost:
    """Let enrichment hear *messages*, *size* at a time, on empty tables."""
    await forget(database)
    store = Store()
    handler = Enrichment(store, Linking(store))
    begun, cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(messages), size):
        records = tuple(Record(PLACE, start + at, None, value) for at, value in enumerate(messages[start : start + size]))
        batch = Batch(PLACE, records)
        await database.run(lambda transaction, batch=batch: handler(batch, transaction))  # type: ignore[misc]
    count = len(messages)
    return Cost((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - begun) / count * 1e6)


async def enriching(dsn: str, count: int, size: int) -> dict[str, Cost]:
    """Return what statements of each kind cost."""
    await migrate(dsn, TARGETS)
    kinds = {
        "five words: never a copy": posts(count, lambda chance, _: text(chance, 5)),
        f"{WORDS} words, all new": posts(count, lambda chance, _: text(chance, WORDS)),
        f"{WORDS} words, a tenth copied": posts(count, copying),
        f"{WORDS} words, all the same": posts(count, lambda chance, before: before[0] if before else text(chance, WORDS)),
    }
    database = await Database.open(PostgresSettings.model_validate({"url": dsn}), schema="records", application="benchmark")
    try:
        await hear(database, next(iter(kinds.values())), size)
        return {kind: await hear(database, messages, size) for kind, messages in kinds.items()}
    finally:
        await database.close()


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5_000, help="statements of each kind")
    parser.add_argument("--size", type=int, default=100, help="statements of a batch")
    options = parser.parse_args()
    alone = Table("words", "signature µs", "bands µs", title="CPU of a text")
    for words in LENGTHS:
        alone.add_row(f"{words:,}", *(f"{taken:.0f}" for taken in signing(words)))
    Console(width=110).print(alone)
    with tempfile.TemporaryDirectory() as directory:
        server = Server(Path(directory), settings=POSTGRES)
        server.start()
        try:
            costs = asyncio.run(enriching(server.dsn, options.count, options.size))
        finally:
            server.close()
    table = Table("posts of", "CPU µs", "committed after µs", title=f"A statement in enrichment, {options.size} to a batch")
    for kind, cost in costs.items():
        table.add_row(kind, f"{cost.cpu:.0f}", f"{cost.committed:.0f}")
    Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
