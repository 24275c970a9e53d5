"""The credentials in PostgreSQL: issued, listed, rotated, revoked, and what was refused lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from services.gateway.domain.credential import Credential, KeyId, Scope, SecretDigest
from services.gateway.domain.quirks import Quirk
from shared.postgres import Database, Transaction, load_queries

if TYPE_CHECKING:
    from asyncpg import Record

REFUSALS_KEPT: Final = 50

_QUERIES: Final = load_queries(__package__)
_SCOPES: Final = frozenset(Scope)  # a newer version beside this one may have issued scopes that this one does not know
_QUIRKS: Final = frozenset(Quirk)  # likewise


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential as an operator sees it in a list."""

    credential: Credential
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that was refused: to which route, with which status, and why; never with what it said."""

    at: datetime
    method: str
    route: str
    status: int
    reason: str


class CredentialStore:
    """`credential`, `credential_secret` and `refused_request`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, credential: Credential, now: datetime) -> None:
        """Store *credential*, which has one secret."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _QUERIES["insert_credential"],
                credential.key_id,
                credential.name,
                sorted(credential.scopes),
                credential.authority.decode(),
                credential.authority_ifi,
                credential.ids_from_content,
                now,
                credential.expires_at,
                credential.requests_per_minute,
                sorted(credential.quirks),
            )
            for secret in credential.secrets:
                await transaction.execute(_QUERIES["insert_secret"], credential.key_id, secret.digest, now)

        await self._database.run(work)

    async def rotate(self, key_id: KeyId, digest: bytes, now: datetime, old_until: datetime) -> bool:
        """Give the key a new secret; the one before it is valid until *old_until*, any older one no longer.

        Returns False where there is no such key, or it is revoked.
        """

        async def work(transaction: Transaction) -> bool:
            if await transaction.fetchval(_QUERIES["lock_credential"], key_id) is None:
                return False
            await transaction.execute(_QUERIES["expire_secrets"], key_id, old_until)
            await transaction.execute(_QUERIES["insert_secret"], key_id, digest, now)
            await transaction.execute(_QUERIES["drop_older_secrets"], key_id)
            return True

        return await self._database.run(work)

    async def revoke(self, key_id: KeyId, now: datetime) -> bool:
        """Revoke the key for good; return False where there is no such key."""
        return await self._database.fetchval(_QUERIES["revoke_credential"], key_id, now) is not None

    async def change(self, credential: Credential) -> bool:
        """Store the limit and the quirks of *credential*; return False where there is no such key, or it is revoked."""
        changed = await self._database.fetchval(
            _QUERIES["change_credential"], credential.key_id, credential.requests_per_minute, sorted(credential.quirks)
        )
        return changed is not None

    async def issued(self) -> list[Issued]:
        """Return all keys, the oldest first."""
        return [
            Issued(_credential(row), row["created_at"], row["last_used_at"])
            for row in await self._database.fetch(_QUERIES["credentials"])
        ]

    async def note_uses(self, uses: Mapping[KeyId, datetime]) -> None:
        """Write when keys were last used."""
        ordered = sorted(uses.items())
        await self._database.execute(_QUERIES["note_uses"], [key for key, _ in ordered], [at for _, at in ordered])

    async def note_refusals(self, refusals: Sequence[tuple[KeyId | None, RefusedRequest]]) -> None:
        """Write refused requests, and forget all but the last ones of each key."""
        requests = [request for _, request in refusals]

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _QUERIES["note_refusals"],
                [key_id for key_id, _ in refusals],
                [request.at for request in requests],
                [request.method for request in requests],
                [request.route for request in requests],
                [request.status for request in requests],
                [request.reason for request in requests],
            )
            await transaction.execute(_QUERIES["drop_older_refusals"], REFUSALS_KEPT)

        await self._database.run(work)

    async def refused(self, key_id: KeyId | None) -> list[RefusedRequest]:
        """Return the last refused requests of the key, or of unknown keys where it is None; the newest first."""
        return [
            RefusedRequest(row["at"], row["method"], row["route"], row["status"], row["reason"])
            for row in await self._database.fetch(_QUERIES["refusals"], key_id)
        ]


def _credential(row: Record) -> Credential:
    return Credential(
        key_id=KeyId(row["key_id"]),
        name=row["name"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"] if scope in _SCOPES),
        authority=row["authority"].encode(),
        authority_ifi=row["authority_ifi"],
        secrets=tuple(map(SecretDigest, row["digests"], row["digest_expiries"])),
        ids_from_content=row["ids_from_content"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        requests_per_minute=row["requests_per_minute"],
        quirks=frozenset(Quirk(quirk) for quirk in row["quirks"] if quirk in _QUIRKS),
    )
