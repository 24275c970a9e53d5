"""Sign requests as ActivityPub's servers do (draft-cavage-http-signatures-12), by a private key of RSA."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

MOST_KEYS: Final = 64


def digest_of(body: bytes) -> str:
    """Return the digest of *body* (RFC 3230)."""
    return f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


@lru_cache(MOST_KEYS)
def private_key(secret: bytes) -> RSAPrivateKey | None:
    """Return the private key that *secret* is, in PEM; None where it is none of RSA."""
    try:
        key = load_pem_private_key(secret, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def public_pem(key: RSAPrivateKey) -> str:
    """Return the public key, for whoever wants to verify."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed_get(key: RSAPrivateKey, key_id: str, url: str, now: datetime) -> dict[str, str]:
    """Return the headers by which a question for *url* is signed."""
    date = format_datetime(now, usegmt=True)
    return {"Date": date, "Signature": _signature(key, key_id, _target("get", url), {"date": date})}


def signed_post(key: RSAPrivateKey, key_id: str, url: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers by which a delivery of *body* to *url* is signed."""
    date, digest = format_datetime(now, usegmt=True), digest_of(body)
    signature = _signature(key, key_id, _target("post", url), {"date": date, "digest": digest})
    return {"Date": date, "Digest": digest, "Signature": signature}


def _target(method: str, url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"(request-target)": f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''}", "host": parts.netloc}


def _signature(key: RSAPrivateKey, key_id: str, target: dict[str, str], headers: dict[str, str]) -> str:
    signed = {**target, **headers}
    text = "\n".join(f"{name}: {value}" for name, value in signed.items())
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    return f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(signed)}",signature="{signature}"'


def sample_signature(body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a signature in form only, by a key that is nobody's."""
    named = 'keyId="https://nobody.invalid/#key",algorithm="rsa-sha256",headers="(request-target) host date digest"'
    signature = base64.b64encode(b"nobody's").decode()
    date = format_datetime(now, usegmt=True)
    return {"date": date, "digest": digest_of(body), "signature": f'{named},signature="{signature}"'}
