"""What turns said goes to the log in order; rows that come in quick succession share an append."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from shared.contracts.topics import Topic
from shared.errors import Unavailable
from shared.stream import MemoryLedger, MemoryLog, Outgoing, Partition, Position, unobserved
from shared.stream.outbox import OutboxRow
from shared.stream.publishing import LONGEST_REST, MOST_BYTES, Publishing

SAID = Topic("said.v1", partitions=1)
HEARD = Partition("heard.v1", 0)
OTHER = Partition("heard.v1", 1)
OWNER = "readers/heard.v1/0"


class Gated(MemoryLog):
    """A log that takes an append once its gate is open, and tells which values came together; *outages* appends fail."""

    def __init__(self, outages: int = 0) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.outages = outages
        self.together: list[list[bytes]] = []

    async def append(self, records: Sequence[Outgoing]) -> tuple[Position, ...]:
        await self.gate.wait()
        if self.outages:
            self.outages -= 1
            raise Unavailable("log", "an outage")
        self.together.append([record.value for record in records])
        return await super().append(records)


async def written(ledger: MemoryLedger, *values: bytes) -> list[OutboxRow]:
    """Return committed rows of the outbox, one for each value."""
    rows = []
    for value in values:
        said = (Outgoing(SAID, value),)
        async with ledger.transaction() as transaction:
            rows.append(OutboxRow(await ledger.store(OWNER, said, transaction), said))
    return rows


async def staged(outages: int = 0) -> tuple[Gated, MemoryLedger, Publishing]:
    log, ledger = Gated(outages), MemoryLedger()
    await log.ensure([SAID])
    return log, ledger, Publishing(log, ledger, unobserved)


async def turns() -> None:
    """Let everybody do what needs no time."""
    for _ in range(20):
        await asyncio.sleep(0)


async def tired(log: Gated, publishing: Publishing, row: OutboxRow) -> None:
    """Publish *row* so slowly that the next rows may gather for as long as they ever do."""
    await publishing.add(HEARD, row)
    await asyncio.sleep(LONGEST_REST / 2)
    log.gate.set()
    await turns()


async def test_rows_that_come_while_one_is_published_share_the_next_append() -> None:
    log, ledger, publishing = await staged()
    first, *others = await written(ledger, b"1", b"2", b"3", b"4")
    await publishing.add(HEARD, first)
    await turns()

    for row in others:
        await publishing.add(HEARD, row)
    log.gate.set()
    await publishing.finish()

    assert log.together == [[b"1"], [b"2", b"3", b"4"]]
    assert not ledger.rows


async def test_rows_that_come_soon_after_an_append_gather_for_a_while() -> None:
    log, ledger, publishing = await staged()
    first, second, third = await written(ledger, b"1", b"2", b"3")
    await tired(log, publishing, first)

    await publishing.add(HEARD, second)
    await turns()
    await publishing.add(OTHER, third)
    await asyncio.sleep(LONGEST_REST)
    await turns()

    assert log.together == [[b"1"], [b"2", b"3"]]
    assert not ledger.rows


async def test_a_row_that_comes_after_a_while_goes_at_once() -> None:
    log, ledger, publishing = await staged()
    first, second = await written(ledger, b"1", b"2")
    await tired(log, publishing, first)
    await asyncio.sleep(LONGEST_REST)

    await publishing.add(HEARD, second)
    await turns()

    assert log.together == [[b"1"], [b"2"]]


async def test_who_waits_for_the_end_lets_nothing_gather() -> None:
    log, ledger, publishing = await staged()
    first, second = await written(ledger, b"1", b"2")
    await tired(log, publishing, first)
    await publishing.add(HEARD, second)

    finished, slept = asyncio.create_task(publishing.finish()), asyncio.create_task(asyncio.sleep(LONGEST_REST))
    done, _ = await asyncio.wait({finished, slept}, return_when=asyncio.FIRST_COMPLETED)

    assert finished in done
    assert log.together == [[b"1"], [b"2"]]


async def test_what_is_too_much_to_wait_is_published_before_more_is_taken() -> None:
    log, ledger, publishing = await staged()
    large, small = await written(ledger, bytes(MOST_BYTES + 1), b"1")
    await publishing.add(HEARD, large)
    log.gate.set()

    await publishing.add(HEARD, small)

    assert list(map(len, log.together)) == [1]
    assert [row.id for row in await ledger.waiting(OWNER)] == [small.id]


async def test_where_an_append_fails_nothing_that_was_said_later_overtakes_it() -> None:
    log, ledger, publishing = await staged(outages=1)
    first, second, third = await written(ledger, b"1", b"2", b"3")
    await publishing.add(HEARD, first)
    await publishing.add(OTHER, second)
    log.gate.set()
    await turns()

    with pytest.raises(Unavailable):
        await publishing.add(HEARD, third)

    assert publishing.unpublished == {HEARD, OTHER}
    assert log.together == []
    assert [row.outgoing[0].value for row in await ledger.waiting(OWNER)] == [b"1", b"2", b"3"]


async def test_what_is_not_published_at_the_end_stays_in_the_outbox() -> None:
    log, ledger, publishing = await staged()
    (row,) = await written(ledger, b"1")
    await publishing.add(HEARD, row)
    await turns()

    await publishing.close()

    assert log.together == []
    assert [each.id for each in await ledger.waiting(OWNER)] == [row.id]
