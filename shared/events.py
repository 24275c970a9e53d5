"""Wait for several events at once, rest until one is set, or work until one is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first(*events: asyncio.Event, within: float | None = None) -> None:
    """Return once one of *events* is set, or *within* seconds have passed."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def rest(stop: asyncio.Event, seconds: float) -> None:
    """Return after *seconds*, or as soon as *stop* is set."""
    await first(stop, within=seconds)


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Have *work* done until *stop* is set, and then given up. Raises what it raises, in an ExceptionGroup."""
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work)
        await stop.wait()
        working.cancel()
