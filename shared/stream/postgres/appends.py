"""Appending to the log in PostgreSQL: what is asked for at the same time is committed together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from shared.errors import Unavailable
from shared.postgres import Database, load_queries
from shared.stream.background import end, spawn
from shared.stream.inflight import InFlight
from shared.stream.record import Outgoing
from shared.stream.wire import encode_headers

PartitionId: TypeAlias = int
"""The id of a partition's row: one number for each partition of all topics, unlike `Partition.number`."""
Addressed: TypeAlias = tuple[PartitionId, Outgoing]
Offsets: TypeAlias = tuple[int, ...]

GROUP_BYTES: Final = 8 * 1024 * 1024
"""Bytes after which no further append joins a transaction."""

_QUERIES = load_queries("shared.stream.postgres")


@dataclass(frozen=True, slots=True)
class _Append:
    """Records that wait to be appended, and who waits for their offsets."""

    records: Sequence[Addressed]
    size: int
    answer: asyncio.Future[Offsets]


class Appends:
    """A queue of appends, and the one task that commits whatever waits in it; *appended* hears the partitions' new ends."""

    def __init__(
        self, database: Database, in_flight: InFlight, appended: Callable[[Mapping[PartitionId, int]], Awaitable[None]]
    ) -> None:
        self._database = database
        self._in_flight = in_flight
        self._appended = appended
        self._queue: deque[_Append] = deque()
        self._queued = asyncio.Event()
        self._unanswered: set[asyncio.Future[Offsets]] = set()
        self._task: asyncio.Task[None] | None = None

    def put(self, records: Sequence[Addressed], size: int) -> asyncio.Future[Offsets]:
        """Return what will hold the offsets of *records* once they are durable. Raises Unavailable when too much is under way."""
        self._in_flight.admit(size)
        answer: asyncio.Future[Offsets] = asyncio.get_running_loop().create_future()
        self._unanswered.add(answer)
        answer.add_done_callback(lambda done: self._settle(done, size))
        self._queue.append(_Append(records, size, answer))
        self._queued.set()
        if self._task is None:
            self._task = spawn(self._commit_forever(), "log appends")
        return answer

    async def close(self, deadline: float) -> None:
        """Commit what waits, within *deadline* seconds, and end."""
        if self._unanswered:
            await asyncio.wait(self._unanswered, timeout=deadline)
        await end(self._task)

    def _settle(self, answer: asyncio.Future[Offsets], size: int) -> None:
        """Count *size* bytes as no longer under way; an answer that nobody waits for any more is no error."""
        self._in_flight.release(size)
        self._unanswered.discard(answer)
        if not answer.cancelled():
            answer.exception()

    async def _commit_forever(self) -> None:
        while True:
            await self._queued.wait()
            group = self._take()
            try:
                await self._commit(group)
            except Exception as error:  # noqa: BLE001  every appender hears of it, a bug included
                _fail(group, error)
            except asyncio.CancelledError:
                _fail(group, Unavailable("log", "the log was closed"))
                raise

    def _take(self) -> list[_Append]:
        """Take what waits, up to the size of a transaction."""
        group = [self._queue.popleft()]
        size = group[0].size
        while self._queue and size + self._queue[0].size <= GROUP_BYTES:
            group.append(self._queue.popleft())
            size += group[-1].size
        if not self._queue:
            self._queued.clear()
        return group

    async def _commit(self, group: Sequence[_Append]) -> None:
        """Append the records of *group* in one transaction and answer each append with its offsets."""
        records = [record for append in group for record in append.records]
        wanted = sorted({partition_id for partition_id, _ in records})
        rows = await self._database.fetch(
            _QUERIES["append_records"],
            [partition_id for partition_id, _ in records],
            [outgoing.key for _, outgoing in records],
            [outgoing.value for _, outgoing in records],
            [encode_headers(outgoing.headers) if outgoing.headers else None for _, outgoing in records],
            wanted,
        )
        ends = {row["id"]: row["next_offset"] for row in rows}
        _answer(group, ends)
        await self._appended(ends)


def _answer(group: Sequence[_Append], ends: dict[PartitionId, int]) -> None:
    """Give each append its offsets, counting *ends* up from where the transaction found them to where it left them."""
    for append in group:
        if any(partition_id not in ends for partition_id, _ in append.records):
            _fail([append], Unavailable("log", "a partition is gone: its topic was deleted"))
            continue
        offsets = []
        for partition_id, _ in append.records:
            offsets.append(ends[partition_id])
            ends[partition_id] += 1
        if not append.answer.done():
            append.answer.set_result(tuple(offsets))


def _fail(group: Sequence[_Append], error: BaseException) -> None:
    for append in group:
        if not append.answer.done():
            append.answer.set_exception(error)
