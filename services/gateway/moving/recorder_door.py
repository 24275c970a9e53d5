"""Send statements to the recorder as a door does, and find out what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from services.gateway.domain.repetition import repeats
from services.gateway.moving.admitting import AdmittedRow, Content
from services.gateway.statements.progress import RecorderBooks
from services.gateway.statements.store import StatementStore
from shared.clock import Clock, rfc3339
from shared.contracts import RECEIVED, Received, encode
from shared.contracts.wire import VERSIONED
from shared.stream.log import Log
from shared.stream.record import Outgoing, Position

RECORD_BYTES: Final = 4 * 1024 * 1024
"""Bytes of statements in one record of the log, unless one statement alone has more."""
LOOK: Final = 0.05
"""Seconds between two looks at how far the recorder is."""
PATIENCE: Final = 10.0
"""Seconds without progress after which the user is told that the import waits for the recorder."""


class Sent(NamedTuple):
    """Rows that are in the log, and the positions of the records that carry them."""

    rows: tuple[AdmittedRow, ...]
    positions: tuple[Position, ...]


class RecorderDoor:
    """The way into the record; *waiting* is called when the recorder seems to stand still. Raises Unavailable."""

    def __init__(
        self,
        log: Log,
        store: StatementStore,
        books: RecorderBooks,
        clock: Clock,
        *,
        source: str,
        waiting: Callable[[], None],
    ) -> None:
        self._log = log
        self._store = store
        self._books = books
        self._clock = clock
        self._source = source
        self._waiting = waiting

    async def send(self, rows: Sequence[AdmittedRow]) -> Sent:
        """Append *rows* in their order to the log, in as few records as possible; a record has one authority."""
        records = [self._record(several) for several in _packed(rows)]
        return Sent(tuple(rows), tuple([position for record in records for position in await self._log.append([record])]))

    async def passed(self, sent: Sent) -> None:
        """Wait until the recorder has ruled on what was *sent*."""
        ends: dict[int, int] = {}
        for position in sent.positions:
            ends[position.partition.number] = max(position.offset, ends.get(position.partition.number, -1))
        waited, before = 0.0, dict[int, int]()
        while True:
            applied = dict(await self._books.applied())
            if all(applied.get(partition, 0) > offset for partition, offset in ends.items()):
                return
            waited = waited + LOOK if applied == before else 0.0
            if PATIENCE <= waited < PATIENCE + LOOK:
                self._waiting()
            before = applied
            await asyncio.sleep(LOOK)

    async def known(self, rows: Sequence[AdmittedRow]) -> Mapping[Content, bool]:
        """Return those of *rows* whose ids are recorded, each with whether its content is recorded too."""
        digests = await self._store.digests(list({each.id for each in rows}))
        return {
            each.content: repeats(digests[each.id], each.digest, bytes(each.statement.body))
            for each in rows
            if each.id in digests
        }

    def _record(self, several: Sequence[AdmittedRow]) -> Outgoing:
        message = Received(
            received_at=rfc3339(self._clock()),
            source=self._source,
            authority=several[0].authority,
            statements=tuple(each.statement for each in several),
        )
        return Outgoing(RECEIVED, encode(message), headers=(VERSIONED,))


def _packed(rows: Iterable[AdmittedRow]) -> Iterable[list[AdmittedRow]]:
    """Yield *rows* in groups of one authority and at most RECORD_BYTES, each for one record of the log."""
    for _, group in groupby(rows, key=lambda each: each.authority):
        packed: list[AdmittedRow] = []
        size = 0
        for each in group:
            if packed and size + len(each.statement.body) > RECORD_BYTES:
                yield packed
                packed, size = [], 0
            packed.append(each)
            size += len(each.statement.body)
        yield packed
