"""Bound the memory of large bodies that are being received: many slow senders could otherwise take all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from shared.http.problem import Problem

SHORT: Final = 16 * 1024
"""Bytes of each body that are not counted, so that large bodies never keep out a message or a single statement."""
AT_ONCE: Final = 256 * 1024 * 1024


class Room:
    """Holds at most *most* bytes of bodies, not counting the first SHORT of each. A body that is alone may have any length."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def one(self) -> Iterator[Callable[[int], None]]:
        """Yield a function to call with the length that the body has reached; it raises Problem 503 when there is no room."""
        own = 0

        def grow(size: int) -> None:
            nonlocal own
            others, long = self._held - own, max(size - SHORT, 0)
            if long and others and others + long > self._most:
                headers = {"Retry-After": "5", "Connection": "close"}
                raise Problem(503, "Too many large bodies are being received at the moment; try again", headers=headers)
            self._held, own = others + long, long

        try:
            yield grow
        finally:
            self._held -= own
