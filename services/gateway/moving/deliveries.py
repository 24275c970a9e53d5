"""Cut what an import reads, from a file or from pages of another LRS, into deliveries of admitted rows that memory can hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple

from services.gateway.domain.enclosed import Sha2
from services.gateway.moving.admitting import Admission, AdmittedRow, NotAdmitted
from services.gateway.moving.input import Input
from services.gateway.moving.lot import Origin, Wanted
from services.gateway.moving.rows import BadRow, Row
from shared.clock import Clock

MOST: Final = 500
"""Statements of one delivery; a door takes up to 1,000 in a request."""
BYTES: Final = 4 * 1024 * 1024
"""Bytes of statements and octets in one delivery, unless one statement alone has more."""


class Delivery(NamedTuple):
    """What was read up to *line*: the *rows* that may be recorded, the *bad* ones, and the progress.

    *done* and *total* are bytes of a file, or statements of another LRS; *total* is None where it is not known.
    """

    rows: tuple[AdmittedRow, ...]
    bad: tuple[BadRow, ...]
    line: int
    done: int
    total: int | None


class _Collected:
    """Rows on their way into a delivery."""

    def __init__(self, admission: Admission, clock: Clock, octets_most: int) -> None:
        self._admission = admission
        self._clock = clock
        self._octets_most = octets_most
        self._rows: list[AdmittedRow] = []
        self._bad: list[BadRow] = []
        self._size = 0
        self.line = 0

    @property
    def full(self) -> bool:
        """Say whether it is enough for one delivery."""
        return len(self._rows) + len(self._bad) >= MOST or self._size >= BYTES

    def take(self, row: Row | BadRow, file: Input | Mapping[Sha2, bytes]) -> None:
        """Admit *row*."""
        self.line = row.line
        if isinstance(row, BadRow):
            self._bad.append(row)
            return
        try:
            admitted = self._admission.admit(row, lambda sha2: self._octets(row.line, sha2, file), self._clock())
        except NotAdmitted as error:
            self._bad += error.rows
        else:
            self._rows.append(admitted)
            self._size += admitted.size

    def deliver(self, done: int, total: int | None) -> Delivery:
        """Return what was collected."""
        return Delivery(tuple(self._rows), tuple(self._bad), self.line, done, total)

    def _octets(self, line: int, sha2: Sha2, file: Input | Mapping[Sha2, bytes]) -> bytes | None:
        if not isinstance(file, Input):
            return file.get(sha2)
        path = file.octets(sha2)
        if path is None:
            return None
        if path.stat().st_size > self._octets_most:
            raise NotAdmitted(BadRow(line, "/attachments", "size", f"The file {sha2} has more than {self._octets_most} bytes."))
        return path.read_bytes()


async def from_file(
    file: Input, admission: Admission, clock: Clock, *, octets_most: int, from_line: int = 1
) -> AsyncIterator[Delivery]:
    """Yield the rows of *file* from the line *from_line* on; reading and admitting them happens in a thread.

    An attachment of more than *octets_most* bytes is refused.
    """

    def collect() -> _Collected | None:
        collected = _Collected(admission, clock, octets_most)
        for row in file.rows:
            if row.line >= from_line:
                collected.take(row, file)
            if collected.full:
                return collected
        return collected if collected.line else None

    while (collected := await asyncio.to_thread(collect)) is not None:
        yield collected.deliver(file.position, file.size)


async def from_origin(origin: Origin, wanted: Wanted, admission: Admission, clock: Clock) -> AsyncIterator[Delivery]:
    """Yield what is *wanted* of *origin*; the number of a statement, counted from 1, takes the place of a line."""
    line = 0
    async for lot in origin.lots(wanted, ""):
        collected = _Collected(admission, clock, 0)
        for moved in lot.statements:
            line += 1
            collected.take(Row(line, moved.body), lot.octets)
            if collected.full:
                yield collected.deliver(lot.done, lot.total)
                collected = _Collected(admission, clock, 0)
        yield collected.deliver(lot.done, lot.total)
