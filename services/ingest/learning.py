"""What several deliveries teach, remembered at once; and what they meet, seen at one look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from services.ingest import attendances
from services.ingest.attendances import Due
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import Artefact, ArtefactType, ChannelId, NativeId
from services.ingest.domain.reading import Ending, Known, Sighting, Undecided
from services.ingest.domain.settlement import NOTHING_KNOWN, Patience, Thread, Waiting, settle
from services.ingest.domain.source import SourceId
from shared.errors import Unavailable
from shared.postgres import Database, Transaction, load_queries
from shared.xapi.model import StatementId

QUERIES: Final = load_queries(__package__)
Row: TypeAlias = tuple[SourceId, StatementId, Undecided, datetime]


class Lesson(msgspec.Struct, frozen=True):
    """What one delivery teaches: artefacts, private channels, and who was seen where.

    Attendances change by *sightings* and *endings*, and are looked at again when they are *due*. Whoever was erased *until* a
    time is left out of it.
    """

    due: Due
    until: datetime
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
    """Remember the artefacts of *lessons*, in one statement; once that is committed, say at one look what each met."""
    known = artefacts((look.source, each) for lesson, look in lessons for each in lesson.known)

    async def work(transaction: Transaction) -> None:
        await put_off_erasing(transaction, min(lesson.until for lesson, _ in lessons))
        await transaction.execute(QUERIES["learn_artefacts"], *_artefact_columns(known))

    if known:
        await database.run(work)
    return await look_around(database, [look for _, look in lessons])


async def put_off_erasing(transaction: Transaction, until: datetime) -> None:
    """Let nobody be erased before *transaction* ends. Raises Unavailable where somebody was, after *until*.

    Whoever tells a batch has put erasures off by its offset, unless that was taken from it without its knowledge: it was frozen.
    """
    await transaction.execute(QUERIES["put_off_erasing"])
    last = await transaction.fetchval(QUERIES["last_erasure"])
    if last is not None and last > until:
        raise Unavailable("ingest", "somebody was erased meanwhile: it is told again without them")


async def learn(transaction: Transaction, source: SourceId, lesson: Lesson) -> int:
    """Remember *lesson*; return how many attendances it changes. Raises Unavailable where somebody was erased meanwhile."""
    await put_off_erasing(transaction, lesson.until)
    if known := artefacts((source, each) for each in lesson.known):
        await transaction.execute(QUERIES["learn_artefacts"], *_artefact_columns(known))
    if lesson.closed:
        await transaction.execute(QUERIES["close_channels"], source, list(lesson.closed))
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
        await transaction.execute(QUERIES["await_artefacts"], *columns)


async def look_around(connection: Database | Transaction, looks: Sequence[Look]) -> Sequence[Met]:
    """Say of each of *looks* what it met, all of one moment; what waits already is not ready: its lock decides."""
    lines = [[*_lines(look)] for look in looks]
    asked = [line for each in lines for line in each]
    if not asked:
        return [Met() for _ in looks]
    columns = (
        [line.source for line in asked],
        [line.statement for line in asked],
        [line.native for line in asked],
        [line.undecided.target if line.undecided else None for line in asked],
    )
    rows = iter(await connection.fetch(QUERIES["met"], *columns))
    return [_met([(line, next(rows)) for line in each]) for each in lines]


class _Line(NamedTuple):
    """One thing that is looked for: a statement, an artefact that something may wait for, or what is known for an interaction."""

    source: SourceId
    statement: StatementId | None
    native: NativeId | None
    undecided: Undecided | None = None


def _lines(look: Look) -> Iterator[_Line]:
    """Yield what *look* looks for, a statement and an artefact together; the target of an interaction is an artefact, too."""
    targets = {each.target for each in look.undecided}
    natives = [native for native in look.artefacts if native not in targets]
    for each in look.undecided:
        yield _Line(look.source, id_of(look.source, each.interaction), each.target, each)
    for statement, native in zip_longest(look.statements, natives):
        yield _Line(look.source, statement, native)


def _met(found: Sequence[tuple[_Line, asyncpg.Record]]) -> Met:
    """Say what the lines of one look met."""
    waits, orphans, ready = False, set[StatementId](), list[Waiting]()
    for line, row in found:
        is_there, is_orphan, is_awaited, *known = row
        undecided, statement = line.undecided, line.statement
        waits = waits or is_awaited or (is_there and undecided is None)
        if statement is None:
            continue
        if undecided is None:
            if is_orphan:
                orphans.add(statement)
        elif not is_there:
            waiting = Waiting(line.source, statement, undecided, _thread(known), orphan=is_orphan)
            if settle(waiting, Patience.WAITING) is not None:
                ready.append(waiting)
    return Met(waits, frozenset(orphans), tuple(ready))


def _thread(columns: Sequence[Any]) -> Thread:
    """Return what is known of a target and of its thread's root, which it may be itself."""
    target = known_of(columns[:8])
    if target is None:
        return NOTHING_KNOWN
    return Thread(target, target if target.root == target.artefact.native else known_of(columns[8:]))


def artefacts(known: Iterable[tuple[SourceId, Known]]) -> Mapping[tuple[SourceId, NativeId], Known]:
    """Return each artefact once, as if *known* were learnt one after the other."""
    found: dict[tuple[SourceId, NativeId], Known] = {}
    for source, each in known:
        there = found.setdefault((source, each.artefact.native), each)
        if each.spoken and not there.spoken:
            said = msgspec.structs.replace(there, author=each.author, question=each.question, happened=each.happened, spoken=True)
            found[source, each.artefact.native] = said
    return found


def known_of(columns: Iterable[Any]) -> Known | None:
    """Return the artefact of these columns, as the table has them; None where it is not known."""
    native, root, iri, kind, author, question, happened, spoken = columns
    if native is None:
        return None
    return Known(Artefact(native, iri, ArtefactType(kind)), root, author, question, happened, spoken)


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
