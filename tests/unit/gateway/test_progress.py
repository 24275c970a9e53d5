from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry

from services.gateway.metrics import GatewayMetrics
from services.gateway.statements.announcing import announcement, read_announcement
from services.gateway.statements.progress import Progress
from shared.contracts import RECEIVED
from shared.errors import Unavailable
from shared.stream import Batch, Partition, Position, Record
from shared.xapi.model import StatementId

PARTITION = Partition(RECEIVED.name, 0)
ONE, TWO = StatementId("one"), StatementId("two")
SOON, LONG = 0.2, 30.0


class MemoryRecorderBooks:
    """A recorder's books in memory."""

    def __init__(self) -> None:
        self.next_offset = 0
        self.recorded: dict[StatementId, bytes] = {}
        self.down = False
        self.looks = 0

    async def applied(self) -> Mapping[int, int]:
        self.looks += 1
        if self.down:
            raise Unavailable("postgres", "down")
        return {0: self.next_offset}

    async def digests(self, ids: Sequence[StatementId]) -> Mapping[StatementId, bytes]:
        if self.down:
            raise Unavailable("postgres", "down")
        return {each: self.recorded[each] for each in ids if each in self.recorded}

    def record(self, offset: int, *ids: StatementId) -> None:
        self.recorded.update(dict.fromkeys(ids, b"digest"))
        self.next_offset = offset + 1


@asynccontextmanager
async def running(
    books: MemoryRecorderBooks, *, poll: float = 0.01, patience: float = LONG, registry: CollectorRegistry | None = None
) -> AsyncIterator[Progress]:
    progress = Progress(books, poll=poll, patience=patience, metrics=GatewayMetrics(registry or CollectorRegistry()))
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(progress.run(stop))
        yield progress
        stop.set()


def unawaited(registry: CollectorRegistry) -> dict[str, float | None]:
    name = "symposia_gateway_recorder_unawaited_total"
    return {reason: registry.get_sample_value(name, {"reason": reason}) for reason in ("stands", "behind")}


def at(offset: int) -> Position:
    return Position(PARTITION, offset)


async def test_who_waits_is_answered_once_the_recorder_has_passed() -> None:
    books = MemoryRecorderBooks()
    async with running(books) as progress:
        waiting = asyncio.create_task(progress.digests(at(3), [ONE]))
        await asyncio.sleep(0.05)
        assert not waiting.done()

        books.record(3, ONE)

        assert await waiting == {ONE: b"digest"}


async def test_an_announcement_is_faster_than_the_poll() -> None:
    books = MemoryRecorderBooks()
    async with running(books, poll=LONG) as progress:
        waiting = asyncio.create_task(progress.digests(at(3), [ONE]))
        await asyncio.sleep(0.05)

        books.record(3, ONE)
        progress.heard(0, 4)

        async with asyncio.timeout(SOON * 10):
            assert await waiting == {ONE: b"digest"}


async def test_who_comes_after_the_announcement_does_not_wait_for_the_poll() -> None:
    books = MemoryRecorderBooks()
    async with running(books, poll=LONG) as progress:
        books.record(3, ONE)
        await progress.digests(at(2), [ONE])
        progress.heard(0, 4)

        async with asyncio.timeout(SOON * 10):
            assert await progress.digests(at(3), [ONE]) == {ONE: b"digest"}


async def test_a_refusal_is_not_told_on_a_hint() -> None:
    books = MemoryRecorderBooks()
    async with running(books) as progress:
        progress.heard(0, 100)
        waiting = asyncio.create_task(progress.digests(at(3), [ONE, TWO]))
        await asyncio.sleep(0.1)
        assert not waiting.done()

        books.record(3, ONE)

        assert await waiting == {ONE: b"digest"}


async def test_only_the_first_pays_for_an_outage_and_all_wait_again_after_it() -> None:
    books = MemoryRecorderBooks()
    async with running(books, patience=SOON) as progress:
        books.down = True

        assert await progress.digests(at(0), [ONE]) is None
        begun = perf_counter()
        assert [await progress.digests(at(offset), [ONE]) for offset in range(1, 50)] == [None] * 49
        assert perf_counter() - begun < SOON

        books.down = False
        books.record(49, ONE, TWO)
        await asyncio.sleep(SOON)
        assert await progress.digests(at(49), [TWO]) == {TWO: b"digest"}


async def test_a_recorder_far_behind_is_not_waited_for_until_it_has_caught_up() -> None:
    books = MemoryRecorderBooks()
    async with running(books, patience=SOON) as progress:
        assert await progress.digests(at(1000), [ONE]) is None

        books.record(500)
        await asyncio.sleep(0.1)

        assert await progress.digests(at(1001), [ONE]) is None


async def test_all_who_wait_are_let_go_with_the_first_who_loses_patience() -> None:
    books, registry = MemoryRecorderBooks(), CollectorRegistry()
    async with running(books, patience=SOON, registry=registry) as progress:
        first = asyncio.create_task(progress.digests(at(0), [ONE]))
        await asyncio.sleep(SOON / 2)
        begun = perf_counter()
        others = [asyncio.create_task(progress.digests(at(offset), [ONE])) for offset in range(1, 10)]

        assert await asyncio.gather(first, *others) == [None] * 10
        assert perf_counter() - begun < SOON
    assert unawaited(registry) == {"stands": 10, "behind": 0}


async def test_a_recorder_that_moves_and_is_slow_is_waited_for_once_it_was_quick_with_a_sample() -> None:
    books, registry = MemoryRecorderBooks(), CollectorRegistry()
    async with running(books, patience=5 * SOON, registry=registry) as progress:
        assert await progress.digests(at(100), [ONE]) is None
        assert await progress.digests(at(199), [ONE]) is None
        books.record(100)
        await asyncio.sleep(SOON)

        assert await progress.digests(at(200), [ONE]) is None

        books.record(199)
        await asyncio.sleep(SOON)
        books.record(201, TWO)
        assert await progress.digests(at(201), [TWO]) == {TWO: b"digest"}
    assert unawaited(registry) == {"stands": 2, "behind": 1}


async def test_a_recorder_with_a_backlog_at_the_start_is_not_waited_for_until_it_has_passed_that() -> None:
    books, registry = MemoryRecorderBooks(), CollectorRegistry()
    async with running(books, registry=registry) as progress:
        await progress.expect({PARTITION: 100}, 10)

        assert await progress.digests(at(100), [ONE]) is None

        books.record(100, ONE)
        await asyncio.sleep(SOON)
        books.record(101, TWO)
        assert await progress.digests(at(101), [TWO]) == {TWO: b"digest"}
    assert unawaited(registry) == {"stands": 1, "behind": 0}


async def test_a_recorder_that_is_near_at_the_start_is_waited_for() -> None:
    books = MemoryRecorderBooks()
    async with running(books) as progress:
        books.record(90)
        await progress.expect({PARTITION: 100}, 10)
        waiting = asyncio.create_task(progress.digests(at(100), [ONE]))
        await asyncio.sleep(0.05)
        assert not waiting.done()

        books.record(100, ONE)

        assert await waiting == {ONE: b"digest"}


async def test_nobody_looks_while_nobody_waits() -> None:
    books = MemoryRecorderBooks()
    async with running(books) as progress:
        books.record(0, ONE)
        await progress.digests(at(0), [ONE])
        await asyncio.sleep(0.05)
        looks = books.looks

        await asyncio.sleep(0.1)

        assert books.looks == looks


async def test_many_who_wait_are_each_told_of_their_own() -> None:
    books = MemoryRecorderBooks()
    ids = [StatementId(str(number)) for number in range(100)]
    async with running(books) as progress:
        waiting = [asyncio.create_task(progress.digests(at(number), [each])) for number, each in enumerate(ids)]
        for number, each in enumerate(ids):
            books.record(number, each)

        answers = await asyncio.gather(*waiting)

    assert answers == [{each: b"digest"} for each in ids]


def test_an_announcement_is_read_as_it_was_written() -> None:
    batch = Batch(PARTITION, tuple(Record(PARTITION, offset, None, b"") for offset in (7, 8)))

    assert read_announcement(announcement(batch)) == (0, 9)
    assert read_announcement(announcement(batch, whole=True)) == (0, 9, batch.records[0].offset)
    assert read_announcement("something else") is None


async def test_an_announcement_that_all_was_taken_answers_without_a_query() -> None:
    books = MemoryRecorderBooks()
    async with running(books, poll=LONG) as progress:
        waiting = asyncio.create_task(progress.digests(at(3), [ONE], {ONE: b"sent"}))
        await asyncio.sleep(0.05)
        books.down = True

        progress.heard(0, 4, 2)

        async with asyncio.timeout(SOON * 10):
            assert await waiting == {ONE: b"sent"}


async def test_what_lies_before_the_taken_batch_is_looked_up() -> None:
    books = MemoryRecorderBooks()
    async with running(books, poll=LONG) as progress:
        waiting = asyncio.create_task(progress.digests(at(1), [ONE], {ONE: b"sent"}))
        await asyncio.sleep(0.05)
        books.record(3, ONE)

        progress.heard(0, 4, 2)

        async with asyncio.timeout(SOON * 10):
            assert await waiting == {ONE: b"digest"}
