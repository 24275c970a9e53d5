"""What is noted about requests beside their answers: the last use of a key, and refused requests. Written in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from typing import Final

import structlog

from services.gateway.credentials.store import CredentialStore, RefusedRequest
from services.gateway.domain.credential import KeyId
from shared.bugs import Bug, confining_bugs
from shared.errors import Misconfigured, Unavailable
from shared.events import rest

log = structlog.get_logger()

REFUSALS_WAITING: Final = 1000
LONGEST_TEXT: Final = 300


class Usage:
    """Notes in memory, written every *interval* seconds: no answer waits for them, and a crash loses the last few."""

    def __init__(self, store: CredentialStore, *, interval: float) -> None:
        self._store = store
        self._interval = interval
        self._uses: dict[KeyId, datetime] = {}
        self._refusals: deque[tuple[KeyId | None, RefusedRequest]] = deque(maxlen=REFUSALS_WAITING)

    def used(self, key_id: KeyId, at: datetime) -> None:
        """Note that the key opened the door at *at*."""
        self._uses[key_id] = at

    def refused(self, key_id: KeyId | None, request: RefusedRequest) -> None:
        """Note a refused request of a key that was issued, or of an unknown one (None)."""
        self._refusals.append((key_id, request))

    async def flush(self) -> None:
        """Write what was noted; in an outage keep it, and where it meets a bug or a missing grant, forget it."""
        uses, self._uses = self._uses, {}
        refusals = list(self._refusals)
        self._refusals.clear()
        try:
            with confining_bugs():
                if uses:
                    await self._store.note_uses(uses)
                    uses = {}
                if refusals:
                    await self._store.note_refusals(refusals)
        except Bug as bug:
            log.error("writing usage met a bug", bug=str(bug))  # noqa: TRY400  the text may hold what somebody wrote
        except Misconfigured as error:
            log.error("usage not written", reason=str(error))  # noqa: TRY400  the sentence says it all
        except Unavailable as error:
            log.warning("usage not written", part=error.part, reason=error.reason)
            self._uses = uses | self._uses
            self._refusals.extendleft(reversed(refusals[-self._room() :] if self._room() else []))

    async def run(self, stop: asyncio.Event) -> None:
        """Write every *interval* seconds, and once more at *stop*."""
        while not stop.is_set():
            await rest(stop, self._interval)
            await self.flush()

    def _room(self) -> int:
        return REFUSALS_WAITING - len(self._refusals)


def storable(text: str) -> str:
    """Cut *text*, a reason, route or method, to what PostgreSQL keeps as text: no NUL, no lone surrogates, bounded."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:LONGEST_TEXT]
