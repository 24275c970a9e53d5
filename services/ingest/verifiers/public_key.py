"""The fifth family: a public key (ActivityPub and RFC 9421, draft-cavage before it, JSON Web Tokens).

What an operator gives as the source's secret is then the public key: PEM, a JWK or a JWK set. The only module that imports
http_message_signatures and, with `keys`, the one that imports joserfc.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidPayloadError, JoseError
from joserfc.jwk import Key, KeySet

from services.ingest.verifiers.cavage import SignatureHeader, digest_fits, read_signature, signed_text
from services.ingest.verifiers.keys import readable_keys
from services.ingest.verifiers.message import Message, Verdict, is_fresh
from services.ingest.verifiers.token import Shown, bearer

WINDOW: Final = timedelta(minutes=5)
LONG_WINDOW: Final = timedelta(hours=12)
"""Mastodon's own, for signatures that date from before RFC 9421."""
TOKEN_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
COVERED: Final = ("@method", "@target-uri")
LABEL_ALGORITHM: Final = re.compile(r";\s*alg=\"([a-z0-9-]+)\"")


class _Timeless(HTTPMessageVerifier):
    """Leaves the times to us: the library would read the clock."""

    def validate_created_and_expires(self, sig_input: Any, max_age: timedelta | None = None) -> None:
        """Accept any time here; `MessageSignature` judges it."""


class _One(HTTPSignatureKeyResolver):
    """The resolver of a key that is tried whatever its id: ids are URLs that only their owner resolves."""

    def __init__(self, key: Any) -> None:
        self.key = key

    def resolve_public_key(self, key_id: str) -> Any:
        """Return the key."""
        del key_id
        return self.key


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """Check an HTTP message signature (RFC 9421) over method, address and, by its digest (RFC 9530), the body."""

    window: timedelta = WINDOW
    covered: tuple[str, ...] = COVERED

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        if not message.headers.get("signature") or not message.headers.get("signature-input"):
            return Verdict.UNSIGNED
        verdicts = {self._by(key, message, now) for key in readable_keys(secrets)}
        return next((each for each in (Verdict.GENUINE, Verdict.STALE) if each in verdicts), Verdict.FORGED)

    def _by(self, key: Key, message: Message, now: datetime) -> Verdict:
        algorithm = _algorithm(key, message.headers["signature-input"])
        if algorithm is None:
            return Verdict.FORGED
        verifier = _Timeless(signature_algorithm=algorithm, key_resolver=_One(_public(key)))
        required = (*self.covered, "content-digest") if message.body else self.covered
        try:
            found = verifier.verify(message, max_age=None, require_components=required, body=message.body)
        except (HTTPMessageSignaturesException, ValueError):
            return Verdict.FORGED
        fresh = bool(found) and all(_is_timely(each.parameters, now, self.window) for each in found)
        return Verdict.GENUINE if fresh else Verdict.STALE


def _is_timely(parameters: Mapping[str, Any], now: datetime, window: timedelta) -> bool:
    """Say whether a signature was made lately and holds still; one without a time is none."""
    created, expires = parameters.get("created"), parameters.get("expires")
    if not isinstance(created, int) or not is_fresh(created, now, window):
        return False
    return expires is None or now.timestamp() <= expires


def _algorithm(key: Key, signature_input: str) -> type[algorithms.HTTPSignatureAlgorithm] | None:
    """Choose by the key's own kind, never by what the sender says; among RSA's two, what it says."""
    public = _public(key)
    if isinstance(public, ed25519.Ed25519PublicKey):
        return algorithms.ED25519
    if isinstance(public, ec.EllipticCurvePublicKey):
        return {"secp256r1": algorithms.ECDSA_P256_SHA256, "secp384r1": algorithms.ECDSA_P384_SHA384}.get(public.curve.name)
    if isinstance(public, rsa.RSAPublicKey):
        named = LABEL_ALGORITHM.search(signature_input)
        pss = named is not None and named.group(1) == "rsa-pss-sha512"
        return algorithms.RSA_PSS_SHA512 if pss else algorithms.RSA_V1_5_SHA256
    return None


def _public(key: Key) -> Any:
    public = key.public_key
    return public if isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) else None


@dataclass(frozen=True, slots=True)
class CavageSignature:
    """Check the signature of draft-cavage-http-signatures-12, as ActivityPub's servers make it: address, host, date, digest."""

    window: timedelta = LONG_WINDOW

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict."""
        if not message.headers.get("signature"):
            return Verdict.UNSIGNED
        header = read_signature(message.headers["signature"])
        text = signed_text(header, message) if header else None
        if header is None or text is None or not digest_fits(header, message):
            return Verdict.FORGED
        if not any(_signed_by(key, header.signature, text) for key in readable_keys(secrets)):
            return Verdict.FORGED
        return Verdict.GENUINE if self._is_timely(header, message, now) else Verdict.STALE

    def _is_timely(self, header: SignatureHeader, message: Message, now: datetime) -> bool:
        signed_at = header.signed_at(message)
        if signed_at is None or not is_fresh(signed_at, now, self.window):
            return False
        return header.expires is None or now.timestamp() <= header.expires


def _signed_by(key: Key, signature: bytes, text: bytes) -> bool:
    public = _public(key)
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, text, padding.PKCS1v15(), SHA256())
        elif isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, text)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, text, ec.ECDSA(SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True, slots=True)
class SignedToken:
    """Check a JSON Web Token (RFC 7519) that *shown* finds, by its signature, its times and the *claims* that it must make.

    It must expire, unless the platform makes its tokens so that they do not (*expires*): then it holds as long as its key. Only
    asymmetric algorithms are taken, so that a public key is never used as a shared secret.
    """

    claims: Mapping[str, str] = field(default_factory=dict)
    shown: Shown = bearer
    leeway: timedelta = timedelta(seconds=60)
    expires: bool = True

    def __call__(self, message: Message, secrets: Sequence[bytes], now: datetime) -> Verdict:
        """Return the verdict: that of the worst token, where there are several."""
        tokens = self.shown(message)
        if not tokens:
            return Verdict.UNSIGNED
        keys = readable_keys(secrets)
        verdicts = {self._one(token, KeySet(keys), now) if keys else Verdict.FORGED for token in tokens}
        return next((each for each in (Verdict.FORGED, Verdict.STALE) if each in verdicts), Verdict.GENUINE)

    def _one(self, token: str, keys: KeySet, now: datetime) -> Verdict:
        try:
            decoded = jwt.decode(token, keys, algorithms=list(TOKEN_ALGORITHMS))
        except (JoseError, ValueError, TypeError):
            return Verdict.FORGED
        required: dict[str, Any] = {name: {"essential": True, "value": value} for name, value in self.claims.items()}
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()), leeway=int(self.leeway.total_seconds()), exp={"essential": self.expires}, **required
        )
        try:
            registry.validate(decoded.claims)
        except (ExpiredTokenError, InvalidPayloadError):
            return Verdict.STALE
        except (JoseError, ValueError, TypeError):
            return Verdict.FORGED
        return Verdict.GENUINE
