"""Work that goes through many bytes is done in a thread: else nobody in the process has a turn before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE: Final = 128 * 1024
"""Bytes that are read in some milliseconds."""


async def aside(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what *work*, which has *size* bytes to go through, makes of its arguments: in a thread where they are LARGE.

    Raises what *work* raises.
    """
    if size < LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
