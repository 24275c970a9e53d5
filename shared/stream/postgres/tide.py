"""How high each partition stands: readers wait here until it rises, instead of asking PostgreSQL one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from shared.errors import Unavailable
from shared.postgres import Database, load_queries
from shared.stream.background import end, spawn

QUIET_LOOKS: Final = 80
"""Looks in vain after which the next ones come less often."""

QUIET_PAUSE: Final = 4
"""How many times longer the pause then is."""

_QUERIES = load_queries("shared.stream.postgres")


class Tide:
    """The ends of the partitions that somebody here reads.

    What this process appends is known at once; for what others append one task looks every *poll* seconds, and less often while
    nothing comes: an idle installation costs next to nothing.
    """

    def __init__(self, database: Database, poll: float) -> None:
        self._database = database
        self._poll = poll
        self._ends: dict[int, int] = {}
        self._outage: Unavailable | None = None
        self._quiet = 0
        self._risen = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def watch(self, partitions: Iterable[int]) -> None:
        """Watch *partitions* too. Raises Unavailable."""
        self._ends.update(dict.fromkeys(set(partitions) - self._ends.keys(), 0))
        await self._look()
        if self._task is None:
            self._task = spawn(self._look_forever(), "log tide")

    def end(self, partition: int) -> int:
        """Return the offset that the next record of *partition* will get, as last seen. Raises Unavailable during an outage."""
        if self._task is not None and self._task.done():
            self._task.result()
        if self._outage is not None:
            raise Unavailable(self._outage.part, self._outage.reason)
        return self._ends.get(partition, 0)

    async def rise(self, ends: Mapping[int, int]) -> None:
        """Hear that partitions stand as high as *ends* say, and wake those who wait."""
        risen = {partition: end for partition, end in ends.items() if end > self._ends.get(partition, end)}
        self._ends.update(risen)
        if risen:
            self._quiet = 0
            self.stir()

    def stir(self) -> None:
        """Wake everyone who waits, to look again."""
        self._risen.set()
        self._risen = asyncio.Event()

    def change(self) -> asyncio.Event:
        """Return an event that the next rise sets; take it before looking, so that no rise falls in between."""
        return self._risen

    async def close(self) -> None:
        """Stop looking."""
        await end(self._task)

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(self._poll if self._quiet < QUIET_LOOKS else self._poll * QUIET_PAUSE)
            self._quiet += 1
            try:
                await self._look()
            except Unavailable as outage:
                self._outage = outage
                self.stir()

    async def _look(self) -> None:
        rows = await self._database.fetch(_QUERIES["ends"], list(self._ends))
        self._outage = None
        await self.rise({row["id"]: row["next_offset"] for row in rows})
