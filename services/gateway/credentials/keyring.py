"""The keyring: every credential in memory, so that no request waits for PostgreSQL to know its key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

import structlog

from services.gateway.credentials.store import CredentialStore
from services.gateway.domain.credential import Credential, KeyId
from services.gateway.metrics import GatewayMetrics
from shared.clock import Clock
from shared.errors import Unavailable
from shared.events import rest

log = structlog.get_logger()

PAUSE: Final = 0.2
"""Seconds between two readings that unknown keys or secrets ask for: a flood of guesses reads five times a second, not more."""


@dataclass(frozen=True, slots=True)
class _Reading:
    began: float
    outage: Unavailable | None = None


class Keyring:
    """The credentials as they were at most *refresh* seconds ago, or, while PostgreSQL is down, at most *keep* seconds ago.

    So a revocation takes effect everywhere within *refresh* seconds, and during an outage when it ends. A key or a secret that
    is not on the ring is looked for at once: a new credential, or a rotated one, works from its first request.
    """

    def __init__(self, store: CredentialStore, *, refresh: float, keep: float, clock: Clock, metrics: GatewayMetrics) -> None:
        self._store = store
        self._refresh = refresh
        self._keep = keep
        self._clock = clock
        self._metrics = metrics
        self._credentials: Mapping[KeyId, Credential] = {}
        self._read_at = float("-inf")
        self._last = _Reading(float("-inf"))
        self._one_reader = asyncio.Lock()

    async def find(self, key_id: KeyId) -> Credential | None:
        """Return the credential of *key_id*, or None where there is none.

        Raises Unavailable where PostgreSQL is down and the key is unknown, or what is known of it too old.
        """
        await self.check()
        credential = self._credentials.get(key_id)
        if credential is None:
            await self._read_again()
            credential = self._credentials.get(key_id)
        return credential

    def known(self, key_id: KeyId) -> Credential | None:
        """Return the credential of *key_id* as far as the ring has it and is not too old, and look nowhere else."""
        return self._credentials.get(key_id) if monotonic() - self._read_at <= self._keep else None

    async def find_again(self, key_id: KeyId) -> Credential | None:
        """Return the credential as it is now, for a secret that may be newer than the ring; in an outage as it is known."""
        with suppress(Unavailable):
            await self._read_again()
        return self._credentials.get(key_id)

    async def check(self) -> None:
        """Raise Unavailable where what is known of the credentials is too old, and PostgreSQL down."""
        if monotonic() - self._read_at > self._keep:
            await self._read_again()

    async def run(self, stop: asyncio.Event) -> None:
        """Read the credentials every *refresh* seconds, until *stop*."""
        while not stop.is_set():
            try:
                await self._read_again()
            except Unavailable as error:
                log.warning("credentials not read", part=error.part, reason=error.reason)
            await rest(stop, self._refresh)

    async def _read_again(self) -> None:
        """Read all credentials; those who ask together share one reading, and its failure."""
        asked = monotonic()
        async with self._one_reader:
            if self._last.began < asked:
                await asyncio.sleep(max(0.0, self._last.began + PAUSE - monotonic()))
                self._last = await self._read()
            if self._last.outage is not None:
                raise self._last.outage

    async def _read(self) -> _Reading:
        began = monotonic()
        try:
            issued = await self._store.issued()
        except Unavailable as error:
            return _Reading(began, error)
        self._credentials = {one.credential.key_id: one.credential for one in issued}
        self._read_at = began
        self._metrics.credentials_read.set(self._clock().timestamp())
        return _Reading(began)
