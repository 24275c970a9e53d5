"""Sweep the octets of requests whose statements were never recorded."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog

from services.gateway.attachments.store import AttachmentStore
from shared.bugs import Bug, confining_bugs
from shared.errors import Misconfigured, Unavailable
from shared.events import rest

log = structlog.get_logger()

PATIENCE: Final = timedelta(days=1)
"""How long a request may take to be recorded, measured by when the newest recorded request was received."""


class Sweep:
    """Sweeps every *interval* seconds; several replicas may do so at the same time."""

    def __init__(self, store: AttachmentStore, *, interval: float) -> None:
        self._store = store
        self._interval = interval

    async def turn(self) -> int:
        """Check all uses that are due, and delete octets without a use; return how many attachments. Raises Unavailable."""
        looked_at = await self._store.settle(PATIENCE)
        while looked_at:
            looked_at = await self._store.settle(PATIENCE)
        return await self._store.sweep(PATIENCE)

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until *stop*; after an outage or a bug, which no door depends on, try again after the next interval."""
        while not stop.is_set():
            await rest(stop, self._interval)
            if not stop.is_set():
                await self._sweep()

    async def _sweep(self) -> None:
        try:
            with confining_bugs():
                swept = await self.turn()
        except Bug as bug:
            log.error("sweeping attachments met a bug", bug=str(bug))  # noqa: TRY400  the text may hold what somebody wrote
        except Misconfigured as error:
            log.error("attachments not swept", reason=str(error))  # noqa: TRY400  the sentence says it all
        except Unavailable as outage:
            log.warning("attachments not swept", part=outage.part, reason=outage.reason)
        else:
            if swept:
                log.info("attachments swept", count=swept)
