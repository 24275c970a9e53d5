"""Import statements: send new ones to the recorder, pass over known ones, and report by line those that cannot be taken.

An import that was interrupted is run again; repeats change nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from services.gateway.attachments.store import AttachmentStore
from services.gateway.moving.admitting import AdmittedRow
from services.gateway.moving.deliveries import Delivery
from services.gateway.moving.lot import Advancing, quietly
from services.gateway.moving.recorder_door import RecorderDoor, Sent
from services.gateway.moving.rows import BadRow
from shared.clock import Clock

UNDER_WAY: Final = 8
"""Deliveries that the recorder has not ruled on yet: enough to keep it busy, and few enough for memory."""
TRIES: Final = 5
"""How often a delivery is sent before what the recorder still has not taken of it is refused."""

Refusing: TypeAlias = Callable[[BadRow], None]


class Mode(StrEnum):
    """Whether an import changes anything."""

    RECORD = "record"
    DRY_RUN = "dry-run"
    """Say what would become of each statement, and change nothing."""


@dataclass(slots=True)
class Tally:
    """How many statements were taken, known already, refused or in conflict, up to *line*."""

    taken: int = 0
    known: int = 0
    refused: int = 0
    conflicts: int = 0
    line: int = 0

    @property
    def whole(self) -> bool:
        """Say whether every statement is in the record now."""
        return not self.refused and not self.conflicts


class _UnderWay(NamedTuple):
    sent: Sent
    line: int


class Importing:
    """One import. Its methods raise Unavailable; *tally* then says up to which line everything is settled."""

    def __init__(self, door: RecorderDoor, attachments: AttachmentStore, clock: Clock, refuse: Refusing, mode: Mode) -> None:
        self._door = door
        self._attachments = attachments
        self._clock = clock
        self._refuse = refuse
        self._mode = mode
        self._under_way: deque[_UnderWay] = deque()
        self.tally = Tally()

    async def run(self, deliveries: AsyncIterator[Delivery], tell: Advancing = quietly) -> None:
        """Import *deliveries* in their order."""
        async for delivery in deliveries:
            fresh, conflicts = await self._fresh(delivery.rows)
            self._refuse_rows(delivery.bad, conflicts)
            if self._mode is Mode.DRY_RUN:
                self.tally.taken += len(fresh)
                self.tally.line = delivery.line
            else:
                await self._send(fresh, delivery.line)
            tell(delivery.done, delivery.total)
        while self._under_way:
            await self._settle()

    async def _send(self, fresh: Sequence[AdmittedRow], line: int) -> None:
        self._under_way.append(_UnderWay(await self._door.send(fresh), line))
        while len(self._under_way) > UNDER_WAY:
            await self._settle()

    async def _fresh(self, rows: Sequence[AdmittedRow]) -> tuple[list[AdmittedRow], list[BadRow]]:
        """Return those of *rows* that are new, each id once, and those in conflict; keep the octets that came along."""
        digests = {each.id: each.digest for waiting in self._under_way for each in waiting.sent.rows}
        known = await self._door.known(rows)
        fresh: list[AdmittedRow] = []
        good: list[AdmittedRow] = []
        conflicts: list[BadRow] = []
        for each in rows:
            same = known.get(each.content)
            if same is None and each.id in digests:
                same = digests[each.id] == each.digest
            if same is None:
                digests[each.id] = each.digest
                fresh.append(each)
            elif same:
                self.tally.known += 1
            else:
                conflicts.append(_conflict(each))
            good += [each] if same is not False else []
        await self._keep(good)
        return [each._replace(uses=()) for each in fresh], conflicts

    async def _keep(self, rows: Iterable[AdmittedRow]) -> None:
        """Store octets, before their statements are sent to the recorder."""
        uses = {(use.statement, use.sha2): use for each in rows for use in each.uses}
        if uses and self._mode is Mode.RECORD:
            await self._attachments.keep(list(uses.values()), self._clock())

    async def _settle(self) -> None:
        """Find out what became of the oldest delivery under way.

        The recorder takes or refuses a record of the log as a whole, so rows that it refused for a neighbour are sent again.
        """
        waiting, line = self._under_way[0]
        for _ in range(TRIES):
            await self._door.passed(waiting)
            known = await self._door.known(waiting.rows)
            self.tally.taken += sum(known.get(each.content, False) for each in waiting.rows)
            self._refuse_rows((), [_conflict(each) for each in waiting.rows if known.get(each.content) is False])
            missing = [each for each in waiting.rows if each.content not in known]
            if not missing:
                break
            waiting = await self._door.send(missing)
        else:
            beside = [BadRow(each.line, "", "refused-beside", "The recorder did not take it.") for each in missing]
            self._refuse_rows(beside, ())
        self._under_way.popleft()
        self.tally.line = line

    def _refuse_rows(self, bad: Sequence[BadRow], conflicts: Sequence[BadRow]) -> None:
        """Count and report what is not taken, in the order of the lines."""
        self.tally.refused += len({each.line for each in bad})
        self.tally.conflicts += len(conflicts)
        for each in sorted((*bad, *conflicts)):
            self._refuse(each)


def _conflict(admitted: AdmittedRow) -> BadRow:
    message = f"The statement {admitted.id} is recorded with other content."
    return BadRow(admitted.line, "/id", "conflict", message)
