"""Take what was heard: remember what it teaches, tell what is decided, and leave the rest to wait.

What a delivery teaches, and what of it has to wait, is committed before anything that waits is read: of two deliveries that
need each other, the one that commits later sees the other. Both may then append the same statement, which its id makes harmless.
What waits is forgotten only once its statement is in the log. What depends only on things already known is never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from services.ingest.attendances import Due
from services.ingest.domain.identity import id_of
from services.ingest.domain.interaction import WITHDRAWING, Interaction, NativeId
from services.ingest.domain.mapping import body_of, statement_of
from services.ingest.domain.reading import Reading, Reason, Undecided
from services.ingest.domain.settlement import WAITING_LONG, Patience, Waiting, settle
from services.ingest.domain.source import Source
from services.ingest.domain.threads import apart_from_known, emptied, has_gone, with_threads
from services.ingest.learning import Lesson, Look, Met
from services.ingest.merging import Merging
from services.ingest.metrics import IngestMetrics
from services.ingest.settings import WaitingSettings
from services.ingest.store import Opened, Store
from shared.clock import Clock
from shared.contracts import RECEIVED, Received, ReceivedStatement, encode
from shared.portions import portions
from shared.stream.log import Log
from shared.stream.record import Outgoing
from shared.stream.steps import Observer, unobserved
from shared.xapi import ifi
from shared.xapi.canonical import digest
from shared.xapi.model import StatementId, Version
from shared.xapi.timestamps import instant
from shared.xapi.validation import validate

AUTHORITY_NAME: Final = "source:"
FOR_EVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
REDACTED_AT_ONCE: Final = 1_000
"""Addresses of what goes with its thread, in one message."""


class IntakeStep(StrEnum):
    """A step of taking a delivery, named for what has just happened: where a crash test kills the process."""

    LEARNT = "ingest-learnt"
    APPENDED = "ingest-appended"
    SETTLED = "ingest-settled"


class Told(msgspec.Struct, frozen=True):
    """What came of what was heard: statements that are in the log, interactions that wait, and why others mean nothing for us."""

    statements: int = 0
    waiting: int = 0
    ignored: tuple[Reason, ...] = ()


class Settled(NamedTuple):
    """What became of interactions that had waited: *told* as statements, or settled without one, for *reasons*.

    *ids* are the statement ids of both; whatever is not among them goes on waiting.
    """

    told: Sequence[Interaction]
    reasons: Sequence[Reason]
    ids: Sequence[StatementId]


class Intake:
    """Turn what was heard into received statements; *home_page* is the address that vouches for them."""

    def __init__(
        self,
        *,
        store: Store,
        log: Log,
        clock: Clock,
        metrics: IngestMetrics,
        waiting: WaitingSettings,
        home_page: str,
        observer: Observer = unobserved,
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._grace, self._session = timedelta(seconds=waiting.grace), timedelta(seconds=waiting.session)
        self._longest = timedelta(seconds=waiting.patience)
        self._home_page = home_page
        self._observe = observer
        self._append = Merging(self._append_all, "appending")

    async def take(self, source: Source, reading: Reading, heard_at: str, until: datetime) -> Told:
        """Tell what *reading* says, as the door heard it at *heard_at*; raise Unavailable where that cannot be done now.

        Whoever was erased *until* a time is left out of it.
        """
        reading, reasons = _without_closed(source, with_threads(source, reading))
        decided, opened, met = list(reading.decided), list[Waiting](), Met()
        if _teaches(reading):
            ids = [id_of(source.id, each) for each in decided]
            look = Look(source.id, ids, _artefacts(reading), reading.undecided)
            met = await self._store.learn(self._lesson(reading, until), look)
            await self._observe(IntakeStep.LEARNT)
            found = await self._open(look, met, until)
            if found.orphans:
                decided = [each for each, statement in zip(decided, ids, strict=True) if statement not in found.orphans]
                reasons += [Reason.TOLD_ALREADY] * (len(ids) - len(decided))
            opened = list(found.waiting)
            meant = [settle(each, Patience.WAITING) for each in met.ready]
            decided += [each for each in meant if isinstance(each, Interaction)]
            reasons += [each for each in meant if isinstance(each, Reason)]
        if gone := await self._gone(source, reading, heard_at):
            await self._append(gone)
        settled = _settled(source, opened, Patience.WAITING)
        await self._tell(source, [*decided, *settled.told], heard_at)
        await self._forget(source, settled)
        reasons += settled.reasons
        self._count_ignored(source, reasons)
        still_waiting = len(opened) - len(settled.ids)
        return Told(len(decided) + len(settled.told), still_waiting + met.attendances, tuple(reasons))

    async def tell_overdue(self, source: Source, overdue: Sequence[Waiting], heard_at: str) -> None:
        """Tell what had waited long enough at *heard_at*; raise Unavailable where that cannot be done now.

        It counts as received before it was looked for: whoever is erased meanwhile is left out by the recorder.
        """
        settled = _settled(source, overdue, Patience.SPENT)
        await self._tell(source, settled.told, heard_at)
        await self._forget(source, settled)
        self._count_ignored(source, settled.reasons)

    async def _tell(self, source: Source, interactions: Sequence[Interaction], heard_at: str) -> None:
        """Append *interactions* as statements, and the redactions that follow from them."""
        if not interactions:
            return
        gone = await self._gone(source, Reading(withdrawn=emptied(source, interactions)), heard_at)
        await self._append([*(self._record(source, each, heard_at) for each in interactions), *gone])
        if taken_back := {each.artefact.iri for each in interactions if each.kind in WITHDRAWING}:
            await self._store.forget_texts(source.id, taken_back)
        await self._observe(IntakeStep.APPENDED)
        self._count_told(source, interactions)

    async def _forget(self, source: Source, settled: Settled) -> None:
        """Let what is *settled* wait no longer; the log has its statements."""
        if settled.ids:
            await self._store.settle(source.id, settled.ids)
        await self._observe(IntakeStep.SETTLED)

    async def _gone(self, source: Source, reading: Reading, heard_at: str) -> list[Outgoing]:
        """Return what redacts what went with its thread, its channel or its author, as *reading* says."""
        threads = [(each.root, instant(each.at) if each.at else FOR_EVER) for each in reading.withdrawn]
        gone = list(await self._store.withdraw(source.id, threads)) if threads else []
        if reading.parts:
            if apart := apart_from_known(reading):
                await self._store.remember(source.id, apart)
            withdrawn = await self._store.withdrawn(source.id, [each.root for each in reading.parts])
            went = [each for each in reading.parts if each.root in withdrawn and has_gone(each, withdrawn[each.root])]
            below = [(each.native, withdrawn[each.root]) for each in went if each.native]
            gone += [each.iri for each in went] + list(await self._store.withdraw(source.id, below) if below else ())
        if reading.dissolved:
            gone += await self._store.beneath(source.id, reading.dissolved)
        if reading.departed:
            gone += await self._store.made_by(source.id, reading.departed)
        if gone:
            await self._store.forget_texts(source.id, gone)
        return [self._redaction(source, page, heard_at) for page in portions(gone, REDACTED_AT_ONCE)]

    async def _append_all(self, told: Sequence[Sequence[Outgoing]]) -> Sequence[None]:
        """Append at once what several deliveries tell."""
        await self._log.append([record for each in told for record in each])
        return [None] * len(told)

    async def _open(self, look: Look, met: Met, until: datetime) -> Opened:
        """Let wait what has to, and return what can be told now of all that waits for what *look* is about."""
        waiting = []
        if len(met.ready) < len(look.undecided):
            ready, now = {each.statement for each in met.ready}, self._clock()
            waiting = [
                (statement, each, now + self._patience(each))
                for each in look.undecided
                if (statement := id_of(look.source, each.interaction)) not in ready
            ]
            await self._store.wait(look.source, waiting, until)
        if not waiting and not met.waits:
            return Opened((), met.orphans)
        return await self._store.open(look.source, look.statements, look.artefacts)

    def _patience(self, undecided: Undecided) -> timedelta:
        return self._longest if undecided.rule in WAITING_LONG else self._grace

    def _lesson(self, reading: Reading, until: datetime) -> Lesson:
        now = self._clock()
        due = Due(now, now + self._grace, now + self._session)
        return Lesson(due, until, reading.known, reading.closed, reading.sightings, reading.endings)

    def _record(self, source: Source, interaction: Interaction, heard_at: str) -> Outgoing:
        """Write one statement as one request: refused alone, should it ever be."""
        statement = statement_of(interaction, source)
        name = f"{AUTHORITY_NAME}{source.id}"
        body = body_of(statement, {"objectType": "Agent", "account": {"homePage": self._home_page, "name": name}})
        received = Received(
            received_at=heard_at,
            source=name,
            authority=ifi.of_account(self._home_page, name),
            statements=(ReceivedStatement(StatementId(statement["id"]), digest(statement).hex(), msgspec.Raw(body)),),
            redacts=(interaction.artefact.iri,) if interaction.kind in WITHDRAWING else (),
        )
        validate(statement, Version.V1_0_3)
        return Outgoing(RECEIVED, encode(received))

    def _redaction(self, source: Source, addresses: Sequence[str], heard_at: str) -> Outgoing:
        """Write that the text of what has these *addresses* is gone, and nothing else."""
        name = f"{AUTHORITY_NAME}{source.id}"
        authority = ifi.of_account(self._home_page, name)
        return Outgoing(RECEIVED, encode(Received(heard_at, name, authority, (), tuple(addresses))))

    def _count_told(self, source: Source, interactions: Iterable[Interaction]) -> None:
        now = self._clock()
        for interaction in interactions:
            self._metrics.told(source, interaction, (now - instant(interaction.happened)).total_seconds())

    def _count_ignored(self, source: Source, reasons: Iterable[Reason]) -> None:
        for reason in reasons:
            self._metrics.ignored(source, reason)


def _teaches(reading: Reading) -> bool:
    """Say whether there is anything to remember of *reading*."""
    return any((reading.known, reading.undecided, reading.closed, reading.sightings, reading.endings))


def _artefacts(reading: Reading) -> list[NativeId]:
    """Return the artefacts for which something may wait that can be decided now."""
    return sorted({each.artefact.native for each in reading.known} | {each.target for each in reading.undecided})


def _without_closed(source: Source, reading: Reading) -> tuple[Reading, list[Reason]]:
    """Leave out what happened in places that have turned out to be private since; return a reason for each."""
    decided = tuple(each for each in reading.decided if not _is_closed(source, each))
    undecided = tuple(each for each in reading.undecided if not _is_closed(source, each.interaction))
    closed = len(reading.decided) - len(decided) + len(reading.undecided) - len(undecided)
    if not closed:
        return reading, []
    return msgspec.structs.replace(reading, decided=decided, undecided=undecided), [Reason.PRIVATE_CHANNEL] * closed


def _settled(source: Source, waiting: Iterable[Waiting], patience: Patience) -> Settled:
    """Settle those of *waiting* that can be decided by now."""
    verdicts = [(each.statement, verdict) for each in waiting if (verdict := _verdict(source, each, patience)) is not None]
    return Settled(
        told=[verdict for _, verdict in verdicts if isinstance(verdict, Interaction)],
        reasons=[verdict for _, verdict in verdicts if isinstance(verdict, Reason)],
        ids=[statement for statement, _ in verdicts],
    )


def _verdict(source: Source, waiting: Waiting, patience: Patience) -> Interaction | Reason | None:
    """Decide what waits, unless its place has turned out to be private since."""
    return Reason.PRIVATE_CHANNEL if _is_closed(source, waiting.undecided.interaction) else settle(waiting, patience)


def _is_closed(source: Source, interaction: Interaction) -> bool:
    """Say whether the place of *interaction* has turned out to be private since."""
    place = interaction.place
    if source.policy.private or interaction.kind in WITHDRAWING or place is None or place.public:
        return False
    return place.id in source.closed
