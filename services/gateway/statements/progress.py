"""How far the recorder has come: answers wait for it, and stop waiting while it is too slow."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeAlias

import structlog

from services.gateway.metrics import GatewayMetrics, Unawaited
from shared.errors import Unavailable
from shared.events import until
from shared.stream.record import Partition, Position
from shared.xapi.model import StatementId

log = structlog.get_logger()

Digests: TypeAlias = Mapping[StatementId, bytes]


class RecorderBooks(Protocol):
    """Where the recorder stands, and what it has recorded."""

    async def applied(self) -> Mapping[int, int]:
        """Return for each partition of `received` the offset that the recorder applies next."""

    async def digests(self, ids: Sequence[StatementId]) -> Digests:
        """Return the digest of each of *ids* that is recorded."""


@dataclass(order=True, slots=True)
class _Waiting:
    offset: int
    number: int
    partition: int
    ids: Sequence[StatementId] = field(compare=False)
    sent: Digests | None = field(compare=False)
    answer: asyncio.Future[Digests | None] = field(compare=False)


class _Sample(NamedTuple):
    """A record of this process, and since when the log has had it."""

    position: Position
    since: float


class Progress:
    """Tells everyone who waits in this process when the recorder has passed their record.

    It hears of that through announcements (NOTIFY), and a slow poll of the offset rows makes up for those that are missed. An
    announcement that the recorder took a whole batch is an answer in itself, since it is sent on commit. A refusal is found
    only by looking into the record, once the offset row has passed.

    When a request has waited *patience* seconds, it and all behind it are answered without the recorder, and no request waits
    any more. From then on one record of this process at a time serves as a sample, until the recorder passes one within
    *patience*. So neither an outage nor a backlog makes every request wait that long.
    """

    def __init__(self, books: RecorderBooks, *, poll: float, patience: float, metrics: GatewayMetrics) -> None:
        self._books = books
        self._poll = poll
        self._patience = patience
        self._metrics = metrics
        self._waiting: dict[int, list[_Waiting]] = {}
        self._applied: dict[int, int] = {}
        self._moved_at = float("-inf")
        self._latest: _Sample | None = None
        self._lost: _Sample | None = None
        self._number = 0
        self._wanted = asyncio.Event()
        self._moved = asyncio.Event()
        metrics.recorder_awaited.set(1)

    @property
    def awaited(self) -> bool:
        """Say whether answers wait for the recorder."""
        return self._lost is None

    @property
    def applied(self) -> Mapping[int, int]:
        """Return what is known now of how far the recorder has come in each partition."""
        return dict(self._applied)

    def heard(self, partition: int, offset: int, taken: int | None = None) -> None:
        """Take the hint that *offset* is applied next in *partition*, and that all from *taken* on was taken, if it says so."""
        self._note({partition: offset})
        if taken is None or not self._tell_taken(partition, range(taken, offset)):
            self._moved.set()

    async def digests(self, position: Position, ids: Sequence[StatementId], sent: Digests | None = None) -> Digests | None:
        """Wait until the recorder has passed *position*; return the digests of those of *ids* that are recorded.

        If *sent* is given, it is returned as soon as the recorder announces that it took the record.
        Returns None if the recorder is too slow. Raises Unavailable if PostgreSQL fails before the answer is known.
        """
        loop = asyncio.get_running_loop()
        self._latest = _Sample(position, loop.time())
        if self._lost is not None:
            self._metrics.unawaited(self._why())
            return None
        answer: asyncio.Future[Digests | None] = loop.create_future()
        self._number += 1
        self._enqueue(_Waiting(position.offset, self._number, position.partition.number, ids, sent, answer))
        losing = loop.call_later(self._patience, self._lose, self._latest, answer)
        try:
            return await answer
        finally:
            losing.cancel()

    async def expect(self, ends: Mapping[Partition, int], near: int) -> None:
        """Let nobody wait until the recorder has passed the *ends* of the log, where more than *near* records are before it.

        Raises Unavailable.
        """
        self._note(await self._books.applied())
        now = asyncio.get_running_loop().time()
        for partition, end in ends.items():
            if end - self._applied.get(partition.number, 0) > near:
                self._leave(_Sample(Position(partition, end - 1), now))

    async def run(self, stop: asyncio.Event) -> None:
        """Answer those who wait, until *stop*."""
        await until(stop, self._look_on())

    def _enqueue(self, waiting: _Waiting) -> None:
        heapq.heappush(self._waiting.setdefault(waiting.partition, []), waiting)
        self._wanted.set()
        if waiting.offset < self._applied.get(waiting.partition, 0):
            self._moved.set()

    def _tell_taken(self, partition: int, taken: range) -> bool:
        """Answer those whose record is among the *taken*, without a query; say whether nobody is left to look after."""
        heap = self._waiting.get(partition, [])
        others: list[_Waiting] = []
        while heap and heap[0].offset < taken.stop:
            waiting = heapq.heappop(heap)
            if waiting.offset in taken and waiting.sent is not None and not waiting.answer.done():
                waiting.answer.set_result(waiting.sent)
            else:
                others.append(waiting)
        for waiting in others:
            heapq.heappush(heap, waiting)
        return not others and self._lost is None

    async def _look_on(self) -> None:
        hinted = False
        while True:
            await self._wanted.wait()
            self._moved.clear()
            with suppress(Unavailable):  # the pool counts it; who loses patience logs it
                await self._look(hinted=hinted)
            self._forget_who_left()
            try:
                async with asyncio.timeout(self._poll):
                    await self._moved.wait()
                hinted = True
            except TimeoutError:
                hinted = False

    async def _look(self, *, hinted: bool) -> None:
        """Answer all whose record the recorder has passed; without a hint, read how far it has come."""
        if not hinted:
            self._note(await self._books.applied())
        self._find_again()
        due = self._pop_passed()
        if due:
            await self._tell(due)

    def _pop_passed(self) -> list[_Waiting]:
        passed: list[_Waiting] = []
        for partition, offset in self._applied.items():
            heap = self._waiting.get(partition, [])
            while heap and heap[0].offset < offset:
                passed.append(heapq.heappop(heap))
        return [waiting for waiting in passed if not waiting.answer.done()]

    async def _tell(self, due: Sequence[_Waiting]) -> None:
        """Give each who is due the digests of its ids, by one query for all; ask again before saying that any is missing."""
        try:
            absent = _answer(due, await self._digests_of(due), may_lack=False)
            if absent:
                self._note(await self._books.applied())
                passed = [waiting for waiting in absent if waiting.offset < self._applied.get(waiting.partition, 0)]
                _answer(passed, await self._digests_of(passed), may_lack=True)
                for waiting in absent:
                    if not waiting.answer.done():
                        self._enqueue(waiting)
        except Unavailable as error:
            for waiting in due:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            raise

    async def _digests_of(self, several: Sequence[_Waiting]) -> Digests:
        return await self._books.digests([identifier for waiting in several for identifier in waiting.ids])

    def _note(self, applied: Mapping[int, int]) -> None:
        """Remember how far the recorder has come, and when it last moved."""
        if any(offset > self._applied.get(partition, 0) for partition, offset in applied.items()):
            self._moved_at = asyncio.get_running_loop().time()
        self._applied.update(applied)

    def _lose(self, sample: _Sample, answer: asyncio.Future[Digests | None]) -> None:
        """Let who waits for *answer* go on without, and with it all who wait behind it."""
        if answer.done():
            return
        log.warning("recorder is too slow", offset=sample.position.offset, waited=self._patience, reason=self._why())
        self._leave(sample)
        for waiting in self._waiting[sample.position.partition.number]:
            if waiting.offset >= sample.position.offset and not waiting.answer.done():
                self._metrics.unawaited(self._why())
                waiting.answer.set_result(None)

    def _leave(self, sample: _Sample) -> None:
        """Let nobody wait until the recorder has passed *sample*."""
        self._lost = sample
        self._wanted.set()
        self._metrics.recorder_awaited.set(0)

    def _find_again(self) -> None:
        """Wait again, once the recorder was quick with the last sample, or nothing else of this process lies before it."""
        if self._lost is None or not self._has_passed(self._lost.position):
            return
        took = asyncio.get_running_loop().time() - self._lost.since
        if took > self._patience and self._latest is not None and not self._has_passed(self._latest.position):
            self._lost = self._latest
            return
        self._lost = None
        self._metrics.recorder_awaited.set(1)
        log.info("recorder is awaited again")

    def _has_passed(self, position: Position) -> bool:
        return self._applied.get(position.partition.number, 0) > position.offset

    def _why(self) -> Unawaited:
        """Say whether the recorder stands still, or moves and is behind."""
        still = asyncio.get_running_loop().time() - self._moved_at
        return Unawaited.STANDS if still > self._patience else Unawaited.BEHIND

    def _forget_who_left(self) -> None:
        for partition, heap in list(self._waiting.items()):
            kept = [waiting for waiting in heap if not waiting.answer.done()]
            if len(kept) < len(heap):
                heapq.heapify(kept)
                self._waiting[partition] = kept
        if not any(self._waiting.values()) and self._lost is None:
            self._wanted.clear()


def _answer(several: Sequence[_Waiting], recorded: Digests, *, may_lack: bool) -> list[_Waiting]:
    """Answer *several* with what is *recorded* of theirs; return those that lack something, unless they may."""
    absent: list[_Waiting] = []
    for waiting in several:
        own = {identifier: recorded[identifier] for identifier in waiting.ids if identifier in recorded}
        if len(own) < len(waiting.ids) and not may_lack:
            absent.append(waiting)
        elif not waiting.answer.done():
            waiting.answer.set_result(own)
    return absent
