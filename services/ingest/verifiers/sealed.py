"""Open what a platform sealed for us (learn.microsoft.com/graph/change-notifications-with-resource-data).

A key made for the one content is sealed with our certificate (RSA-OAEP with SHA-1); by it the content is signed (HMAC-SHA256) and
enciphered (AES-CBC, PKCS #7, the first 16 bytes of the key are the initialisation vector). What was changed is not opened.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

KEY_SIZES: Final = (16, 24, 32)
BLOCK: Final = 16
MOST_KEYS: Final = 64
"""Private keys that are remembered: to check one takes a tenth of a second."""


class NotOpened(ValueError):
    """What was sealed is not for us, or is not what was sealed."""


@dataclass(frozen=True, slots=True)
class SealedContent:
    """What was sealed, in base64: the *data*, its *signature*, and the *key*, itself sealed for us."""

    data: str
    signature: str
    key: str


def certificate(bundle: bytes) -> tuple[str, str] | None:
    """Return the certificate of a bundle in PEM that also holds its private key, in base64 of DER, and its SHA-256 in hex.

    None where *bundle* is none: then nothing can be sealed for us.
    """
    try:
        found = load_pem_x509_certificate(bundle)
    except ValueError:
        return None
    if _private_key(bundle) is None:
        return None
    return base64.b64encode(found.public_bytes(Encoding.DER)).decode(), found.fingerprint(SHA256()).hex()


def opened(content: SealedContent, bundles: Sequence[bytes]) -> bytes:
    """Open *content* with whichever private key of *bundles* fits; raise NotOpened where none does, or where it was changed."""
    data, signature, sealed = _decoded(content.data), _decoded(content.signature), _decoded(content.key)
    keys = (key for key in map(_private_key, bundles) if key is not None)
    for key in (found for each in keys if (found := _unsealed(sealed, each)) is not None):
        if hmac.compare_digest(hmac.new(key, data, "sha256").digest(), signature):
            return _deciphered(data, key)
    raise NotOpened("no private key opens it, or it was changed")


@lru_cache(maxsize=MOST_KEYS)
def _private_key(bundle: bytes) -> RSAPrivateKey | None:
    try:
        found = load_pem_private_key(bundle, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, RSAPrivateKey) else None


def _unsealed(sealed: bytes, private: RSAPrivateKey) -> bytes | None:
    sha1 = SHA1()  # noqa: S303  the platform's choice; OAEP needs no collision resistance
    try:
        key = private.decrypt(sealed, OAEP(MGF1(sha1), sha1, label=None))
    except ValueError:
        return None
    return key if len(key) in KEY_SIZES else None


def _deciphered(data: bytes, key: bytes) -> bytes:
    decryptor, unpadder = Cipher(AES(key), CBC(key[:BLOCK])).decryptor(), PKCS7(AES.block_size).unpadder()
    try:
        padded = decryptor.update(data) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise NotOpened("it is not enciphered as it should be") from error


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotOpened("it is not base64") from error
