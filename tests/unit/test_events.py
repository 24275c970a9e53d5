"""Whoever waits for several events goes on at the first, or when time is up."""

from __future__ import annotations

import asyncio

from shared.events import first


async def test_the_first_of_several_events_is_enough() -> None:
    one, other = asyncio.Event(), asyncio.Event()
    waiting = asyncio.create_task(first(one, other))
    await asyncio.sleep(0)

    other.set()

    async with asyncio.timeout(5):
        await waiting
    assert not one.is_set()


async def test_where_none_comes_the_wait_ends_in_time_and_nothing_waits_on() -> None:
    event = asyncio.Event()
    before = asyncio.all_tasks()

    async with asyncio.timeout(5):
        await first(event, within=0.01)
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


async def test_a_wait_that_is_given_up_leaves_nobody_waiting() -> None:
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(first(asyncio.Event(), asyncio.Event()))
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.sleep(0)

    assert waiting.cancelled()
    assert asyncio.all_tasks() == before
