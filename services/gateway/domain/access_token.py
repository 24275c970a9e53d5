"""Access tokens: signed JWTs (RFC 9068) that a client of the token endpoint shows in place of its key; nobody keeps them."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from services.gateway.domain.credential import Credential, KeyId, Refused, Scope, ended_at
from services.gateway.domain.keychain import Keychain
from shared.xapi import ifi

ALGORITHM: Final = "HS256"
TYPE: Final = "at+jwt"
HEADER: Final = urlsafe_b64encode(f'{{"typ":"{TYPE}","alg":"{ALGORITHM}"}}'.encode()).decode().rstrip("=")
"""The first part of every token of ours: what starts otherwise is not parsed at all."""
ID_BYTES: Final = 12
_SCOPES: Final = {str(scope): scope for scope in Scope}


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a token says: the credential it was issued to, what it may do at most, and until when."""

    key_id: KeyId
    scopes: frozenset[Scope]
    expires_at: datetime


def sign(token: AccessToken, issuer: str, keychain: Keychain, now: datetime) -> str:
    """Write *token* as *issuer* issues it at *now*; whole seconds."""
    claims = {
        "iss": issuer,
        "aud": issuer,
        "sub": token.key_id,
        "client_id": token.key_id,
        "iat": int(now.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "jti": secrets.token_urlsafe(ID_BYTES),
        "scope": " ".join(sorted(token.scopes)),
    }
    key = OctKey.import_key(keychain.token_keys[0])
    return jwt.encode({"alg": ALGORITHM, "typ": TYPE}, claims, key, algorithms=[ALGORITHM])


def read(text: str, issuer: str, keychain: Keychain) -> AccessToken | Refused:
    """Read a token that *issuer* signed with the master key or the one before it; its time is the caller's to check."""
    if not text.startswith(f"{HEADER}."):
        return Refused.BAD_TOKEN
    for key in keychain.token_keys:
        try:
            token = jwt.decode(text, OctKey.import_key(key), algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            continue
        return _read(token.claims, issuer)
    return Refused.BAD_TOKEN


def judge(token: AccessToken, credential: Credential | None, now: datetime) -> Refused | None:
    """Say why *token* does not open the door at *now*, or None where it does: it ends with its credential."""
    if token.expires_at <= now:
        return Refused.TOKEN_EXPIRED
    return Refused.UNKNOWN_KEY if credential is None else ended_at(credential, now)


def as_client(credential: Credential, token: AccessToken, home_page: str, token_endpoint: str) -> Credential:
    """Return *credential* as its token makes it: no more scopes than both have, and the authority that xAPI asks for.

    An OAuth client's authority is the account called like its id at the token endpoint (1.0.3 Data §2.4.9), in place of the
    account at *home_page* that a credential has by itself; an authority that the operator chose stays.
    """
    own = replace(credential, scopes=frozenset(scope for scope in token.scopes if credential.permits(scope)))
    if own.authority_ifi != ifi.canonical(_account(home_page, own.key_id)):
        return own
    agent = _account(token_endpoint, own.key_id)
    return replace(own, authority=orjson.dumps(agent), authority_ifi=ifi.canonical(agent) or own.authority_ifi)


def _read(claims: Mapping[str, Any], issuer: str) -> AccessToken | Refused:
    """Read what was signed: by us, so only its purpose is in question."""
    if claims.get("iss") != issuer or claims.get("aud") != issuer:
        return Refused.BAD_TOKEN
    try:
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        scopes = frozenset(_SCOPES[name] for name in claims["scope"].split() if name in _SCOPES)
        return AccessToken(KeyId(str(claims["sub"])), scopes, expires_at)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return Refused.BAD_TOKEN


def _account(home_page: str, name: str) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": home_page, "name": name}}
