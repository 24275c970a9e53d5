import asyncio
from collections.abc import Sequence

import pytest

from services.gateway.statements.pages import TOGETHER, Asked, Pages, Rows
from shared.errors import Unavailable


class SlowRecord:
    """A record in which each key is mentioned by one statement, and which answers once it is let."""

    def __init__(self) -> None:
        self.queries: list[list[str]] = []
        self.unreadable = ""
        self.down = False
        self.let = asyncio.Event()

    async def mentioning(self, asked: Sequence[Asked]) -> list[Rows]:
        self.queries.append([each.key for each in asked])
        await self.let.wait()
        if self.down:
            raise Unavailable("postgres", "away")
        if self.unreadable in self.queries[-1]:
            raise ZeroDivisionError
        return [[(1, each.key.encode())] for each in asked]


def asked(key: str, most: int = 51) -> Asked:
    return Asked(0, 100, most, key)


async def test_those_who_ask_in_one_turn_of_the_event_loop_share_a_query() -> None:
    record = SlowRecord()
    pages = Pages(record.mentioning)
    record.let.set()

    found = await asyncio.gather(*(pages.read(asked(key)) for key in "abc"))

    assert found == [[(1, b"a")], [(1, b"b")], [(1, b"c")]]
    assert record.queries == [["a", "b", "c"]]


async def test_who_asks_later_waits_for_nobody() -> None:
    record = SlowRecord()
    pages = Pages(record.mentioning)

    first = asyncio.create_task(pages.read(asked("a")))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(pages.read(asked("b")))
    await asyncio.sleep(0.01)

    assert record.queries == [["a"], ["b"]]
    record.let.set()
    assert [await first, await second] == [[(1, b"a")], [(1, b"b")]]


async def test_one_query_is_asked_for_no_more_than_so_many_statements() -> None:
    record = SlowRecord()
    pages = Pages(record.mentioning)
    record.let.set()

    await asyncio.gather(
        pages.read(asked("a", TOGETHER - 1)),
        pages.read(asked("b", 1)),
        pages.read(asked("c", 1)),
        pages.read(asked("d", 2 * TOGETHER)),
    )

    assert sorted(record.queries) == [["a", "b"], ["c"], ["d"]]


async def test_an_outage_is_told_to_all_who_shared_the_query() -> None:
    record = SlowRecord()
    record.down = True
    pages = Pages(record.mentioning)
    record.let.set()

    told = await asyncio.gather(*(pages.read(asked(key)) for key in "abc"), return_exceptions=True)

    assert all(isinstance(each, Unavailable) for each in told)
    assert len(record.queries) == 1


async def test_when_the_one_who_asks_for_all_gives_up_the_others_ask_again() -> None:
    record = SlowRecord()
    pages = Pages(record.mentioning)
    first, *others = [asyncio.create_task(pages.read(asked(key))) for key in "abc"]
    await asyncio.sleep(0.01)

    first.cancel()
    await asyncio.sleep(0.01)
    record.let.set()

    assert await asyncio.gather(*others) == [[(1, b"b")], [(1, b"c")]]
    assert record.queries == [["a", "b", "c"], ["b", "c"]]
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    record = SlowRecord()
    pages = Pages(record.mentioning)
    first, second, third = [asyncio.create_task(pages.read(asked(key))) for key in "abc"]
    await asyncio.sleep(0.01)

    second.cancel()
    record.let.set()

    assert [await first, await third] == [[(1, b"a")], [(1, b"c")]]
    assert record.queries == [["a", "b", "c"]]


async def test_a_bug_is_only_that_of_whoever_meets_it_alone() -> None:
    record = SlowRecord()
    record.unreadable = "a"
    pages = Pages(record.mentioning)
    record.let.set()

    first, *others = await asyncio.gather(*(pages.read(asked(key)) for key in "abc"), return_exceptions=True)

    assert isinstance(first, ZeroDivisionError)
    assert others == [[(1, b"b")], [(1, b"c")]]
