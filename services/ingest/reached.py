"""How far what was heard is told: whoever gives up waiting for something must not do so while it lies in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from shared.clock import Clock
from shared.contracts import HEARD
from shared.postgres import Database, load_queries
from shared.stream import Partition
from shared.stream.log import Log

_QUERIES: Final = load_queries(__package__)
NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Ends(NamedTuple):
    """Where the log ended *at* a time."""

    at: datetime
    offsets: Mapping[Partition, int]


class ToldUntil:
    """Says until when all that was heard is told, by offsets: it looks where the log ends, and later whether that was reached.

    So it lags behind by what telling lags, and by no more than two looks where telling keeps up with what is heard.
    """

    def __init__(self, log: Log, database: Database, group: str, clock: Clock) -> None:
        self._log = log
        self._database = database
        self._group = group
        self._clock = clock
        self._ahead: Ends | None = None
        self._until = NEVER

    async def __call__(self) -> datetime:
        """Return a time until which all that was heard is told. Raises Unavailable."""
        if self._ahead is None:
            self._ahead = await self._ends()
        elif await self._reached(self._ahead):
            self._until, self._ahead = self._ahead.at, await self._ends()
        if await self._reached(self._ahead):
            self._until, self._ahead = self._ahead.at, None
        return self._until

    async def _ends(self) -> Ends:
        return Ends(self._clock(), await self._log.ends(HEARD))

    async def _reached(self, ends: Ends) -> bool:
        rows = await self._database.fetch(_QUERIES["told_offsets"], self._group, HEARD.name)
        told = {row["partition"]: row["next_offset"] for row in rows}
        return all(told.get(partition.number, 0) >= end for partition, end in ends.offsets.items())
