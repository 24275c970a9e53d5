"""What several deliveries teach, remembered at once; and what they meet, seen at one look."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from services.ingest import attendances
from services.ingest.attendances import Due
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import AccountName, Artefact, ArtefactType, ChannelId, NativeId
from services.ingest.domain.reading import Ending, Known, Sighting, Undecided
from services.ingest.domain.settlement import Patience, Thread, Waiting, settle
from services.ingest.domain.source import SourceId
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

SQL: Final = load_queries("services.ingest")
Row: TypeAlias = tuple[SourceId, StatementId, Undecided, datetime]


class Lesson(msgspec.Struct, frozen=True):
    """What one delivery teaches: artefacts, private channels, and who was seen where.

    Attendances change by *sightings* and *endings*, and are looked at again when they are *due*.
    """

    due: Due
    known: tuple[Known, ...] = ()
    closed: tuple[ChannelId, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    endings: tuple[Ending, ...] = ()

    @property
    def artefacts_only(self) -> bool:
        """Say whether artefacts are all that it teaches."""
        return not (self.closed or self.sightings or self.endings)


class Look(msgspec.Struct, frozen=True):
    """What a delivery looks for: what stands under its *statements*, waits for its *artefacts*, is known of its *undecided*."""

    source: SourceId
    statements: Sequence[StatementId]
    artefacts: Sequence[NativeId]
    undecided: Sequence[Undecided] = ()


class Met(msgspec.Struct, frozen=True):
    """What a delivery met: whether something *waits* for it, and which of its statements were told without what they waited for.

    *ready* is what need not wait, since all that it depends on is known; *attendances* is how many attendances it changes.
    """

    waits: bool = False
    orphans: frozenset[StatementId] = frozenset()
    ready: tuple[Waiting, ...] = ()
    attendances: int = 0


async def meet(database: Database, lessons: Sequence[tuple[Lesson, Look]]) -> Sequence[Met]:
    """Remember the artefacts of *lessons*, in one statement; once that is committed, say what each met."""
    known = artefacts((look.source, each) for lesson, look in lessons for each in lesson.known)
    if known:
        await database.execute(SQL["learn_artefacts"], *_artefact_columns(known))
    return await look_around(database, [look for _, look in lessons])


async def learn(transaction: Transaction, source: SourceId, lesson: Lesson) -> int:
    """Remember *lesson*; return how many attendances it changes."""
    if known := artefacts((source, each) for each in lesson.known):
        await transaction.execute(SQL["learn_artefacts"], *_artefact_columns(known))
    if lesson.closed:
        await transaction.execute(SQL["close_channels"], source, list(lesson.closed))
    if lesson.sightings or lesson.endings:
        return await attendances.see(transaction, source, lesson.sightings, lesson.endings, lesson.due)
    return 0


async def wait(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Let interactions wait, each under the id of its statement."""
    if rows:
        columns = [
            [source for source, _, _, _ in rows],
            [UUID(statement) for _, statement, _, _ in rows],
            [undecided.target for _, _, undecided, _ in rows],
            [msgspec.json.encode(undecided) for _, _, undecided, _ in rows],
            [due for _, _, _, due in rows],
        ]
        await transaction.execute(SQL["await_artefacts"], *columns)


async def look_around(database: Database, looks: Sequence[Look]) -> Sequence[Met]:
    """Say of each of *looks* what it met."""
    (waits, orphans), ready = await asyncio.gather(_concerned(database, looks), _ready(database, looks))
    return [
        Met(number in waits, frozenset(orphan for of, orphan in orphans if of == number), tuple(ready[number]))
        for number in range(len(looks))
    ]


async def _concerned(database: Database, looks: Sequence[Look]) -> tuple[set[int], list[tuple[int, StatementId]]]:
    """Say for which of *looks* something waits, and what was told without what it waited for."""
    lines = [
        (number, each.source, UUID(statement) if statement else None, native)
        for number, each in enumerate(looks)
        for statement, native in (*((one, None) for one in each.statements), *((None, one) for one in each.artefacts))
    ]
    rows = await database.fetch(SQL["concerned"], *map(list, zip(*lines, strict=True))) if lines else []
    waits = {row["number"] for row in rows if row["orphan"] is None}
    return waits, [(row["number"], StatementId(str(row["orphan"]))) for row in rows if row["orphan"] is not None]


async def _ready(database: Database, looks: Sequence[Look]) -> Sequence[list[Waiting]]:
    """Return what can be told as it is known by now, but for what waits already: that is decided under its lock."""
    ready: list[list[Waiting]] = [[] for _ in looks]
    asked = [
        (number, each.source, id_of(each.source, undecided.interaction), undecided)
        for number, each in enumerate(looks)
        for undecided in each.undecided
    ]
    if not asked:
        return ready
    columns = ([one[1] for one in asked], [UUID(one[2]) for one in asked], [one[3].target for one in asked])
    rows = await database.fetch(SQL["stands"], *columns)
    for (number, source, statement, undecided), row in zip(asked, rows, strict=True):
        waiting = Waiting(source, statement, undecided, Thread(known_of(row), known_of(row, "root_")), orphan=row["orphan"])
        if not row["waits"] and settle(waiting, Patience.WAITING) is not None:
            ready[number].append(waiting)
    return ready


def artefacts(known: Iterable[tuple[SourceId, Known]]) -> Mapping[tuple[SourceId, NativeId], Known]:
    """Return each artefact once, as if *known* were learnt one after the other."""
    found: dict[tuple[SourceId, NativeId], Known] = {}
    for source, each in known:
        there = found.setdefault((source, each.artefact.native), each)
        if each.spoken and not there.spoken:
            said = msgspec.structs.replace(there, author=each.author, question=each.question, happened=each.happened, spoken=True)
            found[source, each.artefact.native] = said
    return found


def known_of(row: asyncpg.Record, prefix: str = "") -> Known | None:
    """Return the artefact whose columns begin with *prefix*; None where it is not known."""
    if row[f"{prefix}native"] is None:
        return None
    author = row[f"{prefix}author"]
    return Known(
        artefact=Artefact(NativeId(row[f"{prefix}native"]), row[f"{prefix}iri"], ArtefactType(row[f"{prefix}type"])),
        root=NativeId(row[f"{prefix}root"]),
        author=AccountName(author) if author is not None else None,
        question=row[f"{prefix}question"],
        happened=row[f"{prefix}happened"],
        spoken=row[f"{prefix}spoken"],
    )


def _artefact_columns(known: Mapping[tuple[SourceId, NativeId], Known]) -> list[list[object]]:
    return [
        [source for source, _ in known],
        [native for _, native in known],
        [each.root for each in known.values()],
        [each.artefact.iri for each in known.values()],
        [each.artefact.type for each in known.values()],
        [each.author for each in known.values()],
        [each.question for each in known.values()],
        [each.happened for each in known.values()],
        [each.spoken for each in known.values()],
    ]
