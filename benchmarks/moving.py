"""Measure how fast statements move in and out: `python -m benchmarks.moving`.

A file of statements waits in the log for the recorder alone: how fast it drains is the measure. Then another file is imported
beside the running gateway, imported again, and everything is exported. PostgreSQL log, fsync on; the
import has a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from uuid import UUID

from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.stack import Stack, stack
from services.gateway.attachments.store import AttachmentStore
from services.gateway.moving.admitting import Admission, Authority, Policy
from services.gateway.moving.deliveries import Delivery, from_file
from services.gateway.moving.exporting import export
from services.gateway.moving.importing import Importing, Mode
from services.gateway.moving.input import open_input
from services.gateway.moving.lot import Wanted
from services.gateway.moving.output import Destination, Format, open_output
from services.gateway.moving.record import OurRecord
from services.gateway.moving.recorder_door import RecorderDoor
from services.gateway.recorder import GROUP
from services.gateway.statements.recorder_books import PostgresRecorderBooks
from services.gateway.statements.store import StatementStore
from shared.clock import utc_now
from shared.contracts import RECEIVED
from shared.postgres import Database
from shared.postgres.queries import Query
from shared.settings import PostgresSettings
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.settings import LogKind, StreamSettings
from shared.xapi.guard import Limits
from shared.xapi.model import Version

COUNT: Final = Query("SELECT coalesce(max(seq), 0) FROM statement")
HOME: Final = "https://lms.example.org"
MOST: Final = 8 * 1024 * 1024
POLICY: Final = Policy(Authority.OURS, HOME, Version.V1_0_3, Limits(size=MOST))
SECTIONS: Final = {"SYMPOSIA_GATEWAY__DEFINITIONS": "false", "SYMPOSIA_GATEWAY__FORWARDING": "false"}
"""The recorder has the gateway's process to itself and the doors, as in the measurement of its backlog."""


class Rate(NamedTuple):
    """What was done, and how many statements of it a second."""

    what: str
    rate: float


class Desk(NamedTuple):
    """What an import and an export need of an installation."""

    database: Database
    door: RecorderDoor

    async def take(self, path: Path) -> None:
        """Import a file. Raises ValueError where not all of it is taken."""
        importing = Importing(self.door, AttachmentStore(self.database), utc_now, print, Mode.RECORD)
        await importing.run(deliveries(path))
        if not importing.tally.whole:
            raise ValueError(importing.tally)

    async def send(self, path: Path) -> None:
        """Append a file to the log without waiting for the recorder."""
        async for delivery in deliveries(path):
            await self.door.send(delivery.rows)

    async def recorded(self) -> int:
        """Return how many statements the record has."""
        return int(await self.database.fetchval(COUNT))


async def deliveries(path: Path) -> AsyncIterator[Delivery]:
    """Yield what a file holds, admitted."""
    with open_input(path, MOST, None) as file:
        async for delivery in from_file(file, Admission(POLICY, lambda: path.name), utc_now, octets_most=MOST):
            yield delivery


def written(path: Path, count: int) -> Path:
    """Write *count* statements of about 1.2 KB."""
    rng = random.Random(path.name)
    definition = {"name": {"en": "A course " + "x" * 300}, "description": {"en": "y" * 300}}
    with path.open("w") as file:
        for number in range(count):
            statement = {
                "id": str(UUID(int=rng.getrandbits(128), version=4)),
                "actor": {"account": {"homePage": HOME, "name": f"u{number % 500}"}},
                "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "completed"}},
                "object": {"id": f"{HOME}/courses/{number % 300}", "definition": definition},
                "context": {"contextActivities": {"parent": [{"id": f"{HOME}/programmes/1"}]}},
                "timestamp": "2026-03-02T09:30:00Z",
            }
            file.write(json.dumps(statement) + "\n")
    return path


@asynccontextmanager
async def opened(running: Stack) -> AsyncIterator[Desk]:
    """Open the record and the log of a running stack."""
    settings = PostgresSettings(url=SecretStr(running.dsn))
    database = await Database.open(settings, schema="lrs", application="benchmark")
    log = await open_log(StreamSettings(), settings, application="benchmark", metrics=StreamMetrics(CollectorRegistry()))
    await log.ensure((RECEIVED,))
    store = StatementStore(database)
    door = RecorderDoor(
        log, store, PostgresRecorderBooks(database, store, GROUP), utc_now, source="import:benchmark", waiting=lambda: None
    )
    try:
        yield Desk(database, door)
    finally:
        await log.close()
        await database.close()


async def measure(folder: Path, count: int) -> list[Rate]:
    """Measure with *count* statements; the first rate is what the others are compared with."""
    waiting, second = written(folder / "1.ndjson", count), written(folder / "2.ndjson", count)

    async def before(running: Stack) -> None:
        async with opened(running) as desk:
            await desk.send(waiting)

    async with stack(LogKind.POSTGRES, ("gateway",), before=before, settings=SECTIONS) as running, opened(running) as desk:
        first, begun = await desk.recorded(), time.perf_counter()
        while await desk.recorded() < count:  # noqa: ASYNC110  what is awaited is in another process
            await asyncio.sleep(0.02)
        rates = [Rate("the recorder's backlog, 500 a record", (count - first) / (time.perf_counter() - begun))]
        steps: list[tuple[str, int, Callable[[], Awaitable[None]]]] = [
            ("import", count, lambda: desk.take(second)),
            ("import of the same again", count, lambda: desk.take(second)),
            ("export, NDJSON", 2 * count, lambda: _export(desk, folder / "all.ndjson", Format.NDJSON)),
            ("export, CSV, gzip", 2 * count, lambda: _export(desk, folder / "all.csv.gz", Format.CSV)),
        ]
        for what, several, step in steps:
            begun = time.perf_counter()
            await step()
            rates.append(Rate(what, several / (time.perf_counter() - begun)))
    return rates


async def _export(desk: Desk, to: Path, form: Format) -> None:
    with open_output(Destination(to, form), "benchmark") as output:
        await export(OurRecord(desk.database), Wanted(), output, attachments=True)


async def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    told = parser.parse_args()
    with TemporaryDirectory(prefix="symposia-moving-") as folder:
        rates = await measure(Path(folder), told.count)
    table = Table("what", "statements/s", "÷ backlog", title=f"Moving {told.count:,} statements of 1.2 KB")
    for each in rates:
        table.add_row(each.what, f"{each.rate:,.0f}", f"{each.rate / rates[0].rate:.2f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
