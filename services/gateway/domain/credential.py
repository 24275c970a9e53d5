"""A credential: the key of a sender or reader, what it may do, and why a key is refused."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final, NewType

from services.gateway.domain.quirks import Quirk

KeyId = NewType("KeyId", str)
"""The public half of a key: 16 characters of base32; it names the credential in logs, in `authority` and in `source`."""

TOKEN_PREFIX: Final = "symposia"  # noqa: S105  what every token starts with, no secret
KEY_ID_BYTES: Final = 10
SECRET_BYTES: Final = 20
AUTHORIZATION_LIMIT: Final = 1024
PERIODS_OF_A_JWT: Final = 2


class Scope(StrEnum):
    """What a credential may be allowed: xAPI's own scopes (1.0.3 Communication §4.2), reading halves of two, impact, sources."""

    STATEMENTS_WRITE = "statements/write"
    STATEMENTS_READ = "statements/read"
    STATEMENTS_READ_MINE = "statements/read/mine"
    DEFINE = "define"
    STATE = "state"
    STATE_READ = "state/read"
    PROFILE = "profile"
    PROFILE_READ = "profile/read"
    ALL_READ = "all/read"
    ALL = "all"
    IMPACT_READ = "impact/read"
    IMPACT_WRITE = "impact/write"
    SOURCES_READ = "sources/read"


OF_AN_ACTIVITY_PROVIDER: Final = frozenset(
    {Scope.STATEMENTS_WRITE, Scope.STATEMENTS_READ_MINE, Scope.DEFINE, Scope.STATE, Scope.PROFILE}
)
"""What a learning activity provider needs, and nothing that others sent."""

_READS: Final = frozenset({Scope.STATEMENTS_READ, Scope.STATEMENTS_READ_MINE, Scope.STATE_READ, Scope.PROFILE_READ})
_CONTAINS: Final[Mapping[Scope, frozenset[Scope]]] = {
    Scope.STATEMENTS_READ: frozenset({Scope.STATEMENTS_READ_MINE}),
    Scope.STATE: frozenset({Scope.STATE_READ}),
    Scope.PROFILE: frozenset({Scope.PROFILE_READ}),
    Scope.ALL_READ: _READS,
    Scope.ALL: _READS | OF_AN_ACTIVITY_PROVIDER | {Scope.ALL_READ},
}


class Refused(StrEnum):
    """Why a key was refused: told to the operator, never to the caller."""

    NO_KEY = "no-key"
    MALFORMED = "malformed-authorization"
    UNKNOWN_KEY = "unknown-key"
    WRONG_SECRET = "wrong-secret"  # noqa: S105  a reason, no secret
    SECRET_EXPIRED = "secret-expired"  # noqa: S105  a reason, no secret
    EXPIRED = "expired"
    REVOKED = "revoked"
    BAD_TOKEN = "bad-access-token"  # noqa: S105  a reason, no secret
    TOKEN_EXPIRED = "access-token-expired"  # noqa: S105  a reason, no secret
    SCOPE = "scope-missing"


@dataclass(frozen=True, slots=True)
class ShownKey:
    """What a caller showed: the key id and the secret."""

    key_id: KeyId
    secret: str

    @property
    def token(self) -> str:
        """Write the key in one word, for `Authorization: Bearer`; its prefix lets scanners of leaked secrets find it."""
        return f"{TOKEN_PREFIX}_{self.key_id}_{self.secret}"


@dataclass(frozen=True, slots=True)
class ShownToken:
    """What a caller showed instead: an access token, not verified yet."""

    text: str


@dataclass(frozen=True, slots=True)
class SecretDigest:
    """A secret as it is kept: a keyed hash, and until when it is valid."""

    digest: bytes
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that was issued; *authority* is its xAPI Agent as JSON, *authority_ifi* that agent's canonical identifier.

    *requests_per_minute* is its own limit, 0 for none, None where the gateway's holds; *quirks* are what its sender gets wrong.
    """

    key_id: KeyId
    name: str
    scopes: frozenset[Scope]
    authority: bytes
    authority_ifi: str
    secrets: tuple[SecretDigest, ...]
    ids_from_content: bool = False
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    requests_per_minute: int | None = None
    quirks: frozenset[Quirk] = frozenset()

    def permits(self, scope: Scope) -> bool:
        """Say whether a scope of this credential is *scope* or contains it; `all` contains all of xAPI, and nothing else."""
        return scope in _within(self.scopes)


@lru_cache(maxsize=1024)
def _within(granted: frozenset[Scope]) -> frozenset[Scope]:
    """Return *granted* and all that these contain."""
    return granted.union(*(_CONTAINS.get(scope, frozenset()) for scope in granted))


def mint() -> ShownKey:
    """Return a new key: an 80-bit id and a 160-bit secret, both random."""
    return ShownKey(mint_key_id(), mint_secret())


def mint_key_id() -> KeyId:
    """Return a random key id."""
    return KeyId(_base32(secrets.token_bytes(KEY_ID_BYTES)))


def mint_secret() -> str:
    """Return a random secret of 160 bits."""
    return _base32(secrets.token_bytes(SECRET_BYTES))


def read_authorization(header: str | None) -> ShownKey | ShownToken | Refused:
    """Read an `Authorization` header: Basic with key id and secret (RFC 7617), Bearer with key or access token (RFC 6750)."""
    if not header:
        return Refused.NO_KEY
    scheme, _, parameter = header.partition(" ")
    if len(header) > AUTHORIZATION_LIMIT:
        return Refused.MALFORMED
    match scheme.lower():
        case "basic":
            return _read_basic(parameter.strip())
        case "bearer":
            return _read_bearer(parameter.strip())
        case _:
            return Refused.MALFORMED


def judge(credential: Credential | None, digests: Sequence[bytes], now: datetime) -> Refused | None:
    """Say why the secret with *digests* (under each pepper) does not open *credential* at *now*, or None where it does.

    Takes the same time for a wrong secret as for a right one, and hashes for an unknown key too.
    """
    if credential is None:
        return Refused.UNKNOWN_KEY
    matching = [kept for kept in credential.secrets if _any_equal(kept.digest, digests)]
    if not matching:
        return Refused.WRONG_SECRET
    if (ended := ended_at(credential, now)) is not None:
        return ended
    if all(_past(kept.expires_at, now) for kept in matching):
        return Refused.SECRET_EXPIRED
    return None


def ended_at(credential: Credential, now: datetime) -> Refused | None:
    """Say why *credential* opens nothing any more at *now*, or None where it does."""
    if credential.revoked_at is not None:
        return Refused.REVOKED
    return Refused.EXPIRED if _past(credential.expires_at, now) else None


def _any_equal(kept: bytes, digests: Sequence[bytes]) -> bool:
    equal = False
    for digest in digests:
        equal |= hmac.compare_digest(kept, digest)
    return equal


def _past(until: datetime | None, now: datetime) -> bool:
    return until is not None and until <= now


def _read_basic(parameter: str) -> ShownKey | Refused:
    try:
        text = base64.b64decode(parameter, validate=True).decode()
    except (binascii.Error, ValueError):
        return Refused.MALFORMED
    key_id, colon, secret = text.partition(":")
    return ShownKey(KeyId(key_id), secret) if colon and key_id and secret else Refused.MALFORMED


def _read_bearer(token: str) -> ShownKey | ShownToken | Refused:
    if token.count(".") == PERIODS_OF_A_JWT:
        return ShownToken(token)
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    return ShownKey(KeyId(key_id), secret) if prefix == TOKEN_PREFIX and key_id and secret else Refused.MALFORMED


def _base32(value: bytes) -> str:
    return base64.b32encode(value).decode().lower().rstrip("=")
