"""Deadlines of one length: late blocks end with TimeoutError, and nobody else is disturbed."""

from __future__ import annotations

import asyncio

import pytest

from shared.deadlines import Deadlines


async def late(deadlines: Deadlines, seconds: float) -> str:
    """Say whether *seconds* fit into a deadline."""
    try:
        with deadlines.one():
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "in time"


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    assert await late(Deadlines(0.05), 0.0) == "in time"
    await asyncio.sleep(0.07)


async def test_a_block_that_takes_too_long_ends_with_timeout_error() -> None:
    assert await late(Deadlines(0.01), 5.0) == "late"
    assert asyncio.current_task() is not None
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]


async def test_each_of_many_blocks_has_its_own_time() -> None:
    deadlines = Deadlines(0.05)

    async def later(number: int) -> str:
        await asyncio.sleep(number * 0.01)
        return await late(deadlines, 0.0 if number % 2 else 5.0)

    assert await asyncio.gather(*map(later, range(8))) == ["late", "in time"] * 4


async def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    task = asyncio.create_task(late(Deadlines(5.0), 5.0))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_is_cancelled_when_its_time_is_over_too_is_cancelled() -> None:
    deadlines = Deadlines(0.01)

    async def cancelled_meanwhile() -> None:
        with deadlines.one():
            try:
                await asyncio.sleep(5.0)
            except asyncio.CancelledError:
                task.cancel()
                raise

    task = asyncio.create_task(cancelled_meanwhile())

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_the_block_raises_passes() -> None:
    with pytest.raises(ValueError, match="own"), Deadlines(1.0).one():
        raise ValueError("own")


def test_a_new_event_loop_begins_anew() -> None:
    deadlines = Deadlines(0.01)

    assert [asyncio.run(late(deadlines, 5.0)) for _ in range(2)] == ["late", "late"]
