"""Statements on their way out and in, through the product's own parts, over real servers."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from services.gateway.attachments.store import AttachmentStore
from services.gateway.domain.column_map import Parts
from services.gateway.moving.admitting import Admission, Authority, Policy
from services.gateway.moving.deliveries import Delivery, from_file
from services.gateway.moving.exporting import export
from services.gateway.moving.importing import Importing, Mode, Tally
from services.gateway.moving.input import fingerprint, open_input
from services.gateway.moving.lot import Origin, Wanted
from services.gateway.moving.output import Destination, open_output
from services.gateway.moving.record import OurRecord
from services.gateway.moving.recorder_door import RecorderDoor
from services.gateway.moving.rows import BadRow
from services.gateway.recorder import GROUP
from services.gateway.statements.recorder_books import PostgresRecorderBooks
from services.gateway.statements.store import StatementStore
from shared.clock import utc_now
from shared.postgres import Database
from shared.settings import PostgresSettings
from shared.stream.log import Log
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log
from shared.stream.settings import AppendSettings, StreamSettings
from shared.xapi.guard import Limits
from shared.xapi.model import Version
from tests.support.gateway import BASE_URL

MOST = 8 * 1024 * 1024


class Desk:
    """Exports from, and imports into, one installation, whose gateway runs elsewhere in the test."""

    def __init__(self, database: Database, log: Log) -> None:
        self.database = database
        self.log = log
        self.told: list[BadRow] = []

    async def export(self, to: Path, wanted: Wanted | None = None, *, origin: Origin | None = None, **options: Any) -> int:
        destination = Destination.named(to, options.pop("form", None))
        origin = origin or OurRecord(self.database)
        with open_output(destination, options.pop("asked", "all"), options.pop("start", "")) as output:
            return await export(origin, wanted or Wanted(), output, attachments=options.pop("attachments", True))

    async def take(self, path: Path, *, parts: Parts | None = None, from_line: int = 1, **options: Any) -> Tally:
        """Import a file."""
        with open_input(path, MOST, parts) as file:
            admission = Admission(self.policy(**options), lambda: fingerprint(file.path))
            return await self.run(from_file(file, admission, utc_now, octets_most=MOST, from_line=from_line), **options)

    async def run(self, deliveries: AsyncIterator[Delivery], *, mode: Mode = Mode.RECORD, **options: Any) -> Tally:
        del options
        self.told = []
        importing = Importing(self.door(), AttachmentStore(self.database), utc_now, self.told.append, mode)
        await importing.run(deliveries)
        return importing.tally

    def door(self) -> RecorderDoor:
        store = StatementStore(self.database)
        books = PostgresRecorderBooks(self.database, store, GROUP)
        return RecorderDoor(self.log, store, books, utc_now, source="import:test", waiting=lambda: None)

    @staticmethod
    def policy(authority: Authority = Authority.OURS, version: Version = Version.V1_0_3, mode: Mode = Mode.RECORD) -> Policy:
        del mode
        return Policy(authority, BASE_URL, version, Limits(size=MOST))


@asynccontextmanager
async def open_desk(settings: PostgresSettings) -> AsyncIterator[Desk]:
    database = await Database.open(settings, schema="lrs", application="moving")
    metrics = StreamMetrics(CollectorRegistry())
    stream = StreamSettings(append=AppendSettings(deadline=15.0))
    log = await open_log(stream, settings, application="moving", metrics=metrics)
    try:
        yield Desk(database, log)
    finally:
        await log.close()
        await database.close()


def written(path: Path, *statements: Any) -> Path:
    """Write statements as NDJSON; bytes stay as they are."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in statements]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def exported(path: Path) -> list[dict[str, Any]]:
    """Read the statements of an export."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines()]
