"""What an operator does with keys: issue, rotate, revoke, list, and look why requests were refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson

from services.gateway.credentials.store import CredentialStore, Issued, RefusedRequest
from services.gateway.domain.credential import Credential, KeyId, Scope, SecretDigest, ShownKey, mint, mint_secret
from services.gateway.domain.keychain import Keychain
from services.gateway.domain.quirks import Quirk
from shared.errors import SymposiaError
from shared.xapi import ifi
from shared.xapi.model import JSON, Version
from shared.xapi.validation import Invalid, validate

AUTHORITY_BYTES: Final = 1000
"""Each statement carries its authority: with this much, a request of the largest size is still one record of the log."""
_ANYTHING: Final = "https://example.org/"


class NotIssued(SymposiaError):
    """The credential cannot be issued as asked for; the message says why."""


class Issuer:
    """Issues keys in the name of *home_page*, the address of this installation; time is an argument."""

    def __init__(self, store: CredentialStore, keychain: Keychain, home_page: str) -> None:
        self._store = store
        self._keychain = keychain
        self._home_page = home_page

    async def issue(
        self,
        name: str,
        scopes: Collection[Scope],
        now: datetime,
        *,
        authority: JSON = None,
        ids_from_content: bool = False,
        expires_at: datetime | None = None,
        requests_per_minute: int | None = None,
        quirks: Collection[Quirk] = (),
    ) -> ShownKey:
        """Issue a key and return it, this once: only a keyed hash of its secret is kept.

        *authority* is the xAPI Agent that vouches for what the key sends; default: the account called like the key id at the
        home page. Raises NotIssued.
        """
        if not name.strip() or not scopes:
            raise NotIssued("A credential needs a name and at least one scope")
        shown = mint()
        agent = authority or {"objectType": "Agent", "account": {"homePage": self._home_page, "name": shown.key_id}}
        written = orjson.dumps(agent)
        if len(written) > AUTHORITY_BYTES:
            raise NotIssued(f"The authority has {len(written)} bytes; {AUTHORITY_BYTES} are allowed")
        credential = Credential(
            key_id=shown.key_id,
            name=name.strip(),
            scopes=frozenset(scopes),
            authority=written,
            authority_ifi=_ifi(agent),
            secrets=(SecretDigest(self._keychain.digest(shown.secret)),),
            ids_from_content=ids_from_content,
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
            quirks=frozenset(quirks),
        )
        await self._store.create(credential, now)
        return shown

    async def rotate(self, key_id: KeyId, now: datetime, old_until: datetime) -> ShownKey | None:
        """Give the key a new secret and return it, this once; the one before works until *old_until*. None: no such live key."""
        secret = mint_secret()
        rotated = await self._store.rotate(key_id, self._keychain.digest(secret), now, old_until)
        return ShownKey(key_id, secret) if rotated else None

    async def edit(
        self, key_id: KeyId, *, requests_per_minute: int | None = None, quirks: Collection[Quirk] | None = None
    ) -> Credential | None:
        """Give the key another limit or other quirks, those that are not None, and return it. None: no such live key."""
        known = {issued.credential.key_id: issued.credential for issued in await self._store.issued()}.get(key_id)
        if known is None:
            return None
        changed = replace(
            known,
            requests_per_minute=known.requests_per_minute if requests_per_minute is None else requests_per_minute,
            quirks=known.quirks if quirks is None else frozenset(quirks),
        )
        return changed if await self._store.change(changed) else None

    async def revoke(self, key_id: KeyId, now: datetime) -> bool:
        """Revoke the key for good; return False where there is no such key."""
        return await self._store.revoke(key_id, now)

    async def issued(self) -> list[Issued]:
        """Return all keys, the oldest first."""
        return await self._store.issued()

    async def refused(self, key_id: KeyId | None) -> list[RefusedRequest]:
        """Return the last refused requests of the key, or of unknown keys where it is None; the newest first."""
        return await self._store.refused(key_id)


def _ifi(agent: JSON) -> str:
    """Return the canonical IFI of *agent*. Raises NotIssued where it is no valid xAPI Agent, or a group."""
    statement = {"actor": agent, "verb": {"id": _ANYTHING}, "object": {"id": _ANYTHING}}
    try:
        validate(statement, Version.V1_0_3)
    except Invalid as error:
        raise NotIssued(f"The authority is not an xAPI Agent: {error}") from error
    identifier = ifi.canonical(agent)
    if agent.get("objectType", "Agent") != "Agent" or identifier is None:
        raise NotIssued("The authority is an Agent, not a Group")
    return identifier
