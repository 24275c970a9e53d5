"""Publish the outbox rows of earlier turns while later turns run: in order, and those that wait together in one append."""

from __future__ import annotations

import asyncio
from typing import Final

from shared.errors import Unavailable
from shared.events import first
from shared.stream.background import end
from shared.stream.log import Log, weigh
from shared.stream.outbox import Outbox, OutboxRow, publish
from shared.stream.record import Partition
from shared.stream.steps import Observer

REST: Final = 10
"""Rows gather for this many times as long as the last append took, so that appending takes a tenth of the time at most."""

LONGEST_REST: Final = 0.05
"""Seconds that a row waits for others at most."""

MOST_BYTES: Final = 4 * 1024 * 1024
"""Bytes that may be waiting; a turn that finds more waits until all of them are published."""


class Publishing:
    """Publishes rows one after the other, without being waited for; where that fails, they stay in the outbox.

    The first row after a while goes at once. Rows that come in quick succession share an append and a deletion: each of these
    costs the process, the log and PostgreSQL as much for one row as for several.
    """

    def __init__(self, log: Log, outbox: Outbox, observer: Observer) -> None:
        self._log = log
        self._outbox = outbox
        self._observer = observer
        self._waiting: list[tuple[Partition, OutboxRow]] = []
        self._bytes = 0
        self._hurried = asyncio.Event()
        self._rested = 0.0
        self._task: asyncio.Task[None] | None = None
        self.unpublished: frozenset[Partition] = frozenset()
        """Whose rows the last failure left to the outbox."""

    async def add(self, partition: Partition, row: OutboxRow) -> None:
        """Publish *row*, which *partition* said, after what was added before. Raises Unavailable where some of that failed."""
        if self._bytes > MOST_BYTES or (self._task is not None and self._task.done()):
            await self.finish()
        self._waiting.append((partition, row))
        self._bytes += weigh(row.outgoing)
        if self._task is None:
            self._task = asyncio.create_task(self._publish_all(), name="publishing")

    async def finish(self) -> None:
        """Publish everything now. Raises Unavailable: all that is not published then is left to the outbox."""
        if self._task is None:
            return
        self._hurried.set()
        try:
            await self._task
        except Unavailable:
            self.unpublished = frozenset(partition for partition, _ in self._waiting)
            raise
        finally:
            self._forget()

    async def close(self) -> None:
        """Leave to the outbox what is not published yet."""
        if self._task is not None:
            await end(self._task)
            _ = self._task.cancelled() or self._task.exception()
        self._forget()

    async def _publish_all(self) -> None:
        """Publish what waits until nothing does; rows count as waiting as long as the outbox has them."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            if (left := self._rested - loop.time()) > 0:
                await first(self._hurried, within=left)
            begun, rows = loop.time(), [row for _, row in self._waiting]
            await publish(rows, self._log, self._outbox, self._observer)
            del self._waiting[: len(rows)]
            self._bytes -= sum(weigh(row.outgoing) for row in rows)
            ended = loop.time()
            self._rested = ended + min(REST * (ended - begun), LONGEST_REST)

    def _forget(self) -> None:
        self._task = None
        self._waiting.clear()
        self._bytes = 0
        self._hurried.clear()
