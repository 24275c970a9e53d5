"""Public keys as an operator hands them over: PEM, one JWK, or a JWK set."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

_KINDS = (RSAKey, ECKey, OKPKey)


class BadKey(ValueError):
    """What was given is no public key in PEM, and no JWK or JWK set."""


def public_keys(given: bytes) -> Sequence[Key]:
    """Return the asymmetric keys of *given*; raise BadKey where it holds none."""
    keys = _from_pem(given) if given.lstrip().startswith(b"-----BEGIN") else _from_json(given)
    asymmetric = [key for key in keys if isinstance(key, _KINDS)]
    if not asymmetric:
        raise BadKey("no public key: expected PEM, a JWK or a JWK set")
    return asymmetric


def readable_keys(secrets: Sequence[bytes]) -> list[Key]:
    """Return the keys of all *secrets* that hold any."""
    found: list[Key] = []
    for secret in secrets:
        try:
            found += public_keys(secret)
        except BadKey:
            continue
    return found


def _from_pem(pem: bytes) -> Sequence[Key]:
    for kind in _KINDS:
        try:
            return [kind.import_key(pem)]
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
    return []


def _from_json(text: bytes) -> Sequence[Key]:
    try:
        document = orjson.loads(text)
        if not isinstance(document, dict):
            return []
        return KeySet.import_key_set(document if "keys" in document else {"keys": [document]}).keys  # type: ignore[arg-type]
    except (orjson.JSONDecodeError, JoseError, ValueError, TypeError, KeyError, AttributeError):
        return []
