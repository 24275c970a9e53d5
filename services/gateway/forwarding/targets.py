"""What an operator does with targets: add, list, pause, resume and remove them, and send statements once more."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.gateway.forwarding.store import standings, target_of
from services.gateway.forwarding.target import (
    Authentication,
    BadTarget,
    Basic,
    ClientCredentials,
    ForwardingVault,
    Letter,
    NewTarget,
    State,
    Target,
    TargetName,
    TargetStanding,
    UnknownTarget,
    check_address,
)
from shared.postgres import Database, Query, Transaction, load_queries
from shared.vault import Sealed

NOBODY: Final = UUID(int=0)

_QUERIES: Final = load_queries(__package__)


class Targets:
    """The table of targets. Every method raises Unavailable; those that take a name, except `add`, raise UnknownTarget."""

    def __init__(self, database: Database, vault: ForwardingVault) -> None:
        self._database = database
        self._vault = vault

    async def add(self, new: NewTarget, now: datetime, *, since: datetime | None = None, state: State = State.RUNNING) -> None:
        """Add a target; it gets what was stored from *since* on, or else what is recorded from now on.

        Raises BadTarget where its name is taken.
        """
        chosen = new.selection
        added = await self._database.fetchval(
            _QUERIES["add"],
            new.name,
            new.endpoint.rstrip("/"),
            str(new.version),
            self._vault.seal_for(new.name, new.authentication),
            new.private_network,
            chosen.sources,
            chosen.except_sources,
            chosen.authorities,
            chosen.verbs,
            chosen.activities,
            chosen.home_pages,
            state,
            now,
            since,
        )
        if added is None:
            raise BadTarget(f"there is a target called {new.name!r} already")

    async def standings(self) -> list[TargetStanding]:
        """Return how every target stands."""
        return await standings(self._database, NOBODY)

    async def find(self, name: TargetName) -> Target:
        """Return the target *name*, as a sender sees it."""
        row = await self._database.fetchrow(_QUERIES["find"], name)
        if row is None:
            raise _unknown(name)
        return target_of(row)

    async def pause(self, name: TargetName) -> None:
        """Stop sending to a target; what is recorded meanwhile waits for it."""
        await self._change(_QUERIES["set_state"], name, State.PAUSED)

    async def resume(self, name: TargetName) -> None:
        """Send to a target again, starting at once."""
        await self._change(_QUERIES["set_state"], name, State.RUNNING)

    async def rotate(self, name: TargetName, shown: Basic, token_url: str | None = None, scope: str = "") -> None:
        """Authenticate with another key (or client id) and secret from now on: at *token_url*, or else as before.

        If the old secret can no longer be opened with the master key, the new key is sent with every request. Raises BadTarget.
        """
        known = await self.find(name)
        if token_url is None:
            changed = self._as_before(known, shown)
        else:
            check_address(token_url, private=known.private_network)
            changed = ClientCredentials(token_url, shown.key, shown.secret, scope)
        await self._change(_QUERIES["reseal"], name, self._vault.seal_for(name, changed))

    def _as_before(self, known: Target, shown: Basic) -> Authentication:
        try:
            before = self._vault.open_for(known.name, known.sealed)
        except Sealed:
            return shown
        if isinstance(before, ClientCredentials):
            return msgspec.structs.replace(before, client_id=shown.key, client_secret=shown.secret)
        return shown

    async def remove(self, name: TargetName) -> None:
        """Remove a target and its letters; what was sent to it stays there."""
        await self._change(_QUERIES["remove"], name)

    async def rewind(self, name: TargetName, since: datetime) -> int:
        """Send once more what was stored from *since* on; return how many statements then wait for the target."""
        waiting: int = await self._change(_QUERIES["rewind"], name, since)
        return waiting

    async def letters(self, name: TargetName, limit: int) -> list[Letter]:
        """Return what the target refused for good, the oldest statements first."""
        await self.find(name)
        return [Letter(**row) for row in await self._database.fetch(_QUERIES["letters"], name, limit)]

    async def resend_letters(self, name: TargetName) -> int:
        """Send once more the statements that the target refused; return how many they are."""

        async def work(transaction: Transaction) -> int:
            status: str = await transaction.execute(_QUERIES["resend_letters"], name)
            return int(status.rpartition(" ")[2])

        await self.find(name)
        return await self._database.run(work)

    async def _change(self, query: Query, name: TargetName, *arguments: object) -> Any:
        changed = await self._database.fetchval(query, name, *arguments)
        if changed is None:
            raise _unknown(name)
        return changed


def _unknown(name: str) -> UnknownTarget:
    return UnknownTarget(f"there is no target called {name!r}: `symposia forwarding list` shows them")
