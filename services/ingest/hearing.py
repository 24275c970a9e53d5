"""Append what was heard to the log, so that an answer waits neither for PostgreSQL nor for what the delivery means.

Only what may be told gets as far as this: the connector has left out what is private, and a paused source says nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from services.ingest.domain.interaction import WITHDRAWING
from services.ingest.domain.reading import Lookup, Reading, Reason
from services.ingest.domain.source import Source, SourceId, State
from services.ingest.merging import Merging
from services.ingest.metrics import IngestMetrics
from shared.clock import Clock, rfc3339
from shared.contracts import HEARD, NOTICED, Heard, Noticed, encode
from shared.stream.log import Log
from shared.stream.record import Outgoing

NOTHING: Final = Reading()
LARGE: Final = 64 * 1024
"""Bytes beyond which a reading is several records: a page of a feed may say more than one can hold, or than is told in one go."""


class Taken(msgspec.Struct, frozen=True):
    """What came of a delivery: how much was heard and is in the log, what was ignored, and how much is asked for."""

    heard: int = 0
    ignored: tuple[Reason, ...] = ()
    lookups: int = 0


class Hearing:
    """Take what was delivered, asked for or imported."""

    def __init__(self, log: Log, clock: Clock, metrics: IngestMetrics) -> None:
        self._log = log
        self._clock = clock
        self._metrics = metrics
        self._append = Merging(self._append_all, "appending")

    async def take(self, source: Source, reading: Reading, noticed: str = "") -> Taken:
        """Append *reading*; *noticed* (RFC 3339) is when a delivery named it, if it was looked up because of that.

        Raises Unavailable where that cannot be done now.
        """
        if events := _events(reading):
            self._metrics.heard(source, events)
        reading = as_heard(source, reading)
        said = replace(reading, ignored=(), lookups=()) if reading.ignored or reading.lookups else reading
        heard_at = rfc3339(self._clock())
        outgoing = [_notice(source, each, heard_at) for each in reading.lookups]
        outgoing += [Outgoing(HEARD, heard(source.id, each, heard_at, noticed), source.id.encode()) for each in in_parts(said)]
        if outgoing:
            await self._append(outgoing)
        for reason in reading.ignored:
            self._metrics.ignored(source, reason)
        return Taken(_count(said), reading.ignored, len(reading.lookups))

    async def _append_all(self, told: Sequence[Sequence[Outgoing]]) -> Sequence[None]:
        """Append at once what several deliveries say."""
        await self._log.append([record for each in told for record in each])
        return [None] * len(told)


def as_heard(source: Source, reading: Reading) -> Reading:
    """Return what of *reading* is heard of *source* in its present state."""
    return _withdrawals_only(reading) if source.state is State.PAUSED else reading


def in_parts(reading: Reading) -> Iterator[bytes]:
    """Yield *reading* as JSON, in as many parts as it takes; what its parts say means the same in any order."""
    if reading == NOTHING:
        return
    written = encode(reading)
    halves = _halves(reading) if len(written) > LARGE else ()
    if not halves:
        yield written
    for half in halves:
        yield from in_parts(half)


def _halves(reading: Reading) -> tuple[Reading, ...]:
    """Return *reading* in two parts that say half of it each, or none where it says one thing."""
    items = [(name, each) for name in reading.__struct_fields__ for each in getattr(reading, name)]
    middle = len(items) // 2
    return tuple(_of(half) for half in (items[:middle], items[middle:])) if middle else ()


def _of(items: Sequence[tuple[str, object]]) -> Reading:
    """Return the reading that says *items*, each under the name of its field."""
    said: dict[str, list[object]] = {}
    for name, each in items:
        said.setdefault(name, []).append(each)
    return Reading(**{name: tuple(found) for name, found in said.items()})  # type: ignore[arg-type]  # each is in its field


def _notice(source: Source, lookup: Lookup, heard_at: str) -> Outgoing:
    """Write what is to be asked for; when the door heard of it stays, however often it is named by what was asked for."""
    noticed = Noticed(source.id, lookup.key, dict(lookup.reference), lookup.noticed or heard_at, lookup.after)
    return Outgoing(NOTICED, encode(noticed), source.id.encode())


def heard(source: SourceId, reading: bytes, heard_at: str, noticed_at: str = "") -> bytes:
    """Write the message `heard`: *reading* is JSON, the times are RFC 3339, *noticed_at* is "" unless it was looked up."""
    return encode(Heard(source, heard_at, msgspec.Raw(reading), noticed_at))


def _events(reading: Reading) -> int:
    """Count what *reading* tells of."""
    told = len(reading.decided) + len(reading.undecided) + len(reading.ignored) + len(reading.lookups)
    return told or int(reading != NOTHING)


def _count(said: Reading) -> int:
    """Count what *said* tells of; what only teaches is nothing by itself."""
    told = len(said.decided) + len(said.undecided) + len(said.sightings) + len(said.endings)
    return told or len(said.withdrawn) + len(said.dissolved) + len(said.departed)


def _withdrawals_only(reading: Reading) -> Reading:
    """Keep of a paused source's reading only what takes something back, and what is private: both are always honoured."""
    decided = tuple(each for each in reading.decided if each.kind in WITHDRAWING)
    undecided = tuple(each for each in reading.undecided if each.interaction.kind in WITHDRAWING)
    silent = decided or undecided or reading.ignored
    reasons = reading.ignored if silent else (Reason.PAUSED,)
    return Reading(
        decided=decided,
        undecided=undecided,
        closed=reading.closed,
        ignored=reasons,
        withdrawn=reading.withdrawn,
        dissolved=reading.dissolved,
        departed=reading.departed,
    )
