"""What the house on the stage is made of, and what is in its books when a history begins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from services.enrichment.imports import Importer, Kind
from services.enrichment.store import Store
from services.gateway.recorder import Recorder
from services.gateway.statements.reading import Reader
from services.scoring.rules import adopt_rules
from shared.postgres import Database, Query
from shared.stream import PostgresLedger
from shared.stream.publisher import Publisher
from tests.faults.simulation.books import SLOTS, HeldDatabase, prepare_sql, stage_clock
from tests.faults.simulation.plot import COURSE, HOME, STRANGER
from tests.support.postgres import settings_for

DEADLOCK: Final = "20ms"
"""After how long PostgreSQL looks for a deadlock: sooner than histories end."""
PEOPLE: Final = "\n".join(
    ("external_id,name,email,accounts", *(f"HR-{number},{number},,U{number}@{HOME}" for number in range(3)), f"HR-3,3,,V3@{HOME}")
)
MERGE: Final = f"external_id,name,email,accounts\nHR-3,3,,V3@{HOME}|U{STRANGER}@{HOME}"
COURSES: Final = f"iri,title,urls\n{COURSE},Python,{COURSE}"
ENROLMENTS: Final = "\n".join(("external_id,course", *(f"HR-{number},{COURSE}" for number in (0, 1, 3))))


class Cast(StrEnum):
    """Who plays: the doors, the recorder and a poller; or enrichment and scoring, too."""

    RECORDING = "recording"
    WHOLE = "whole"


@dataclass(frozen=True)
class HouseParts:
    """What the house is made of; a rule is taken away by another class, by a *patch*, by *sql*, or by *settings* of the pools."""

    store: type[Store] = Store
    reader: type[Reader] = Reader
    recorder: type[Recorder] = Recorder
    ledger: type[PostgresLedger] = PostgresLedger
    publisher: type[Publisher[Any]] = Publisher
    relink_owner: str = "relink"
    cast: Cast | None = None
    patch: Callable[[], AbstractContextManager[object]] = nullcontext
    sql: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Books:
    """The pools of every process, and one to look at all from outside; they outlive the histories."""

    url: str
    pools: Mapping[str, Database]
    outside: Database

    async def ask(self, sql: str, *arguments: Any) -> list[Any]:
        """Look at, or change, anything."""
        return await self.outside.fetch(Query(sql), *arguments)


@asynccontextmanager
async def open_books(url: str, parts: HouseParts | None = None) -> AsyncIterator[Books]:
    """Open the pools on a fresh database, and put into it what every history begins with."""
    parts = parts or HouseParts()
    outside = await Database.open(settings_for(url), schema="public", application="outside")
    (place,) = await outside.fetch(Query("SELECT quote_ident(current_database())"))
    await outside.execute(Query(f"ALTER DATABASE {place[0]} SET deadlock_timeout = '{DEADLOCK}'"))
    pools = {name: await HeldDatabase.of(url, schema, name, **parts.settings) for name, schema in SLOTS.items()}
    try:
        importer = Importer(pools["importer"])
        for kind, content in ((Kind.PEOPLE, PEOPLE), (Kind.COURSES, COURSES), (Kind.ENROLMENTS, ENROLMENTS)):
            report = await importer.take(kind, content.encode())
            assert not report.faults
        await adopt_rules(pools["scoring-0"])
        await outside.execute(Query(f"{prepare_sql()} {parts.sql}"))
        with stage_clock():
            yield Books(url, pools, outside)
    finally:
        for pool in (*pools.values(), outside):
            await pool.close()
