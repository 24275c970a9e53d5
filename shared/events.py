"""Wait for several events at once."""

from __future__ import annotations

import asyncio


async def first(*events: asyncio.Event, within: float | None = None) -> None:
    """Return once one of *events* is set, or *within* seconds have passed."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
