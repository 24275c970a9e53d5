"""Tasks that belong to an object and end with it; one that dies of a bug says so."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger()


def spawn(work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
    """Return a task that runs *work*; its owner keeps it and ends it."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_mourn)
    return task


async def end(task: asyncio.Task[None] | None) -> None:
    """Cancel *task*, where there is one, and wait until it is over."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task])


def _mourn(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("task died", task=task.get_name(), exc_info=error)
