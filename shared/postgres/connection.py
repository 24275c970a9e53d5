"""A connection that is given up where the server, or the network before it, says nothing any more."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import asyncpg

PARTING: Final = 2.0
"""Seconds in which a server answers that we go, or roll back."""


class Connection(asyncpg.Connection):
    """What pools are made of: it ends within bounds, even where a firewall forgot it and nobody hears that it ends."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  asyncpg's own signature
        """End in order or, after *timeout* seconds, as it is; asyncpg's pool, which gives none, would wait for ever."""
        with suppress(TimeoutError, OSError):
            await super().close(timeout=PARTING if timeout is None else timeout)
