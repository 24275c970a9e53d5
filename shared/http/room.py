"""Room for the long bodies that are on their way: whoever sends them slowly, over many connections, would have all memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from shared.http.problem import Problem

SHORT: Final = 16 * 1024
"""Bytes of each body that need no room: no long ones keep a message out, or a statement."""
AT_ONCE: Final = 256 * 1024 * 1024


class Room:
    """At most so many bytes of bodies under way, beyond what is SHORT of each; one that is alone there has room at any length."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def one(self) -> Iterator[Callable[[int], None]]:
        """Yield what is to be told the length that a body has by now, and raises Problem 503 where there is no room for it."""
        own = 0

        def grow(size: int) -> None:
            nonlocal own
            others, long = self._held - own, max(size - SHORT, 0)
            if long and others and others + long > self._most:
                headers = {"Retry-After": "5", "Connection": "close"}
                raise Problem(503, "Too many long bodies are on their way here; try again", headers=headers)
            self._held, own = others + long, long

        try:
            yield grow
        finally:
            self._held -= own
