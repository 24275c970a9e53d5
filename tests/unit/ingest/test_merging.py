"""What is asked for at the same time is done together, and what goes wrong with one is nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.ingest.merging import MOST, Merging
from shared.errors import Unavailable


class Work:
    """Doubles numbers; 13 is a bug, and while it is *away* everything is an outage."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.away = False

    async def __call__(self, asked: Sequence[int]) -> Sequence[int]:
        self.groups.append(list(asked))
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("work", "away")
        if 13 in asked:
            raise ZeroDivisionError
        return [2 * each for each in asked]


async def test_what_comes_while_one_goes_is_done_together_and_answered_in_order() -> None:
    work = Work()
    merging = Merging(work, "doubling")

    answers = await asyncio.gather(*(merging(number) for number in range(100, 200)))

    assert answers == [2 * number for number in range(100, 200)]
    assert [len(group) for group in work.groups] == [MOST, 100 - MOST]


async def test_a_bug_of_one_is_nobody_elses() -> None:
    work = Work()
    merging = Merging(work, "doubling")

    answers = await asyncio.gather(*(merging(number) for number in (12, 13, 14)), return_exceptions=True)

    assert answers[0] == 24
    assert isinstance(answers[1], ZeroDivisionError)
    assert answers[2] == 28


async def test_an_outage_is_everybodys_and_over_when_it_is_over() -> None:
    work = Work()
    merging = Merging(work, "doubling")
    work.away = True

    answers = await asyncio.gather(merging(1), merging(2), return_exceptions=True)
    work.away = False

    assert all(isinstance(each, Unavailable) for each in answers)
    assert await merging(3) == 6
    assert work.groups == [[1, 2], [3]]


async def test_who_gives_up_waiting_fails_nobody() -> None:
    merging = Merging(Work(), "doubling")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await merging(1)

    assert await merging(2) == 4


async def test_what_nobody_waits_for_any_more_is_not_done_and_fills_no_memory() -> None:
    work = Work()
    merging = Merging(work, "doubling")
    first = asyncio.create_task(merging(1))
    given_up = [asyncio.create_task(merging(number)) for number in range(100, 300)]
    await asyncio.sleep(0)
    for each in given_up:
        each.cancel()

    assert (await first, await merging(2)) == (2, 4)
    assert sum(len(group) for group in work.groups) <= MOST + 1
