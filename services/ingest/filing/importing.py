"""Take the rows of a file as deliveries of a source: good ones are told, bad ones are returned with their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from prometheus_client import CollectorRegistry

from services.ingest.connectors.fields import Incomplete
from services.ingest.domain.interaction import Kind
from services.ingest.domain.reading import Reading, Reason, Rule, joined
from services.ingest.domain.source import Source
from services.ingest.filing.column_map import BadMap, ColumnMap, read, spelt
from services.ingest.filing.rows import Fault, Row
from services.ingest.hearing import Hearing, as_heard
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import Settings
from services.ingest.tallies import Tallies, TallyWriter
from shared.clock import Clock
from shared.contracts import HEARD
from shared.postgres import Database
from shared.stream.metrics import StreamMetrics
from shared.stream.open import open_log

AT_ONCE: Final = 100
"""Rows of one delivery."""


@dataclass(slots=True)
class Report:
    """What came of a file: what its rows tell, by kind, why the others are not ours, and which could not be read."""

    rows: int = 0
    told: Counter[Kind] = field(default_factory=Counter)
    ignored: Counter[Reason] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)


class Importer:
    """Read files into *hearing*; without one nothing is told, and the report says what would be."""

    def __init__(self, hearing: Hearing | None = None) -> None:
        self._hearing = hearing

    async def take(self, source: Source, rows: Iterable[Row | Fault], columns: ColumnMap, actor: str = "") -> Report:
        """Tell what *rows* say; raise Unavailable where that cannot be done now, and BadMap where no row fits any act.

        A file that is taken again gives the same statements under the same ids, and changes nothing.
        """
        report = Report()
        for batch in _batches(rows):
            readings = list(_read(source, batch, columns, actor, report))
            if self._hearing is not None and readings:
                await self._hearing.take(source, joined(readings))
        if report.rows and not report.faults and set(report.ignored) == {Reason.UNMAPPED} and not report.told:
            raise BadMap("no row has the columns of this map: is it the right file?")
        return report


@asynccontextmanager
async def open_importer(settings: Settings, database: Database, clock: Clock) -> AsyncIterator[Importer]:
    """Open what tells the rows of files: the log of the installation, and the tables in *database*."""
    registry, tallies = CollectorRegistry(), Tallies(clock)
    log = await open_log(settings.stream, settings.postgres, application="import", metrics=StreamMetrics(registry, clock))
    try:
        await log.ensure((HEARD,))
        yield Importer(Hearing(log, clock, IngestMetrics(registry, tallies)))
        await TallyWriter(tallies, database, clock, settings.ingest.tally_interval).flush()
    finally:
        await log.close()


def _read(source: Source, batch: Iterable[Row | Fault], columns: ColumnMap, actor: str, report: Report) -> Iterator[Reading]:
    spelling = columns.spelling
    for row in batch:
        if isinstance(row, Fault):
            report.faults.append(row)
            continue
        report.rows += 1
        try:
            reading = as_heard(source, read(source, spelt(row.cells, spelling), columns, actor))
        except Incomplete as error:
            report.faults.append(Fault(row.line, str(error)))
            continue
        report.told.update(each.kind for each in reading.decided)
        report.told.update(each.interaction.kind for each in reading.undecided if each.rule is not Rule.WITHDRAWAL)
        report.ignored.update(reading.ignored)
        yield reading


def _batches(rows: Iterable[Row | Fault]) -> Iterator[list[Row | Fault]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, AT_ONCE)):
        yield batch
