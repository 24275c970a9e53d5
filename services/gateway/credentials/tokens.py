"""Access tokens in use: issued to credentials, verified once and then remembered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from services.gateway.domain import access_token
from services.gateway.domain.access_token import AccessToken
from services.gateway.domain.credential import Credential, Refused, Scope
from services.gateway.domain.keychain import Keychain
from shared.clock import Clock

REMEMBERED: Final = 4096
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105  a path, no secret


class AccessTokens:
    """Tokens of the authorization server at *base_url*, each valid for *lifetime* seconds while its credential is."""

    def __init__(self, *, keychain: Keychain, base_url: str, lifetime: int, clock: Clock) -> None:
        self.issuer = base_url
        self.endpoint = base_url + TOKEN_PATH
        self.lifetime = lifetime
        self._keychain = keychain
        self._clock = clock
        self._verified: dict[str, AccessToken] = {}
        self._clients: dict[AccessToken, tuple[Credential, Credential]] = {}

    def issue(self, credential: Credential, scopes: Collection[Scope]) -> str:
        """Return a new token for *credential* with *scopes*."""
        now = self._clock()
        token = AccessToken(credential.key_id, frozenset(scopes), now + timedelta(seconds=self.lifetime))
        return access_token.sign(token, self.issuer, self._keychain, now)

    def read(self, text: str) -> AccessToken | Refused:
        """Verify a token's signature; one that was verified before costs nothing."""
        known = self._verified.get(text)
        if known is not None:
            return known
        token = access_token.read(text, self.issuer, self._keychain)
        if isinstance(token, AccessToken):
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
                self._clients.clear()
            self._verified[text] = token
        return token

    def open(self, token: AccessToken, credential: Credential | None) -> Credential | Refused:
        """Return *credential* as *token* makes it, or why it opens nothing."""
        refused = access_token.judge(token, credential, self._clock())
        if credential is None or refused is not None:
            return refused or Refused.UNKNOWN_KEY
        known, client = self._clients.get(token, (None, credential))
        if known is not credential:
            client = access_token.as_client(credential, token, self.issuer, self.endpoint)
            self._clients[token] = (credential, client)
        return client
